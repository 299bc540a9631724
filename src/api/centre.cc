#include "api/centre.h"

namespace simurgh::api {
namespace {

class OverSecurityCentre final : public Centre {
 public:
  OverSecurityCentre(security_centre::SecurityCentre& centre, security_centre::Store& store)
      : centre_(centre), store_(store) {}

  Result<security_centre::SignedUp> sign_up(const security_centre::SignUp& order,
                                            std::string_view actor, Instant now) override {
    return centre_.sign_up(order, actor, now);
  }
  Result<void> rekey(const Iccid& iccid, std::string_view actor, Instant now) override {
    return centre_.rekey(iccid, actor, now);
  }
  Result<personalisation::Message> authorise_reset(const Iccid& iccid, ByteView challenge,
                                                   std::string_view actor, Instant now) override {
    return centre_.authorise_reset(iccid, challenge, actor, now);
  }
  Result<void> confirm_reset(const Iccid& iccid, ByteView receipt, std::string_view actor,
                             Instant now) override {
    return centre_.confirm_reset(iccid, receipt, actor, now);
  }
  Result<void> renew_code(std::string_view order, const personalisation::ActivationCode& code,
                          std::string_view actor, Instant now) override {
    return centre_.renew_code(order, code, actor, now);
  }
  Result<std::optional<security_centre::ChipKeys>> keys_of(const Iccid& iccid) override {
    return store_.load(iccid);
  }
  Result<void> each_open(FunctionRef<void(const security_centre::ChipKeys&)> visit) override {
    return store_.each_open(visit);
  }

 private:
  security_centre::SecurityCentre& centre_;
  security_centre::Store& store_;
};

}  // namespace

std::unique_ptr<Centre> over_security_centre(security_centre::SecurityCentre& centre,
                                             security_centre::Store& store) {
  return std::make_unique<OverSecurityCentre>(centre, store);
}

}  // namespace simurgh::api
