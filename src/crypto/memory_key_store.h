// A key store of the simulator and of tests: everything follows from a seed, nothing is kept.
#pragma once

#include "crypto/key_material.h"

namespace simurgh::crypto {

class MemoryKeyStore final : public MaterialKeyStore {
 public:
  // Different seeds, unrelated keys. `rsa_private` (PKCS#1 DER) because RSA keys cannot be made
  // from a seed here; without it rsa2048_pss is `unsupported`.
  explicit MemoryKeyStore(uint64_t seed, ByteView rsa_private = {});
  MemoryKeyStore(const MemoryKeyStore&) = delete;
  MemoryKeyStore& operator=(const MemoryKeyStore&) = delete;

  const KeyMaterial& material() const { return owned_; }

 private:
  KeyMaterial owned_;
};

}  // namespace simurgh::crypto
