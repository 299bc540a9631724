// link: simurgh_formats_toolkit
#include "formats/toolkit/envelope.h"
#include "formats/toolkit/terminal_profile.h"
#include "formats/toolkit/terminal_response.h"
#include "rewrite.h"

using namespace simurgh;
using namespace simurgh::toolkit;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  fuzz::check_rewrite(input, parse_proactive_command, write_proactive_command);
  fuzz::check_rewrite(input, parse_terminal_response, write_terminal_response);
  fuzz::check_rewrite(input, parse_envelope, write_envelope);
  fuzz::check_rewrite(input, parse_control_answer, write_control_answer);
  if (const auto command = parse_proactive_command(input)) {
    const auto details = parse_command_details(input);
    SIMURGH_CHECK(details.has_value());
    SIMURGH_CHECK(details->type == static_cast<uint8_t>(type_of(command->body)));
    SIMURGH_CHECK(details->number == command->number);
  }
  TerminalProfile profile(input);
  profile.set(Facility::tcp_client_remote);
  SIMURGH_CHECK(profile.has(Facility::tcp_client_remote));
  return 0;
}
