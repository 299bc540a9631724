#include "uicc/pins.h"

#include <algorithm>

#include "test_card.h"
#include "uicc/inspect.h"

using namespace simurgh;
using test::TestCard;
using uicc::Cut;

namespace {

const std::string right = "0020000108 30303030ffffffff";
const std::string wrong = "0020000108 39393939ffffffff";
const std::string puk_default = "3030303030303030";

uicc::PinState pin1_of(TestCard& card) {
  const auto seen = uicc::inspect_chip(card.memory, test::test_seal_key);
  REQUIRE(seen.has_value());
  return seen->pin1;
}

}  // namespace

TEST_CASE("D3: a new chip has PIN 0000 and PUK 00000000") {
  TestCard card;
  card.pre_personalise();
  CHECK(card.send("00200001") == "63c3");
  CHECK(card.send(right) == "9000");
  CHECK(card.send("002c0001") == "63ca");
  CHECK(card.send("002c000110" + puk_default + "31323334ffffffff") == "9000");
  CHECK(card.send(right) == "63c2");
  CHECK(card.send("0020000108 31323334ffffffff") == "9000");
}

TEST_CASE("three wrong PINs block it, the PUK unblocks it, ten wrong PUKs are the end") {
  TestCard card;
  card.pre_personalise();
  CHECK(card.send(wrong) == "63c2");
  CHECK(card.send(wrong) == "63c1");
  card.reset();
  CHECK(card.send(wrong) == "63c0");
  CHECK(card.send(right) == "6983");
  CHECK(card.send("00200001") == "6983");
  card.reset();
  CHECK(card.send(right) == "6983");
  for (char left = '9'; left >= '8'; --left) {
    CHECK(card.send("002c000110"
                    "3131313131313131"
                    "31323334ffffffff") == std::string("63c") + left);
  }
  CHECK(card.send("002c000110" + puk_default + "313233ffffffffff") == "6a80");
  CHECK(card.send("002c0001") == "63c8");  // a malformed new PIN costs no try
  CHECK(card.send("002c000110" + puk_default + "31323334ffffffff") == "9000");
  CHECK(card.send("0020000108 31323334ffffffff") == "9000");
  CHECK(card.send("002c0001") == "63ca");
  for (int i = 0; i < 10; ++i)
    card.send(
        "002c000110"
        "3131313131313131"
        "31323334ffffffff");
  CHECK(card.send("002c000110" + puk_default + "31323334ffffffff") == "6983");
}

TEST_CASE("CHANGE, DISABLE and ENABLE PIN") {
  TestCard card;
  card.pre_personalise();
  CHECK(card.send("002400011030303030ffffffff31323334ffffffff") == "9000");
  card.reset();
  CHECK(card.send("002400011030303030ffffffff31323334ffffffff") == "63c2");
  CHECK(card.send("002600010831323334ffffffff") == "9000");
  CHECK(card.send("00200001") == "6984");
  CHECK(card.send("002600010831323334ffffffff") == "6984");
  card.reset();
  card.select_usim();
  CHECK(card.send("00b0870009").ends_with("9000"));  // PIN1 is not asked for
  CHECK(card.get("80f2000000")
            .find("c60990"
                  "0140") != std::string::npos);  // only PIN2 enabled
  CHECK(card.send("002800010830303030ffffffff") == "63c2");
  CHECK(card.send("002800010831323334ffffffff") == "9000");
  CHECK(card.send("002800010831323334ffffffff") == "6985");
  card.reset();
  card.select_usim();
  CHECK(card.send("00b0870009") == "6982");
  CHECK(card.send("002000010431323334") == "6700");
  CHECK(card.send("002000070831323334ffffffff") == "6a88");
  CHECK(card.send("002600810830303030ffffffff") == "6a88");
}

TEST_CASE("PIN2 guards the fixed dialling numbers, by itself") {
  TestCard card;
  card.pre_personalise();
  card.select_usim();
  card.verify_pin();
  const std::string record(68, '1');
  CHECK(card.send("00a4000c026f3b") == "9000");
  CHECK(card.send("00dc010422" + record) == "6982");
  CHECK(card.send("0020008108 30303030ffffffff") == "9000");
  CHECK(card.send("00dc010422" + record) == "9000");
  CHECK(card.send("0020008108 39393939ffffffff") == "63c2");
  CHECK(card.send("00dc010422" + record) == "6982");
  CHECK(card.send("00200001") == "63c3");
}

TEST_CASE("I9: no power cut at any granule of any PIN command gives a try back") {
  uint64_t cuts = 0;
  // What one command may leave behind: the counters before it less one, or after it.
  const auto cut_everywhere = [&cuts](TestCard& start, const std::string& apdu) {
    const uicc::PinState before = pin1_of(start);
    for (const Cut how : uicc::every_cut) {
      for (uint64_t n = 0;; ++n) {
        TestCard card;
        card.memory = start.memory;
        card.reset();
        card.nv.cut_at(n, how);
        const std::string answer = card.send(apdu);
        if (answer != "-") {
          CHECK(card.nv.powered());
          break;
        }
        ++cuts;
        CHECK(card.send("00200001") == "-");  // mute until the power is back
        card.nv.power_on();
        card.reset();
        const uicc::PinState after = pin1_of(card);
        const bool fewer = after.tries <= before.tries && after.puk_tries <= before.puk_tries;
        // A right value may have been accepted in full before the power went.
        const bool was_right = apdu == right || apdu.starts_with("002c");
        const bool full = after.tries == uicc::pin_tries_max;
        CHECK((fewer || (was_right && full)));
        CHECK(after.tries + 1 >= before.tries);
        CHECK(after.puk_tries + 1 >= before.puk_tries);
      }
    }
  };
  TestCard fresh;
  fresh.pre_personalise();
  cut_everywhere(fresh, right);
  cut_everywhere(fresh, wrong);
  cut_everywhere(fresh, "002600010839393939ffffffff");
  cut_everywhere(fresh, "002400011039393939ffffffff31323334ffffffff");
  REQUIRE(fresh.send(wrong) == "63c2");
  REQUIRE(fresh.send(wrong) == "63c1");
  cut_everywhere(fresh, right);
  cut_everywhere(fresh, wrong);
  REQUIRE(fresh.send(wrong) == "63c0");
  cut_everywhere(fresh, wrong);
  cut_everywhere(fresh,
                 "002c000110"
                 "3131313131313131"
                 "31323334ffffffff");
  cut_everywhere(fresh, "002c000110" + puk_default + "31323334ffffffff");
  CHECK(cuts > 500);
  MESSAGE(cuts, " cuts");
}

TEST_CASE("I9: cutting the power right after each guess never makes more than three guesses") {
  // The thief's loop: power on, guess, cut before the counter can be written. The chip takes the
  // try first, so the answer is never seen before the try is gone.
  TestCard card;
  card.pre_personalise();
  int guesses_answered = 0;
  for (int i = 0; i < 40; ++i) {
    card.nv.power_on();
    if (!card.card->reset().has_value()) continue;
    card.nv.cut_at(static_cast<uint64_t>(i % 12), uicc::every_cut[i % 4]);
    const std::string answer = card.send(wrong);
    if (answer.starts_with("63c")) ++guesses_answered;
    card.nv.cut_never();
  }
  CHECK(guesses_answered <= 3);
  card.nv.power_on();
  card.reset();
  CHECK(pin1_of(card).tries == 0);
}
