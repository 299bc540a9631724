// The primitives against the examples of their specifications and against other programs' answers
// (tests/vectors/primitives.json), and what they refuse.
#include "crypto/primitives.h"

#include <thread>

#include "arrays.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::crypto;
using namespace simurgh::test;

namespace {

// Every way of cutting a message into up to three parts gives the same.
template <typename Function>
void check_parts(const Bytes& message, Function function) {
  const ByteView all(message);
  const auto whole = function(Parts{all});
  for (size_t i = 0; i <= all.size(); i += 7) {
    for (size_t j = i; j <= all.size(); j += 13) {
      CHECK(function(Parts{all.first(i), all.subspan(i, j - i), {}, all.subspan(j)}) == whole);
    }
  }
}

template <typename T>
void check_refused(const Result<T>& result, ErrorCode code = ErrorCode::crypto) {
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == code);
}

// X25519, P-256 and ffdhe2048 as one thing to test.
struct Suite {
  const char* name;
  size_t share_octets;
  size_t secret_octets;
  Result<void> (*make_public)(const ByteArray<32>&, MutableByteView);
  Result<void> (*derive)(const ByteArray<32>&, ByteView, MutableByteView);
};
const Suite suites[] = {
    {"x25519", x25519_share_octets, 32, x25519_public, x25519_derive},
    {"p256", p256_share_octets, 32, p256_public, p256_derive},
    {"ffdhe2048", ffdhe2048_share_octets, 256, ffdhe2048_public, ffdhe2048_derive},
};

void check_agreement(const Suite& suite, const Vector& vector) {
  vector["source"].text();
  const Bytes secret = vector["secret"].hex();
  const Vector ends[] = {vector["ends"][0], vector["ends"][1]};
  for (const size_t own : {size_t{0}, size_t{1}}) {
    const auto seed = array_of<32>(ends[own]["private"].hex());
    Bytes share(suite.share_octets);
    REQUIRE(suite.make_public(seed, share).has_value());
    CHECK(share == ends[own]["public"].hex());
    Bytes derived(suite.secret_octets);
    REQUIRE(suite.derive(seed, ends[1 - own]["public"].hex(), derived).has_value());
    CHECK(derived == secret);
  }
}

void check_hashes(const Vector& root) {
  for (const Vector& one : root["sha256"]["cases"].elements()) {
    const Bytes message = one["message"].hex();
    CHECK(to_hex(sha256({message})) == one["digest"].text());
    check_parts(message, [](Parts parts) { return sha256(parts); });
  }
  for (const Vector& one : root["sha512"]["cases"].elements()) {
    const Bytes message = one["message"].hex();
    CHECK(to_hex(sha512({message})) == one["digest"].text());
    check_parts(message, [](Parts parts) { return sha512(parts); });
  }
  for (const Vector& one : root["hmac_sha256"]["cases"].elements()) {
    const Bytes key = one["key"].hex();
    const Bytes message = one["message"].hex();
    CHECK(to_hex(hmac_sha256(key, {message})) == one["mac"].text());
    check_parts(message, [&](Parts parts) { return hmac_sha256(key, parts); });
  }
  for (const Vector& one : root["hkdf_sha256"]["cases"].elements()) {
    const Bytes expected = one["out"].hex();
    Bytes out(expected.size());
    REQUIRE(
        hkdf_sha256(one["salt"].hex(), one["secret"].hex(), one["info"].hex(), out).has_value());
    CHECK(out == expected);
  }
}

void check_ciphers(const Vector& root) {
  for (const Vector& one : root["aes_block"]["cases"].elements()) {
    const auto in = array_of<16>(one["in"].hex());
    CHECK(to_hex(*aes_encrypt_block(one["key"].hex(), in)) == one["out"].text());
  }
  const Bytes cmac_message = root["aes_cmac"]["message"].hex();
  for (const Vector& one : root["aes_cmac"]["cases"].elements()) {
    const Bytes message(cmac_message.begin(), cmac_message.begin() + one["octets"].integer());
    const Bytes key = one["key"].hex();
    CHECK(to_hex(*aes_cmac(key, {message})) == one["mac"].text());
    check_parts(message, [&](Parts parts) { return *aes_cmac(key, parts); });
  }
  const Bytes tdes_key = root["tdes"]["key"].hex();
  for (const Vector& one : root["tdes"]["blocks"].elements()) {
    const Bytes in = one["in"].hex();
    Bytes out(8);
    REQUIRE(tdes_cbc_encrypt(tdes_key, in, out).has_value());
    CHECK(out == one["out"].hex());
    CHECK(to_hex(*tdes_cbc_mac(tdes_key, {in})) == one["out"].text());
    REQUIRE(tdes_cbc_decrypt(tdes_key, out, out).has_value());
    CHECK(out == in);
  }
}

void check_curve_signatures(const Vector& root) {
  for (const Vector& one : root["ed25519"]["cases"].elements()) {
    const auto key = array_of<32>(one["private"].hex());
    const Bytes message = one["message"].hex();
    CHECK(to_hex(*ed25519_public(key)) == one["public"].text());
    CHECK(to_hex(*ed25519_sign(key, message)) == one["signature"].text());
  }
  const auto ecdsa_key = array_of<32>(root["ecdsa_p256"]["private"].hex());
  CHECK(to_hex(*ecdsa_p256_public(ecdsa_key)) == root["ecdsa_p256"]["public"].text());
  for (const Vector& one : root["ecdsa_p256"]["cases"].elements()) {
    CHECK(to_hex(*ecdsa_p256_sign(ecdsa_key, one["message"].hex())) == one["signature"].text());
  }
}

void check_ffdhe_shares(const Vector& vector) {
  // RFC 7919: what is no share. p - 1 has order 2, a non-square order 2q.
  const Bytes prime = vector["prime"].hex();
  Bytes bad = prime;
  Bytes secret(256);
  const ByteArray<32> seed = {1, 2, 3};
  check_refused(ffdhe2048_derive(seed, bad, secret));
  bad.back()--;  // p - 1; the prime ends in ff
  check_refused(ffdhe2048_derive(seed, bad, secret));
  // p + 4: a share in disguise, which would give the one secret two transcripts.
  bad = prime;
  unsigned carry = 4;
  for (size_t i = bad.size(); i-- > 0; carry >>= 8) {
    carry += bad[i];
    bad[i] = static_cast<uint8_t>(carry);
  }
  check_refused(ffdhe2048_derive(seed, bad, secret));
  check_refused(ffdhe2048_derive(seed, Bytes(256, 0xff), secret));
  check_refused(ffdhe2048_derive(seed, Bytes(256), secret));
  bad = Bytes(256);
  bad.back() = 1;
  check_refused(ffdhe2048_derive(seed, bad, secret));
  check_refused(ffdhe2048_derive(seed, vector["not_a_square"].hex(), secret));
  bad.back() = 4;  // a square, if a silly one
  CHECK(ffdhe2048_derive(seed, bad, secret).has_value());
}

void check_ristretto(const Vector& ristretto) {
  for (const Vector& one : ristretto["from_uniform"].elements()) {
    const std::string text = one["text"].text();
    CHECK(to_hex(sha512({bytes_of(text)})) == one["uniform"].text());
    CHECK(to_hex(*ristretto_from_uniform(array_of<64>(one["uniform"].hex()))) ==
          one["element"].text());
  }
  const Bytes generator = ristretto["multiples"][0]["element"].hex();
  for (const Vector& one : ristretto["multiples"].elements()) {
    ByteArray<64> scalar{};
    scalar[0] = static_cast<uint8_t>(one["times"].integer());
    CHECK(to_hex(*ristretto_multiply(scalar, generator)) == one["element"].text());
  }
  for (const Vector& one : ristretto["invalid"].elements()) {
    check_refused(ristretto_multiply({1}, one.hex()));
  }
  check_refused(ristretto_multiply({1}, Bytes(32)));  // the neutral element
  check_refused(ristretto_multiply({}, generator));   // times zero
  check_refused(ristretto_multiply({1}, ByteView(generator).first(31)));
}

void check_rsa(const Vector& rsa) {
  const Bytes key = rsa["private"].hex();
  const Bytes modulus = rsa["modulus"].hex();
  const Bytes message = rsa["message"].hex();
  CHECK(to_hex(*rsa2048_public(key)) == to_hex(modulus));
  CHECK(rsa2048_verify(modulus, message, rsa["signature"].hex()).has_value());
  // One suite, one form: another salt or another padding does not verify.
  check_refused(rsa2048_verify(modulus, message, rsa["salt_of_20_octets"].hex()),
                ErrorCode::bad_signature);
  check_refused(rsa2048_verify(modulus, message, rsa["pkcs1_v1_5"].hex()),
                ErrorCode::bad_signature);
  const auto signature = rsa2048_sign(key, message);
  REQUIRE(signature.has_value());
  CHECK(rsa2048_verify(modulus, message, *signature).has_value());
  CHECK(*rsa2048_sign(key, message) == *signature);
  check_refused(rsa2048_verify(modulus, bytes_of("another"), *signature), ErrorCode::bad_signature);
  for (const char* name : {"private_of_1024_bits", "private_with_exponent_3"}) {
    check_refused(rsa2048_sign(rsa[name].hex(), message));
    check_refused(rsa2048_public(rsa[name].hex()));
  }
  for (size_t size = 0; size < key.size(); size += 97) {
    check_refused(rsa2048_sign(ByteView(key).first(size), message));
  }
  Bytes longer = key;
  longer.push_back(0);
  check_refused(rsa2048_sign(longer, message));
}

}  // namespace

TEST_CASE("the primitives give the published answers") {
  VectorFile file("primitives.json");
  const Vector root = file.root();
  for (const char* group :
       {"sha256", "sha512", "hmac_sha256", "hkdf_sha256", "aes_block", "aes_cmac", "tdes",
        "ed25519", "ecdsa_p256", "ristretto255", "rsa2048"}) {
    root[group]["source"].text();
  }
  check_hashes(root);
  check_ciphers(root);
  check_curve_signatures(root);
  check_agreement(suites[0], root["x25519"]);
  check_agreement(suites[1], root["p256"]);
  check_agreement(suites[2], root["ffdhe2048"]);
  check_ffdhe_shares(root["ffdhe2048"]);
  check_ristretto(root["ristretto255"]);
  check_rsa(root["rsa2048"]);
  file.finish();
}

TEST_CASE("both ends of a suite agree, and no wrong size is taken") {
  for (const Suite& suite : suites) {
    CAPTURE(suite.name);
    for (uint8_t i = 1; i < 6; ++i) {
      const ByteArray<32> a = sha256({{{i, 1}}});
      const ByteArray<32> b = sha256({{{i, 2}}});
      Bytes share_a(suite.share_octets);
      Bytes share_b(suite.share_octets);
      REQUIRE(suite.make_public(a, share_a).has_value());
      REQUIRE(suite.make_public(b, share_b).has_value());
      CHECK(share_a != share_b);
      Bytes secret_a(suite.secret_octets);
      Bytes secret_b(suite.secret_octets);
      REQUIRE(suite.derive(a, share_b, secret_a).has_value());
      REQUIRE(suite.derive(b, share_a, secret_b).has_value());
      CHECK(secret_a == secret_b);
      Bytes out(suite.secret_octets);
      for (const size_t size : {size_t{0}, suite.share_octets - 1, suite.share_octets + 1}) {
        check_refused(suite.derive(a, Bytes(size, 4), out));
        Bytes short_share(size);
        check_refused(suite.make_public(a, short_share));
      }
      Bytes short_secret(suite.secret_octets - 1);
      check_refused(suite.derive(a, share_b, short_secret));
    }
  }
}

TEST_CASE("a P-256 seed is a number modulo the order") {
  const char* const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  auto seed = array_of_hex<32>(order);
  Bytes share(65);
  check_refused(p256_public(seed, share));
  check_refused(ecdsa_p256_public(seed));
  seed[31] = static_cast<uint8_t>(seed[31] + 5);
  REQUIRE(p256_public(seed, share).has_value());
  ByteArray<32> five{};
  Bytes of_five(65);
  check_refused(p256_public(five, of_five));
  five[31] = 5;
  REQUIRE(p256_public(five, of_five).has_value());
  CHECK(share == of_five);
  // A signature key is a scalar, not a seed.
  check_refused(ecdsa_p256_public(seed));
  check_refused(ecdsa_p256_sign(seed, {}));
  check_refused(ecdsa_p256_sign(ByteArray<32>{}, {}));
}

TEST_CASE("P-256 points off the curve, or written in another way, are refused") {
  const ByteArray<32> seed = {7};
  Bytes share(65);
  REQUIRE(p256_public(seed, share).has_value());
  Bytes secret(32);
  for (size_t i = 0; i < share.size(); ++i) {
    Bytes bad = share;
    bad[i] ^= 1;
    check_refused(p256_derive(seed, bad, secret));
    check_refused(ecdsa_p256_verify(bad, {}, Bytes(64, 1)));
  }
  for (const uint8_t first :
       std::initializer_list<uint8_t>{0x00, 0x02, 0x03, 0x05, 0x06, 0x07}) {  // infinity … hybrid
    Bytes bad = share;
    bad[0] = first;
    check_refused(p256_derive(seed, bad, secret));
  }
}

TEST_CASE("any one bit changed breaks a signature, and the answer says so") {
  const ByteArray<32> key = sha256({bytes_of("a signature key")});
  const Bytes message = {1, 2, 3};
  const auto check_bits = [&](const Bytes& public_key, const Bytes& signature, auto verify) {
    REQUIRE(verify(public_key, message, signature).has_value());
    for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
      Bytes bad = signature;
      bad[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
      check_refused(verify(public_key, message, bad), ErrorCode::bad_signature);
    }
    for (const size_t size : {size_t{0}, signature.size() - 1}) {
      check_refused(verify(public_key, message, Bytes(size)), ErrorCode::bad_signature);
    }
    check_refused(verify(public_key, Bytes{1, 2}, signature), ErrorCode::bad_signature);
    check_refused(verify(Bytes(public_key.begin(), public_key.end() - 1), message, signature));
  };
  const auto bytes = [](const auto& array) { return Bytes(array.begin(), array.end()); };
  check_bits(bytes(*ed25519_public(key)), bytes(*ed25519_sign(key, message)), ed25519_verify);
  check_bits(bytes(*ecdsa_p256_public(key)), bytes(*ecdsa_p256_sign(key, message)),
             ecdsa_p256_verify);
}

TEST_CASE("CBC: wrong sizes and keys are refused, longer messages chain, in place works") {
  const Bytes key = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
  const Block iv = {9};
  Bytes plain(5 * 512 + 16);
  for (size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<uint8_t>(31 * i);
  Bytes ciphered(plain.size());
  REQUIRE(aes_cbc_encrypt(key, iv, plain, ciphered).has_value());
  // By its definition, block for block.
  Block chain = iv;
  for (size_t at = 0; at < plain.size(); at += 16) {
    for (size_t i = 0; i < 16; ++i) chain[i] ^= plain[at + i];
    chain = *aes_encrypt_block(key, chain);
    CHECK(equal(chain, ByteView(ciphered).subspan(at, 16)));
  }
  Bytes in_place = plain;
  REQUIRE(aes_cbc_encrypt(key, iv, in_place, in_place).has_value());
  CHECK(in_place == ciphered);
  REQUIRE(aes_cbc_decrypt(key, iv, in_place, in_place).has_value());
  CHECK(in_place == plain);
  CHECK(aes_cbc_encrypt(key, iv, {}, {}).has_value());
  Bytes out(16, 0xa5);
  check_refused(aes_cbc_encrypt(key, iv, Bytes(15), MutableByteView(out).first(15)));
  check_refused(aes_cbc_encrypt(key, iv, Bytes(32), out));
  check_refused(aes_cbc_decrypt(key, iv, Bytes(17), MutableByteView(out)));
  for (const size_t size : std::initializer_list<size_t>{0, 8, 15, 17, 31, 33, 64}) {
    check_refused(aes_cbc_encrypt(Bytes(size), iv, Bytes(16), out));
    check_refused(aes_cbc_decrypt(Bytes(size), iv, Bytes(16), out));
    check_refused(aes_encrypt_block(Bytes(size), iv));
    check_refused(aes_cmac(Bytes(size), {}));
  }
  CHECK(out == Bytes(16, 0xa5));
}

TEST_CASE("CMAC over a message longer than the working buffer is the chain of its definition") {
  const Bytes key = from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  for (const size_t size :
       std::initializer_list<size_t>{511, 512, 513, 527, 528, 1023, 1024, 1025, 3000}) {
    CAPTURE(size);
    Bytes message(size);
    for (size_t i = 0; i < size; ++i) message[i] = static_cast<uint8_t>(i * 7 + size);
    // SP 800-38B 6.1 and 6.2, with blocks enciphered one by one.
    Block subkey = *aes_encrypt_block(key, {});
    const auto twice = [](const Block& block) {
      Block out;
      for (size_t i = 0; i < 16; ++i) {
        out[i] = static_cast<uint8_t>(block[i] << 1 | (i < 15 ? block[i + 1] >> 7 : 0));
      }
      if ((block[0] & 0x80) != 0) out[15] ^= 0x87;
      return out;
    };
    subkey = twice(subkey);
    Bytes padded = message;
    if (size % 16 != 0) {
      subkey = twice(subkey);
      padded.push_back(0x80);
      padded.resize((padded.size() + 15) / 16 * 16);
    }
    Block chain{};
    for (size_t at = 0; at < padded.size(); at += 16) {
      for (size_t i = 0; i < 16; ++i) {
        chain[i] ^= padded[at + i];
        if (at + 16 == padded.size()) chain[i] ^= subkey[i];
      }
      chain = *aes_encrypt_block(key, chain);
    }
    CHECK(*aes_cmac(key, {message}) == chain);
  }
}

TEST_CASE("GCM: one changed bit anywhere is bad_mac, long messages too, and nothing comes out") {
  const Bytes key(32, 3);
  const Bytes nonce(12, 4);
  const Bytes associated = {5, 6, 7};
  for (const size_t size : std::initializer_list<size_t>{0, 1, 100, 1024, 1025, 5000}) {
    CAPTURE(size);
    Bytes plain(size, 8);
    Bytes sealed(size + 16);
    REQUIRE(aes_gcm_seal(key, nonce, associated, plain, sealed).has_value());
    Bytes opened(size);
    REQUIRE(aes_gcm_open(key, nonce, associated, sealed, opened).has_value());
    CHECK(opened == plain);
    for (size_t at = 0; at < sealed.size(); at += 1 + sealed.size() / 40) {
      Bytes bad = sealed;
      bad[at] ^= 0x40;
      Bytes out(size, 0xa5);
      check_refused(aes_gcm_open(key, nonce, associated, bad, out), ErrorCode::bad_mac);
      CHECK(out == Bytes(size, 0xa5));
    }
    check_refused(aes_gcm_open(key, nonce, {}, sealed, opened), ErrorCode::bad_mac);
    check_refused(aes_gcm_open(key, Bytes(12, 5), associated, sealed, opened), ErrorCode::bad_mac);
    check_refused(aes_gcm_open(key, Bytes(11), associated, sealed, opened));
    check_refused(aes_gcm_open(Bytes(20), nonce, associated, sealed, opened));
    Bytes one_more(size + 17);
    check_refused(aes_gcm_seal(key, nonce, associated, plain, one_more));
    check_refused(aes_gcm_open(key, nonce, associated, one_more, opened));
  }
}

TEST_CASE("3DES: two keys are K1 K2 K1, the MAC is the last block over zero padding") {
  const Bytes two = from_hex("0123456789abcdef23456789abcdef01");
  const Bytes three = from_hex("0123456789abcdef23456789abcdef010123456789abcdef");
  for (const size_t size : std::initializer_list<size_t>{1, 8, 9, 112, 511, 512, 513, 1100}) {
    CAPTURE(size);
    Bytes message(size);
    for (size_t i = 0; i < size; ++i) message[i] = static_cast<uint8_t>(i + 1);
    Bytes padded = message;
    padded.resize((size + 7) / 8 * 8);
    Bytes by_two(padded.size());
    Bytes by_three(padded.size());
    REQUIRE(tdes_cbc_encrypt(two, padded, by_two).has_value());
    REQUIRE(tdes_cbc_encrypt(three, padded, by_three).has_value());
    CHECK(by_two == by_three);
    CHECK(equal(*tdes_cbc_mac(two, {message}), ByteView(by_two).last(8)));
    check_parts(message, [&](Parts parts) { return *tdes_cbc_mac(two, parts); });
    REQUIRE(tdes_cbc_decrypt(two, by_two, by_two).has_value());
    CHECK(by_two == padded);
  }
  Bytes out(8);
  for (const size_t size : std::initializer_list<size_t>{0, 8, 15, 17, 23, 25}) {
    check_refused(tdes_cbc_encrypt(Bytes(size), Bytes(8), out));
    check_refused(tdes_cbc_decrypt(Bytes(size), Bytes(8), out));
    check_refused(tdes_cbc_mac(Bytes(size), {}));
  }
  check_refused(tdes_cbc_encrypt(two, Bytes(7), MutableByteView(out).first(7)));
  check_refused(tdes_cbc_decrypt(two, Bytes(16), out));
}

TEST_CASE("HKDF gives at most 255 blocks") {
  Bytes out(255 * 32);
  CHECK(hkdf_sha256({}, {}, {}, out).has_value());
  out.push_back(0xa5);
  check_refused(hkdf_sha256({}, {}, {}, out));
  CHECK(out.back() == 0xa5);
}

TEST_CASE("secure_equal is equality of bytes") {
  CHECK(secure_equal({}, {}));
  const Bytes a = {1, 2, 3, 4};
  CHECK(secure_equal(a, Bytes{1, 2, 3, 4}));
  CHECK_FALSE(secure_equal(a, Bytes{1, 2, 3}));
  for (size_t bit = 0; bit < 32; ++bit) {
    Bytes b = a;
    b[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    CHECK_FALSE(secure_equal(a, b));
  }
}

TEST_CASE("threads do not disturb each other") {
  const auto work = [](uint8_t name) {
    Bytes key(32, name);
    Digest chain = sha256({key});
    for (int i = 0; i < 300; ++i) {
      const Block mac = *aes_cmac(ByteView(chain).first(16), {chain});
      Bytes sealed(chain.size() + 16);
      SIMURGH_CHECK(aes_gcm_seal(chain, ByteView(mac).first(12), {}, chain, sealed).has_value());
      chain = hmac_sha256(mac, {sealed});
      SIMURGH_CHECK(aes_cbc_encrypt(ByteView(key).first(16), mac, chain, chain).has_value());
    }
    return chain;
  };
  const size_t count = 4;
  std::vector<Digest> alone;
  for (uint8_t i = 0; i < count; ++i) alone.push_back(work(i));
  std::vector<Digest> together(count);
  std::vector<std::thread> threads;
  for (uint8_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] { together[i] = work(i); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(alone == together);
}
