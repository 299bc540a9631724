// The key store over key material, as the simulator and the file have it.
#include "crypto/key_material.h"

#include "arrays.h"
#include "crypto/known_test_keys.h"
#include "crypto/memory_key_store.h"
#include "source_folder.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::crypto;
using namespace simurgh::test;

namespace {

Bytes rsa_key() {
  VectorFile file("primitives.json");
  return file.root()["rsa2048"]["private"].hex();
}

Bytes seal(KeyStore& store, const Bytes& identity, const Bytes& plain) {
  Bytes sealed(plain.size() + KeyStore::seal_overhead_octets);
  const auto written = store.seal(identity, plain, sealed);
  REQUIRE(written.has_value());
  CHECK(written->size() == sealed.size());
  return sealed;
}

}  // namespace

TEST_CASE("T-ROW-SWAP: a sealed value opens in its own row and store, and unchanged, only") {
  MemoryKeyStore store(1);
  const Bytes identity = {1, 2, 3};
  const Bytes plain = {9, 8, 7, 6};
  const Bytes sealed = seal(store, identity, plain);
  Bytes room(plain.size());
  const auto opened = store.open(identity, sealed, room);
  REQUIRE(opened.has_value());
  CHECK(equal(*opened, plain));
  const auto is_bad_mac = [&](KeyStore& by, const Bytes& row, const Bytes& value) {
    Bytes out(100, 0xa5);
    const auto result = by.open(row, value, out);
    return !result.has_value() && result.error().code == ErrorCode::bad_mac &&
           out == Bytes(100, 0xa5);
  };
  CHECK(is_bad_mac(store, {1, 2, 4}, sealed));
  CHECK(is_bad_mac(store, {1, 2}, sealed));
  CHECK(is_bad_mac(store, {}, sealed));
  MemoryKeyStore other(2);
  CHECK(is_bad_mac(other, identity, sealed));
  for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    Bytes bad = sealed;
    bad[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    CHECK(is_bad_mac(store, identity, bad));
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    CHECK(is_bad_mac(store, identity, Bytes(sealed.begin(), sealed.begin() + long(size))));
  }
}

TEST_CASE("T-CLONE-VM: no nonce is used for two values, whoever seals again after a restore") {
  MemoryKeyStore store(1);
  MemoryKeyStore clone(1);
  const auto nonce = [](const Bytes& sealed) { return Bytes(sealed.begin(), sealed.begin() + 12); };
  const Bytes a = seal(store, {1}, {1});
  CHECK(seal(clone, {1}, {1}) == a);
  CHECK(nonce(seal(clone, {1}, {2})) != nonce(a));
  CHECK(nonce(seal(clone, {2}, {1})) != nonce(a));
  // The same octets, cut elsewhere between identity and value.
  CHECK(nonce(seal(store, {1, 2}, {3})) != nonce(seal(store, {1}, {2, 3})));
}

TEST_CASE("sealing and opening need room, and say so") {
  MemoryKeyStore store(1);
  Bytes small(3 + KeyStore::seal_overhead_octets - 1);
  CHECK(store.seal({}, Bytes(3), small).error().code == ErrorCode::no_space);
  const Bytes sealed = seal(store, {}, {1, 2, 3});
  Bytes room(2);
  CHECK(store.open({}, sealed, room).error().code == ErrorCode::no_space);
  CHECK(seal(store, {}, {}).size() == KeyStore::seal_overhead_octets);
}

TEST_CASE("D2: K1 follows from the master key and VER alone") {
  MemoryKeyStore store(1);
  MemoryKeyStore same(1);
  MemoryKeyStore other(2);
  const auto k1 = [](KeyStore& by, std::string_view ver) {
    return to_hex(by.k1_of_version(bytes_of(ver))->view());
  };
  CHECK(k1(store, "V1").size() == 64);
  CHECK(k1(store, "V1") == k1(same, "V1"));
  CHECK(k1(store, "V1") != k1(store, "V2"));
  CHECK(k1(store, "V1") != k1(store, "V"));
  CHECK(k1(store, "V1") != k1(other, "V1"));
}

TEST_CASE("every signature scheme signs what its public key verifies") {
  MemoryKeyStore store(3, rsa_key());
  const Bytes message = {1, 2, 3};
  const auto check_scheme = [&](SignatureScheme scheme, auto verify) {
    const auto key = store.public_key(scheme);
    const auto signature = store.sign(scheme, message);
    REQUIRE(key.has_value());
    REQUIRE(signature.has_value());
    CHECK(verify(*key, message, *signature).has_value());
    CHECK_FALSE(verify(*key, Bytes{1, 2}, *signature).has_value());
    CHECK(*store.sign(scheme, message) == *signature);  // a retry sends the same octets
  };
  check_scheme(SignatureScheme::ed25519, ed25519_verify);
  check_scheme(SignatureScheme::ecdsa_p256, ecdsa_p256_verify);
  check_scheme(SignatureScheme::rsa2048_pss, rsa2048_verify);
  MemoryKeyStore without(3);
  CHECK(without.sign(SignatureScheme::rsa2048_pss, message).error().code == ErrorCode::unsupported);
  CHECK(without.public_key(SignatureScheme::rsa2048_pss).error().code == ErrorCode::unsupported);
  CHECK(*without.public_key(SignatureScheme::ed25519) ==
        *store.public_key(SignatureScheme::ed25519));
}

TEST_CASE("key material that cannot be used is refused") {
  KeyMaterial material = MemoryKeyStore(1).material();
  CHECK(check(material).has_value());
  for (Key256 KeyMaterial::* key :
       {&KeyMaterial::master, &KeyMaterial::column, &KeyMaterial::ed25519, &KeyMaterial::p256}) {
    KeyMaterial bad = material;
    (bad.*key).clear();
    CHECK(check(bad).error().code == ErrorCode::bad_length);
    bad.*key = Key256(ByteView(Bytes(31)));
    CHECK(check(bad).error().code == ErrorCode::bad_length);
  }
  KeyMaterial bad = material;
  bad.p256.assign(Bytes(32));
  CHECK(check(bad).error().code == ErrorCode::bad_value);
  bad = material;
  bad.rsa_private.assign(Bytes(100, 1));
  CHECK(check(bad).error().code == ErrorCode::bad_value);
}

TEST_CASE("T-NO-DEFAULT-KEYS: published keys and patterns are known, others are not") {
  const auto check_known = [](const Bytes& key, const std::string& name) {
    const Digest digest = sha256({key});
    const std::string entry = "0x" + to_hex(ByteView(digest).first(8));
    CAPTURE(name);
    CAPTURE(entry);  // what to add to known_test_keys.cc
    CHECK(is_known_test_key(key));
    Bytes near = key;
    near[5] ^= 0x10;
    CHECK_FALSE(is_known_test_key(near));
  };
  std::ifstream list(source_folder() + "/tools/known_test_keys.txt");
  REQUIRE(list.good());
  int listed = 0;
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line[0] == '#') continue;
    check_known(from_hex(line.substr(0, line.find(' '))), line);
    ++listed;
  }
  CHECK(listed > 10);
  VectorFile milenage("milenage.json");
  for (const char* name : {"ts35208", "ts35207"}) {
    for (const Vector& set : milenage.root()[name].elements()) {
      for (const char* field : {"k", "op", "opc"}) check_known(set[field].hex(), field);
    }
  }
  VectorFile tuak("tuak.json");
  for (const Vector& set : tuak.root()["sets"].elements()) {
    check_known(set["in"]["k"].hex(), "TUAK K");
    check_known(set["in"]["top"].hex(), "TUAK TOP");
    check_known(set["out"]["topc"].hex(), "TUAK TOPc");
  }
  for (const size_t size : std::initializer_list<size_t>{8, 16, 24, 32}) {
    for (const size_t first : std::initializer_list<size_t>{0x00, 0x01, 0x55, 0xaa, 0xff}) {
      for (const size_t step : std::initializer_list<size_t>{0, 1, 0x11, 0x22, 0xff}) {
        Bytes pattern(size);
        for (size_t i = 0; i < size; ++i) pattern[i] = static_cast<uint8_t>(first + i * step);
        check_known(pattern, "pattern");
      }
    }
  }
  CHECK(is_known_test_key({}));
  CHECK(is_known_test_key(from_hex("8f3a11c2d9e07b")));  // seven octets are no key
  const MemoryKeyStore store(1);
  CHECK_FALSE(is_known_test_key(store.material().master.view()));
}
