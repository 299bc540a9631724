// link: simurgh_formats_apdu
#include "formats/apdu/apdu.h"

#include "formats/apdu/fcp.h"
#include "rewrite.h"

using namespace simurgh;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  fuzz::check_rewrite(input, apdu::parse_command, apdu::write_command);
  fuzz::check_rewrite(input, apdu::parse_response, apdu::write_response);
  fuzz::check_rewrite(input, apdu::parse_fcp, apdu::write_fcp);
  // A command has one spelling but for the form of its lengths, so it comes back byte for byte.
  if (const auto command = apdu::parse_command(input)) {
    static uint8_t room[fuzz::room_octets];
    const auto written = apdu::write_command(*command, room);
    if (written) SIMURGH_CHECK(equal(*written, input));
  }
  if (const auto response = apdu::parse_response(input)) {
    SIMURGH_CHECK(response->status.meaning() != nullptr);
  }
  return 0;
}
