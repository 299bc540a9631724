#include "formats/secured_packet/redundancy_check.h"

namespace simurgh::secured_packet {

namespace {

// Reflected polynomial, register of ones, complemented at the end: one bit a step, because CRCs
// are only met in packets that are looked at, not executed.
template <typename Word, Word polynomial>
Word reflected_crc(std::initializer_list<ByteView> parts) {
  auto crc = static_cast<Word>(~Word{0});
  for (const ByteView part : parts) {
    for (const uint8_t octet : part) {
      crc ^= octet;
      for (int bit = 0; bit < 8; ++bit) {
        crc = static_cast<Word>((crc & 1) != 0 ? crc >> 1 ^ polynomial : crc >> 1);
      }
    }
  }
  return static_cast<Word>(~crc);
}

}  // namespace

uint16_t crc16(std::initializer_list<ByteView> parts) {
  return reflected_crc<uint16_t, 0x8408>(parts);
}

uint32_t crc32(std::initializer_list<ByteView> parts) {
  return reflected_crc<uint32_t, 0xedb88320>(parts);
}

}  // namespace simurgh::secured_packet
