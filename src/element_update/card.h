// What the cards of a batch differ in, for campaigns: read from the batch's JSON settings
// (docs/operator/batches.md).
#pragma once

#include <string>

#include "conversations/remote_admin/card_profile.h"
#include "fleet/element.h"
#include "formats/remote_management/identifiers.h"

namespace simurgh::element_update {

// How a card is told the date of its next poll (G1).
enum class PollDate : uint8_t {
  none,    // it is not told
  script,  // written to EF.POLL by a script whose response confirms it
  answer,  // Retry-After of the last answer: not confirmed
};

struct Card {
  remote_admin::CardProfile http;
  PollDate poll_date = PollDate::none;
  remote_management::Aid poll_target;  // the application that has DF.SIMURGH
};

// Of a chip of ours, when its batch says nothing else.
Card own_card();
// Of an imported one: nothing is taken for granted.
Card imported_card();

// `base` with what `settings` (a JSON object) says differently. bad_value with words for the
// operator in `problem`; checked, so that what is taken is a card that can be served.
Result<Card> read_card(std::string_view settings, const Card& base, std::string& problem);

}  // namespace simurgh::element_update
