// Random numbers of a simulated world: a seed decides everything. Not for keys.
#pragma once

#include "base/random.h"

namespace simurgh::sim {

// xoshiro256**, seeded by SplitMix64.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t z = seed;
      z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
      z = (z ^ z >> 27) * 0x94d049bb133111eb;
      word = z ^ z >> 31;
    }
  }

  uint64_t next() {
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  // Below `bound`, which is above 0; the bias of 64 bits does not matter here.
  uint64_t below(uint64_t bound) { return next() % bound; }
  int64_t between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(below(static_cast<uint64_t>(most - least + 1)));
  }
  bool chance(uint32_t ppm) { return ppm > 0 && below(1'000'000) < ppm; }

  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(next() >> 56);
  }

 private:
  static uint64_t rotate(uint64_t x, int k) { return x << k | x >> (64 - k); }
  uint64_t state_[4];
};

}  // namespace simurgh::sim
