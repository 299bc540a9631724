#include "base/utf8.h"

#include <cstdint>

namespace simurgh {

namespace {

uint8_t octet(std::string_view text, size_t i) {
  return static_cast<uint8_t>(text[i]);
}

bool between(uint8_t value, uint8_t low, uint8_t high) {
  return low <= value && value <= high;
}

}  // namespace

size_t utf8_sequence_octets(std::string_view text) {
  if (text.empty()) return 0;
  const uint8_t first = octet(text, 0);
  if (first < 0x80) return 1;
  const size_t size = between(first, 0xc2, 0xdf)   ? 2
                      : between(first, 0xe0, 0xef) ? 3
                      : between(first, 0xf0, 0xf4) ? 4
                                                   : 0;
  if (size == 0 || text.size() < size) return 0;
  // No longer form than needed, no surrogates, nothing above U+10FFFF.
  const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (!between(octet(text, 1), low, high)) return 0;
  for (size_t i = 2; i < size; ++i) {
    if (!between(octet(text, i), 0x80, 0xbf)) return 0;
  }
  return size;
}

bool is_utf8_text(std::string_view text) {
  while (!text.empty()) {
    const size_t size = text.front() == '\0' ? 0 : utf8_sequence_octets(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace simurgh
