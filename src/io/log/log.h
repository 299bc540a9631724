// Log lines in logfmt on standard error, one event a line:
//
//   ts=2026-01-02T03:04:05.678Z level=info msg="smpp bound" request=7f3a peer=127.0.0.1:2775
//
// A field takes texts, numbers, booleans and error codes. It cannot take a Secret, nor bytes of
// any other kind: those constructors are deleted, so that logging a key does not compile. Octets
// that are known to be public go through hex().
//
// Threads may log at the same time: each line is one write().
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace simurgh::log {

enum class Level : uint8_t { debug, info, warning, error };
std::string_view name_of(Level level);
// bad_value for a word that is no level.
Result<Level> parse_level(std::string_view word);

constexpr size_t value_octets_max = 512;  // longer values are cut, and end in "…"
constexpr size_t line_octets_max = 8192;  // fields that do not fit are left out

// Public octets as hexadecimal text. Never use it on keys, codes or payloads of chips.
struct Hex {
  ByteView bytes;
};
inline Hex hex(ByteView public_bytes) {
  return {public_bytes};
}

// One `key=value`. Views live until the line is written. `key` is a literal of our own.
class Field {
 public:
  enum class Kind : uint8_t { text, signed_number, unsigned_number, real, boolean, hex };

  Field(std::string_view key, std::string_view value)
      : key_(key), kind_(Kind::text), text_(value) {}
  Field(std::string_view key, const std::string& value) : Field(key, std::string_view(value)) {}
  Field(std::string_view key, const char* value) : Field(key, std::string_view(value)) {}
  Field(std::string_view key, ErrorCode code) : Field(key, std::string_view(name_of(code))) {}
  Field(std::string_view key, const Error& error) : Field(key, error.code) {}
  template <typename Tag, size_t least, size_t most>
  Field(std::string_view key, const DigitString<Tag, least, most>& number)
      : Field(key, number.text()) {}
  Field(std::string_view key, Duration duration)  // in milliseconds
      : key_(key), kind_(Kind::signed_number), signed_(duration.ms) {}
  Field(std::string_view key, bool value) : key_(key), kind_(Kind::boolean), signed_(value) {}
  Field(std::string_view key, double value) : key_(key), kind_(Kind::real), real_(value) {}
  Field(std::string_view key, Hex value) : key_(key), kind_(Kind::hex), bytes_(value.bytes) {}
  template <std::signed_integral T>
  Field(std::string_view key, T value)
      : key_(key), kind_(Kind::signed_number), signed_(static_cast<int64_t>(value)) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view key, T value)
      : key_(key), kind_(Kind::unsigned_number), unsigned_(static_cast<uint64_t>(value)) {}

  template <size_t N>
  Field(std::string_view key, const Secret<N>& value) = delete;
  template <size_t N>
  Field(std::string_view key, const ByteString<N>& value) = delete;
  template <size_t N>
  Field(std::string_view key, const std::array<uint8_t, N>& value) = delete;
  Field(std::string_view key, ByteView value) = delete;
  Field(std::string_view key, MutableByteView value) = delete;
  Field(std::string_view key, const void* value) = delete;

  // Appends ` key=value`, quoted and escaped where logfmt needs it.
  void write(std::string& line) const;

 private:
  std::string_view key_;
  Kind kind_;
  std::string_view text_;
  ByteView bytes_;
  union {
    int64_t signed_;
    uint64_t unsigned_;
    double real_;
    uint64_t none_ = 0;
  };
};

// Where lines go: standard error unless a test or program says otherwise.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view line) = 0;  // with its newline
};

// The log of a program, handed to whoever logs. `request` names what a line belongs to.
class Log {
 public:
  Log();  // standard error, from Level::info
  Log(Sink& sink, Level least) : sink_(&sink), least_(least) {}

  Log with_request(std::string_view request) const;
  bool enabled(Level level) const { return level >= least_; }
  void set_level(Level least) { least_ = least; }

  void debug(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void info(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void error(std::string_view message, std::initializer_list<Field> fields = {}) const;

 private:
  void write(Level level, std::string_view message, std::initializer_list<Field> fields) const;
  Sink* sink_;
  Level least_;
  std::string request_;
};

}  // namespace simurgh::log
