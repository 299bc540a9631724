#include "base/secret.h"

namespace simurgh {

void wipe(MutableByteView bytes) {
  if (!bytes.empty()) std::memset(bytes.data(), 0, bytes.size());
  // The memory is declared an input of an empty statement, so the write above has a reader.
  asm volatile("" : : "r"(bytes.data()) : "memory");
}

}  // namespace simurgh
