#include "security_centre/inspect.h"

#include "security_centre/state.h"

namespace simurgh::security_centre {

std::optional<personalisation::Epoch> Inspection::offered_epoch(const SecurityCentre& centre,
                                                                const Iccid& iccid) {
  const auto found = centre.state_->sessions.find(std::string(iccid.text()));
  if (found == centre.state_->sessions.end()) return {};
  const auto& session = found->second.half;
  if (session.phase != personalisation::CentrePhase::sent_m2) return {};
  return session.next;
}

}  // namespace simurgh::security_centre
