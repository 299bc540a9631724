// Looks into a chip's memory from outside, as no command can: for checkers of invariants (the
// simulator's I1, I9) and for tests. What it gives holds the chip's keys; never in a product.
#pragma once

#include "conversations/personalisation/chip_record.h"
#include "uicc/pins.h"

namespace simurgh::uicc {

struct ChipInspection {
  personalisation::ChipRecord record;
  PinState pin1;
  PinState pin2;
  uint64_t sequence_number = 0;  // the highest SQN accepted under the active key
};

// What the chip would find if it had power now; the memory is not changed. `not_found` when it is
// blank or no chip at all, `storage` when the chip would refuse to start.
Result<ChipInspection> inspect_chip(const Nv& nv, const ByteArray<16>& seal_key);

}  // namespace simurgh::uicc
