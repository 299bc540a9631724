// X25519, Ed25519 and ristretto255 from libsodium: it refuses points of small order and encodings
// that are not canonical, needs no key objects, and OpenSSL has no ristretto255 at all.
#include <sodium.h>

#include "crypto/primitives.h"
#include "io/crypto_openssl/thread_contexts.h"

namespace simurgh::crypto {

namespace {

struct Ed25519Keys {
  ByteArray<crypto_sign_PUBLICKEYBYTES> public_key;
  ByteArray<crypto_sign_SECRETKEYBYTES> private_key;  // seed and public key

  explicit Ed25519Keys(const ByteArray<32>& seed) {
    ensure_sodium();
    SIMURGH_CHECK(crypto_sign_seed_keypair(public_key.data(), private_key.data(), seed.data()) ==
                  0);
  }
  ~Ed25519Keys() { wipe(private_key); }
  Ed25519Keys(const Ed25519Keys&) = delete;
  Ed25519Keys& operator=(const Ed25519Keys&) = delete;
};

}  // namespace

Result<void> x25519_public(const ByteArray<32>& seed, MutableByteView share) {
  ensure_sodium();
  if (share.size() != x25519_share_octets) return fail(ErrorCode::crypto);
  SIMURGH_CHECK(crypto_scalarmult_curve25519_base(share.data(), seed.data()) == 0);
  return {};
}

Result<void> x25519_derive(const ByteArray<32>& seed, ByteView peer, MutableByteView secret) {
  ensure_sodium();
  if (peer.size() != x25519_share_octets || secret.size() != x25519_share_octets) {
    return fail(ErrorCode::crypto);
  }
  ByteArray<32> product;
  // -1 for a point of small order, before and after the multiplication (RFC 7748 6.1).
  const int refusal = crypto_scalarmult_curve25519(product.data(), seed.data(), peer.data());
  if (refusal == 0) std::memcpy(secret.data(), product.data(), product.size());
  wipe(product);
  if (refusal != 0) return fail(ErrorCode::crypto);
  return {};
}

Result<ByteArray<32>> ed25519_public(const ByteArray<32>& private_key) {
  return Ed25519Keys(private_key).public_key;
}

Result<ByteArray<64>> ed25519_sign(const ByteArray<32>& private_key, ByteView message) {
  const Ed25519Keys keys(private_key);
  ByteArray<64> signature;
  SIMURGH_CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                                     keys.private_key.data()) == 0);
  return signature;
}

Result<void> ed25519_verify(ByteView public_key, ByteView message, ByteView signature) {
  ensure_sodium();
  if (public_key.size() != ed25519_public_octets) return fail(ErrorCode::crypto);
  if (signature.size() != ed25519_signature_octets ||
      crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                  public_key.data()) != 0) {
    return fail(ErrorCode::bad_signature);
  }
  return {};
}

Result<ByteArray<32>> ristretto_from_uniform(const ByteArray<64>& uniform) {
  ensure_sodium();
  ByteArray<32> element;
  SIMURGH_CHECK(crypto_core_ristretto255_from_hash(element.data(), uniform.data()) == 0);
  return element;
}

Result<ByteArray<32>> ristretto_multiply(const ByteArray<64>& seed, ByteView element) {
  ensure_sodium();
  if (element.size() != ristretto_element_octets) return fail(ErrorCode::crypto);
  ByteArray<32> scalar;
  crypto_core_ristretto255_scalar_reduce(scalar.data(), seed.data());
  ByteArray<32> product;
  // -1 for an encoding that is not valid, and for the neutral element as the product.
  const int refusal = crypto_scalarmult_ristretto255(product.data(), scalar.data(), element.data());
  wipe(scalar);
  if (refusal != 0) return fail(ErrorCode::crypto);
  return product;
}

}  // namespace simurgh::crypto
