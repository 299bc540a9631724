#include "formats/fleet_file/fleet_file.h"

#include <charconv>
#include <optional>

#include "base/hex.h"

namespace simurgh::fleet_file {

namespace {

struct ColumnWords {
  const char* name;
  const char* expected;
};
constexpr ColumnWords words[columns] = {
    {"iccid", "18-20 digits"},
    {"msisdn", "1-15 digits without prefix, or nothing"},
    {"kic", "32 hexadecimal digits, or nothing"},
    {"kid", "32 hexadecimal digits, or nothing"},
    {"key_version", "a number from 1 to 15, or nothing"},
    {"psk_identity", "1-128 printable characters without comma, quote or blank, or nothing"},
    {"psk", "32-128 hexadecimal digits, or nothing"},
    {"counter", "a number from 0 to 1099511627775, or nothing"},
    {"last_contact", "a time as 2026-01-02T03:04:05Z or in unix seconds, or nothing"},
    {"next_poll", "a time as 2026-01-02T03:04:05Z or in unix seconds, or nothing"},
};

// Takes the next cell from the front of `rest`, which is nullopt after the last one.
std::string_view take_cell(std::optional<std::string_view>& rest) {
  if (!rest) return {};
  const size_t comma = rest->find(',');
  const std::string_view cell = rest->substr(0, comma);
  rest = comma == std::string_view::npos ? std::nullopt : std::optional(rest->substr(comma + 1));
  return cell;
}

Result<uint64_t> parse_number(std::string_view text, uint64_t max) {
  uint64_t value = 0;
  const char* const end = text.end();
  const auto [stop, error] = std::from_chars(text.begin(), end, value);
  if (text.empty() || error != std::errc{} || stop != end || value > max) {
    return ErrorCode::bad_value;
  }
  return value;
}

template <size_t capacity>
Result<void> parse_key(std::string_view cell, size_t octets_min, Secret<capacity>& out) {
  if (cell.size() % 2 != 0 || cell.size() < 2 * octets_min || cell.size() > 2 * capacity) {
    return ErrorCode::bad_value;
  }
  if (!parse_hex(cell, out.fill(cell.size() / 2))) return ErrorCode::bad_value;
  return {};
}

Result<void> parse_identity(std::string_view cell, std::string& out) {
  if (cell.size() > psk_identity_chars_max) return ErrorCode::bad_value;
  for (const char c : cell) {
    if (c <= ' ' || c > '~' || c == '"') return ErrorCode::bad_value;
  }
  out = cell;
  return {};
}

Result<void> parse_cell(Column column, std::string_view cell, Row& row) {
  if (cell.empty() && column != Column::iccid) return {};
  switch (column) {
    case Column::iccid: row.iccid = TRY(Iccid::parse(cell)); return {};
    case Column::msisdn: row.msisdn = TRY(Msisdn::parse(cell)); return {};
    case Column::kic: return parse_key(cell, 16, row.kic);
    case Column::kid: return parse_key(cell, 16, row.kid);
    case Column::key_version: {
      const uint64_t version = TRY(parse_number(cell, key_version_max));
      if (version == 0) return ErrorCode::bad_value;
      row.key_version = static_cast<uint8_t>(version);
      return {};
    }
    case Column::psk_identity: return parse_identity(cell, row.psk_identity);
    case Column::psk: return parse_key(cell, 16, row.psk);
    case Column::counter: row.counter = TRY(parse_number(cell, counter_max)); return {};
    case Column::last_contact: row.last_contact_s = TRY(parse_time(cell)); return {};
    case Column::next_poll: row.next_poll_s = TRY(parse_time(cell)); return {};
  }
  return ErrorCode::bad_value;
}

// A number of exactly `digits` digits at the front of `text`.
Result<int64_t> take_digits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return ErrorCode::bad_value;
  int64_t value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return ErrorCode::bad_value;
    value = 10 * value + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

Result<void> take_sign(std::string_view& text, std::string_view allowed) {
  if (text.empty() || allowed.find(text[0]) == std::string_view::npos) return ErrorCode::bad_value;
  text.remove_prefix(1);
  return {};
}

// Days since 1970-01-01 of a date of the Gregorian calendar, bad_value when there is none such.
Result<int64_t> days_of(int64_t year, int64_t month, int64_t day) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  constexpr int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return ErrorCode::bad_value;
  if (day > month_days[month - 1] + (leap && month == 2 ? 1 : 0)) return ErrorCode::bad_value;
  int64_t days = 365 * (year - 1970) + day - 1;
  // Leap days of the years before this one; 477 were before 1970.
  const int64_t before = year - 1;
  days += before / 4 - before / 100 + before / 400 - 477;
  for (int64_t m = 0; m < month - 1; ++m) days += month_days[m];
  return days + (leap && month > 2 ? 1 : 0);
}

// Seconds that the local time is ahead of UTC: what ends a time of RFC 3339.
Result<int64_t> parse_zone(std::string_view text) {
  if (text == "Z" || text == "z") return int64_t{0};
  const bool west = text.starts_with('-');
  TRY(take_sign(text, "+-"));
  const int64_t hours = TRY(take_digits(text, 2));
  TRY(take_sign(text, ":"));
  const int64_t minutes = TRY(take_digits(text, 2));
  if (!text.empty() || hours > 23 || minutes > 59) return ErrorCode::bad_value;
  return (west ? -60 : 60) * (60 * hours + minutes);
}

}  // namespace

const char* name_of(Column column) {
  return words[static_cast<size_t>(column)].name;
}
const char* expected_in(Column column) {
  return words[static_cast<size_t>(column)].expected;
}

Result<uint32_t> parse_time(std::string_view text) {
  int64_t seconds = 0;
  if (text.find('-') == std::string_view::npos) {
    seconds = static_cast<int64_t>(TRY(parse_number(text, UINT32_MAX)));
  } else {
    const int64_t year = TRY(take_digits(text, 4));
    TRY(take_sign(text, "-"));
    const int64_t month = TRY(take_digits(text, 2));
    TRY(take_sign(text, "-"));
    const int64_t days = TRY(days_of(year, month, TRY(take_digits(text, 2))));
    TRY(take_sign(text, "Tt"));
    const int64_t hour = TRY(take_digits(text, 2));
    TRY(take_sign(text, ":"));
    const int64_t minute = TRY(take_digits(text, 2));
    TRY(take_sign(text, ":"));
    const int64_t second = TRY(take_digits(text, 2));
    if (hour > 23 || minute > 59 || second > 60) return ErrorCode::bad_value;  // 60: a leap second
    if (text.starts_with('.')) {
      do text.remove_prefix(1);
      while (!text.empty() && text[0] >= '0' && text[0] <= '9');
    }
    seconds = 86'400 * days + 3600 * hour + 60 * minute + second - TRY(parse_zone(text));
  }
  if (seconds < 1 || seconds > UINT32_MAX) return ErrorCode::bad_value;
  return static_cast<uint32_t>(seconds);
}

Result<Header> parse_header(std::string_view line) {
  if (line.size() > line_octets_max) return ErrorCode::too_large;
  Header header;
  bool there[columns] = {};
  std::optional rest(line);
  for (uint32_t place = 0; rest; ++place) {
    const std::string_view cell = take_cell(rest);
    size_t column = 0;
    while (column < columns && cell != words[column].name) ++column;
    if (column == columns) return fail(ErrorCode::bad_value, place);
    if (there[column]) return fail(ErrorCode::already_exists, place);
    there[column] = true;
    header.order[header.count++] = static_cast<Column>(column);
  }
  if (!there[static_cast<size_t>(Column::iccid)]) return fail(ErrorCode::not_found, header.count);
  return header;
}

Result<Row> parse_row(const Header& header, std::string_view line) {
  if (line.size() > line_octets_max) return fail(ErrorCode::too_large, header.count);
  Row row;
  std::optional rest(line);
  size_t place = 0;
  while (rest && place < header.count) {
    if (const auto good = parse_cell(header.order[place], take_cell(rest), row); !good) {
      return fail(ErrorCode::bad_value, place);
    }
    ++place;
  }
  if (rest || place < header.count) return fail(ErrorCode::bad_length, header.count);
  return row;
}

std::string words_for_header(const Error& error) {
  std::string known;
  for (const ColumnWords& column : words)
    known += std::string(known.empty() ? "" : ",") + column.name;
  const std::string cell = "cell " + std::to_string(error.offset + 1) + " of the header ";
  switch (error.code) {
    case ErrorCode::already_exists: return cell + "names a column twice";
    case ErrorCode::not_found: return "the header names no column iccid";
    case ErrorCode::too_large: return "the header is too long; expected columns of " + known;
    default: return cell + "names no column; expected columns of " + known;
  }
}

std::string words_for_row(const Header& header, const Error& error) {
  if (error.code == ErrorCode::too_large) {
    return "longer than " + std::to_string(line_octets_max) + " octets";
  }
  if (error.offset >= header.count) {
    return "expected " + std::to_string(header.count) + " cells, as the header has";
  }
  const Column column = header.order[error.offset];
  return std::string("column \"") + name_of(column) + "\": expected " + expected_in(column);
}

std::string write_header() {
  std::string line;
  for (const ColumnWords& column : words)
    line += std::string(line.empty() ? "" : ",") + column.name;
  return line;
}

std::string write_row(const Row& row) {
  std::string line;
  line.reserve(line_octets_max);  // no copy of a key stays behind
  const auto hex = [&line](ByteView bytes) {
    char text[2 * psk_octets_max];
    line += write_hex(bytes, text);
    wipe({reinterpret_cast<uint8_t*>(text), sizeof text});
  };
  const auto number = [&line](uint64_t value) {
    if (value != 0) line += std::to_string(value);
  };
  line += row.iccid.text();
  (line += ',') += row.msisdn.text();
  line += ',', hex(row.kic.view());
  line += ',', hex(row.kid.view());
  line += ',', number(row.key_version);
  (line += ',') += row.psk_identity;
  line += ',', hex(row.psk.view());
  line += ',', number(row.counter);
  line += ',', number(row.last_contact_s);
  line += ',', number(row.next_poll_s);
  return line;
}

}  // namespace simurgh::fleet_file
