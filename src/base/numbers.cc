#include "base/numbers.h"

namespace simurgh {

Result<ByteView> write_bcd(std::string_view digits, MutableByteView out) {
  const size_t octets = (digits.size() + 1) / 2;
  if (octets > out.size()) return fail(ErrorCode::no_space, out.size() * 2);
  for (size_t i = 0; i < octets; ++i) out[i] = 0xff;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] < '0' || digits[i] > '9') return fail(ErrorCode::bad_value, i);
    const auto digit = static_cast<uint8_t>(digits[i] - '0');
    out[i / 2] = static_cast<uint8_t>(i % 2 == 0 ? (out[i / 2] & 0xf0) | digit
                                                 : (out[i / 2] & 0x0f) | digit << 4);
  }
  return ByteView{out.data(), octets};
}

Result<std::string_view> parse_bcd(ByteView bcd, std::span<char> out) {
  size_t count = 0;
  for (size_t i = 0; i < bcd.size() * 2; ++i) {
    const uint8_t digit = i % 2 == 0 ? bcd[i / 2] & 15 : bcd[i / 2] >> 4;
    if (digit == 15) {  // filler: only more filler may follow
      for (size_t j = i; j < bcd.size() * 2; ++j) {
        if ((j % 2 == 0 ? bcd[j / 2] & 15 : bcd[j / 2] >> 4) != 15) {
          return fail(ErrorCode::bad_value, j / 2);
        }
      }
      break;
    }
    if (digit > 9) return fail(ErrorCode::bad_value, i / 2);
    if (count == out.size()) return fail(ErrorCode::no_space, i / 2);
    out[count++] = static_cast<char>('0' + digit);
  }
  return std::string_view{out.data(), count};
}

char luhn_check_digit(std::string_view digits) {
  unsigned sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    auto digit = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
    if (i % 2 == 0) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

}  // namespace simurgh
