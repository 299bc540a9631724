// One simulated world: an operator's server, an SMSC, visited networks, chips with their people,
// and an adversary who owns the air. One seed decides everything that happens; the same seed gives
// the same event hash twice.
//
// Faults are rates drawn from the seed, and whole classes of them are off in some seeds. They end
// at a time drawn from the seed; what was promised must then come true within a bound (L1).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chip_node.h"
#include "conversations/smpp_session/smsc.h"
#include "network/radio_network.h"

namespace simurgh::sim {

struct WorldOptions {
  uint64_t seed = 1;
  ChipMistake chip_mistake = ChipMistake::none;
  bool journal_recovery = true;  // false: a restored database is not put right (RESTORE)
  bool always_restore = false;   // a database restore in every world, not in some
  bool verbose = false;
};

struct WorldFigures {
  uint64_t events = 0, messages = 0, deaths = 0, power_cuts = 0, restores = 0, injected = 0,
           personalised = 0, rekeyed = 0, resets = 0, resyncs = 0, fenced = 0, two_chips = 0,
           checks = 0;
  int64_t simulated_ms = 0;
  uint64_t hash = 0;
};

struct WorldOutcome {
  std::string violation;  // empty: everything held
  WorldFigures figures;
};

WorldOutcome run_life_world(const WorldOptions& options);

}  // namespace simurgh::sim
