// MILENAGE, TUAK and COMP128 against every set of tests/vectors, and what AuC and USIM make of
// them (rows D7 and D12 rest on these; threats row 4).
#include "crypto/aka.h"

#include "arrays.h"
#include "crypto/comp128.h"
#include "crypto/milenage.h"
#include "crypto/tuak.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::crypto;
using namespace simurgh::test;

namespace {

void check_milenage(const Vector& set) {
  const int64_t number = set["set"].integer();
  CAPTURE(number);
  CHECK(set["verified"].boolean());
  const Bytes k = set["k"].hex();
  const Bytes opc = set["opc"].hex();
  const auto rand = array_of<16>(set["rand"].hex());
  CHECK(to_hex(milenage_opc(k, set["op"].hex()).view()) == set["opc"].text());
  const MilenageKeys keys{k, opc};
  const MilenageMacs macs =
      milenage_f1(keys, rand, array_of<6>(set["sqn"].hex()), array_of<2>(set["amf"].hex()));
  CHECK(to_hex(macs.a) == set["f1"].text());
  CHECK(to_hex(macs.s) == set["f1_star"].text());
  const MilenageOutputs outputs = milenage_f2345(keys, rand);
  CHECK(to_hex(outputs.res) == set["f2"].text());
  CHECK(to_hex(outputs.ck.view()) == set["f3"].text());
  CHECK(to_hex(outputs.ik.view()) == set["f4"].text());
  CHECK(to_hex(outputs.ak) == set["f5"].text());
  CHECK(to_hex(milenage_f5_star(keys, rand)) == set["f5_star"].text());
}

uint8_t octets_of(const Vector& value) {
  return static_cast<uint8_t>(value.hex().size());
}

void check_tuak(const Vector& set) {
  const std::string name = set["name"].text();
  CAPTURE(name);
  CHECK(set["verified"].boolean());
  const Vector in = set["in"];
  const Vector out = set["out"];
  const Bytes k = in["k"].hex();
  const auto iterations = static_cast<uint8_t>(set["keccak_iterations"].integer());
  const Key256 topc = tuak_topc(k, in["top"].hex(), iterations);
  CHECK(to_hex(topc.view()) == out["topc"].text());
  const TuakLengths lengths = {octets_of(out["f1"]), octets_of(out["f2"]), octets_of(out["f3"]),
                               octets_of(out["f4"])};
  REQUIRE(is_tuak_lengths(lengths));
  const TuakKeys keys{k, topc.view(), iterations, lengths};
  const auto rand = array_of<16>(in["rand"].hex());
  const auto sqn = array_of<6>(in["sqn"].hex());
  const auto amf = array_of<2>(in["amf"].hex());
  CHECK(to_hex(tuak_f1(keys, rand, sqn, amf)) == out["f1"].text());
  CHECK(to_hex(tuak_f1_star(keys, rand, sqn, amf)) == out["f1star"].text());
  const TuakOutputs outputs = tuak_f2345(keys, rand);
  CHECK(to_hex(outputs.res) == out["f2"].text());
  CHECK(to_hex(outputs.ck.view()) == out["f3"].text());
  CHECK(to_hex(outputs.ik.view()) == out["f4"].text());
  CHECK(to_hex(outputs.ak) == out["f5"].text());
  CHECK(to_hex(tuak_f5_star(keys, rand)) == out["f5star"].text());
}

void check_comp128(Comp128Version version, const Bytes& ki, const Vector& one) {
  const GsmAnswer answer = comp128(version, ki, array_of<16>(one["rand"].hex()));
  CHECK(to_hex(answer.sres) == one["sres"].text());
  CHECK(to_hex(answer.kc.view()) == one["kc"].text());
}

// TS 35.208 set 1, and the same lengths for TUAK.
AkaKeys keys_of(AkaAlgorithm algorithm) {
  AkaKeys keys;
  keys.algorithm = algorithm;
  keys.k.assign(from_hex("465b5ce8b199b49faa5f0a2ee238a6bc"));
  if (algorithm == AkaAlgorithm::milenage) {
    keys.opc.assign(from_hex("cd63cb71954a9f4e48a5994e37a02baf"));
  } else {
    keys.opc.assign(Bytes(32, 0x5c));
  }
  return keys;
}
const auto set_1_rand = array_of_hex<16>("23553cbe9637a89d218ae64dae47bf35");
constexpr uint64_t set_1_sqn = 0xff9bb4d0b607;
const Amf set_1_amf = {0xb9, 0xb9};

}  // namespace

TEST_CASE("T-A3A8-FLOOR: MILENAGE gives what TS 35.207 and TS 35.208 say, all sets") {
  VectorFile file("milenage.json");
  file.root()["note"].skip("words");
  for (const char* name : {"ts35208", "ts35207"}) {
    for (const Vector& set : file.root()[name].elements()) check_milenage(set);
  }
  CHECK(file.root()["ts35208"].size() == 19);
  file.finish();
}

TEST_CASE("T-A3A8-FLOOR: TUAK gives what TS 35.233 says, all sets") {
  VectorFile file("tuak.json");
  for (const Vector& set : file.root()["sets"].elements()) check_tuak(set);
  CHECK(file.root()["sets"].size() == 6);
  file.finish();
}

TEST_CASE("T-A3A8-FLOOR: COMP128 versions 1, 2 and 3 give what two other programs give") {
  VectorFile file("comp128.json");
  const Vector root = file.root();
  for (const Vector& one : root["v1"].elements()) {
    CHECK(one["two_implementations_agree"].boolean());
    check_comp128(Comp128Version::v1, one["ki"].hex(), one);
  }
  const Bytes ki = root["v2_v3_ki"].hex();
  for (const Vector& one : root["v2"].elements()) check_comp128(Comp128Version::v2, ki, one);
  for (const Vector& one : root["v3"].elements()) check_comp128(Comp128Version::v3, ki, one);
  file.finish();
}

TEST_CASE("TUAK lengths: what the specification has and nothing else") {
  CHECK(is_tuak_lengths({}));
  const auto is_mac = [](uint8_t n) { return n == 8 || n == 16 || n == 32; };
  const auto is_key = [](uint8_t n) { return n == 16 || n == 32; };
  for (int i = 0; i < 256; ++i) {
    const auto n = static_cast<uint8_t>(i);
    CHECK(is_tuak_lengths({.mac_octets = n}) == is_mac(n));
    CHECK(is_tuak_lengths({.res_octets = n}) == (n == 4 || is_mac(n)));
    CHECK(is_tuak_lengths({.ck_octets = n}) == is_key(n));
    CHECK(is_tuak_lengths({.ik_octets = n}) == is_key(n));
  }
}

TEST_CASE("a vector of TS 35.208 set 1 is AUTN, RES, CK and IK of the set") {
  const AkaKeys keys = keys_of(AkaAlgorithm::milenage);
  const auto vector = make_vector(keys, set_1_rand, set_1_sqn, set_1_amf);
  REQUIRE(vector.has_value());
  CHECK(to_hex(vector->expected.res) == "a54211d5e3ba50bf");
  CHECK(to_hex(vector->expected.ck.view()) == "b40ba9a3c58b2a05bbf0d987b21bf8cb");
  CHECK(to_hex(vector->expected.ik.view()) == "f769bcd751044604127672711c6d3441");
  // SQN xor AK, AMF, MAC-A.
  CHECK(to_hex(vector->autn) == "55f328b43577b9b94a9ffac354dfafb3");
}

TEST_CASE("a USIM opens what the AuC made, and refuses every changed bit of it") {
  for (const auto algorithm : {AkaAlgorithm::milenage, AkaAlgorithm::tuak}) {
    const AkaKeys keys = keys_of(algorithm);
    const auto vector = make_vector(keys, set_1_rand, set_1_sqn, set_1_amf);
    REQUIRE(vector.has_value());
    const auto challenge = open_challenge(keys, set_1_rand, vector->autn);
    REQUIRE(challenge.has_value());
    CHECK(challenge->sequence_number == set_1_sqn);
    CHECK(challenge->amf == set_1_amf);
    CHECK(challenge->answer.res == vector->expected.res);
    CHECK(equal(challenge->answer.ck.view(), vector->expected.ck.view()));
    CHECK(equal(challenge->answer.ik.view(), vector->expected.ik.view()));
    CHECK(answer_challenge(keys, set_1_rand)->res == vector->expected.res);
    for (size_t bit = 0; bit < 128; ++bit) {
      const auto flip = [&](Block block) {
        block[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
        return block;
      };
      const auto of_autn = open_challenge(keys, set_1_rand, flip(vector->autn));
      REQUIRE_FALSE(of_autn.has_value());
      CHECK(of_autn.error().code == ErrorCode::bad_mac);
      CHECK_FALSE(open_challenge(keys, flip(set_1_rand), vector->autn).has_value());
      AkaKeys other = keys;
      other.k.assign(flip(array_of<16>(keys.k.view())));
      CHECK_FALSE(open_challenge(other, set_1_rand, vector->autn).has_value());
    }
  }
}

TEST_CASE("resynchronisation: AUTS says the sequence number, and refuses every changed bit") {
  for (const auto algorithm : {AkaAlgorithm::milenage, AkaAlgorithm::tuak}) {
    const AkaKeys keys = keys_of(algorithm);
    for (const uint64_t number : {uint64_t{0}, set_1_sqn, sequence_number_limit - 1}) {
      const auto auts = make_auts(keys, set_1_rand, number);
      REQUIRE(auts.has_value());
      CHECK(*open_auts(keys, set_1_rand, *auts) == number);
      for (size_t bit = 0; bit < 8 * auts->size(); ++bit) {
        Auts bad = *auts;
        bad[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
        const auto opened = open_auts(keys, set_1_rand, bad);
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().code == ErrorCode::bad_mac);
      }
    }
  }
}

TEST_CASE("AUTS is SQN xor AK* and MAC-S with an AMF of zeros") {
  const AkaKeys keys = keys_of(AkaAlgorithm::milenage);
  const MilenageKeys milenage{keys.k.view(), keys.opc.view()};
  const auto auts = make_auts(keys, set_1_rand, set_1_sqn);
  const ByteArray<6> sqn = array_of_hex<6>("ff9bb4d0b607");
  const ByteArray<6> ak = array_of_hex<6>("451e8beca43b");  // f5* of set 1
  for (size_t i = 0; i < 6; ++i) CHECK((*auts)[i] == (sqn[i] ^ ak[i]));
  CHECK(equal(milenage_f1(milenage, set_1_rand, sqn, {0, 0}).s, ByteView(*auts).subspan(6)));
}

TEST_CASE("conversion to 2G: c2 adds the words of RES, c3 the halves of CK and IK") {
  const auto answer = answer_challenge(keys_of(AkaAlgorithm::milenage), set_1_rand);
  const GsmAnswer gsm = gsm_answer_of(*answer);
  // TS 55.205 4, set 1: SRES and Kc of GSM-MILENAGE, which are these conversions.
  CHECK(to_hex(gsm.sres) == "46f8416a");
  CHECK(to_hex(gsm.kc.view()) == "eae4be823af9a08b");
}

TEST_CASE("keys that do not fit their algorithm are refused") {
  const auto code = [](AkaAlgorithm algorithm, size_t k, size_t opc, uint8_t iterations = 1) {
    AkaKeys keys;
    keys.algorithm = algorithm;
    keys.tuak_iterations = iterations;
    keys.k.assign(Bytes(k, 1));
    keys.opc.assign(Bytes(opc, 2));
    const auto checked = check(keys);
    CHECK(make_vector(keys, {}, 0, {}).has_value() == checked.has_value());
    CHECK(answer_challenge(keys, {}).has_value() == checked.has_value());
    CHECK(make_auts(keys, {}, 0).has_value() == checked.has_value());
    CHECK(open_challenge(keys, {}, {}).error().code ==
          (checked.has_value() ? ErrorCode::bad_mac : checked.error().code));
    CHECK(open_auts(keys, {}, {}).error().code ==
          (checked.has_value() ? ErrorCode::bad_mac : checked.error().code));
    return checked.has_value() ? ErrorCode::closed : checked.error().code;
  };
  using enum AkaAlgorithm;
  CHECK(code(milenage, 16, 16) == ErrorCode::closed);
  CHECK(code(tuak, 16, 32) == ErrorCode::closed);
  CHECK(code(tuak, 32, 32) == ErrorCode::closed);
  CHECK(code(milenage, 32, 16) == ErrorCode::bad_length);
  CHECK(code(milenage, 16, 32) == ErrorCode::bad_length);
  CHECK(code(milenage, 0, 0) == ErrorCode::bad_length);
  CHECK(code(tuak, 16, 16) == ErrorCode::bad_length);
  CHECK(code(tuak, 24, 32) == ErrorCode::bad_length);
  CHECK(code(tuak, 16, 32, 0) == ErrorCode::bad_value);
  const AkaKeys good = keys_of(milenage);
  CHECK(make_vector(good, {}, sequence_number_limit, {}).error().code == ErrorCode::bad_value);
  CHECK(make_auts(good, {}, sequence_number_limit).error().code == ErrorCode::bad_value);
}
