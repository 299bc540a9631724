// What the server must have durably about the session of one card, so that a script's response is
// counted once and a script is given out again only when nobody has its response (facts 8.6).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::remote_admin {

// The caller's name of a script.
using ScriptId = uint64_t;

struct SessionRecord {
  enum class State : uint8_t {
    none = 0,      // nothing was ever given out
    given = 1,     // the script was given out, and no response came yet
    answered = 2,  // its response is stored
    staying = 3,   // a 204 with a Next-URI was given out, and no script
  };
  State state = State::none;
  // In the last Next-URI. Random, so that it never comes again, not even after a database was
  // restored from a copy; no secret: TLS says who the card is.
  uint64_t token = 0;
  ScriptId script = 0;  // given or answered

  friend bool operator==(const SessionRecord&, const SessionRecord&) = default;
};

// For a column of the caller's.
constexpr size_t session_record_octets = 1 + 8 + 8;
ByteArray<session_record_octets> write_session_record(const SessionRecord& record);
// truncated, trailing_bytes, bad_value.
Result<SessionRecord> parse_session_record(ByteView bytes);

// "<path>?n=0123456789abcdef", and the token of a request's target; not_found when it has none.
std::string uri_of(std::string_view path, uint64_t token);
Result<uint64_t> token_of(std::string_view path, std::string_view target);

}  // namespace simurgh::remote_admin
