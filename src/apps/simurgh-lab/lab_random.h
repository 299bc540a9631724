// Random numbers of the lab's people and faults, from the seed; keys that protect anything come
// from the kernel.
#pragma once

#include "base/random.h"

namespace simurgh::lab {

class LabRandom final : public Random {
 public:
  explicit LabRandom(uint64_t seed) : state_(seed * 2 + 1) {}
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) {  // SplitMix64
      state_ += 0x9e3779b97f4a7c15;
      uint64_t z = state_;
      z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
      z = (z ^ z >> 27) * 0x94d049bb133111eb;
      octet = static_cast<uint8_t>((z ^ z >> 31) >> 32);
    }
  }
  uint64_t below(uint64_t bound) {
    const auto octets = array<8>();
    uint64_t value = 0;
    for (const uint8_t octet : octets) value = value << 8 | octet;
    return value % bound;
  }

 private:
  uint64_t state_;
};

}  // namespace simurgh::lab
