// link: simurgh_formats_http1
// The input is a chunked body; and the body itself, cut into chunks and read back.
#include "base/check.h"
#include "http1/read_messages.h"

using namespace simurgh;

namespace {

const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

test::HttpReading read(const std::string& text, size_t piece) {
  http1::Limits limits;
  limits.body_octets_max = 100'000;
  http1::RequestParser parser(limits);
  return test::read_messages(parser, bytes_of(text), piece);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  const std::string text = head + std::string(text_of(input));
  const auto whole = read(text, text.size());
  const auto pieces = read(text, 3);
  SIMURGH_CHECK(whole.messages == pieces.messages);
  SIMURGH_CHECK(whole.refused == pieces.refused);
  if (size == 0) return 0;
  std::string written = head;
  const size_t step = 1 + data[0];
  for (size_t i = 0; i < size; i += step) {
    http1::append_chunk(input.subspan(i, std::min(step, size - i)), written);
  }
  http1::append_last_chunk(written);
  const auto again = read(written, written.size());
  if (size > 100'000) return 0;
  SIMURGH_CHECK((!again.refused && again.messages.size() == 1 && again.messages[0].complete));
  SIMURGH_CHECK(equal(bytes_of(again.messages[0].body), input));
  return 0;
}
