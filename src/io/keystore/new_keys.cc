#include "io/keystore/new_keys.h"

#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <memory>

namespace simurgh::keystore {

namespace {

constexpr unsigned rsa_bits = 2048;

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

Result<void> make_rsa(Secret<crypto::rsa_private_octets_max>& der) {
  const std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>> key(EVP_RSA_gen(rsa_bits));
  if (key == nullptr) return refused();
  const std::unique_ptr<OSSL_ENCODER_CTX, Release<OSSL_ENCODER_CTX_free>> encoder(
      OSSL_ENCODER_CTX_new_for_pkey(key.get(), OSSL_KEYMGMT_SELECT_ALL, "DER", "type-specific",
                                    nullptr));
  unsigned char* at = der.fill(der.capacity()).data();
  size_t room = der.capacity();
  if (encoder == nullptr || OSSL_ENCODER_to_data(encoder.get(), &at, &room) != 1) {
    return refused();
  }
  der.fill(der.capacity() - room);
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
