#include "base/hex.h"

namespace simurgh {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<ByteView> parse_hex(std::string_view text, MutableByteView out) {
  if (text.size() % 2 != 0) return fail(ErrorCode::bad_length, text.size());
  if (text.size() / 2 > out.size()) return fail(ErrorCode::no_space, out.size() * 2);
  for (size_t i = 0; i < text.size(); ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return fail(ErrorCode::bad_value, i);
    const auto nibble = static_cast<uint8_t>(digit);
    out[i / 2] = static_cast<uint8_t>(i % 2 == 0 ? nibble << 4 : out[i / 2] | nibble);
  }
  return ByteView{out.data(), text.size() / 2};
}

std::string_view write_hex(ByteView bytes, std::span<char> out) {
  SIMURGH_CHECK(out.size() >= bytes.size() * 2);
  constexpr char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  return {out.data(), bytes.size() * 2};
}

}  // namespace simurgh
