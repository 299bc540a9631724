// The activation code of an order (row D12): what stops a forged chip between sale and first logon.
//
// Two kinds. A secret of 128 bits, read from the order document's QR code, enters the key schedule
// directly. A short code of 6 to 10 digits (the last one a Luhn check digit, so that a slip of the
// finger costs no try) is only ever used through a PAKE, because a transcript could be searched
// for it. Both are bound to the order and the chip. Codes are secrets: never logged, never in an
// error.
#pragma once

#include "base/random.h"
#include "base/secret.h"
#include "conversations/personalisation/messages.h"

namespace simurgh::personalisation {

constexpr size_t code_secret_octets = 16;
constexpr size_t short_code_digits_min = 6;
constexpr size_t short_code_digits_max = 10;

struct ActivationCode {
  CodeKind kind = CodeKind::none;
  Secret<code_secret_octets> secret;     // kind secret
  Secret<short_code_digits_max> digits;  // kind short_code: ASCII, with the check digit
};

// New codes. `digits` counts the check digit: a guess is right once in 10^(digits - 1).
ActivationCode make_code_secret(Random& random);
ActivationCode make_short_code(Random& random, size_t digits);

// The QR text, in QR's alphanumeric set: "SIMURGH1:", 26 base-32 characters of the secret (RFC
// 4648 alphabet), 4 of its check.
constexpr std::string_view code_text_prefix = "SIMURGH1:";
constexpr size_t code_text_characters = 9 + 26 + 4;
using CodeText = Secret<code_text_characters>;

// Text of either kind: the QR text, or the digits.
CodeText write_code(const ActivationCode& code);
// Parses either form. bad_length, bad_value at the first wrong character; bad_mac when the check
// does not fit (a misread or mistyped code).
Result<ActivationCode> parse_code(std::string_view text);

}  // namespace simurgh::personalisation
