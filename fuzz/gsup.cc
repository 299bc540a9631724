// link: simurgh_formats_gsup
#include "formats/gsup/message.h"

#include "rewrite.h"

using namespace simurgh;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  fuzz::check_rewrite(input, gsup::parse_message, gsup::write_message);
  const auto message = gsup::parse_message(input);
  if (message) {
    SIMURGH_CHECK(!message->imsi.empty());
    SIMURGH_CHECK(message->auth_tuples.size() <= gsup::auth_tuples_max);
    char apn[256];
    for (const auto& info : message->pdp_infos) {
      static_cast<void>(gsup::parse_access_point_name(info.access_point_name, apn).has_value());
    }
    static_cast<void>(gsup::parse_number(message->hotline).has_value());
  }
  const auto number = gsup::parse_number(input);
  if (number) {
    uint8_t out[gsup::number_octets_max];
    const auto written = gsup::write_number(*number, out);
    SIMURGH_CHECK(written.has_value());
    SIMURGH_CHECK(*gsup::parse_number(*written) == *number);
  }
  fuzz::check_rewrite(
      input,
      [](ByteView value) {
        static char text[256];
        return gsup::parse_access_point_name(value, text);
      },
      gsup::write_access_point_name);
  return 0;
}
