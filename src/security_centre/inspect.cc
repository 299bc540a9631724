#include "security_centre/inspect.h"

#include "security_centre/state.h"

namespace simurgh::security_centre {

const personalisation::CentreSession* Inspection::offered(const SecurityCentre& centre,
                                                          const Iccid& iccid) {
  const auto found = centre.state_->sessions.find(std::string(iccid.text()));
  if (found == centre.state_->sessions.end()) return nullptr;
  const auto& session = found->second.half;
  return session.phase == personalisation::CentrePhase::sent_m2 ? &session : nullptr;
}

std::optional<personalisation::Epoch> Inspection::offered_epoch(const SecurityCentre& centre,
                                                                const Iccid& iccid) {
  const auto* session = offered(centre, iccid);
  return session ? std::optional(session->next) : std::nullopt;
}

std::optional<personalisation::Suite> Inspection::offered_suite(const SecurityCentre& centre,
                                                                const Iccid& iccid) {
  const auto* session = offered(centre, iccid);
  return session ? std::optional(session->suite) : std::nullopt;
}

}  // namespace simurgh::security_centre
