// link: simurgh_formats_remote_admin_http
#include "base/check.h"
#include "formats/http1/parser.h"
#include "formats/remote_admin_http/message.h"

using namespace simurgh;
using namespace simurgh::remote_admin_http;

namespace {

template <typename Parser>
bool read_head(Parser& parser, ByteView input) {
  const auto step = parser.parse(input);
  return step.has_value() && step->event == http1::Event::head;
}

// What was read is written, and read again with the same meaning.
void requests(ByteView input) {
  http1::RequestParser parser;
  if (!read_head(parser, input)) return;
  const auto request = read_request(parser.head());
  if (!request.has_value()) {
    const uint16_t status = status_of(request.error(), parser.head());
    SIMURGH_CHECK(status >= 400 && status < 500);
    return;
  }
  if (request->host.empty()) return;
  std::string out;
  const std::string_view body = request->kind.has_value() ? "x" : "";
  SIMURGH_CHECK(append_request(*request, bytes_of(body), {.chunked = true}, out).has_value());
  http1::RequestParser again_parser;
  SIMURGH_CHECK(read_head(again_parser, bytes_of(out)));
  const auto again = read_request(again_parser.head());
  SIMURGH_CHECK(again.has_value());
  SIMURGH_CHECK(again->target == request->target && again->host == request->host &&
                again->agent_id == request->agent_id && again->resume == request->resume &&
                again->script_status == request->script_status && again->kind == request->kind);
}

void responses(ByteView input) {
  http1::ResponseParser parser;
  if (!read_head(parser, input)) return;
  const auto response = read_response(parser.head());
  if (!response.has_value() || (response->status != 200 && response->status != 204)) return;
  std::string out;
  const std::string_view body = response->status == 200 ? "x" : "";
  SIMURGH_CHECK(append_response(*response, bytes_of(body), {}, out).has_value());
  http1::ResponseParser again_parser;
  SIMURGH_CHECK(read_head(again_parser, bytes_of(out)));
  const auto again = read_response(again_parser.head());
  SIMURGH_CHECK(again.has_value());
  SIMURGH_CHECK(again->next_uri == response->next_uri && again->kind == response->kind &&
                again->retry_after == response->retry_after &&
                again->targeted_application == response->targeted_application);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  requests({data, size});
  responses({data, size});
  const auto target = parse_target({reinterpret_cast<const char*>(data), size});
  if (target.has_value()) SIMURGH_CHECK(*parse_target(target_of(*target)) == *target);
  return 0;
}
