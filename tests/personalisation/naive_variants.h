// Planted mistakes, as negative controls for simulators (shared/models/keyswitch.pml names them).
// None of them is in the product: a naive chip is an honest ChipHalf over a store that keeps
// something else than it was given, a naive centre is a caller that breaks the rules of
// centre_half.h.
//
//   NAIVE_CHIP  switches as soon as it has computed the key   NaiveChipStore(…, promote_at_once)
//   NOBASE      prepares without regard to the base epoch     NaiveChipStore(…, ignore_base)
//   NAIVE_AUC   switches when it has computed the key         commit CentreSession::next at
//                                                             CentreEvent::answered
//   RESTORE     an old database is put back                   the caller's database
#pragma once

#include "conversations/personalisation/chip_record.h"

namespace simurgh::personalisation {

enum class ChipMistake : uint8_t { none, promote_at_once, ignore_base };

// A store that makes the chip above it naive. The chip reads its record from its store for every
// message, so what is kept here is what it believes.
class NaiveChipStore : public ChipStore {
 public:
  NaiveChipStore(ChipStore& store, ChipMistake mistake) : store_(store), mistake_(mistake) {}

  Result<void> load(ChipRecord& record) override { return store_.load(record); }

  Result<void> save(const ChipRecord& record) override {
    ChipRecord kept = record;
    if (mistake_ == ChipMistake::promote_at_once && kept.pending.has_value()) {
      kept.active = *kept.pending;
      kept.pending.reset();
      kept.state = ChipState::personalised;
    }
    if (mistake_ == ChipMistake::ignore_base && kept.pending.has_value()) {
      // The honest chip promotes its pending epoch when a negotiation goes on from it; one without
      // a base only replaces it.
      ChipRecord before;
      TRY(store_.load(before));
      if (before.pending.has_value() && before.pending->number == kept.active.number) {
        kept.active = before.active;
        kept.state = before.state;
      }
    }
    return store_.save(kept);
  }

 private:
  ChipStore& store_;
  ChipMistake mistake_;
};

}  // namespace simurgh::personalisation
