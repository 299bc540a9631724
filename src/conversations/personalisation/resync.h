// RESYNC: what a chip says, provably, about the epochs it holds, and what the centre does then.
//
// The chip answers with RESYNC an INIT whose epoch is not above its highest (under its MAC), or a
// signed QUERY. The report is bound to that message by its hash, and authenticated under the
// chip's active epoch and, when it holds one, the pending epoch.
#pragma once

#include "conversations/personalisation/key_schedule.h"

namespace simurgh::personalisation {

struct ResyncReport {
  uint32_t life = 0;
  uint32_t active_epoch = 0;
  std::optional<uint32_t> pending_epoch;
  uint32_t epoch_max = 0;
  uint32_t attempt = 0;
  bool active_verified = false;   // MAC verified under a known secret of the active epoch
  bool pending_verified = false;  // and of the pending one
};

// An epoch whose secret the centre knows: the AuC's active one, its predecessor, one from the
// journal, epoch 0 of a life (which can always be derived).
struct KnownEpoch {
  uint32_t life = 0;
  const Epoch* epoch = nullptr;
};

// Parses RESYNC and verifies what can be. bad_value when it does not answer `question` (the bytes
// of INIT or QUERY); bad_mac when no MAC verifies under any known epoch: nothing in it is to be
// believed.
Result<ResyncReport> read_resync(ByteView message, ByteView question, const ChipIdentity& chip,
                                 std::span<const KnownEpoch> known);

// What the centre knows when it decides.
struct CentreKnowledge {
  uint32_t life = 0;
  uint32_t active_epoch = 0;
  uint32_t epoch_max = 0;     // the highest number that it has burned
  uint32_t attempt = 0;       // the chip's highest attempt that it has accepted in this life
  bool reset_signed = false;  // it has signed a RESET of this life that has no RESET_DONE yet
};

// A chip is believed about numbers that the centre has forgotten (a restored database) up to this
// many: before the first personalisation a report proves no more than K1.
constexpr uint32_t number_raise_max = 1024;

enum class ResyncDecision : uint8_t {
  ignore,        // all agrees: an old question's answer; go on
  raise_number,  // chip's epochs agree, its highest is above ours: use epoch_max + 1 or more
  send_commit,   // the chip still holds our active epoch as pending: COMMIT, or base = it
  roll_forward,  // the chip is at an epoch that the journal knows and the AuC does not: take it
  adopt_life,    // the chip took the RESET (RESET_DONE was lost): epoch 0 of its life is active
  fence,         // contradiction: an old or second chip, or a restored database without journal.
                 // Serve nobody under this identity until a person has looked.
};
const char* name_of(ResyncDecision decision);

ResyncDecision decide(const ResyncReport& report, const CentreKnowledge& centre);

}  // namespace simurgh::personalisation
