// Between HTTP messages and the REST interface's requests and answers.
#pragma once

#include "api/http_types.h"
#include "io/http/server.h"

namespace simurgh::http {

// Takes body and target out of `request`.
api::Request api_request(Request& request);
Response response_of(api::Answer answer);

}  // namespace simurgh::http
