// Looks into a security centre from outside, as no message can: for the negative controls of the
// simulator and for tests. What it gives are keys; never in a product.
#pragma once

#include <optional>

#include "conversations/personalisation/centre_half.h"
#include "security_centre/security_centre.h"

namespace simurgh::security_centre {

class Inspection {
 public:
  // The epoch that the centre has computed for the chip and offered in M2, and that it must not use
  // before PREPARED has come; nothing outside of that time.
  static std::optional<personalisation::Epoch> offered_epoch(const SecurityCentre& centre,
                                                             const Iccid& iccid);
  // The suite that this epoch was agreed with, at the same time.
  static std::optional<personalisation::Suite> offered_suite(const SecurityCentre& centre,
                                                             const Iccid& iccid);

 private:
  static const personalisation::CentreSession* offered(const SecurityCentre& centre,
                                                       const Iccid& iccid);
};

}  // namespace simurgh::security_centre
