// Whether time depends on secrets (threats row 38), by memcheck: the secrets are declared
// undefined, and memcheck reports every branch and every address that depends on undefined memory.
// That is how Adam Langley's ctgrind does it.
//
// Run under valgrind with --error-exitcode and the suppressions beside this file. Argument
// "password": CPace as a whole. Argument "leak": the negative control, a comparison that stops at
// the first difference, which must be reported.
//
// Not here: P-256, ffdhe2048, RSA and ECDSA (OpenSSL's big numbers branch on blinded values, which
// memcheck cannot know), COMP128 (tables; broken anyway), derive_digits (how many octets it rejects
// shows; they are independent of the digits).
#include <valgrind/memcheck.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "crypto/aka.h"
#include "crypto/cpace.h"
#include "crypto/kdf.h"
#include "crypto/key_material.h"
#include "crypto/milenage.h"
#include "crypto/tuak.h"

namespace simurgh {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace simurgh

using namespace simurgh;
using namespace simurgh::crypto;

namespace {

template <size_t N>
ByteArray<N> secret(uint8_t first) {
  ByteArray<N> bytes;
  for (size_t i = 0; i < N; ++i) bytes[i] = static_cast<uint8_t>(first + 29 * i);
  VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size());
  return bytes;
}

template <typename T>
void publish(T& object) {
  VALGRIND_MAKE_MEM_DEFINED(&object, sizeof(object));
}

bool secure_equal_in_public(ByteView a, ByteView b) {
  bool result = secure_equal(a, b);
  publish(result);
  return result;
}

bool stops_at_a_difference(ByteView a, ByteView b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// A MAC, and its comparison with one that an outsider sent.
void check_macs() {
  const auto key = secret<16>(1);
  const auto message = secret<112>(2);
  const ByteArray<16> sent{};
  const auto cmac = aes_cmac(key, {message});
  SIMURGH_CHECK(!secure_equal_in_public(*cmac, sent));
  const Digest hmac = hmac_sha256(key, {message});
  SIMURGH_CHECK(!secure_equal_in_public(ByteView(hmac).first(16), sent));
  SIMURGH_CHECK(secure_equal_in_public(hmac, hmac));
  ByteArray<112> ciphered;
  SIMURGH_CHECK(aes_cbc_encrypt(key, {}, message, ciphered).has_value());
}

void check_derivations() {
  const auto key = secret<32>(3);
  derive_key<32>(key, {"check", 1, "CS", "kdf"}, {{FieldType::iccid, key}});
  sha512({key});
}

void check_authentication() {
  const auto k = secret<16>(4);
  const auto opc = secret<16>(5);
  const auto topc = secret<32>(6);
  const MilenageKeys milenage{k, opc};
  milenage_f1(milenage, {}, {}, {});
  milenage_f2345(milenage, {});
  milenage_f5_star(milenage, {});
  const TuakKeys tuak{k, topc};
  tuak_f1(tuak, {}, {}, {});
  tuak_f2345(tuak, {});
  tuak_f5_star(tuak, {});
  AkaKeys keys;
  keys.k.assign(k);
  keys.opc.assign(opc);
  // Whether a challenge is genuine is answered to everybody; what is compared is not.
  const auto vector = make_vector(keys, {}, 7, {});
  SIMURGH_CHECK(vector.has_value());
}

void check_curves() {
  const auto seed = secret<32>(7);
  ByteArray<32> share;
  SIMURGH_CHECK(x25519_public(seed, share).has_value());
  publish(share);
  ByteArray<32> product;
  SIMURGH_CHECK(x25519_derive(seed, share, product).has_value());
  auto signature = ed25519_sign(seed, share);
  SIMURGH_CHECK(signature.has_value());
}

void check_ristretto() {
  SIMURGH_CHECK(ristretto_from_uniform(secret<64>(9)).has_value());
  auto element = ristretto_from_uniform({1});
  SIMURGH_CHECK(ristretto_multiply(secret<64>(9), *element).has_value());
}

// The shares are public; password, seed and key are not.
void check_password() {
  const auto password = secret<6>(8);
  const auto seed = secret<64>(9);
  const ByteArray<4> names{};
  const CpaceContext context{password, names, names};
  auto share = cpace_share(context, seed);
  publish(share);
  SIMURGH_CHECK(share.has_value());
  SIMURGH_CHECK(cpace_key(context, seed, CpaceRole::initiator,
                          {.initiator_share = *share, .responder_share = *share})
                    .has_value());
}

}  // namespace

int main(int argc, char** argv) {
  if (RUNNING_ON_VALGRIND == 0) {
    std::fprintf(stderr, "run this under valgrind: without it nothing is checked\n");
    return 2;
  }
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "leak") {
    const auto mac = secret<16>(1);
    bool result = stops_at_a_difference(mac, ByteArray<16>{});
    publish(result);
    return result ? 1 : 0;
  }
  if (what == "password") {
    check_password();
    return 0;
  }
  check_macs();
  check_derivations();
  check_authentication();
  check_curves();
  check_ristretto();
  return 0;
}
