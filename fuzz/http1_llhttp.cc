// link: simurgh_formats_http1 llhttp_oracle
// Whatever our parsers accept, llhttp reads in the same way; the first octet says which direction.
#include <cstdio>

#include "base/check.h"
#include "http1/llhttp_reader.h"

using namespace simurgh;

namespace {

template <typename Parser, typename Read>
void compare(ByteView input, Read read) {
  Parser parser;
  const auto ours = test::read_messages(parser, input, input.size() + 1);
  bool upgraded = false;
  const auto theirs = read(input, upgraded);
  const std::string difference = test::difference_from_llhttp(ours, theirs, upgraded);
  if (!difference.empty()) std::fprintf(stderr, "%s\n", difference.c_str());
  SIMURGH_CHECK(difference.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView input = ByteView(data, size).subspan(1);
  if ((data[0] & 1) == 0) {
    compare<http1::RequestParser>(input, test::llhttp_read_requests);
  } else {
    compare<http1::ResponseParser>(input, test::llhttp_read_responses);
  }
  return 0;
}
