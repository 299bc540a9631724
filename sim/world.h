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
  ServerNode::Mistakes server_mistakes;
  bool always_restore = false;  // a database restore in every world, not in some
  // Every chip is re-keyed again and again before it has confirmed, on 2G, where nothing but
  // COMMIT tells it, and COMMIT is often lost.
  bool hasty = false;
  bool always_interval = false;   // keys are renewed at intervals in every world, not in some
  bool always_ffdhe2048 = false;  // every chip has plain Diffie-Hellman and RSA, and nothing else
  bool verbose = false;
};

// What happened, by name, summed over worlds and printed: a class of faults that no world had is
// no fault of this simulator.
struct WorldFigures {
  std::map<std::string, uint64_t> counts;
  int64_t simulated_ms = 0;
  uint64_t hash = 0;
};

struct WorldOutcome {
  std::string violation;  // empty: everything held
  WorldFigures figures;
};

WorldOutcome run_life_world(const WorldOptions& options);

}  // namespace simurgh::sim
