// K1 on its way to the manufacturer: sealed by the operator to the manufacturer's transport key, so
// that it is in the clear only in the operator's key store, in the factory's program and in chips
// that have not derived their own key yet (rows D2, D3).
//
// Not a general envelope: one ephemeral X25519 key per sealing, one key and one nonce out of it by
// HKDF with the label and both shares, AES-256-GCM over K1 alone. What the sealing is for (who,
// which allocation, which version) is associated data: a sealed K1 opens for that allocation only.
#pragma once

#include "crypto/primitives.h"

namespace simurgh::factory {

constexpr size_t ver_octets_max = 16;
constexpr size_t k1_octets = 32;
constexpr size_t sealed_k1_octets = crypto::x25519_share_octets + k1_octets + 16;

// Ephemeral share (32), ciphertext (32), tag (16).
using SealedK1 = ByteArray<sealed_k1_octets>;

// What a sealed K1 belongs to. Views are borrowed for the call.
struct TransportPurpose {
  std::string_view manufacturer;  // its name at the operator
  uint64_t allocation = 0;
  ByteView ver;
};

// `seed` is fresh randomness for this one sealing. `crypto` when the transport key is not a valid
// X25519 share.
Result<SealedK1> seal_k1(const Key256& k1, ByteView transport_public,
                         const TransportPurpose& purpose, const Key256& seed);

// `crypto` for an invalid share, `bad_mac` when it was sealed to another key, for another purpose,
// or altered.
Result<Key256> open_k1(const SealedK1& sealed, const Key256& transport_private,
                       const TransportPurpose& purpose);

}  // namespace simurgh::factory
