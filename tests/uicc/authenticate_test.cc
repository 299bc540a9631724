#include <doctest/doctest.h>

#include "crypto/aka.h"
#include "crypto/rand_tag.h"
#include "test_card.h"
#include "uicc/sequence.h"

using namespace simurgh;
using test::TestCard;

namespace {

// The AuC of this chip: what the operator derives from K1 and the chip's numbers (D5).
crypto::AkaKeys auc_keys(const uicc::PrePersonalisation& data) {
  const auto epoch = test::initial_epoch_of(data);
  crypto::AkaKeys keys;
  personalisation::derive_ki(epoch.secret, keys.k.fill(data.authentication.ki_octets));
  if (data.authentication.algorithm == uicc::AuthenticationAlgorithm::tuak) {
    keys.algorithm = crypto::AkaAlgorithm::tuak;
    keys.tuak_iterations = data.authentication.tuak_iterations;
    keys.opc.assign(personalisation::derive_topc(epoch.secret).view());
  } else {
    keys.opc.assign(personalisation::derive_opc(epoch.secret).view());
  }
  return keys;
}

constexpr crypto::Block rand_1 = {0x23, 0x55, 0x3c, 0xbe, 0x96, 0x37, 0xa8, 0x9d};
constexpr crypto::Amf amf = {0x80, 0x00};

std::string challenge(const crypto::Block& rand, const crypto::Autn& autn) {
  return "008800812210" + test::to_hex(rand) + "10" + test::to_hex(autn);
}

uint64_t sqn(uint64_t seq, uint64_t index = 0) {
  return seq << uicc::sequence_index_bits | index;
}

struct Authenticating {
  explicit Authenticating(const uicc::PrePersonalisation& data = test::test_pre_personalisation())
      : keys(auc_keys(data)) {
    card.pre_personalise(data);
    card.select_usim();
    card.verify_pin();
  }
  crypto::AkaVector vector(uint64_t sequence_number) {
    return *crypto::make_vector(keys, rand_1, sequence_number, amf);
  }
  std::string send(uint64_t sequence_number) {
    return card.get(challenge(rand_1, vector(sequence_number).autn));
  }
  crypto::AkaKeys keys;
  TestCard card;
};

std::string success(const crypto::AkaVector& vector) {
  return "db08" + test::to_hex(vector.expected.res) + "10" +
         test::to_hex(vector.expected.ck.view()) + "10" + test::to_hex(vector.expected.ik.view()) +
         "08" + test::to_hex(crypto::gsm_answer_of(vector.expected).kc.view()) + "9000";
}

}  // namespace

TEST_CASE(
    "D3, D5: the chip answers with the Ki_1 that the operator derives, by MILENAGE and TUAK") {
  auto data = test::test_pre_personalisation();
  SUBCASE("MILENAGE") {}
  SUBCASE("TUAK, Ki of 16 octets") {
    data.authentication = {uicc::AuthenticationAlgorithm::tuak, 16, 1};
  }
  SUBCASE("TUAK, Ki of 32 octets, two iterations") {
    data.authentication = {uicc::AuthenticationAlgorithm::tuak, 32, 2};
  }
  Authenticating chip(data);
  CHECK(chip.send(sqn(1)) == success(chip.vector(sqn(1))));
  const auto answer = crypto::answer_challenge(chip.keys, rand_1);
  const auto gsm = crypto::gsm_answer_of(*answer);
  CHECK(chip.card.get("008800801110" + test::to_hex(rand_1)) ==
        "04" + test::to_hex(gsm.sres) + "08" + test::to_hex(gsm.kc.view()) + "9000");
}

TEST_CASE("class A0: RUN GSM ALGORITHM gives SRES and Kc, with 9F0C") {
  TestCard card;
  const auto data = test::test_pre_personalisation();
  card.pre_personalise();
  const std::string run = "a088000010" + test::to_hex(rand_1);
  CHECK(card.send(run) == "9808");
  CHECK(card.get("a0a40000027f20").ends_with("9000"));
  CHECK(card.send(run) == "9804");
  CHECK(card.send("a020000108 30303030ffffffff") == "9000");
  CHECK(card.send(run) == "9f0c");
  const auto gsm = crypto::gsm_answer_of(*crypto::answer_challenge(auc_keys(data), rand_1));
  CHECK(card.send("a0c000000c") == test::to_hex(gsm.sres) + test::to_hex(gsm.kc.view()) + "9000");
}

TEST_CASE("TS 33.102 annex C: each SEQ once per index, resynchronisation carries the highest") {
  Authenticating chip;
  CHECK(chip.send(sqn(5, 1)).starts_with("db"));
  CHECK(chip.send(sqn(5, 1)).starts_with("dc"));  // again
  CHECK(chip.send(sqn(4, 1)).starts_with("dc"));  // older
  CHECK(chip.send(sqn(4, 2)).starts_with("db"));  // older, but another index
  CHECK(chip.send(sqn(7, 3)).starts_with("db"));
  const std::string answer = chip.send(sqn(6, 3));
  REQUIRE(answer.starts_with("dc0e"));
  crypto::Auts auts;
  const auto bytes = test::from_hex(answer.substr(4, 28));
  std::copy(bytes.begin(), bytes.end(), auts.begin());
  CHECK(*crypto::open_auts(chip.keys, rand_1, auts) == sqn(7, 3));
  chip.card.reset();
  chip.card.select_usim();
  chip.card.verify_pin();
  CHECK(chip.send(sqn(7, 3)).starts_with("dc"));  // kept over power
  CHECK(chip.send(sqn(8, 3)).starts_with("db"));
}

TEST_CASE("T-CTR-EXHAUST: one leap of the sequence number cannot use it up") {
  Authenticating chip;
  CHECK(chip.send(sqn(100)).starts_with("db"));
  CHECK(chip.send((1ull << 48) - 1).starts_with("dc"));
  CHECK(chip.send(sqn(100 + uicc::sequence_leap_max + 1)).starts_with("dc"));
  CHECK(chip.send(sqn(101)).starts_with("db"));
  CHECK(chip.send(sqn(101 + uicc::sequence_leap_max)).starts_with("db"));
}

TEST_CASE("T-FALSE-BTS: bogus challenges change nothing, and the next genuine one succeeds") {
  Authenticating chip;
  CHECK(chip.send(sqn(1)).starts_with("db"));
  const uint64_t written = chip.card.nv.granules_written();
  test::SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::string answer = chip.card.send(challenge(random.array<16>(), random.array<16>()));
    REQUIRE(answer == "9862");
  }
  CHECK(chip.card.nv.granules_written() == written);  // no counter of any kind
  CHECK(chip.send(sqn(2)) == success(chip.vector(sqn(2))));
}

TEST_CASE("AUTHENTICATE wants the USIM, PIN1, and well-formed data") {
  TestCard card;
  card.pre_personalise();
  const std::string good = challenge(rand_1, {});
  CHECK(card.send(good) == "6985");
  card.select_usim();
  CHECK(card.send(good) == "6982");
  card.verify_pin();
  CHECK(card.send(good) == "9862");
  CHECK(card.send("0088008121"
                  "10" +
                  test::to_hex(rand_1) + "0f" + std::string(30, '0')) == "6a80");
  CHECK(card.send("0088008111"
                  "10" +
                  test::to_hex(rand_1)) == "6700");
  CHECK(card.send("0088008211"
                  "10" +
                  test::to_hex(rand_1)) == "6a86");
  CHECK(card.send("00880081020501") == "6700");
  CHECK(card.send("0088008100") == "6700");
}

TEST_CASE("I2: a power cut at any granule of AUTHENTICATE lets no SQN be used twice") {
  Authenticating start;
  REQUIRE(start.send(sqn(1)).starts_with("db"));
  const std::string second = challenge(rand_1, start.vector(sqn(2)).autn);
  uint64_t cuts = 0;
  for (const uicc::Cut how : uicc::every_cut) {
    for (uint64_t n = 0;; ++n) {
      TestCard card;
      card.memory = start.card.memory;
      card.reset();
      card.select_usim();
      card.verify_pin();
      card.nv.cut_at(n, how);
      if (card.send(second) != "-") break;
      ++cuts;  // no answer was given: the challenge may be spent or not
      card.nv.power_on();
      card.reset();
      card.select_usim();
      card.verify_pin();
      const std::string again = card.get(second);
      CHECK((again.starts_with("db") || again.starts_with("dc")));
      CHECK(card.get(second).starts_with("dc"));
    }
  }
  CHECK(cuts >= 4 * 5);
}
