// Bytes that must not be left behind: wiped when destroyed, never printed, compared in constant
// time by crypto::secure_equal only.
#pragma once

#include "base/bytes.h"

namespace simurgh {

// Overwrites memory in a way that the compiler may not remove.
void wipe(MutableByteView bytes);

template <size_t capacity_octets>
class Secret {
 public:
  Secret() = default;
  explicit Secret(ByteView bytes) : bytes_(bytes) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe_all(); }

  static constexpr size_t capacity() { return capacity_octets; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  ByteView view() const { return bytes_.view(); }
  // For a function that fills the secret in place.
  MutableByteView fill(size_t size) {
    bytes_.resize(size);
    return bytes_.span();
  }
  void assign(ByteView bytes) {
    wipe_all();
    bytes_.assign(bytes);
  }
  void clear() { wipe_all(); }

 private:
  void wipe_all() {
    bytes_.resize(capacity_octets);
    wipe(bytes_.span());
    bytes_.clear();
  }
  ByteString<capacity_octets> bytes_;
};

using Key128 = Secret<16>;
using Key256 = Secret<32>;

}  // namespace simurgh
