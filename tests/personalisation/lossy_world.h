// One seeded world of a chip and a centre over a link that loses, doubles, delays and reorders,
// with crashes, power cuts, re-keying and planted mistakes as wanted.
#pragma once

#include <string>

#include "rig.h"

namespace simurgh::personalisation::rig {

struct LossyOptions {
  bool crashes = false;
  ChipMistake chip_mistake = ChipMistake::none;
  bool centre_switches_at_m2 = false;  // NAIVE_AUC
  bool restores = false;               // RESTORE: an old database is put back
};

struct LossyOutcome {
  std::string violation;  // empty: everything held
  uint32_t switches = 0;  // of the centre to a new epoch
};

LossyOutcome lossy_world(uint64_t seed, const LossyOptions& options);

}  // namespace simurgh::personalisation::rig
