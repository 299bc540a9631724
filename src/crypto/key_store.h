// What the server asks of the place that holds its long-lived keys: a file with strict
// permissions, a PKCS#11 token, or the simulator's memory. The keys themselves never come out.
//
// Calls are synchronous and made from one thread; each either answers or ends in `storage`.
#pragma once

#include "crypto/primitives.h"

namespace simurgh::crypto {

enum class SignatureScheme : uint8_t { ed25519 = 1, ecdsa_p256 = 2, rsa2048_pss = 3 };

class KeyStore {
 public:
  virtual ~KeyStore() = default;

  static constexpr size_t seal_overhead_octets = 28;  // nonce (12) and tag (16)

  // Sealed columns: AES-256-GCM under the store's column key. `identity` (row identity: IMSI,
  // ICCID, epoch, column) is associated data, so that a sealed value cannot be moved to another
  // row. `sealed` must hold plain.size() + seal_overhead_octets.
  virtual Result<ByteView> seal(ByteView identity, ByteView plain, MutableByteView sealed) = 0;
  // bad_mac when the value was altered, moved, or sealed by another store.
  virtual Result<ByteView> open(ByteView identity, ByteView sealed, MutableByteView plain) = 0;

  // The key K1 of a chip version (row D2): HKDF of the master key over VER.
  virtual Result<Key256> k1_of_version(ByteView ver) = 0;

  // Signatures of the security centre; the answer is at most rsa2048_signature_octets long.
  virtual Result<ByteString<256>> sign(SignatureScheme scheme, ByteView message) = 0;
  virtual Result<ByteString<256>> public_key(SignatureScheme scheme) = 0;
};

}  // namespace simurgh::crypto
