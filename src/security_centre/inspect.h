// Looks into a security centre from outside, as no message can: for the negative controls of the
// simulator and for tests. What it gives are keys; never in a product.
#pragma once

#include <optional>

#include "conversations/personalisation/key_schedule.h"
#include "security_centre/security_centre.h"

namespace simurgh::security_centre {

class Inspection {
 public:
  // The epoch that the centre has computed for the chip and offered in M2, and that it must not use
  // before PREPARED has come; nothing outside of that time.
  static std::optional<personalisation::Epoch> offered_epoch(const SecurityCentre& centre,
                                                             const Iccid& iccid);
};

}  // namespace simurgh::security_centre
