// An element that is here: in a session.
#pragma once

#include "base/fixed_vector.h"
#include "campaign/campaign.h"

namespace simurgh::campaign {

struct Visit {
  bool announced = false;  // by a date of the calendar: a recurring poll
  bool triggered = false;  // by a trigger whose wait is not over
  bool by_messages = false;
  bool begun = false;  // counted, once it is known whether there is something to do
  FixedVector<CampaignId, running_campaigns_max> served;
};

}  // namespace simurgh::campaign
