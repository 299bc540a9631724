// Where randomness comes from. Only io/ has a real source; the simulator gives a seeded one.
#pragma once

#include "base/bytes.h"

namespace simurgh {

class Random {
 public:
  virtual ~Random() = default;
  // Fills `out` with bytes that nobody else can predict. Never fails: a source that cannot
  // answer ends the program.
  virtual void fill(MutableByteView out) = 0;

  template <size_t N>
  ByteArray<N> array() {
    ByteArray<N> out;
    fill(out);
    return out;
  }
};

}  // namespace simurgh
