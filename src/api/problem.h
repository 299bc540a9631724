// Refusals in words: application/problem+json (RFC 9457) with what was wrong and what to do.
//
//   {"type":"urn:simurgh:problem:bad-field","title":"A field is wrong","status":422,
//    "detail":"\"iccid\": expected a string of 18-20 digits","field":"iccid",
//    "hint":"correct the field and send the request again"}
//
// Details are our own words and numbers that the caller gave in the path; never a value of a body.
#pragma once

#include "api/http_types.h"
#include "formats/json/fields.h"

namespace simurgh::api {

// What kinds there are, with their status, title and usual hint: one table in problem.cc.
enum class ProblemKind : uint8_t {
  bad_request,         // 400: target or JSON cannot be read
  bad_field,           // 422: one field is wrong; names it
  unauthorized,        // 401
  forbidden,           // 403
  not_found,           // 404
  method_not_allowed,  // 405
  conflict,            // 409: contradicts what is there
  too_large,           // 413
  media_type,          // 415
  key_reused,          // 422: Idempotency-Key of another request
  policy,              // 403: allowed to ask, refused by policy
  too_many_requests,   // 429
  failed,              // 500
  busy,                // 503
};

struct Refusal {
  ProblemKind kind = ProblemKind::failed;
  std::string detail;
  std::string hint = {};   // empty: the kind's own
  std::string field = {};  // for bad_field
};

Answer refuse(const Refusal& refusal);
Answer refuse(const json::Problem& problem);  // bad_field

// The answer for a failure that no handler has better words for. `what` names what was looked for
// or done: "chip 8949…".
Answer refuse(const Error& error, std::string_view what);

// 429 and 503 with Retry-After.
Answer refuse_for(const Refusal& refusal, Duration wait);

}  // namespace simurgh::api
