// The security centre's keys, as element_update asks for them.
#pragma once

#include "element_update/element_update.h"
#include "security_centre/security_centre.h"
#include "storage/storage.h"

namespace simurgh::simurghd {

// Centre and storage outlive it. One thread.
class OwnKeysOfCentre final : public element_update::OwnKeys {
 public:
  OwnKeysOfCentre(security_centre::SecurityCentre& centre, storage::Storage& storage)
      : centre_(centre), storage_(storage) {}

  Result<Psk> psk_of(std::string_view identity) override;
  Result<void> on_epoch_proved(const Iccid& iccid, uint32_t epoch) override {
    return centre_.on_epoch_proved(iccid, epoch);
  }
  // A refusal leaves nothing behind. Not inside of a step.
  Result<void> rekey(const Iccid& iccid, Instant now) override;

 private:
  security_centre::SecurityCentre& centre_;
  storage::Storage& storage_;
};

}  // namespace simurgh::simurghd
