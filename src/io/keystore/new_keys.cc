#include "io/keystore/new_keys.h"

#define OPENSSL_API_COMPAT 0x10101000L  // RSA_generate_key_ex, i2d_RSAPrivateKey
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <memory>

namespace simurgh::keystore {

namespace {

constexpr int rsa_bits = 2048;

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};

Error refused() {
  ERR_clear_error();
  return fail(ErrorCode::crypto);
}

Result<void> make_random(Key256& key) {
  const MutableByteView out = key.fill(32);
  if (RAND_priv_bytes(out.data(), static_cast<int>(out.size())) != 1) return refused();
  return {};
}

// With OpenSSL's older interface: the newer one encodes a key through buffers that it frees without
// wiping, and the test of this folder finds them.
Result<void> make_rsa(Secret<crypto::rsa_private_octets_max>& der) {
  const std::unique_ptr<BIGNUM, Release<BN_free>> exponent(BN_new());
  const std::unique_ptr<RSA, Release<RSA_free>> key(RSA_new());
  if (exponent == nullptr || key == nullptr || BN_set_word(exponent.get(), RSA_F4) != 1 ||
      RSA_generate_key_ex(key.get(), rsa_bits, exponent.get(), nullptr) != 1) {
    return refused();
  }
  const int size = i2d_RSAPrivateKey(key.get(), nullptr);
  if (size <= 0 || static_cast<size_t>(size) > der.capacity()) return refused();
  uint8_t* at = der.fill(static_cast<size_t>(size)).data();
  if (i2d_RSAPrivateKey(key.get(), &at) != size) return refused();
  return {};
}

}  // namespace

Result<void> make_keys(crypto::KeyMaterial& material) {
  for (Key256* key : {&material.master, &material.column, &material.ed25519, &material.p256}) {
    TRY(make_random(*key));
  }
  // One in 2^32 random numbers is above the order of P-256.
  for (;;) {
    ByteArray<32> scalar;
    std::memcpy(scalar.data(), material.p256.view().data(), scalar.size());
    const bool is_scalar = crypto::ecdsa_p256_public(scalar).has_value();
    wipe(scalar);
    if (is_scalar) break;
    TRY(make_random(material.p256));
  }
  TRY(make_rsa(material.rsa_private));
  return crypto::check(material);
}

}  // namespace simurgh::keystore
