// link: simurgh_formats_apdu_script
// A script as a person writes it: what is accepted writes and reads again as the same; what is not
// is refused in words.
#include "formats/apdu_script/apdu_script.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace simurgh;
  const auto script = apdu_script::parse_script({reinterpret_cast<const char*>(data), size});
  if (!script.has_value()) {
    SIMURGH_CHECK(apdu_script::words_for(script.error()).starts_with("line "));
    return 0;
  }
  const auto again = apdu_script::parse_script(apdu_script::write_script(*script));
  SIMURGH_CHECK(again.has_value() && *again == *script);
  return 0;
}
