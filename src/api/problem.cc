#include "api/problem.h"

namespace simurgh::api {
namespace {

struct Kind {
  ProblemKind kind;
  uint16_t status;
  const char* name;
  const char* title;
  const char* hint;
};

constexpr Kind kinds[] = {
    {ProblemKind::bad_request, 400, "bad-request", "The request cannot be read",
     "send a JSON object as described by GET /v1"},
    {ProblemKind::bad_field, 422, "bad-field", "A field is wrong",
     "correct the field and send the request again"},
    {ProblemKind::unauthorized, 401, "unauthorized", "No valid token",
     "send the header \"Authorization: Bearer TOKEN\" with a token of this server"},
    {ProblemKind::forbidden, 403, "forbidden", "The token's roles do not allow this",
     "use a token with one of the roles that GET /v1 lists for this route"},
    {ProblemKind::not_found, 404, "not-found", "There is no such thing",
     "check the number or the path; GET /v1 lists the routes"},
    {ProblemKind::method_not_allowed, 405, "method-not-allowed", "Not with this method",
     "use a method that the Allow header names"},
    {ProblemKind::conflict, 409, "conflict", "This contradicts the present state",
     "look at the present state and decide again"},
    {ProblemKind::too_large, 413, "too-large", "The request is too large", "send less at a time"},
    {ProblemKind::media_type, 415, "media-type", "Not a JSON request",
     "send the body as Content-Type: application/json"},
    {ProblemKind::key_reused, 422, "key-reused", "The Idempotency-Key was used for another request",
     "use a new Idempotency-Key for a new request"},
    {ProblemKind::policy, 403, "policy", "Refused by policy",
     "an administrator can change the server's policy"},
    {ProblemKind::too_many_requests, 429, "too-many-requests", "Too many requests of this token",
     "wait as long as Retry-After says"},
    {ProblemKind::failed, 500, "failed", "The server could not do this",
     "the server's log says more; try again, or tell the operator"},
    {ProblemKind::busy, 503, "busy", "The server is busy", "wait as long as Retry-After says"},
};

const Kind& of(ProblemKind kind) {
  const Kind& found = kinds[static_cast<size_t>(kind)];
  SIMURGH_CHECK(found.kind == kind);
  return found;
}

ProblemKind kind_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found: return ProblemKind::not_found;
    case ErrorCode::already_exists:
    case ErrorCode::bad_state:
    case ErrorCode::replayed:
    case ErrorCode::no_space: return ProblemKind::conflict;
    case ErrorCode::not_allowed: return ProblemKind::policy;
    case ErrorCode::busy: return ProblemKind::busy;
    case ErrorCode::too_large: return ProblemKind::too_large;
    case ErrorCode::bad_value:
    case ErrorCode::bad_length:
    case ErrorCode::bad_mac:
    case ErrorCode::bad_signature:
    case ErrorCode::crypto:
    case ErrorCode::truncated:
    case ErrorCode::trailing_bytes:
    case ErrorCode::unsupported: return ProblemKind::bad_field;
    default: return ProblemKind::failed;
  }
}

}  // namespace

Answer refuse(const Refusal& refusal) {
  const Kind& kind = of(refusal.kind);
  json::Value body = json::Value::object({
      {"type", std::string("urn:simurgh:problem:") + kind.name},
      {"title", kind.title},
      {"status", kind.status},
      {"detail", refusal.detail.empty() ? std::string(kind.title) : refusal.detail},
  });
  if (!refusal.field.empty()) body.set("field", refusal.field);
  body.set("hint", refusal.hint.empty() ? std::string(kind.hint) : refusal.hint);
  Answer answer{.status = kind.status,
                .content_type = "application/problem+json",
                .body = json::write(body),
                .headers = {}};
  if (refusal.kind == ProblemKind::unauthorized) {
    answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  return answer;
}

Answer refuse(const json::Problem& problem) {
  return refuse(Refusal{
      .kind = ProblemKind::bad_field, .detail = problem.sentence(), .field = problem.field});
}

Answer refuse(const Error& error, std::string_view what) {
  return refuse(Refusal{.kind = kind_of(error.code),
                        .detail = std::string(what) + ": " + name_of(error.code)});
}

Answer refuse_for(const Refusal& refusal, Duration wait) {
  Answer answer = refuse(refusal);
  answer.headers.emplace_back("Retry-After", std::to_string((wait.ms + 999) / 1000));
  return answer;
}

}  // namespace simurgh::api
