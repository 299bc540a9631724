#include "conversations/personalisation/activation_code.h"

#include "base/reader.h"
#include "conversations/personalisation/key_schedule.h"
#include "conversations/personalisation/labels.h"

namespace simurgh::personalisation {

namespace {

// RFC 4648 section 6; all of it is in QR's alphanumeric set.
constexpr std::string_view base32_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr size_t secret_characters = 26;  // 130 bits: the last two are zero
constexpr size_t check_characters = 4;    // 20 bits

// Constant work per character, whatever it is: a code is a secret.
int base32_value(char c) {
  int value = -1;
  for (size_t i = 0; i < base32_alphabet.size(); ++i) {
    if (base32_alphabet[i] == c) value = static_cast<int>(i);
  }
  return value;
}

// Five bits at a time, the last character filled with zeros.
void write_base32(ByteView bytes, std::span<char> out) {
  uint32_t bits = 0;
  unsigned count = 0;
  size_t next = 0;
  for (char& character : out) {
    if (count < 5) {
      const uint8_t octet = next < bytes.size() ? bytes[next] : 0;
      ++next;
      bits = bits << 8 | octet;
      count += 8;
    }
    count -= 5;
    character = base32_alphabet[bits >> count & 31];
    bits &= (1u << count) - 1;
  }
}

// The check of a secret: 20 bits of a hash, which say nothing that the code does not.
void write_check(const ActivationCode& code, std::span<char> out) {
  const crypto::Digest hash = labelled_hash(label::code_check, {code.secret.view()});
  write_base32(ByteView(hash).first(3), out);
}

Result<ActivationCode> parse_secret(std::string_view text) {
  if (text.size() != code_text_characters) return fail(ErrorCode::bad_length, text.size());
  std::string_view body = text;
  body.remove_prefix(code_text_prefix.size());
  ActivationCode code;
  code.kind = CodeKind::secret;
  const MutableByteView secret = code.secret.fill(code_secret_octets);
  uint32_t bits = 0;
  unsigned count = 0;
  size_t written = 0;
  for (size_t i = 0; i < secret_characters; ++i) {
    const int value = base32_value(body[i]);
    if (value < 0) return fail(ErrorCode::bad_value, code_text_prefix.size() + i);
    bits = (bits << 5 | static_cast<uint32_t>(value)) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      secret[written++] = static_cast<uint8_t>(bits >> count);
    }
  }
  SIMURGH_CHECK(written == code_secret_octets && count == 2);
  if ((bits & 3) != 0) {
    return fail(ErrorCode::bad_value, code_text_prefix.size() + secret_characters - 1);
  }
  std::array<char, check_characters> check;
  write_check(code, check);
  std::string_view check_text = body;
  check_text.remove_prefix(secret_characters);
  if (!crypto::secure_equal(bytes_of({check.data(), check.size()}), bytes_of(check_text))) {
    return fail(ErrorCode::bad_mac);
  }
  return code;
}

Result<ActivationCode> parse_short_code(std::string_view text) {
  if (text.size() < short_code_digits_min || text.size() > short_code_digits_max) {
    return fail(ErrorCode::bad_length, text.size());
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return fail(ErrorCode::bad_value, i);
  }
  std::string_view without_check = text;
  without_check.remove_suffix(1);
  if (luhn_check_digit(without_check) != text.back()) {
    return fail(ErrorCode::bad_mac);
  }
  ActivationCode code;
  code.kind = CodeKind::short_code;
  code.digits.assign(bytes_of(text));
  return code;
}

}  // namespace

ActivationCode make_code_secret(Random& random) {
  ActivationCode code;
  code.kind = CodeKind::secret;
  random.fill(code.secret.fill(code_secret_octets));
  return code;
}

ActivationCode make_short_code(Random& random, size_t digits) {
  SIMURGH_CHECK(digits >= short_code_digits_min && digits <= short_code_digits_max);
  ActivationCode code;
  code.kind = CodeKind::short_code;
  const MutableByteView text = code.digits.fill(digits);
  for (size_t i = 0; i + 1 < digits; ++i) {
    uint8_t octet = 255;
    while (octet >= 250) random.fill({&octet, 1});  // uniform over ten digits
    text[i] = static_cast<uint8_t>('0' + octet % 10);
  }
  text[digits - 1] = static_cast<uint8_t>(luhn_check_digit(text_of(text.first(digits - 1))));
  return code;
}

CodeText write_code(const ActivationCode& code) {
  CodeText text;
  if (code.kind == CodeKind::short_code) {
    text.assign(code.digits.view());
    return text;
  }
  SIMURGH_CHECK(code.kind == CodeKind::secret && code.secret.size() == code_secret_octets);
  Writer writer(text.fill(code_text_characters));
  std::array<char, secret_characters> body;
  write_base32(code.secret.view(), body);
  std::array<char, check_characters> check;
  write_check(code, check);
  writer.bytes(bytes_of(code_text_prefix))
      .bytes(bytes_of({body.data(), body.size()}))
      .bytes(bytes_of({check.data(), check.size()}));
  SIMURGH_CHECK(writer.finish().has_value());
  wipe({reinterpret_cast<uint8_t*>(body.data()), body.size()});
  return text;
}

Result<ActivationCode> parse_code(std::string_view text) {
  if (text.starts_with(code_text_prefix)) return parse_secret(text);
  return parse_short_code(text);
}

}  // namespace simurgh::personalisation
