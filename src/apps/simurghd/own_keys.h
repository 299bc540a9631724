// The security centre, as element_update asks for it: keys, the conversation about them in a chip's
// session, and word of new epochs.
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
  Result<Packet> make_packet(const Iccid& iccid, const ByteArray<3>& tar, ByteView data) override;

 private:
  security_centre::SecurityCentre& centre_;
  storage::Storage& storage_;
};

// Carries messages between a session and the centre. Outlived by the centre. One thread.
class CentreInSessions final : public element_update::KeyConversation {
 public:
  explicit CentreInSessions(security_centre::SecurityCentre& centre) : centre_(centre) {}

  Result<void> begin_session(const Iccid& iccid, Instant now) override {
    return centre_.begin_session(iccid, now);
  }
  std::optional<std::vector<uint8_t>> next(const Iccid& iccid) override;
  Result<void> on_message(const Iccid& iccid, ByteView message, Instant now) override {
    return centre_.on_session_message(iccid, message, now);
  }
  void end_session(const Iccid& iccid) override { centre_.end_session(iccid); }

 private:
  security_centre::SecurityCentre& centre_;
};

// A new epoch settles what campaigns had ordered: by whichever bearer it was agreed.
class EpochsToCampaigns final : public security_centre::Listener {
 public:
  explicit EpochsToCampaigns(element_update::ElementUpdate& update) : update_(update) {}
  Result<void> on_new_epoch(const Iccid& iccid, uint32_t epoch, Instant now) override {
    return update_.on_rekeyed(iccid, epoch, now);
  }

 private:
  element_update::ElementUpdate& update_;
};

}  // namespace simurgh::simurghd
