// Key agreement and signatures against Project Wycheproof.
#include "arrays.h"
#include "crypto/primitives.h"
#include "wycheproof.h"

using namespace simurgh;
using namespace simurgh::crypto;
using namespace simurgh::test;

namespace {

// A private value, big endian with or without zeros in front, as 32 octets.
ByteArray<32> scalar_of(const Bytes& number) {
  ByteView digits(number);
  while (digits.size() > 32) {
    REQUIRE(digits[0] == 0);
    digits = digits.subspan(1);
  }
  ByteArray<32> out{};
  std::memcpy(out.data() + out.size() - digits.size(), digits.data(), digits.size());
  return out;
}

// SubjectPublicKeyInfo of a P-256 point (RFC 5480), up to the point.
const Bytes spki_start = from_hex("3059301306072a8648ce3d020106082a8648ce3d030107034200");

}  // namespace

// Decided on the "acceptable" cases:
// - LowOrderPublic, ZeroSharedSecret: refused (RFC 7748 6.1 leaves it to the user): the secret
//   would be known to everybody.
// - Twist, NonCanonicalPublic and all others: accepted, with the one right answer (RFC 7748 5: such
//   coordinates MUST be accepted; the twist of Curve25519 is as strong as the curve).
TEST_CASE("Wycheproof: X25519") {
  for_each_case("x25519_test.json", "XDH", {"curve"}, [](const WycheproofCase& one) {
    REQUIRE(one.verdict != Verdict::invalid);
    const bool is_low_order = one.has_flag("LowOrderPublic") || one.has_flag("ZeroSharedSecret");
    REQUIRE((!is_low_order || one.verdict == Verdict::acceptable));
    const Bytes expected = one["shared"];
    Bytes secret(32, 0xa5);
    const auto derived = x25519_derive(array_of<32>(one["private"]), one["public"], secret);
    CHECK(derived.has_value() == !is_low_order);
    CHECK(secret == (is_low_order ? Bytes(32, 0xa5) : expected));
  });
}

// Decided on the "acceptable" cases: all refused. We take points in one encoding, SEC 1
// uncompressed, and read no ASN.1: a compressed point, a curve given by its parameters and a key
// with damaged DER are all "not 65 octets that begin with 04".
TEST_CASE("Wycheproof: ECDH over P-256, keys in DER: of the good ones the point is cut out") {
  for_each_case(
      "ecdh_secp256r1_test.json", "ECDH", {"curve", "encoding"}, [](const WycheproofCase& one) {
        ByteView key;
        const Bytes der = one["public"];
        key = der;
        const bool plain =
            der.size() == spki_start.size() + 65 && equal(key.first(spki_start.size()), spki_start);
        if (plain) key = key.subspan(spki_start.size());
        REQUIRE((plain || one.verdict != Verdict::valid));
        const Bytes expected = one["shared"];
        Bytes secret(32, 0xa5);
        const auto derived = p256_derive(scalar_of(one["private"]), key, secret);
        CHECK(derived.has_value() == (one.verdict == Verdict::valid));
        CHECK(secret == (derived.has_value() ? expected : Bytes(32, 0xa5)));
      });
}

// Decided on the "acceptable" case, a compressed point: refused, as above.
TEST_CASE("Wycheproof: ECDH over P-256, keys as points") {
  for_each_case("ecdh_secp256r1_ecpoint_test.json", "ECDH", {"curve", "encoding"},
                [](const WycheproofCase& one) {
                  const Bytes expected = one["shared"];
                  Bytes secret(32, 0xa5);
                  const auto derived =
                      p256_derive(scalar_of(one["private"]), one["public"], secret);
                  CHECK(derived.has_value() == (one.verdict == Verdict::valid));
                  CHECK(secret == (derived.has_value() ? expected : Bytes(32, 0xa5)));
                });
}

// No "acceptable" cases. The file with DER signatures is not used: we have r || s only.
TEST_CASE("Wycheproof: ECDSA over P-256 with SHA-256, r || s") {
  for_each_case("ecdsa_secp256r1_sha256_p1363_test.json", "ECDSA", {"publicKeyDer", "publicKeyPem"},
                [](const WycheproofCase& one) {
                  REQUIRE(one.verdict != Verdict::acceptable);
                  REQUIRE(one.group["sha"].text() == "SHA-256");
                  one.group["publicKey"].skip("read below");
                  if (one.group.has("publicKeyJwk"))
                    one.group["publicKeyJwk"].skip("says it again");
                  const auto verified = ecdsa_p256_verify(
                      one.group["publicKey"]["uncompressed"].hex(), one["msg"], one["sig"]);
                  CHECK(verified.has_value() == (one.verdict == Verdict::valid));
                  if (!verified.has_value())
                    CHECK(verified.error().code == ErrorCode::bad_signature);
                });
}

// No "acceptable" cases.
TEST_CASE("Wycheproof: Ed25519") {
  for_each_case("ed25519_test.json", "EDDSA", {"publicKeyDer", "publicKeyPem", "publicKeyJwk"},
                [](const WycheproofCase& one) {
                  REQUIRE(one.verdict != Verdict::acceptable);
                  one.group["publicKey"].skip("read below");
                  const auto verified =
                      ed25519_verify(one.group["publicKey"]["pk"].hex(), one["msg"], one["sig"]);
                  CHECK(verified.has_value() == (one.verdict == Verdict::valid));
                });
}
