// link: simurgh_formats_remote_management
#include "base/check.h"
#include "formats/remote_management/administration_session.h"

using namespace simurgh;
using namespace simurgh::remote_management;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static uint8_t room[1 << 17];
  static uint8_t second_room[1 << 17];
  if (size > 1 << 16) return 0;
  static_cast<void>(parse_session_parameters({data, size}).has_value());
  const auto trigger = parse_session_trigger({data, size});
  if (!trigger.has_value()) return 0;
  const auto first = write_session_trigger(*trigger, room);
  if (!first.has_value()) return 0;
  const auto again = parse_session_trigger(*first);
  SIMURGH_CHECK(again.has_value());
  SIMURGH_CHECK(equal(*write_session_trigger(*again, second_room), *first));
  return 0;
}
