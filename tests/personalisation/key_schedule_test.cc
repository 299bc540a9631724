// The key schedule against values from an independent program (tests/personalisation/reference.py,
// Python's hmac), and what must be different from what.
#include "conversations/personalisation/key_schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "conversations/personalisation/labels.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;
using test::from_hex;
using test::to_hex;

namespace {

Key256 secret_of(uint8_t fill) {
  Key256 secret;
  for (uint8_t& octet : secret.fill(32)) octet = fill++;
  return secret;
}

std::string hex_ki(const Key256& secret, size_t octets) {
  Bytes ki(octets);
  derive_ki(secret, ki);
  return to_hex(ki);
}

}  // namespace

TEST_CASE("D2 D3: the path from K1 to a key, as the independent program computes it") {
  const ChipIdentity chip = test_identity();
  const Key256 own = chip_key(secret_of(0), chip);
  CHECK(to_hex(own.view()) == "2d12ec63737b7bd4a1da6f039237c8dd7820d3b5dafc1c24fec738536a0c3e65");
  const Epoch e0 = initial_epoch(own, 1);
  CHECK(to_hex(e0.secret.view()) ==
        "8a4bca9609f4470c5eccbcbb150e08e0ab8b2662fbea425b727d12665ed5f906");
  CHECK(e0.number == 0);
  CHECK(e0.puk_secret.empty());
}

TEST_CASE("D7: what an epoch gives, as the independent program computes it") {
  const Key256 secret = secret_of(0x40);
  CHECK(hex_ki(secret, 16) == "32c609fed5c330ca46911643534fcb35");
  CHECK(hex_ki(secret, 32) == "e4a290b7e6f3082090b71530363c4e914a54804001b3f95d91ee13430f5f1104");
  CHECK(hex_ki(secret, 64) ==
        "2fe417b4480cec75bff9fb05edd7a424bef2b05d0ffcce33fc472ad6eea46779cd60bbd7484e108152f34c7370"
        "428d4fd74e95657cef5c58563d6d6daf078c72");
  CHECK(to_hex(derive_opc(secret).view()) == "5077cf92e599bb86ba2c83908d0bca96");
  CHECK(to_hex(derive_topc(secret).view()) ==
        "6839b5d0c11480a461a420701a1248d406822e76b91bfc09d697489feb9816f3");
  CHECK(to_hex(derive_ota_keys(secret, Direction::to_chip).kic.view()) ==
        "695e60e193b32d1468de678e10cf1ea8");
  CHECK(to_hex(derive_ota_keys(secret, Direction::to_chip).kid.view()) ==
        "b6e41fc8ddc44fa5fc683da2085d5b18");
  CHECK(to_hex(derive_ota_keys(secret, Direction::from_chip).kic.view()) ==
        "cd6865e8b959df28f3eb69ba52039f8a");
  CHECK(to_hex(derive_ota_keys(secret, Direction::from_chip).kid.view()) ==
        "f616515c375e33a4dc878570b47b3c1d");
  CHECK(to_hex(derive_psk(secret).view()) ==
        "2b72f5befeb25f64f1c2c4c48c04ca563e6d673102a7f0014984943d68b40217");
  CHECK(text_of(derive_psk_identity(secret)) == "04da1e6bccc2bc8aef0a2b000d887ea0");
  CHECK(to_hex(derive_renegotiation_secret(secret).view()) ==
        "a1188a573156bf494be5b49ab98078e0f2e78224313ed27b72592e9c323f5b79");
  CHECK(to_hex(derive_rand_tag_key(secret).view()) ==
        "af235737949b50ec18d1334a06fcaf14300b149aaa5ce56d44e414ed0f992729");
  ByteArray<12> random;
  for (uint8_t i = 0; i < 12; ++i) random[i] = i;
  CHECK(to_hex(tag_rand(secret, random)) == "000102030405060708090a0bfb886f99");
  CHECK(to_hex(derive_puk_secret(secret).view()) ==
        "fc7e647fe52c86c7859505d9b58efe8330752d33e7b02be6222da82a9b8ff653");
  CHECK(text_of(derive_puk(secret)) == "97160288");
  CHECK(text_of(derive_pin(secret)) == "4386");
}

TEST_CASE("D7: every derivation of one secret is different, lengths included") {
  const Key256 secret = secret_of(0x40);
  std::set<std::string> heads;
  int count = 0;
  const auto add = [&](ByteView value) {
    heads.insert(to_hex(value.first(8)));
    ++count;
  };
  for (const size_t octets : {8u, 16u, 24u, 32u, 64u}) add(from_hex(hex_ki(secret, octets)));
  add(derive_opc(secret).view());
  add(derive_topc(secret).view());
  for (const Direction direction : {Direction::to_chip, Direction::from_chip}) {
    const OtaKeys keys = derive_ota_keys(secret, direction);
    add(keys.kic.view());
    add(keys.kid.view());
  }
  add(derive_psk(secret).view());
  add(from_hex(text_of(derive_psk_identity(secret))));
  add(derive_renegotiation_secret(secret).view());
  add(derive_rand_tag_key(secret).view());
  add(derive_puk_secret(secret).view());
  add(secret.view());
  CHECK(heads.size() == static_cast<size_t>(count));
}

TEST_CASE("D3 D10: the chip's key depends on who it is, epoch 0 on the life as well") {
  const Key256 k1 = secret_of(0);
  std::set<std::string> seen;
  ChipIdentity chip = test_identity();
  seen.insert(to_hex(chip_key(k1, chip).view()));
  chip.iccid = *Iccid::parse("8949012345678901236");
  seen.insert(to_hex(chip_key(k1, chip).view()));
  chip = test_identity();
  chip.imsi = *Imsi::parse("001010123456780");
  seen.insert(to_hex(chip_key(k1, chip).view()));
  chip = test_identity();
  chip.ver[7] ^= 1;
  seen.insert(to_hex(chip_key(k1, chip).view()));
  seen.insert(to_hex(chip_key(secret_of(1), test_identity()).view()));
  // Digits moved from one number to its neighbour.
  chip.iccid = *Iccid::parse("894901234567890123");
  chip.imsi = *Imsi::parse("500101012345678");
  seen.insert(to_hex(chip_key(k1, chip).view()));
  for (uint32_t life = 0; life < 5; ++life) {
    seen.insert(to_hex(initial_epoch(chip_key(k1, test_identity()), life).secret.view()));
  }
  CHECK(seen.size() == 11);
}

TEST_CASE("2G: a tagged RAND names its epoch, and no other one") {
  TestRandom random(1);
  const Key256 a = secret_of(1), b = secret_of(2);
  for (int i = 0; i < 200; ++i) {
    const auto rand = tag_rand(a, random.array<12>());
    CHECK(check_rand_tag(a, rand));
    CHECK(!check_rand_tag(b, rand));
    for (size_t at = 0; at < 16; ++at) {
      auto wrong = rand;
      wrong[at] ^= 1;
      CHECK(!check_rand_tag(a, wrong));
    }
  }
}

TEST_CASE(
    "D7: PUK and PIN are uniform over their digits, and never the ones of a chip in the shop") {
  TestRandom random(7);
  int puk_digits_seen[puk_digits][10] = {};
  int first_pin_digit[10] = {};
  constexpr int rounds = 5000;
  for (int i = 0; i < rounds; ++i) {
    Key256 secret;
    random.fill(secret.fill(32));
    const auto puk = derive_puk(secret);
    for (size_t at = 0; at < puk_digits; ++at) ++puk_digits_seen[at][puk[at] - '0'];
    CHECK(text_of(puk) != "00000000");
    const auto pin = derive_pin(secret);
    CHECK(text_of(pin) != "0000");
    ++first_pin_digit[pin[0] - '0'];
  }
  for (const auto& position : puk_digits_seen) {
    for (const int count : position) {
      CHECK(count > rounds / 10 - 110);  // five standard deviations
      CHECK(count < rounds / 10 + 110);
    }
  }
  for (const int count : first_pin_digit) CHECK(std::abs(count - rounds / 10) < 110);
}

TEST_CASE("proofs of an epoch: one for each type, chip, life and epoch; deterministic") {
  Epoch epoch;
  epoch.number = 3;
  epoch.secret = secret_of(9);
  const ChipIdentity chip = test_identity();
  for (const MessageType type : {MessageType::prepared, MessageType::commit, MessageType::done}) {
    const Message proof = make_confirmation(type, chip, 1, epoch);
    CHECK(proof == make_confirmation(type, chip, 1, epoch));
    CHECK(check_confirmation(proof, type, chip, 1, epoch).has_value());
    for (const MessageType other :
         {MessageType::prepared, MessageType::commit, MessageType::done}) {
      if (other == type) continue;
      CHECK(failed_with(check_confirmation(proof, other, chip, 1, epoch), ErrorCode::bad_value));
      Bytes relabelled(proof.begin(), proof.end());
      relabelled[1] = static_cast<uint8_t>(other);
      CHECK(failed_with(check_confirmation(relabelled, other, chip, 1, epoch), ErrorCode::bad_mac));
    }
    CHECK(failed_with(check_confirmation(proof, type, chip, 2, epoch), ErrorCode::bad_value));
    Epoch other = epoch;
    other.secret = secret_of(10);
    CHECK(failed_with(check_confirmation(proof, type, chip, 1, other), ErrorCode::bad_mac));
    other = epoch;
    other.number = 4;
    CHECK(failed_with(check_confirmation(proof, type, chip, 1, other), ErrorCode::bad_value));
    ChipIdentity foreign = chip;
    foreign.imsi = *Imsi::parse("001010123456780");
    CHECK(failed_with(check_confirmation(proof, type, foreign, 1, epoch), ErrorCode::bad_mac));
    for (size_t at = 0; at < proof.size(); ++at) {
      Bytes changed(proof.begin(), proof.end());
      changed[at] ^= 0x10;
      CHECK(!check_confirmation(changed, type, chip, 1, epoch).has_value());
    }
  }
}

TEST_CASE("threats row 39: parts of a MAC and of a hash cannot be moved across their borders") {
  const auto secret = secret_of(1);
  const auto a = from_hex("aabb"), b = from_hex("cc"), ab = from_hex("aabbcc"), none = Bytes();
  const auto mac = [&](const crypto::KeyLabel& label, crypto::Parts parts) {
    return make_mac(secret.view(), label, parts);
  };
  CHECK(mac(label::mac_m1, {a, b}) != mac(label::mac_m1, {ab}));
  CHECK(mac(label::mac_m1, {ab, none}) != mac(label::mac_m1, {ab}));
  CHECK(mac(label::mac_m1, {ab, none}) != mac(label::mac_m1, {none, ab}));
  CHECK(mac(label::mac_m2, {ab}) != mac(label::mac_m1, {ab}));
  CHECK(labelled_hash("label", {a, b}) != labelled_hash("label", {ab}));
  CHECK(labelled_hash("label", {a}) != labelled_hash("labels", {a}));
}
