// ECDSA over P-256 with SHA-256 (FIPS 186-5 6), signatures as r || s.
//
// The nonce is that of RFC 6979: the primitives make no random numbers (a world of the simulator
// is its seed alone), and a weak random source cannot cost the key. OpenSSL 3.0 has no such option
// in EVP; its older interface takes the nonce's inverse and r, and is used for that one thing.
#define OPENSSL_API_COMPAT 0x10101000L  // ECDSA_do_sign_ex, ECDSA_do_verify, EC_KEY
#include <openssl/ecdsa.h>

#include "crypto/primitives.h"
#include "io/crypto_openssl/big_number.h"

namespace simurgh::crypto {

namespace {

constexpr size_t scalar_octets = 32;

using CurveKey = std::unique_ptr<EC_KEY, Release<EC_KEY_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Release<ECDSA_SIG_free>>;

const BIGNUM* order() {
  return EC_GROUP_get0_order(p256_group());
}

bool is_scalar(const BIGNUM* number) {
  return !BN_is_zero(number) && BN_cmp(number, order()) < 0;
}

Result<Number> private_scalar(const ByteArray<32>& private_key) {
  Number scalar = secret_number_of(private_key);
  if (!is_scalar(scalar.get())) return fail(ErrorCode::crypto);
  return scalar;
}

// RFC 6979 3.2. The curve's order and the hash have the same 256 bits, so bits2int is the number
// itself and bits2octets one reduction.
class NonceSource {
 public:
  NonceSource(const ByteArray<32>& private_key, const Digest& digest) {
    const Number reduced = number_of(digest);
    if (BN_cmp(reduced.get(), order()) >= 0) {
      SIMURGH_CHECK(BN_sub(reduced.get(), reduced.get(), order()) == 1);
    }
    ByteArray<scalar_octets> octets;
    write_number(reduced.get(), octets);
    v_.fill(0x01);
    k_.fill(0x00);
    mix(0x00, private_key, octets);
    mix(0x01, private_key, octets);
  }
  ~NonceSource() {
    wipe(k_);
    wipe(v_);
  }
  NonceSource(const NonceSource&) = delete;
  NonceSource& operator=(const NonceSource&) = delete;

  Number next() {
    for (;;) {
      v_ = hmac_sha256(k_, {v_});
      Number nonce = secret_number_of(v_);
      mix(0x00, {}, {});  // steps the source on, for the case that this one will not do
      if (is_scalar(nonce.get())) return nonce;
    }
  }

 private:
  void mix(uint8_t separator, ByteView private_key, ByteView digest) {
    k_ = hmac_sha256(k_, {v_, {&separator, 1}, private_key, digest});
    v_ = hmac_sha256(k_, {v_});
  }

  Digest k_;
  Digest v_;
};

// nonce ^ (order - 2) = 1 / nonce, in constant time.
Number inverse_of(const BIGNUM* nonce) {
  const Number exponent(BN_dup(order()));
  SIMURGH_CHECK(exponent != nullptr && BN_sub_word(exponent.get(), 2) == 1);
  Number inverse(BN_secure_new());
  SIMURGH_CHECK(inverse != nullptr &&
                BN_mod_exp_mont_consttime(inverse.get(), nonce, exponent.get(), order(),
                                          scratch_numbers(), nullptr) == 1);
  BN_set_flags(inverse.get(), BN_FLG_CONSTTIME);
  return inverse;
}

// x(nonce * generator) mod order.
Number r_of(const BIGNUM* nonce) {
  const Point point = p256_times_generator(nonce);
  Number r = new_number();
  SIMURGH_CHECK(EC_POINT_get_affine_coordinates(p256_group(), point.get(), r.get(), nullptr,
                                                scratch_numbers()) == 1 &&
                BN_nnmod(r.get(), r.get(), order(), scratch_numbers()) == 1);
  return r;
}

CurveKey new_key() {
  CurveKey key(EC_KEY_new());
  SIMURGH_CHECK(key != nullptr && EC_KEY_set_group(key.get(), p256_group()) == 1);
  return key;
}

}  // namespace

Result<ByteArray<65>> ecdsa_p256_public(const ByteArray<32>& private_key) {
  const Number scalar = TRY(private_scalar(private_key));
  const Point point = p256_times_generator(scalar.get());
  ByteArray<65> encoded;
  write_p256_point(point.get(), encoded);
  return encoded;
}

Result<ByteArray<64>> ecdsa_p256_sign(const ByteArray<32>& private_key, ByteView message) {
  const Number scalar = TRY(private_scalar(private_key));
  const CurveKey key = new_key();
  SIMURGH_CHECK(EC_KEY_set_private_key(key.get(), scalar.get()) == 1);
  const Digest digest = sha256({message});
  NonceSource source(private_key, digest);
  for (;;) {
    const Number nonce = source.next();
    const Number inverse = inverse_of(nonce.get());
    const Number r = r_of(nonce.get());
    if (BN_is_zero(r.get())) continue;
    // Null when s came out as 0, which asks for another nonce.
    const Signature signature(ECDSA_do_sign_ex(digest.data(), static_cast<int>(digest.size()),
                                               inverse.get(), r.get(), key.get()));
    if (signature == nullptr) {
      refused();
      continue;
    }
    ByteArray<64> out;
    write_number(ECDSA_SIG_get0_r(signature.get()), MutableByteView(out).first(scalar_octets));
    write_number(ECDSA_SIG_get0_s(signature.get()), MutableByteView(out).last(scalar_octets));
    return out;
  }
}

Result<void> ecdsa_p256_verify(ByteView public_key, ByteView message, ByteView signature) {
  const Point point = TRY(read_p256_point(public_key));
  if (signature.size() != ecdsa_p256_signature_octets) return fail(ErrorCode::bad_signature);
  const Signature numbers(ECDSA_SIG_new());
  SIMURGH_CHECK(numbers != nullptr);
  SIMURGH_CHECK(ECDSA_SIG_set0(numbers.get(), number_of(signature.first(scalar_octets)).release(),
                               number_of(signature.last(scalar_octets)).release()) == 1);
  const CurveKey key = new_key();
  SIMURGH_CHECK(EC_KEY_set_public_key(key.get(), point.get()) == 1);
  const Digest digest = sha256({message});
  if (ECDSA_do_verify(digest.data(), static_cast<int>(digest.size()), numbers.get(), key.get()) !=
      1) {
    return refused(ErrorCode::bad_signature);
  }
  return {};
}

}  // namespace simurgh::crypto
