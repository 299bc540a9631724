// The numbers by which the field names its things. Each is a type of its own, so that an ICCID
// is never passed where an IMSI is meant.
#pragma once

#include <compare>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh {

// A string of decimal digits with a minimum and maximum length; `Tag` makes the type distinct.
template <typename Tag, size_t digits_min, size_t digits_max>
class DigitString {
 public:
  static constexpr size_t size_min = digits_min;
  static constexpr size_t size_max = digits_max;

  constexpr DigitString() = default;

  // bad_length or bad_value with the offset of the offending character.
  static Result<DigitString> parse(std::string_view text) {
    if (text.size() < digits_min || text.size() > digits_max) {
      return fail(ErrorCode::bad_length, text.size());
    }
    DigitString out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') return fail(ErrorCode::bad_value, i);
      out.digits_[i] = text[i];
    }
    out.size_ = static_cast<uint8_t>(text.size());
    return out;
  }

  std::string_view text() const { return {digits_.data(), size_}; }
  ByteView bytes() const { return bytes_of(text()); }
  bool empty() const { return size_ == 0; }

  friend auto operator<=>(const DigitString& a, const DigitString& b) {
    return a.text() <=> b.text();
  }
  friend bool operator==(const DigitString& a, const DigitString& b) {
    return a.text() == b.text();
  }

 private:
  std::array<char, digits_max> digits_{};
  uint8_t size_ = 0;
};

// ITU-T E.118: 18 to 20 digits, the last one a Luhn check digit where the issuer uses one.
using Iccid = DigitString<struct IccidTag, 18, 20>;
// ITU-T E.212: MCC, MNC, MSIN; 6 to 15 digits.
using Imsi = DigitString<struct ImsiTag, 6, 15>;
// ITU-T E.164 without prefix: 1 to 15 digits.
using Msisdn = DigitString<struct MsisdnTag, 1, 15>;
// 3GPP TS 23.003 6.2: 15 digits with the check digit.
using Imei = DigitString<struct ImeiTag, 15, 15>;

// Swapped-nibble BCD as in EF.ICCID and EF.IMSI: low nibble first, odd lengths end in F.
// Digits into `out` (returns the octets used), and back into text (returns the digits).
Result<ByteView> write_bcd(std::string_view digits, MutableByteView out);
Result<std::string_view> parse_bcd(ByteView bcd, std::span<char> out);

// Luhn check digit over `digits`.
char luhn_check_digit(std::string_view digits);

}  // namespace simurgh
