// link: simurgh_element_update simurgh_io_json simurgh_io_crypto_openssl
// A batch's settings: what is taken is a card that can be served; what is not is refused in words.
#include "base/check.h"
#include "element_update/card.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace simurgh;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const element_update::Card& base :
       {element_update::own_card(), element_update::imported_card()}) {
    std::string problem;
    const auto card = element_update::read_card(text, base, problem);
    SIMURGH_CHECK(card.has_value() == problem.empty());
    if (!card.has_value()) continue;
    SIMURGH_CHECK(card->http.check().has_value());
    SIMURGH_CHECK(card->poll_date != element_update::PollDate::script ||
                  !card->poll_target.empty());
  }
  return 0;
}
