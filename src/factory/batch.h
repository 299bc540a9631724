// Making the chips of a batch (rows D1-D3): which numbers a position has, what is written into its
// chip, and the check that the chip says the same.
//
// It holds K1 in memory for as long as it lives. Made once and then only read, so threads may
// share one, each with a channel of its own. Where chips are kept, and in which order they are
// made, is the program's.
#pragma once

#include "factory/allocation.h"
#include "factory/chip_tool.h"

namespace simurgh::factory {

class Batch {
 public:
  // `unsupported` when the note asks for an algorithm that chips do not have.
  static Result<Batch> of(const AllocationNote& note, const Key256& transport_private);

  uint64_t count() const { return run_.count; }
  Iccid iccid_at(uint64_t position) const { return run_.iccid_at(position); }
  Imsi imsi_at(uint64_t position) const { return run_.imsi_at(position); }

  // Makes the blank chip behind `channel` the chip of this position. A chip that already is it is
  // left as it is, so that a factory that stopped at any moment goes on. already_exists when it is
  // another chip; bad_value when it does not say afterwards who it should be.
  Result<void> make_chip(uint64_t position, CardChannel& channel) const;

  // Reads the chip's files as a phone would: the numbers in them must be the position's.
  Result<void> inspect_chip(uint64_t position, CardChannel& channel) const;

 private:
  explicit Batch(const AllocationNote& note);
  Result<bool> is_made(uint64_t position, ChipTool& tool) const;

  fleet::Run run_;
  uicc::PrePersonalisation data_;  // of any position: the numbers are filled in for each
};

}  // namespace simurgh::factory
