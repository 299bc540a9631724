#include "io/http/api_messages.h"

namespace simurgh::http {

api::Request api_request(Request& request) {
  return {.method = request.method,
          .target = std::move(request.target),
          .body = std::move(request.body),
          .authorization = std::string(request.fields.text("authorization")),
          .content_type = std::string(request.fields.text("content-type")),
          .idempotency_key = std::string(request.fields.text("idempotency-key"))};
}

Response response_of(api::Answer answer) {
  Response response{.status = answer.status, .fields = {}, .body = std::move(answer.body)};
  response.fields.add("Content-Type", answer.content_type);
  // Answers are about people and chips, and for the asker only.
  response.fields.add("Cache-Control", "no-store");
  response.fields.add("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : answer.headers) response.fields.add(name, value);
  return response;
}

}  // namespace simurgh::http
