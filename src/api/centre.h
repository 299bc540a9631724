// What the REST interface asks of the security centre: the operations on chips and their keys.
//
// Declared here so that the interface can be tested without one; over_security_centre() is the
// real form. Failures are those of security_centre/security_centre.h.
#pragma once

#include <memory>
#include <optional>

#include "security_centre/security_centre.h"

namespace simurgh::api {

class Centre {
 public:
  virtual ~Centre() = default;

  virtual Result<security_centre::SignedUp> sign_up(const security_centre::SignUp& order,
                                                    std::string_view actor, Instant now) = 0;
  virtual Result<void> rekey(const Iccid& iccid, std::string_view actor, Instant now) = 0;
  virtual Result<personalisation::Message> authorise_reset(const Iccid& iccid, ByteView challenge,
                                                           std::string_view actor, Instant now) = 0;
  virtual Result<void> confirm_reset(const Iccid& iccid, ByteView receipt, std::string_view actor,
                                     Instant now) = 0;
  virtual Result<void> renew_code(std::string_view order,
                                  const personalisation::ActivationCode& code,
                                  std::string_view actor, Instant now) = 0;

  // What is known of a chip's keys (never the keys): nullopt for a chip that is not sold.
  virtual Result<std::optional<security_centre::ChipKeys>> keys_of(const Iccid& iccid) = 0;
  // Chips with open work.
  virtual Result<void> each_open(FunctionRef<void(const security_centre::ChipKeys&)> visit) = 0;
};

// Both outlive what is returned.
std::unique_ptr<Centre> over_security_centre(security_centre::SecurityCentre& centre,
                                             security_centre::Store& store);

}  // namespace simurgh::api
