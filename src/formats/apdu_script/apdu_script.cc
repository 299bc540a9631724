#include "formats/apdu_script/apdu_script.h"

#include "base/hex.h"
#include "formats/apdu/apdu.h"

namespace simurgh::apdu_script {

namespace {

constexpr std::string_view heading = "read-back:";
constexpr std::string_view arrow = "->";
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

Result<std::vector<uint8_t>> parse_octets(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (blanks.find(c) == std::string_view::npos) digits.push_back(c);
  }
  std::vector<uint8_t> octets(digits.size() / 2);
  if (digits.empty() || digits.size() % 2 != 0) return ErrorCode::bad_value;
  TRY(parse_hex(digits, octets));
  return octets;
}

Result<std::vector<uint8_t>> parse_command(std::string_view text) {
  auto octets = TRY(parse_octets(text));
  if (octets.size() > apdu::short_command_octets_max || !apdu::parse_command(octets)) {
    return ErrorCode::bad_length;
  }
  return octets;
}

Result<void> take_line(std::string_view line, bool& looks, Script& script) {
  if (line == heading) {
    if (looks) return ErrorCode::bad_state;
    looks = true;
    return {};
  }
  const size_t place = line.find(arrow);
  if (!looks) {
    if (place != std::string_view::npos) return ErrorCode::bad_state;
    script.commands.push_back(TRY(parse_command(line)));
    return {};
  }
  Look look{.command = TRY(parse_command(line.substr(0, place))), .expected = {}};
  if (place != std::string_view::npos) {
    look.expected = TRY(parse_octets(line.substr(place + arrow.size())));
  }
  script.read_back.push_back(std::move(look));
  return {};
}

void append_hex(ByteView octets, std::string& out) {
  std::string digits(octets.size() * 2, '0');
  write_hex(octets, digits);
  out += digits;
}

}  // namespace

Result<Script> parse_script(std::string_view text) {
  Script script;
  bool looks = false;
  size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.size() > line_octets_max || number > lines_max) {
      return fail(ErrorCode::too_large, number);
    }
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const auto taken = take_line(line, looks, script);
    if (!taken) {
      // What parse_hex says is about digits, too.
      const ErrorCode code = taken.error().code;
      return fail(code == ErrorCode::bad_state || code == ErrorCode::bad_length
                      ? code
                      : ErrorCode::bad_value,
                  number);
    }
  }
  if (script.commands.empty()) return fail(ErrorCode::not_found, number);
  if (looks && (script.read_back.empty() || script.read_back.back().expected.empty())) {
    return fail(ErrorCode::not_found, number);
  }
  return script;
}

std::string words_for(const Error& error) {
  const std::string line = "line " + std::to_string(error.offset) + ": ";
  switch (error.code) {
    case ErrorCode::bad_length:
      return line + "expected a command APDU: CLA INS P1 P2 [Lc data] [Le], Lc as long as the data";
    case ErrorCode::bad_state:
      return line + "`-> DATA` belongs to commands after one line \"read-back:\"";
    case ErrorCode::too_large:
      return line + "expected at most " + std::to_string(lines_max) + " lines of at most " +
             std::to_string(line_octets_max) + " octets";
    case ErrorCode::not_found:
      return line +
             "expected at least one command, and after \"read-back:\" a last one with "
             "`-> DATA`";
    default: return line + "expected pairs of hexadecimal digits";
  }
}

std::string write_script(const Script& script) {
  std::string out;
  for (const auto& command : script.commands) {
    append_hex(command, out);
    out += '\n';
  }
  if (script.read_back.empty()) return out;
  (out += heading) += '\n';
  for (const Look& look : script.read_back) {
    append_hex(look.command, out);
    if (!look.expected.empty()) {
      out += " -> ";
      append_hex(look.expected, out);
    }
    out += '\n';
  }
  return out;
}

}  // namespace simurgh::apdu_script
