#include "formats/sms/timestamp.h"

namespace simurgh::sms {

namespace {

constexpr int64_t seconds_per_day = 86400;
constexpr int64_t seconds_per_quarter = 900;
constexpr int zone_quarters_max = 79;

// Days from 1970-01-01 to 2000-01-01.
constexpr int64_t days_to_century = 10957;

constexpr bool is_leap(int64_t year_of_century) {
  return year_of_century % 4 == 0;  // 2000 is one, and 2100 is out of range
}

constexpr int days_of_month(int64_t year_of_century, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year_of_century) ? 29 : days[month - 1];
}

constexpr int64_t days_before_year(int64_t year_of_century) {
  return year_of_century * 365 + (year_of_century + 3) / 4;
}

uint8_t swapped_bcd(int64_t value) {
  return static_cast<uint8_t>(value % 10 << 4 | value / 10);
}

// Digit pair with its low digit in the upper half; -1 when a half is no digit.
int value_of(uint8_t octet) {
  const int tens = octet & 0x0f;
  const int ones = octet >> 4;
  return tens > 9 || ones > 9 ? -1 : tens * 10 + ones;
}

}  // namespace

Result<Timestamp> Timestamp::of(Instant when, int zone_quarters) {
  if (zone_quarters > zone_quarters_max || zone_quarters < -zone_quarters_max) {
    return ErrorCode::bad_value;
  }
  const int64_t utc = when.ms / 1000 - (when.ms % 1000 < 0 ? 1 : 0);
  const int64_t local = utc + zone_quarters * seconds_per_quarter;
  int64_t day = local / seconds_per_day - days_to_century;
  if (local < 0 || day < 0 || day >= days_before_year(100)) return ErrorCode::bad_value;
  int64_t year = day / 366;
  while (days_before_year(year + 1) <= day) ++year;
  day -= days_before_year(year);
  int month = 1;
  while (day >= days_of_month(year, month)) day -= days_of_month(year, month++);
  const int64_t second = local % seconds_per_day;
  const int zone = zone_quarters < 0 ? -zone_quarters : zone_quarters;
  Timestamp out;
  out.octets = {swapped_bcd(year), swapped_bcd(month), swapped_bcd(day + 1),
                swapped_bcd(second / 3600), swapped_bcd(second / 60 % 60), swapped_bcd(second % 60),
                // Bit 4 of the zone octet, the top bit of its tens, is the sign (9.2.3.11).
                static_cast<uint8_t>(swapped_bcd(zone) | (zone_quarters < 0 ? 0x08 : 0))};
  return out;
}

Result<Instant> Timestamp::instant() const {
  int field[6];
  for (size_t i = 0; i < 6; ++i) {
    field[i] = value_of(octets[i]);
    if (field[i] < 0) return fail(ErrorCode::bad_value, i);
  }
  const auto [year, month, day, hour, minute, second] = field;
  const int zone = value_of(octets[6] & 0xf7);
  if (month < 1 || month > 12) return fail(ErrorCode::bad_value, 1);
  if (day < 1 || day > days_of_month(year, month)) return fail(ErrorCode::bad_value, 2);
  if (hour > 23) return fail(ErrorCode::bad_value, 3);
  if (minute > 59) return fail(ErrorCode::bad_value, 4);
  if (second > 59) return fail(ErrorCode::bad_value, 5);
  if (zone < 0 || zone > zone_quarters_max) return fail(ErrorCode::bad_value, 6);
  int64_t days = days_to_century + days_before_year(year) + day - 1;
  for (int earlier = 1; earlier < month; ++earlier) days += days_of_month(year, earlier);
  const int64_t local = days * seconds_per_day + hour * 3600 + minute * 60 + second;
  const bool behind = (octets[6] & 0x08) != 0;
  return Instant{(local - (behind ? -zone : zone) * seconds_per_quarter) * 1000};
}

}  // namespace simurgh::sms
