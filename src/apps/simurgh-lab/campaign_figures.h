// What `lab campaign` counts, from both sides: what the server says of each chip, and what is in
// it.
#pragma once

#include <string>
#include <vector>

#include "apps/simurgh-lab/campaign_order.h"
#include "apps/simurgh-lab/field.h"
#include "formats/json/value.h"

namespace simurgh::lab {

struct CampaignFigures {
  uint64_t done = 0, failed = 0, open = 0;  // as the server says in the end
  uint64_t receipts_verified = 0;           // done, and executed once
  uint64_t doubled = 0;                     // executed more than once
  uint64_t done_without_effect = 0, effect_without_done = 0;
  uint64_t unreachable_done = 0;
  uint64_t lost = 0;   // acknowledged as done, and not done any more
  uint64_t stuck = 0;  // reachable, and not done
  uint64_t kills = 0;
  uint64_t octets_per_chip = 0;  // of the lab's memory, all phones on
  uint64_t import_ms = 0;
  int64_t most_done = 0;  // ever said by the server
  std::vector<std::string> violation_words;
  uint64_t violations = 0;

  void violation(const std::string& words);
  // One chip of the server's outcomes against the chip itself.
  void compare(const Field::Phone& phone, const std::string& outcome, uint32_t executions);
  json::Value to_json() const;
};

// The lab's memory now, in octets.
uint64_t memory_octets();

}  // namespace simurgh::lab
