// `simurgh-lab life`: takes chips through their whole life on a real simurghd, over real SMPP,
// GSUP, REST and files, and says how many got through each station.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace simurgh::lab {

struct LifeOptions {
  size_t chips = 20;
  uint64_t seed = 1;
  std::string faults = "none";   // none, lossy, chaos
  std::string hlr = "built-in";  // built-in, osmo-hlr
  size_t kills = 0;              // of simurghd, by SIGKILL, at random moments
  size_t misuse_every = 10;      // each so manieth chip tries the misuse of D12
  size_t at_once = 2000;         // chips under way at a time
  std::string store = "sqlite";  // of simurghd, as its --store
  std::string programs;          // folder of simurghd and simurgh; default: this program's
  std::string work_dir;          // default: a new folder below /tmp, removed when all went well
  int64_t patience_s = 300;      // for one step of one chip
  bool json = false;
  bool quiet = false;
};

// The exit status: 0 when every chip got through and nothing was violated.
int run_life(const LifeOptions& options);

}  // namespace simurgh::lab
