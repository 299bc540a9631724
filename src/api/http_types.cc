#include "api/http_types.h"

#include <algorithm>

#include "base/hex.h"

namespace simurgh::api {
namespace {

// `plus_is_space`: in queries, as forms write them.
Result<std::string> decode(std::string_view text, size_t offset, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(ErrorCode::bad_value, offset + i);
      c = static_cast<char>(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return fail(ErrorCode::bad_value, offset + i);
    }
    out.push_back(c);
  }
  return out;
}

Result<void> parse_path(std::string_view path, Target& target) {
  size_t offset = 1;  // behind the first '/'
  if (path == "/") return {};
  while (offset <= path.size()) {
    const size_t end = std::min(path.find('/', offset), path.size());
    if (end == offset) return fail(ErrorCode::bad_value, offset);
    if (target.segments.size() == Target::segments_max) {
      return fail(ErrorCode::too_large, offset);
    }
    target.segments.push_back(TRY(decode(path.substr(offset, end - offset), offset, false)));
    offset = end + 1;
  }
  return {};
}

Result<void> parse_query(std::string_view query, size_t offset, Target& target) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = TRY(decode(pair.substr(0, equals), offset, true));
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name.empty()) return fail(ErrorCode::bad_value, offset);
    if (target.find(name) != nullptr) return fail(ErrorCode::already_exists, offset);
    if (target.query.size() == Target::parameters_max) return fail(ErrorCode::too_large, offset);
    target.query.emplace_back(name, TRY(decode(value, offset + equals + 1, true)));
    const size_t taken = std::min(end + 1, query.size());
    query.remove_prefix(taken);
    offset += taken;
  }
  return {};
}

}  // namespace

const std::string* Target::find(std::string_view name) const {
  const auto found = std::ranges::find(
      query, name, [](const auto& pair) -> std::string_view { return pair.first; });
  return found == query.end() ? nullptr : &found->second;
}

Result<Target> parse_target(std::string_view text) {
  if (text.size() > Target::octets_max) return fail(ErrorCode::too_large, Target::octets_max);
  if (text.empty() || text.front() != '/') return fail(ErrorCode::bad_value, 0);
  Target target;
  const size_t question = std::min(text.find('?'), text.size());
  TRY(parse_path(text.substr(0, question), target));
  if (question < text.size()) {
    TRY(parse_query(text.substr(question + 1), question + 1, target));
  }
  return target;
}

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(digits[static_cast<unsigned char>(c) & 15]);
    }
  }
  return out;
}

}  // namespace simurgh::api
