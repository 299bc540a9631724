// What goes wrong in a network, as rates; drawn from a Random, so that a seed decides.
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace simurgh::network {

// Chances are in millionths.
struct FaultPlan {
  uint32_t loss_ppm = 0;             // an accepted message vanishes
  uint32_t doubling_ppm = 0;         // a terminal gets a message twice
  uint32_t reordering_ppm = 0;       // a later message for a terminal goes first
  uint32_t throttle_ppm = 0;         // submit answered ESME_RTHROTTLED
  uint32_t queue_full_ppm = 0;       // submit answered ESME_RMSGQFUL
  uint32_t absent_ppm = 0;           // a delivery attempt finds nobody
  uint32_t report_loss_ppm = 0;      // delivered, but the network does not learn it: tried again
  uint32_t receipt_loss_ppm = 0;     // no delivery receipt
  uint32_t receipt_lie_ppm = 0;      // a receipt says DELIVRD at once, and nothing is delivered
  uint32_t misrouting_ppm = 0;       // a message goes to another destination
  uint32_t mobile_loss_ppm = 0;      // a message from a terminal vanishes after its RP-ACK
  uint32_t mobile_doubling_ppm = 0;  // a message from a terminal reaches the ESME twice
  Duration delay_min;                // of each hop
  Duration delay_max;

  // "none", "lossy" (what a bad day brings), "chaos" (everything, often), "liar" (an SMSC whose
  // receipts lie and whose routing errs). Null for other names.
  static const FaultPlan* named(std::string_view name);
};

// True with a chance of `ppm` millionths. Draws nothing when it is 0.
bool chance(Random& random, uint32_t ppm);
// Uniform in least … most. Draws nothing when they are equal.
Duration uniform(Random& random, Duration least, Duration most);
uint32_t uniform_below(Random& random, uint32_t bound);

}  // namespace simurgh::network
