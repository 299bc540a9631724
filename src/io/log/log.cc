#include "io/log/log.h"

#include <unistd.h>

#include <charconv>
#include <ctime>

#include "base/hex.h"

namespace simurgh::log {
namespace {

constexpr std::string_view cut_mark = "\xe2\x80\xa6";  // …

class StandardError final : public Sink {
 public:
  void write(std::string_view line) override {
    // One call a line, so that lines of several threads do not mix. Nothing can be done when it
    // fails: there is no place to say so.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  }
};

Sink& standard_error() {
  static StandardError sink;
  return sink;
}

// logfmt knows bare words; everything else stands in quotes.
bool bare(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= ' ' || octet == 0x7f || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

// Text of others cannot break a line, nor pretend to be another field.
void append_quoted(std::string& line, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  line += '"';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (octet < ' ' || octet == 0x7f) {
      line += "\\x";
      line += digits[octet >> 4];
      line += digits[octet & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

void append_text(std::string& line, std::string_view text) {
  if (text.size() <= value_octets_max) {
    bare(text) ? static_cast<void>(line += text) : append_quoted(line, text);
    return;
  }
  // Not in the middle of a UTF-8 character.
  size_t size = value_octets_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  append_quoted(line, std::string(text.substr(0, size)).append(cut_mark));
}

template <typename Number>
void append_number(std::string& line, Number number) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  if (error == std::errc{}) line.append(digits, end);
}

void append_hex(std::string& line, ByteView bytes) {
  constexpr size_t octets_max = value_octets_max / 2;
  char digits[value_octets_max];
  line += write_hex(bytes.first(std::min(bytes.size(), octets_max)), digits);
  if (bytes.size() > octets_max) line += cut_mark;
}

// "2026-01-02T03:04:05.678Z"
void append_now(std::string& line) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  char text[40];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &parts);
  line.append(text, size);
  const long ms = now.tv_nsec / 1'000'000;
  line += static_cast<char>('0' + ms / 100);
  line += static_cast<char>('0' + ms / 10 % 10);
  line += static_cast<char>('0' + ms % 10);
  line += 'Z';
}

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

Result<Level> parse_level(std::string_view word) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error}) {
    if (word == name_of(level)) return level;
  }
  return ErrorCode::bad_value;
}

void Field::write(std::string& line) const {
  line += ' ';
  line += key_;
  line += '=';
  switch (kind_) {
    case Kind::text: append_text(line, text_); return;
    case Kind::signed_number: append_number(line, signed_); return;
    case Kind::unsigned_number: append_number(line, unsigned_); return;
    case Kind::real: append_number(line, real_); return;
    case Kind::boolean: line += signed_ != 0 ? "true" : "false"; return;
    case Kind::hex: append_hex(line, bytes_); return;
  }
}

Log::Log() : Log(standard_error(), Level::info) {}

Log Log::with_request(std::string_view request) const {
  Log log = *this;
  log.request_ = request;
  return log;
}

void Log::write(Level level, std::string_view message, std::initializer_list<Field> fields) const {
  if (!enabled(level)) return;
  std::string line;
  line.reserve(256);
  line += "ts=";
  append_now(line);
  line += " level=";
  line += name_of(level);
  line += " msg=";
  append_text(line, message);
  if (!request_.empty()) Field("request", request_).write(line);
  for (const Field& field : fields) {
    const size_t before = line.size();
    field.write(line);
    if (line.size() >= line_octets_max) line.resize(before);
  }
  line += '\n';
  sink_->write(line);
}

void Log::debug(std::string_view message, std::initializer_list<Field> fields) const {
  write(Level::debug, message, fields);
}
void Log::info(std::string_view message, std::initializer_list<Field> fields) const {
  write(Level::info, message, fields);
}
void Log::warning(std::string_view message, std::initializer_list<Field> fields) const {
  write(Level::warning, message, fields);
}
void Log::error(std::string_view message, std::initializer_list<Field> fields) const {
  write(Level::error, message, fields);
}

}  // namespace simurgh::log
