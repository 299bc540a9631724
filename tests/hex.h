// Hex literals and printable bytes for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/hex.h"

namespace simurgh::test {

using Bytes = std::vector<uint8_t>;

inline Bytes from_hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (hex_digit(c) >= 0) digits.push_back(c);
  }
  Bytes out(digits.size() / 2);
  const auto parsed = parse_hex(digits, out);
  SIMURGH_CHECK(parsed.has_value());
  return out;
}

inline std::string to_hex(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

}  // namespace simurgh::test
