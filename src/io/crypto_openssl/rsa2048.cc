// RSASSA-PSS with SHA-256 and a salt of 32 octets (RFC 8017 8.1), modulus of 2048 bits, exponent
// 65537.
//
// Signing encodes the message here and gives OpenSSL the number: its own PSS draws the salt, and
// the primitives make no random numbers. The salt is derived from the private key and the message
// instead, so it is fresh for each message and unknown before the signature is. Verification is
// OpenSSL's own.
//
// Private keys go through OpenSSL's older interface: the newer one decodes a key through buffers
// that it frees without wiping (tests/keystore finds them), and takes twice the time.
#define OPENSSL_API_COMPAT 0x10101000L  // d2i_RSAPrivateKey, RSA_private_encrypt
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/primitives.h"
#include "io/crypto_openssl/big_number.h"

namespace simurgh::crypto {

namespace {

constexpr size_t modulus_octets = rsa2048_public_octets;
constexpr int modulus_bits = 2048;
constexpr size_t salt_octets = 32;
constexpr size_t hash_octets = sizeof(Digest);
constexpr size_t masked_octets = modulus_octets - hash_octets - 1;  // DB of RFC 8017 9.1.1
constexpr uint32_t public_exponent = 65537;
constexpr std::string_view salt_label = "simurgh/rsa2048-pss/1/sign salt";

using PrivateKey = std::unique_ptr<RSA, Release<RSA_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;

Result<PrivateKey> private_key_of(ByteView der) {
  const uint8_t* at = der.data();
  PrivateKey key(d2i_RSAPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr || at != der.data() + der.size() || RSA_bits(key.get()) != modulus_bits ||
      !BN_is_word(RSA_get0_e(key.get()), public_exponent)) {
    return refused();
  }
  return key;
}

Digest salt_of(ByteView private_key_der, const Digest& message_digest) {
  Digest key = sha256({private_key_der});
  const Digest salt = hmac_sha256(key, {bytes_of(salt_label), message_digest});
  wipe(key);
  return salt;
}

// MGF1 with SHA-256 (RFC 8017 B.2.1), added to `out`.
void add_mask(const Digest& seed, MutableByteView out) {
  for (uint32_t counter = 0; counter * hash_octets < out.size(); ++counter) {
    const ByteArray<4> octets = {static_cast<uint8_t>(counter >> 24),
                                 static_cast<uint8_t>(counter >> 16),
                                 static_cast<uint8_t>(counter >> 8), static_cast<uint8_t>(counter)};
    const Digest mask = sha256({seed, octets});
    const size_t at = counter * hash_octets;
    for (size_t i = 0; i < std::min(hash_octets, out.size() - at); ++i) out[at + i] ^= mask[i];
  }
}

// EMSA-PSS-ENCODE (RFC 8017 9.1.1): maskedDB || H || bc.
ByteArray<modulus_octets> encode(const Digest& message_digest, const Digest& salt) {
  constexpr ByteArray<8> zeros{};
  const Digest h = sha256({zeros, message_digest, salt});
  ByteArray<modulus_octets> encoded{};
  encoded[masked_octets - salt_octets - 1] = 0x01;
  std::memcpy(encoded.data() + masked_octets - salt_octets, salt.data(), salt_octets);
  add_mask(h, MutableByteView(encoded).first(masked_octets));
  encoded[0] &= 0x7f;  // the number has one bit less than the modulus
  std::memcpy(encoded.data() + masked_octets, h.data(), hash_octets);
  encoded[modulus_octets - 1] = 0xbc;
  return encoded;
}
static_assert(salt_octets == sizeof(Digest));

Result<Key> public_key_of(ByteView modulus) {
  if (modulus.size() != modulus_octets || (modulus[0] & 0x80) == 0) {
    return fail(ErrorCode::crypto);
  }
  const Number n = number_of(modulus);
  const Number e = new_number();
  SIMURGH_CHECK(BN_set_word(e.get(), public_exponent) == 1);
  const std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  SIMURGH_CHECK(builder != nullptr &&
                OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return refused();
  }
  return Key(made);
}

}  // namespace

Result<ByteArray<256>> rsa2048_public(ByteView private_key_der) {
  const PrivateKey key = TRY(private_key_of(private_key_der));
  ByteArray<256> out;
  write_number(RSA_get0_n(key.get()), out);
  return out;
}

Result<ByteArray<256>> rsa2048_sign(ByteView private_key_der, ByteView message) {
  const PrivateKey key = TRY(private_key_of(private_key_der));
  const Digest digest = sha256({message});
  const auto encoded = encode(digest, salt_of(private_key_der, digest));
  ByteArray<256> signature;
  if (RSA_private_encrypt(static_cast<int>(encoded.size()), encoded.data(), signature.data(),
                          key.get(), RSA_NO_PADDING) != static_cast<int>(signature.size())) {
    return refused();
  }
  return signature;
}

Result<void> rsa2048_verify(ByteView modulus, ByteView message, ByteView signature) {
  const Key key = TRY(public_key_of(modulus));
  if (signature.size() != rsa2048_signature_octets) return fail(ErrorCode::bad_signature);
  const Digest digest = sha256({message});
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  SIMURGH_CHECK(context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context.get(), sha256_algorithm()) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), static_cast<int>(salt_octets)) ==
                    1);
  if (EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                      digest.size()) != 1) {
    return refused(ErrorCode::bad_signature);
  }
  return {};
}

}  // namespace simurgh::crypto
