// How much one peer may ask (T-MASS-READ): requests a second, and different subscribers within a
// window. Fixed memory; the second count is by a bitmap of keyed hashes, so it is low by a few per
// cent at most, never high.
#pragma once

#include <vector>

#include "base/numbers.h"
#include "base/time.h"

namespace simurgh::hlr {

class RateBrake {
 public:
  struct Limits {
    uint32_t requests_per_second_max = 0;
    uint32_t distinct_imsis_max = 0;
    Duration distinct_window;
  };
  // `hash_key` keeps a peer from choosing IMSIs that fall together.
  RateBrake(const Limits& limits, uint64_t hash_key, Instant now);

  // Counts one request; false when it is too many.
  bool take_request(Instant now);
  // Counts a read of this subscriber; false when it is one more than may be read in this window.
  bool take_imsi(const Imsi& imsi, Instant now);

 private:
  Limits limits_;
  uint64_t hash_key_;
  int64_t tokens_milli_;  // thousandths of a request
  Instant refilled_;
  std::vector<uint64_t> seen_;  // bits
  uint32_t distinct_ = 0;
  Instant window_end_;
};

}  // namespace simurgh::hlr
