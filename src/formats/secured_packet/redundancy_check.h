// CRCs of TS 102 225 5.1.3.2 and annex B: they find damage and prove nothing.
#pragma once

#include <initializer_list>

#include "base/bytes.h"

namespace simurgh::secured_packet {

// CRC-16 with the polynomial of ITU-T X.25, CRC-32 of ISO 3309, over consecutive parts.
uint16_t crc16(std::initializer_list<ByteView> parts);
uint32_t crc32(std::initializer_list<ByteView> parts);

}  // namespace simurgh::secured_packet
