// A seeded source for tests: the same numbers on every run.
#pragma once

#include "base/random.h"

namespace simurgh::test {

class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(next() >> 56);
  }
  // splitmix64.
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  size_t below(size_t limit) { return next() % limit; }

 private:
  uint64_t state_;
};

}  // namespace simurgh::test
