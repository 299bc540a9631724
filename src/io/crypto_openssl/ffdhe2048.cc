// Diffie-Hellman in the group ffdhe2048 (RFC 7919 A.1), g = 2, modulo a safe prime p = 2q + 1.
//
// The prime is asked from OpenSSL by the group's name. The peer's share must be above 1 and below
// p - 1 (RFC 7919 5.1) and of order q: the square test costs little beside the exponentiation and
// takes the one bit of the private value away that a share of order 2q would show.
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/primitives.h"
#include "io/crypto_openssl/big_number.h"

namespace simurgh::crypto {

namespace {

struct Group {
  BIGNUM* prime = nullptr;
  BIGNUM* prime_less_one = nullptr;
  BIGNUM* generator = nullptr;
  BN_MONT_CTX* montgomery = nullptr;
};

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;

Group load_group() {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  char name[] = "ffdhe2048";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  SIMURGH_CHECK(context != nullptr && EVP_PKEY_paramgen_init(context.get()) == 1 &&
                EVP_PKEY_CTX_set_params(context.get(), parameters) == 1 &&
                EVP_PKEY_paramgen(context.get(), &made) == 1);
  const Key key(made);
  Group group;
  SIMURGH_CHECK(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_FFC_P, &group.prime) == 1 &&
                EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_FFC_G, &group.generator) == 1);
  SIMURGH_CHECK(BN_num_bits(group.prime) == 2048 && BN_is_word(group.generator, 2));
  group.prime_less_one = BN_dup(group.prime);
  SIMURGH_CHECK(group.prime_less_one != nullptr && BN_sub_word(group.prime_less_one, 1) == 1);
  group.montgomery = BN_MONT_CTX_new();
  SIMURGH_CHECK(group.montgomery != nullptr &&
                BN_MONT_CTX_set(group.montgomery, group.prime, scratch_numbers()) == 1);
  return group;
}

const Group& group() {
  static const Group loaded = load_group();  // its numbers live as long as the process
  return loaded;
}

// base ^ seed mod p. 256 bits of exponent for 2048 of modulus: RFC 7919 5.2 asks for 225.
Result<Number> power(const BIGNUM* base, const ByteArray<32>& seed) {
  const Number exponent = secret_number_of(seed);
  if (BN_is_zero(exponent.get())) return fail(ErrorCode::crypto);
  Number result = new_number();
  SIMURGH_CHECK(BN_mod_exp_mont_consttime(result.get(), base, exponent.get(), group().prime,
                                          scratch_numbers(), group().montgomery) == 1);
  return result;
}

bool is_valid_share(const BIGNUM* share) {
  return !BN_is_zero(share) && !BN_is_one(share) && BN_cmp(share, group().prime_less_one) < 0 &&
         BN_kronecker(share, group().prime, scratch_numbers()) == 1;
}

}  // namespace

Result<void> ffdhe2048_public(const ByteArray<32>& seed, MutableByteView share) {
  if (share.size() != ffdhe2048_share_octets) return fail(ErrorCode::crypto);
  const Number value = TRY(power(group().generator, seed));
  write_number(value.get(), share);
  return {};
}

Result<void> ffdhe2048_derive(const ByteArray<32>& seed, ByteView peer, MutableByteView secret) {
  if (peer.size() != ffdhe2048_share_octets || secret.size() != ffdhe2048_share_octets) {
    return fail(ErrorCode::crypto);
  }
  const Number share = number_of(peer);
  if (!is_valid_share(share.get())) return refused();
  const Number value = TRY(power(share.get(), seed));
  write_number(value.get(), secret);
  return {};
}

}  // namespace simurgh::crypto
