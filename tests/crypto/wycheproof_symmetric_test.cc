// Ciphers, MACs and key derivation against Project Wycheproof. None of these files has an
// "acceptable" case; for_each_case is told so each time.
#include "arrays.h"
#include "crypto/primitives.h"
#include "wycheproof.h"

using namespace simurgh;
using namespace simurgh::crypto;
using namespace simurgh::test;

namespace {

bool is_aes_key(const Bytes& key) {
  return key.size() == 16 || key.size() == 24 || key.size() == 32;
}

Bytes pkcs5_padded(const Bytes& message) {
  Bytes padded = message;
  const size_t count = 16 - message.size() % 16;
  padded.insert(padded.end(), count, static_cast<uint8_t>(count));
  return padded;
}

bool has_pkcs5_padding(const Bytes& message) {
  if (message.empty() || message.back() == 0 || message.back() > 16) return false;
  for (size_t i = 0; i < message.back(); ++i) {
    if (message[message.size() - 1 - i] != message.back()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("Wycheproof: AES-CBC, with the padding put on and looked at by the test") {
  for_each_case("aes_cbc_pkcs5_test.json", "AES-CBC-PKCS5", {}, [](const WycheproofCase& one) {
    REQUIRE(one.verdict != Verdict::acceptable);
    CHECK(one.group["ivSize"].integer() == 128);
    const Bytes key = one["key"];
    CHECK(one.group["keySize"].integer() == static_cast<int64_t>(8 * key.size()));
    const Block iv = array_of<16>(one["iv"]);
    const Bytes ciphered = one["ct"];
    const Bytes message = one["msg"];
    Bytes plain(ciphered.size());
    const auto decrypted = aes_cbc_decrypt(key, iv, ciphered, plain);
    // Half a block is our affair; a wrong padding is the caller's, who sees it in `plain`.
    CHECK(decrypted.has_value() == (ciphered.size() % 16 == 0));
    const bool accepted = decrypted.has_value() && has_pkcs5_padding(plain);
    CHECK(accepted == (one.verdict == Verdict::valid));
    if (one.verdict != Verdict::valid) return;
    CHECK(plain == pkcs5_padded(message));
    Bytes again(plain.size());
    REQUIRE(aes_cbc_encrypt(key, iv, plain, again).has_value());
    CHECK(again == ciphered);
    REQUIRE(aes_cbc_encrypt(key, iv, plain, plain).has_value());  // in place
    CHECK(plain == ciphered);
  });
}

TEST_CASE("Wycheproof: AES-CMAC") {
  for_each_case("aes_cmac_test.json", "AES-CMAC", {}, [](const WycheproofCase& one) {
    REQUIRE(one.verdict != Verdict::acceptable);
    const Bytes key = one["key"];
    CHECK(one.group["keySize"].integer() == static_cast<int64_t>(8 * key.size()));
    const Bytes message = one["msg"];
    const Bytes tag = one["tag"];
    const auto mac = aes_cmac(key, {message});
    CHECK(mac.has_value() == is_aes_key(key));
    const auto size = static_cast<size_t>(one.group["tagSize"].integer()) / 8;
    const bool accepted =
        mac.has_value() && tag.size() == size && secure_equal(ByteView(*mac).first(size), tag);
    CHECK(accepted == (one.verdict == Verdict::valid));
    if (!mac.has_value()) return;
    // The same in parts of every kind.
    const ByteView all(message);
    const size_t middle = message.size() / 3;
    CHECK(*aes_cmac(key, {all.first(middle), {}, all.subspan(middle)}) == *mac);
  });
}

TEST_CASE("Wycheproof: AES-GCM; decided: nonces of 12 octets only, others are refused unseen") {
  for_each_case("aes_gcm_test.json", "AES-GCM", {}, [](const WycheproofCase& one) {
    REQUIRE(one.verdict != Verdict::acceptable);
    const Bytes key = one["key"];
    const Bytes nonce = one["iv"];
    const Bytes associated = one["aad"];
    const Bytes message = one["msg"];
    Bytes sealed = one["ct"];
    const Bytes tag = one["tag"];
    CHECK(one.group["keySize"].integer() == static_cast<int64_t>(8 * key.size()));
    CHECK(one.group["ivSize"].integer() == static_cast<int64_t>(8 * nonce.size()));
    REQUIRE(one.group["tagSize"].integer() == 128);
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    const Bytes untouched(sealed.size() - 16, 0xa5);
    Bytes plain = untouched;
    const auto opened = aes_gcm_open(key, nonce, associated, sealed, plain);
    if (nonce.size() != 12) {
      REQUIRE_FALSE(opened.has_value());
      CHECK(opened.error().code == ErrorCode::crypto);
      return;
    }
    CHECK(opened.has_value() == (one.verdict == Verdict::valid));
    if (!opened.has_value()) {
      CHECK(opened.error().code == ErrorCode::bad_mac);
      CHECK(plain == untouched);  // nothing leaves before the tag is checked
      return;
    }
    CHECK(plain == message);
    Bytes again(sealed.size());
    REQUIRE(aes_gcm_seal(key, nonce, associated, message, again).has_value());
    CHECK(again == sealed);
  });
}

TEST_CASE("Wycheproof: HMAC-SHA256") {
  for_each_case("hmac_sha256_test.json", "HMACSHA256", {}, [](const WycheproofCase& one) {
    REQUIRE(one.verdict != Verdict::acceptable);
    const Bytes key = one["key"];
    CHECK(one.group["keySize"].integer() == static_cast<int64_t>(8 * key.size()));
    const auto size = static_cast<size_t>(one.group["tagSize"].integer()) / 8;
    const Digest mac = hmac_sha256(key, {one["msg"]});
    const bool accepted = secure_equal(ByteView(mac).first(size), one["tag"]);
    CHECK(accepted == (one.verdict == Verdict::valid));
  });
}

TEST_CASE("Wycheproof: HKDF-SHA256") {
  for_each_case("hkdf_sha256_test.json", "HKDF-SHA-256", {}, [](const WycheproofCase& one) {
    REQUIRE(one.verdict != Verdict::acceptable);
    const Bytes secret = one["ikm"];
    CHECK(one.group["keySize"].integer() == static_cast<int64_t>(8 * secret.size()));
    Bytes out(static_cast<size_t>(one.test["size"].integer()));
    const auto derived = hkdf_sha256(one["salt"], secret, one["info"], out);
    const Bytes expected = one["okm"];
    CHECK(derived.has_value() == (one.verdict == Verdict::valid));
    if (derived.has_value()) CHECK(out == expected);
  });
}
