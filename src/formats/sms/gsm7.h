// The GSM 7-bit default alphabet (3GPP TS 23.038 6.2.1) and its packing into octets (6.1.2.1).
//
// A septet is an octet below 0x80 here. National language tables are not known; the default
// alphabet and its extension table are.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::sms {

constexpr uint8_t septet_escape = 0x1b;

// Octets that so many septets take after `fill_bits` (0…6).
constexpr size_t packed_octets(size_t septets, size_t fill_bits = 0) {
  return (septets * 7 + fill_bits + 7) / 8;
}
// Fill bits between a user-data header of so many octets (UDHL included) and the first septet.
constexpr size_t fill_bits_after(size_t header_octets) {
  return (7 - header_octets * 8 % 7) % 7;
}
// Septets that the header and its fill bits count for in TP-UDL.
constexpr size_t septets_of_header(size_t header_octets) {
  return (header_octets * 8 + 6) / 7;
}

// bad_value for a septet above 0x7f; no_space.
Result<ByteView> pack_septets(ByteView septets, size_t fill_bits, MutableByteView out);
// `count` septets; truncated when `packed` is too short for them; no_space.
Result<ByteView> unpack_septets(ByteView packed, size_t count, size_t fill_bits,
                                MutableByteView out);

// UTF-8 to septets and back. bad_value, at the octet, for a character outside of the alphabet.
Result<ByteView> septets_of_text(std::string_view utf8, MutableByteView out);
Result<std::string_view> text_of_septets(ByteView septets, std::span<char> out);

}  // namespace simurgh::sms
