// link: simurgh_formats_http1
#include "base/check.h"
#include "http1/read_messages.h"

using namespace simurgh;

namespace {

http1::Limits limits() {
  http1::Limits out;
  out.start_line_octets_max = 100;
  out.field_count_max = 8;
  out.field_octets_max = 300;
  out.body_octets_max = 200;
  return out;
}

test::HttpReading read(ByteView input, size_t piece) {
  http1::RequestParser parser(limits());
  return test::read_messages(parser, input, piece);
}

// What was accepted is written and read again, with the same meaning.
void rewrite(const test::HttpMessage& message, const http1::RequestHead& parsed) {
  http1::RequestHead head;
  head.method = parsed.method;
  head.target = parsed.target;
  for (const http1::Field& field : parsed.fields) {
    if (!http1::is_framing_name(field.name)) head.fields.add(field.name, field.value);
  }
  if (head.fields.find("Host") == nullptr) head.fields.add("Host", "old");
  std::string out;
  SIMURGH_CHECK(http1::append_message(head, message.body, out).has_value());
  http1::RequestParser parser;
  const auto again = test::read_messages(parser, bytes_of(out), out.size());
  SIMURGH_CHECK((!again.refused && again.messages.size() == 1 && again.messages[0].complete));
  SIMURGH_CHECK(again.messages[0].start == message.start);
  SIMURGH_CHECK(again.messages[0].body == message.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  const auto whole = read(input, size + 1);
  for (const size_t piece : {size_t{1}, size_t{7}}) {
    const auto pieces = read(input, piece);
    SIMURGH_CHECK(pieces.messages == whole.messages);
    SIMURGH_CHECK(pieces.refused == whole.refused && pieces.status == whole.status);
  }
  for (const auto& message : whole.messages) SIMURGH_CHECK(message.body.size() <= 200);
  if (!whole.refused && whole.messages.size() == 1 && whole.messages[0].complete) {
    http1::RequestParser parser(limits());
    static_cast<void>(test::read_messages(parser, input, size + 1));
    // Otherwise the head is of another message, which has begun.
    if (parser.at_message_start()) rewrite(whole.messages[0], parser.head());
  }
  return 0;
}
