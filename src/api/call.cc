#include "api/call.h"

#include <algorithm>
#include <charconv>

#include "base/hex.h"

namespace simurgh::api {
namespace {

// Days since 1970-01-01 to year, month, day (proleptic Gregorian calendar), counted from
// 0000-03-01 in eras of 400 years, so that the leap day is the last of its year.
struct Date {
  int64_t year;
  int month;
  int day;
};

Date date_of(int64_t days) {
  constexpr int64_t days_to_1970 = 719'468;
  constexpr int64_t era_days = 146'097;
  const int64_t shifted = days + days_to_1970;
  const int64_t era = (shifted >= 0 ? shifted : shifted - era_days + 1) / era_days;
  const int64_t of_era = shifted - era * era_days;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * of_year + 2) / 153;
  const int day = static_cast<int>(of_year - (153 * month_from_march + 2) / 5 + 1);
  const int month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

void append_padded(int64_t number, size_t digits, std::string& out) {
  const std::string text = std::to_string(number);
  if (text.size() < digits) out.append(digits - text.size(), '0');
  out += text;
}

}  // namespace

Reply reply(const json::Value& body, uint16_t status) {
  return {.answer = {.status = status, .body = json::write(body)}};
}

Reply reply(Answer refusal) {
  return {.answer = std::move(refusal), .keep_changes = false};
}
Reply reply(const json::Problem& problem) {
  return reply(refuse(problem));
}
Reply reply(const Refusal& refusal) {
  return reply(refuse(refusal));
}

Reply reply(const Error& error, std::string_view what) {
  Reply out = reply(refuse(error, what));
  out.storage_failed = error.code == ErrorCode::storage;
  return out;
}

std::string_view Query::text(std::string_view name, size_t octets_max) {
  asked_.push_back(name);
  const std::string* value = target_.find(name);
  if (value == nullptr) return {};
  if (value->empty() || value->size() > octets_max) {
    if (!problem_.any()) {
      problem_ = {std::string(name), "expected 1-" + std::to_string(octets_max) + " octets"};
    }
    return {};
  }
  return *value;
}

uint64_t Query::number(std::string_view name, uint64_t otherwise, uint64_t min, uint64_t max) {
  asked_.push_back(name);
  const std::string* value = target_.find(name);
  if (value == nullptr) return otherwise;
  uint64_t number = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, number);
  if (error != std::errc{} || stop != end || number < min || number > max) {
    if (!problem_.any()) {
      problem_ = {std::string(name),
                  "expected an integer from " + std::to_string(min) + " to " + std::to_string(max)};
    }
    return otherwise;
  }
  return number;
}

bool Query::finish() {
  for (const auto& [name, value] : target_.query) {
    if (std::ranges::find(asked_, name) == asked_.end() && !problem_.any()) {
      std::string known;
      for (const std::string_view asked : asked_) known += " " + std::string(asked);
      problem_ = {"?", "unknown query parameter; this list takes:" + known};
    }
  }
  return !problem_.any();
}

size_t page_limit(Query& query, const Settings& settings) {
  return query.number("limit", settings.page_rows_default, 1, settings.page_rows_max);
}

json::Value page_of(json::Value items, std::optional<std::string> next) {
  return json::Value::object({{"items", std::move(items)}, {"next", next}});
}

std::string read_word(json::Fields& fields, std::string_view field, size_t octets_max) {
  constexpr std::string_view characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  const std::string_view word = fields.text(field, 1, octets_max);
  if (word.find_first_not_of(characters) != std::string_view::npos) {
    fields.refuse(field, "expected letters, digits, '-', '_' and '.' only");
  }
  return std::string(word);
}

std::optional<uint64_t> path_number(const Call& call, size_t index) {
  const std::string& text = call.path[index];
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

void mark_legacy_1997(json::Value& out, bool is_legacy) {
  if (is_legacy) out.set(fleet::legacy_1997_name, fleet::insecure_mark);
}

std::optional<Reply> refuse_legacy_1997(Call& call, const Result<bool>& is_legacy,
                                        std::string_view action, std::string_view subject) {
  if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
  if (!*is_legacy || call.settings.allow_legacy_1997) return std::nullopt;
  audit::Detail detail;
  detail.add(fleet::legacy_1997_name, fleet::insecure_mark);
  const auto audited = call.parts.audit.append(call.by(), {action, subject, detail});
  if (!audited.has_value()) return reply(audited.error(), "the audit log");
  Reply refused =
      reply(Refusal{.kind = ProblemKind::policy,
                    .detail = "profile legacy-1997 is insecure (single DES, key agreement without "
                              "authentication) and is not switched on",
                    .hint = "use a card profile without it, or let the administrator set "
                            "allow_legacy_1997 = true in the server's configuration"});
  refused.keep_changes = true;  // the audit row of the refusal
  return refused;
}

Reply no_such(std::string_view what, std::string_view name) {
  // The name is the outsider's and may be anything: shown only when it is a plain word.
  const bool plain = name.size() <= 64 && std::ranges::all_of(name, [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                              (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
                     });
  std::string detail = "no such " + std::string(what);
  if (plain) detail += ": " + std::string(name);
  return reply(Refusal{.kind = ProblemKind::not_found, .detail = detail});
}

json::Value time_of(Instant at) {
  if (at.ms == 0) return {};
  constexpr int64_t day_ms = 86'400'000;
  const int64_t days = (at.ms >= 0 ? at.ms : at.ms - day_ms + 1) / day_ms;
  const int64_t of_day = at.ms - days * day_ms;
  const Date date = date_of(days);
  std::string out;
  append_padded(date.year, 4, out);
  out.push_back('-');
  append_padded(date.month, 2, out);
  out.push_back('-');
  append_padded(date.day, 2, out);
  out.push_back('T');
  append_padded(of_day / 3'600'000, 2, out);
  out.push_back(':');
  append_padded(of_day / 60'000 % 60, 2, out);
  out.push_back(':');
  append_padded(of_day / 1000 % 60, 2, out);
  out.push_back('.');
  append_padded(of_day % 1000, 3, out);
  out.push_back('Z');
  return out;
}

std::string hex_of(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

}  // namespace simurgh::api
