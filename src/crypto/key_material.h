// The long-lived keys of a server, and the KeyStore over them that does the work. Where the keys
// come from and lie is the owner's: a file (io/keystore) or a seed (memory_key_store.h).
#pragma once

#include "crypto/key_store.h"

namespace simurgh::crypto {

constexpr size_t rsa_private_octets_max = 1300;  // PKCS#1 DER of 2048 bits: 1190 to 1194

struct KeyMaterial {
  Key256 master;                               // K1 of every VER (row D2)
  Key256 column;                               // sealed columns
  Key256 ed25519;                              // seed
  Key256 p256;                                 // scalar, big endian
  Secret<rsa_private_octets_max> rsa_private;  // PKCS#1 DER; empty: none
};

// bad_length, bad_value when a key is missing or cannot be used. RSA may be missing.
Result<void> check(const KeyMaterial& material);

// A key store over `material`, which must outlive it.
//
// Sealing needs no random numbers: the nonce is a MAC of identity and value under a key of its
// own, so that a copied or restored server cannot use a nonce for two values (threats row 33).
// What shows is that the same row was sealed with the same value.
class MaterialKeyStore : public KeyStore {
 public:
  explicit MaterialKeyStore(const KeyMaterial& material);

  Result<ByteView> seal(ByteView identity, ByteView plain, MutableByteView sealed) override;
  Result<ByteView> open(ByteView identity, ByteView sealed, MutableByteView plain) override;
  Result<Key256> k1_of_version(ByteView ver) override;
  Result<ByteString<256>> sign(SignatureScheme scheme, ByteView message) override;
  Result<ByteString<256>> public_key(SignatureScheme scheme) override;

 private:
  const KeyMaterial& material_;
};

}  // namespace simurgh::crypto
