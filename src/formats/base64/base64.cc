#include "formats/base64/base64.h"

namespace simurgh::base64 {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

Result<std::vector<uint8_t>> parse(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::bad_length, text.size());
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::vector<uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  size_t held = 0;
  for (size_t i = 0; i < text.size() - padding; ++i) {
    const int value = value_of(text[i]);
    if (value < 0) return fail(ErrorCode::bad_value, i);
    bits = bits << 6 | static_cast<uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<uint8_t>(bits >> held));
  }
  if ((bits & ((1u << held) - 1)) != 0)
    return fail(ErrorCode::bad_value, text.size() - padding - 1);
  return out;
}

std::string write(ByteView bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t group = std::min<size_t>(3, bytes.size() - i);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < group ? bytes[i + k] : 0u);
    for (size_t k = 0; k < 4; ++k) {
      out.push_back(k <= group ? alphabet[bits >> (18 - 6 * k) & 63] : '=');
    }
  }
  return out;
}

}  // namespace simurgh::base64
