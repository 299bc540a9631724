// A request and an answer as the REST interface sees them: already framed, not yet understood.
//
// The shell (io/http and simurghd) fills the one and sends the other; tests and the simulator make
// them directly.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace simurgh::api {

struct Request {
  std::string method = {};  // as sent: "GET"
  std::string target = {};  // origin form: "/v1/chips?state=sold"
  std::string body = {};    // wiped by Api::handle: it may hold an activation code
  // Header fields; empty when absent.
  std::string authorization = {};
  std::string content_type = {};
  std::string idempotency_key = {};
};

struct Answer {
  uint16_t status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers =
      {};  // besides Content-Type and -Length
};

// The target's path in segments and its query, percent-decoded (RFC 3986).
struct Target {
  static constexpr size_t octets_max = 2048;
  static constexpr size_t segments_max = 8;
  static constexpr size_t parameters_max = 16;

  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;

  // The parameter's value, null when it is absent.
  const std::string* find(std::string_view name) const;
};

// bad_value at what is no origin form, no escape, an empty segment, or a control character;
// already_exists for a parameter twice; too_large over a limit.
Result<Target> parse_target(std::string_view text);

// The text with everything but unreserved characters escaped.
std::string percent_encoded(std::string_view text);

}  // namespace simurgh::api
