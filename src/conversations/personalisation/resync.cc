#include "conversations/personalisation/resync.h"

#include "conversations/personalisation/chip_half.h"
#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"

namespace simurgh::personalisation {

namespace {

// The secret that the centre knows for an epoch of a life, or null.
const Epoch* find(std::span<const KnownEpoch> known, uint32_t life, uint32_t number) {
  for (const KnownEpoch& entry : known) {
    if (entry.life == life && entry.epoch != nullptr && entry.epoch->number == number) {
      return entry.epoch;
    }
  }
  return nullptr;
}

ResyncDecision decide_same_life(const ResyncReport& report, const CentreKnowledge& centre) {
  // Attempts only rise in one chip: this is an older memory, or another chip.
  if (report.attempt < centre.attempt) return ResyncDecision::fence;
  if (report.pending_epoch.has_value() && *report.pending_epoch == centre.active_epoch) {
    return report.pending_verified ? ResyncDecision::send_commit : ResyncDecision::fence;
  }
  // A number without its proof: another secret under our number.
  if (!report.active_verified) return ResyncDecision::fence;
  if (report.active_epoch > centre.active_epoch) return ResyncDecision::roll_forward;
  if (report.active_epoch < centre.active_epoch) return ResyncDecision::fence;
  if (report.epoch_max > centre.epoch_max) {
    return report.epoch_max - centre.epoch_max <= number_raise_max ? ResyncDecision::raise_number
                                                                   : ResyncDecision::fence;
  }
  // Our numbers are further ahead than the chip will ever follow.
  if (centre.epoch_max - report.epoch_max >= epoch_jump_max) return ResyncDecision::fence;
  return ResyncDecision::ignore;
}

ResyncDecision decide_later_life(const ResyncReport& report, const CentreKnowledge& centre) {
  if (!report.active_verified) return ResyncDecision::fence;
  // An agreed epoch of a later life that we can verify: our journal is ahead of our database.
  if (report.active_epoch > 0) return ResyncDecision::roll_forward;
  // Epoch 0 can be shown by anyone who has K1. It counts only where we have signed the RESET.
  const bool ours = centre.reset_signed && report.life - centre.life == 1;
  return ours ? ResyncDecision::adopt_life : ResyncDecision::fence;
}

}  // namespace

Result<ResyncReport> read_resync(ByteView message, ByteView question, const ChipIdentity& chip,
                                 std::span<const KnownEpoch> known) {
  const Resync resync = TRY(parse_resync(message));
  if (resync.answers != crypto::sha256({question})) return fail(ErrorCode::bad_value);
  ResyncReport report;
  report.life = resync.life;
  report.active_epoch = resync.active_epoch;
  report.pending_epoch = resync.pending_epoch;
  report.epoch_max = resync.epoch_max;
  report.attempt = resync.attempt;
  if (const Epoch* epoch = find(known, resync.life, resync.active_epoch); epoch != nullptr) {
    report.active_verified = crypto::secure_equal(
        resync.mac, resync_mac(resync, chip, *epoch, label::mac_resync_active));
  }
  if (resync.pending_epoch.has_value() && resync.pending_mac.has_value()) {
    if (const Epoch* epoch = find(known, resync.life, *resync.pending_epoch); epoch != nullptr) {
      report.pending_verified = crypto::secure_equal(
          *resync.pending_mac, resync_mac(resync, chip, *epoch, label::mac_resync_pending));
    }
  }
  if (!report.active_verified && !report.pending_verified) return fail(ErrorCode::bad_mac);
  return report;
}

const char* name_of(ResyncDecision decision) {
  switch (decision) {
    case ResyncDecision::ignore: return "ignore";
    case ResyncDecision::raise_number: return "raise_number";
    case ResyncDecision::send_commit: return "send_commit";
    case ResyncDecision::roll_forward: return "roll_forward";
    case ResyncDecision::adopt_life: return "adopt_life";
    case ResyncDecision::fence: return "fence";
  }
  return "unknown";
}

ResyncDecision decide(const ResyncReport& report, const CentreKnowledge& centre) {
  if (report.life == centre.life) return decide_same_life(report, centre);
  if (report.life > centre.life) return decide_later_life(report, centre);
  return ResyncDecision::fence;  // an earlier life: a memory turned back, or a second chip
}

}  // namespace simurgh::personalisation
