// link: simurgh_formats_http1
#include "base/check.h"
#include "http1/read_messages.h"

using namespace simurgh;

namespace {

struct Outcome {
  test::HttpReading reading;
  bool ended_by_close = false;
};

Outcome read(ByteView input, size_t piece, bool to_head) {
  http1::Limits limits;
  limits.start_line_octets_max = 100;
  limits.field_octets_max = 300;
  limits.body_octets_max = 200;
  http1::ResponseParser parser(limits);
  parser.expect_response_to(to_head ? "HEAD" : "GET");
  Outcome out{test::read_messages(parser, input, piece), false};
  if (!out.reading.refused) {
    const auto closed = parser.on_close();
    out.ended_by_close = closed.has_value() && *closed == http1::Event::end;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  for (const bool to_head : {false, true}) {
    const Outcome whole = read(input, size + 1, to_head);
    const Outcome pieces = read(input, 1, to_head);
    SIMURGH_CHECK(pieces.reading.messages == whole.reading.messages);
    SIMURGH_CHECK(pieces.reading.refused == whole.reading.refused);
    SIMURGH_CHECK(pieces.ended_by_close == whole.ended_by_close);
    for (const auto& message : whole.reading.messages) {
      SIMURGH_CHECK(message.body.size() <= 200);
      SIMURGH_CHECK(!to_head || message.body.empty());
    }
  }
  return 0;
}
