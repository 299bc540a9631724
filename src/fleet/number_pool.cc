#include "fleet/number_pool.h"

namespace simurgh::fleet {

namespace {

constexpr uint8_t body_digits_min = Iccid::size_min - 1;
constexpr uint8_t body_digits_max = Iccid::size_max - 1;
static_assert(body_digits_max == 19, "a body beginning 89 fits 63 bits up to 19 digits");

uint64_t power_of_ten(unsigned exponent) {
  uint64_t value = 1;
  for (unsigned i = 0; i < exponent; ++i) value *= 10;
  return value;
}

uint64_t value_of(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

// `number` with leading zeros in `digits` characters.
std::string_view write_digits(uint64_t number, uint8_t digits, char* out) {
  for (size_t i = digits; i-- > 0; number /= 10) out[i] = static_cast<char>('0' + number % 10);
  return {out, digits};
}

bool begins_with_89(const IccidBody& body) {
  return body.number / power_of_ten(body.digits - 2u) == 89;
}

bool runs_overlap(uint64_t a, uint64_t a_count, uint64_t b, uint64_t b_count) {
  return a < b ? b - a < a_count : a - b < b_count;
}

}  // namespace

const char* name_of(AuthAlgorithm algorithm) {
  switch (algorithm) {
    case AuthAlgorithm::milenage: return "milenage";
    case AuthAlgorithm::tuak: return "tuak";
    case AuthAlgorithm::comp128v1: return "comp128v1";
    case AuthAlgorithm::comp128v2: return "comp128v2";
    case AuthAlgorithm::comp128v3: return "comp128v3";
  }
  return "unknown";
}

Result<IccidBody> body_of(const Iccid& iccid) {
  const std::string_view text = iccid.text();
  if (text.size() < Iccid::size_min) return fail(ErrorCode::bad_length, text.size());
  const std::string_view body = text.substr(0, text.size() - 1);
  if (!text.starts_with("89")) return fail(ErrorCode::bad_value, 0);
  if (luhn_check_digit(body) != text.back()) return fail(ErrorCode::bad_value, text.size() - 1);
  return IccidBody{static_cast<uint8_t>(body.size()), value_of(body)};
}

Iccid iccid_of(const IccidBody& body) {
  SIMURGH_CHECK(body.digits >= body_digits_min && body.digits <= body_digits_max);
  char text[Iccid::size_max];
  const std::string_view digits = write_digits(body.number, body.digits, text);
  text[body.digits] = luhn_check_digit(digits);
  return *Iccid::parse({text, body.digits + 1u});
}

ImsiNumber number_of(const Imsi& imsi) {
  return {static_cast<uint8_t>(imsi.text().size()), value_of(imsi.text())};
}

Imsi imsi_of(const ImsiNumber& number) {
  SIMURGH_CHECK(number.digits >= Imsi::size_min && number.digits <= Imsi::size_max);
  char text[Imsi::size_max];
  return *Imsi::parse(write_digits(number.number, number.digits, text));
}

Result<void> Run::check() const {
  if (iccid.digits < body_digits_min || iccid.digits > body_digits_max ||
      imsi.digits < Imsi::size_min || imsi.digits > Imsi::size_max || count == 0) {
    return fail(ErrorCode::bad_value);
  }
  const uint64_t iccid_end = 90 * power_of_ten(iccid.digits - 2u);  // the first beyond 89…
  if (!begins_with_89(iccid) || count > iccid_end - iccid.number) {
    return fail(ErrorCode::bad_value);
  }
  const uint64_t imsi_end = power_of_ten(imsi.digits);
  if (imsi.number >= imsi_end || count > imsi_end - imsi.number) return fail(ErrorCode::bad_value);
  return {};
}

Iccid Run::iccid_at(uint64_t position) const {
  SIMURGH_CHECK(position < count);
  return iccid_of({iccid.digits, iccid.number + position});
}

Imsi Run::imsi_at(uint64_t position) const {
  SIMURGH_CHECK(position < count);
  return imsi_of({imsi.digits, imsi.number + position});
}

std::optional<uint64_t> Run::position_of(const IccidBody& body) const {
  if (body.digits != iccid.digits || body.number < iccid.number) return std::nullopt;
  const uint64_t position = body.number - iccid.number;
  return position < count ? std::optional(position) : std::nullopt;
}

std::optional<uint64_t> Run::position_of(const ImsiNumber& number) const {
  if (number.digits != imsi.digits || number.number < imsi.number) return std::nullopt;
  const uint64_t position = number.number - imsi.number;
  return position < count ? std::optional(position) : std::nullopt;
}

bool Run::overlaps(const Run& other) const {
  return (iccid.digits == other.iccid.digits &&
          runs_overlap(iccid.number, count, other.iccid.number, other.count)) ||
         (imsi.digits == other.imsi.digits &&
          runs_overlap(imsi.number, count, other.imsi.number, other.count));
}

}  // namespace simurgh::fleet
