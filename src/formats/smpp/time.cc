#include "formats/smpp/time.h"

namespace simurgh::smpp {
namespace {

constexpr int64_t year_first = 2000;
constexpr int64_t quarter_hours_max = 48;

// Days since 1970-01-01 of a date of the Gregorian calendar, by counting from a March-based year.
int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = y / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}

struct Date {
  int64_t year, month, day;
};
Date date_from_days(int64_t days) {
  const int64_t z = days + 719'468;
  const int64_t era = z / 146'097;
  const int64_t day_of_era = z - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t m = (5 * day_of_year + 2) / 153;
  const int64_t month = m < 10 ? m + 3 : m - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * m + 2) / 5 + 1};
}

int64_t days_in_month(int64_t year, int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

Result<int64_t> two_digits(std::string_view text, size_t offset) {
  int64_t value = 0;
  for (size_t i = offset; i < offset + 2; ++i) {
    if (text[i] < '0' || text[i] > '9') return fail(ErrorCode::bad_value, i);
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void put_two(TimeText& text, size_t offset, int64_t value) {
  text[offset] = static_cast<char>('0' + value / 10 % 10);
  text[offset + 1] = static_cast<char>('0' + value % 10);
}

}  // namespace

Result<Instant> parse_time(std::string_view text, Instant now) {
  if (text.size() != time_chars) return fail(ErrorCode::bad_length, text.size());
  const int64_t year = TRY(two_digits(text, 0));
  const int64_t month = TRY(two_digits(text, 2));
  const int64_t day = TRY(two_digits(text, 4));
  const int64_t hour = TRY(two_digits(text, 6));
  const int64_t minute = TRY(two_digits(text, 8));
  const int64_t second = TRY(two_digits(text, 10));
  if (text[12] < '0' || text[12] > '9') return fail(ErrorCode::bad_value, 12);
  const int64_t tenth = text[12] - '0';
  const int64_t quarters = TRY(two_digits(text, 13));
  const Duration time_of_day = hours(hour) + minutes(minute) + seconds(second);
  if (text[15] == 'R') {
    return now + days(year * 365 + month * 30 + day) + time_of_day;
  }
  if (text[15] != '+' && text[15] != '-') return fail(ErrorCode::bad_value, 15);
  if (month < 1 || month > 12) return fail(ErrorCode::bad_value, 2);
  if (day < 1 || day > days_in_month(year_first + year, month))
    return fail(ErrorCode::bad_value, 4);
  if (hour > 23) return fail(ErrorCode::bad_value, 6);
  if (minute > 59) return fail(ErrorCode::bad_value, 8);
  if (second > 59) return fail(ErrorCode::bad_value, 10);
  if (quarters > quarter_hours_max) return fail(ErrorCode::bad_value, 13);
  const Duration offset = minutes(quarters * 15);
  const Instant local = Instant{} + days(days_from_date(year_first + year, month, day)) +
                        time_of_day + milliseconds(tenth * 100);
  // "+": local time is ahead of UTC.
  return text[15] == '+' ? local - offset : local + offset;
}

Result<TimeText> write_absolute_time(Instant time) {
  constexpr int64_t day_ms = days(1).ms;
  if (time.ms < 0 || time == Instant::never()) return fail(ErrorCode::bad_value);
  const Date date = date_from_days(time.ms / day_ms);
  if (date.year < year_first || date.year > year_first + 99) return fail(ErrorCode::bad_value);
  const int64_t in_day = time.ms % day_ms / 1000;
  TimeText text;
  put_two(text, 0, date.year - year_first);
  put_two(text, 2, date.month);
  put_two(text, 4, date.day);
  put_two(text, 6, in_day / 3600);
  put_two(text, 8, in_day / 60 % 60);
  put_two(text, 10, in_day % 60);
  text[12] = '0';
  put_two(text, 13, 0);
  text[15] = '+';
  return text;
}

TimeText write_relative_time(Duration duration) {
  constexpr int64_t months_max = 99, month_days = 30;
  int64_t total = duration.ms <= 0 ? 0 : (duration.ms - 1) / 1000 + 1;
  total = std::min(total, (months_max + 1) * month_days * 86'400 - 1);
  const int64_t days = total / 86'400;
  const int64_t months = days <= 99 ? 0 : days / month_days;
  TimeText text;
  put_two(text, 0, 0);
  put_two(text, 2, months);
  put_two(text, 4, days - months * month_days);
  put_two(text, 6, total / 3600 % 24);
  put_two(text, 8, total / 60 % 60);
  put_two(text, 10, total % 60);
  text[12] = '0';
  put_two(text, 13, 0);
  text[15] = 'R';
  return text;
}

}  // namespace simurgh::smpp
