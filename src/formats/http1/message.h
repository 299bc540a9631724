// HTTP/1.1 messages (RFC 9110, RFC 9112) as values, and writing them.
//
// Not a server and not a client: no I/O, no routing, no URI parsing. Reading is in parser.h. What
// is written is strict: nothing that parser.h would refuse comes out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::http1 {

struct Field {
  std::string name;  // as sent; compared without case
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};

class Fields {
 public:
  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  // Value of the first field with this name, null when there is none.
  const std::string* find(std::string_view name) const;
  // The value, empty when there is none.
  std::string_view text(std::string_view name) const;
  size_t count(std::string_view name) const;
  // Whether a comma-separated list field (all its lines) has this token, without case.
  bool has_token(std::string_view name, std::string_view token) const;

  size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  void clear() { fields_.clear(); }
  friend bool operator==(const Fields&, const Fields&) = default;

 private:
  std::vector<Field> fields_;
};

// How the end of the body is found (RFC 9112 6.3).
enum class Framing : uint8_t {
  none,         // no body
  length,       // Content-Length
  chunked,      // Transfer-Encoding: chunked
  until_close,  // responses only: the connection's end
};

// Content-Length, Transfer-Encoding and Connection stand in `framing`, `content_length` and
// `keep_alive`; a parsed head has them in `fields` too, a head that is written must not.
struct RequestHead {
  std::string method;  // upper case as sent: "POST"
  std::string target;  // origin form "/path?query", or "*" of OPTIONS
  uint8_t minor_version = 1;
  Fields fields;
  Framing framing = Framing::none;
  uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;  // Expect: 100-continue
};

struct ResponseHead {
  uint16_t status = 200;
  std::string reason;  // may be empty; the standard phrase is written then
  uint8_t minor_version = 1;
  Fields fields;
  Framing framing = Framing::length;
  uint64_t content_length = 0;
  bool keep_alive = true;
};

// The phrase of RFC 9110 15, or "".
std::string_view reason_of(uint16_t status);

// Appends the head with its empty line. bad_value for names, values, methods or targets that are
// not what they should be (above all line ends in a value), and for framing fields in `fields`.
Result<void> append_head(const RequestHead& head, std::string& out);
Result<void> append_head(const ResponseHead& head, std::string& out);

// A chunk; nothing for empty data, which would end the body. Then the end, without trailers.
void append_chunk(ByteView data, std::string& out);
void append_last_chunk(std::string& out);

// Head and body of known length in one piece.
Result<void> append_message(RequestHead head, std::string_view body, std::string& out);
Result<void> append_message(ResponseHead head, std::string_view body, std::string& out);

// Equal but for the case of ASCII letters.
bool equal_without_case(std::string_view a, std::string_view b);

// Content-Length, Transfer-Encoding and Connection: they say where a message ends.
bool is_framing_name(std::string_view name);

// Character classes of RFC 9110 5.6.2 and 5.5, for the parser too.
bool is_token(std::string_view text);        // at least one tchar
bool is_field_value(std::string_view text);  // visible, space, tab, and octets from 80 on
bool is_target(std::string_view text);       // origin form or "*"

}  // namespace simurgh::http1
