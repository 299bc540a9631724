// Long: one case after the other over the same rig; cut in two, each half would repeat it.
#include "phone_rig.h"
#include "uicc/applet.h"
#include "uicc/chip_store.h"
#include "uicc/inspect.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using test::Phone;
using test::TestCard;
using test::TestCentre;

namespace {

constexpr Instant noon{1'800'000'000'000};

struct World {
  explicit World(SuiteSet suites = {Suite::x25519})
      : keys(7, test::rsa_private_key()),
        centre(test::chip_of_centre(keys, suites), keys, 3),
        phone(card) {
    card.pre_personalise(centre.chip());
  }
  bool accepts(const Epoch& epoch, uint64_t seq) {
    const auto answer = phone.challenge(centre, epoch, seq, noon);
    return answer.has_value() && answer->kind == terminal::Authentication::Kind::success;
  }
  ChipRecord record() {
    const auto seen = uicc::inspect_chip(card.memory, test::test_seal_key);
    REQUIRE(seen.has_value());
    return seen->record;
  }
  crypto::MemoryKeyStore keys;
  TestCentre centre;
  TestCard card;
  Phone phone;
};

std::string code_text(const ActivationCode& code) {
  const auto text = write_code(code);
  return std::string(text_of(text.view()));
}

}  // namespace

TEST_CASE(
    "D6, D7, D8: a phone switched on for the first time personalises its chip, in each suite") {
  Suite suite = Suite::x25519;
  SUBCASE("x25519") {
    suite = Suite::x25519;
  }
  SUBCASE("p256") {
    suite = Suite::p256;
  }
  SUBCASE("ffdhe2048") {
    suite = Suite::ffdhe2048;
  }
  World world{SuiteSet{suite}};
  const Epoch first = world.centre.active;
  REQUIRE(world.phone.phone.power_on(noon).has_value());
  CHECK(world.phone.sent.empty());  // nothing before the network is there
  CHECK(world.accepts(first, 1));
  REQUIRE(world.phone.phone.on_location(terminal::LocationStatus::normal, {"26201", 1, 1}, noon)
              .has_value());
  CHECK(world.phone.sent.size() == 1);  // REQUEST
  CHECK(world.phone.service_centre == "491710760000");
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.centre.done);
  CHECK(world.centre.active.number == 1);
  CHECK(world.record().state == ChipState::personalised);
  CHECK(world.phone.shown("activated"));
  CHECK(world.phone.refreshes == std::vector{terminal::Refresh::application_reset});
  CHECK(world.accepts(world.centre.active, 2));
  CHECK(!world.accepts(first, 3));  // the old key is gone
  CHECK(world.phone.questions.empty());
}

TEST_CASE("D9: the centre makes the key, for chips that cannot agree one") {
  World world;
  world.centre.server_made = true;
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.centre.done);
  CHECK(world.accepts(world.centre.active, 2));
}

TEST_CASE("D12: the customer is asked for the activation code, hidden digits or the QR text") {
  World world;
  test::SeededRandom random(5);
  SUBCASE("short code") {
    world.centre.code = make_short_code(random, 8);
    world.phone.answers = {code_text(world.centre.code)};
    REQUIRE(world.phone.start(noon));
    REQUIRE(world.phone.exchange(world.centre, noon));
    REQUIRE(world.phone.questions.size() == 1);
    CHECK(world.phone.questions[0].hidden);
    CHECK(world.phone.questions[0].digits_only);
  }
  SUBCASE("128-bit secret") {
    world.centre.code = make_code_secret(random);
    world.phone.answers = {code_text(world.centre.code)};
    REQUIRE(world.phone.start(noon));
    REQUIRE(world.phone.exchange(world.centre, noon));
    REQUIRE(world.phone.questions.size() == 1);
    CHECK(!world.phone.questions[0].digits_only);
  }
  SUBCASE("a slip of the finger costs no try, a wrong code is told and asked again") {
    world.centre.code = make_short_code(random, 8);
    const std::string other = code_text(make_short_code(random, 8));
    std::string slip = code_text(world.centre.code);
    slip[0] = slip[0] == '9' ? '8' : static_cast<char>(slip[0] + 1);
    world.phone.answers = {slip, other, code_text(world.centre.code)};
    REQUIRE(world.phone.start(noon));
    REQUIRE(world.phone.exchange(world.centre, noon));
    CHECK(world.phone.questions.size() == 3);
    CHECK(world.phone.shown("not right"));
    CHECK(world.centre.code_tries == 2);
  }
  CHECK(world.centre.done);
  CHECK(world.accepts(world.centre.active, 2));
  CHECK(world.phone.shown("activated"));
}

TEST_CASE(
    "D12: whoever does not have the code gets nowhere, and is asked a bounded number of times") {
  World world;
  test::SeededRandom random(5);
  world.centre.code = make_short_code(random, 8);
  for (int i = 0; i < 50; ++i) world.phone.answers.push_back(code_text(make_short_code(random, 8)));
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.phone.questions.size() == uicc::PersonalisationApplet::code_prompts_max);
  CHECK(!world.centre.done);
  CHECK(world.record().state == ChipState::pre_personalised);
  CHECK(world.phone.shown("Not activated"));
}

TEST_CASE("D12: a customer who declines is asked again when the centre repeats itself") {
  World world;
  test::SeededRandom random(5);
  world.centre.code = make_short_code(random, 8);
  world.phone.answers = {"cancel"};
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.phone.questions.size() == 1);
  world.phone.answers = {code_text(world.centre.code)};
  world.centre.repeat();
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.phone.questions.size() == 2);
  CHECK(world.centre.done);
}

TEST_CASE("D8: the customer chooses a new PIN, twice the same, before the phone starts anew") {
  World world;
  world.centre.choose_pin = true;
  std::string expected_pin = "4711";
  SUBCASE("the same twice") {
    world.phone.answers = {"4711", "4711"};
  }
  SUBCASE("differing once") {
    world.phone.answers = {"4711", "4712", "4711", "4711"};
  }
  SUBCASE("declined: the old one stays") {
    world.phone.answers = {"cancel"};
    expected_pin = "0000";
  }
  SUBCASE("never the same: the old one stays") {
    world.phone.answers = {"4711", "4712", "4711", "4712", "4711", "4712", "4711"};
    expected_pin = "0000";
  }
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.centre.done);
  CHECK(world.phone.refreshes.size() == 1);
  CHECK(world.phone.questions[0].hidden);
  world.phone.phone.power_off();
  world.phone.right_pin = expected_pin;
  CHECK(world.phone.phone.power_on(noon).has_value());
}

TEST_CASE("D7: the first authentication under the new key does what COMMIT does, and is answered") {
  World world;
  world.centre.commits = false;
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(!world.centre.done);
  CHECK(world.record().pending.has_value());
  CHECK(world.accepts(world.centre.previous, 1));  // I1: both are good now
  CHECK(world.record().pending.has_value());
  CHECK(world.accepts(world.centre.active, 1));
  CHECK(!world.record().pending.has_value());
  CHECK(!world.accepts(world.centre.previous, 9));
  REQUIRE(world.phone.exchange(world.centre, noon));  // DONE is on its way
  CHECK(world.centre.done);
  CHECK(world.phone.shown("activated"));
  CHECK(world.phone.refreshes.empty());  // the network is at work with the new key already
}

TEST_CASE("2G: the tag in RAND says which of two keys is meant, and promotes nothing") {
  World world;
  world.centre.commits = false;
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  const auto sres = [&](const Epoch& epoch, const crypto::Block& rand) {
    crypto::AkaKeys keys;
    derive_ki(epoch.secret, keys.k.fill(16));
    keys.opc.assign(derive_opc(epoch.secret).view());
    return crypto::gsm_answer_of(*crypto::answer_challenge(keys, rand)).sres;
  };
  const crypto::Block old_rand = tag_rand(world.centre.previous.secret, {1});
  const crypto::Block new_rand = tag_rand(world.centre.active.secret, {2});
  CHECK(world.phone.phone.authenticate_2g(old_rand, noon)->sres ==
        sres(world.centre.previous, old_rand));
  CHECK(world.phone.phone.authenticate_2g(new_rand, noon)->sres ==
        sres(world.centre.active, new_rand));
  CHECK(world.record().pending.has_value());
  const crypto::Block untagged = {9, 9, 9};
  CHECK(world.phone.phone.authenticate_2g(untagged, noon)->sres ==
        sres(world.centre.previous, untagged));
}

TEST_CASE("L1: REQUEST is repeated with growing waits, a bounded number of times, then told") {
  World world;
  REQUIRE(world.phone.start(noon));
  Instant now = noon;
  Duration longest{0};
  int waits = 0;
  while (world.phone.phone.next_deadline() != Instant::never() && waits < 50) {
    const Duration wait = world.phone.phone.next_deadline() - now;
    CHECK(wait >= longest);
    longest = wait;
    now = world.phone.phone.next_deadline();
    REQUIRE(world.phone.phone.on_time(now).has_value());
    ++waits;
  }
  CHECK(world.phone.sent.size() == uicc::PersonalisationApplet::requests_max);
  CHECK(waits == uicc::PersonalisationApplet::requests_max);
  CHECK(world.phone.shown("no answer"));
  // The network coming back begins anew.
  world.phone.sent.clear();
  REQUIRE(world.phone.phone.on_location(terminal::LocationStatus::none, {}, now).has_value());
  REQUIRE(world.phone.phone.on_location(terminal::LocationStatus::normal, {"26201", 1, 1}, now)
              .has_value());
  CHECK(world.phone.sent.size() == 1);
  REQUIRE(world.phone.exchange(world.centre, now));
  CHECK(world.centre.done);
}

TEST_CASE("L1: what the network could not take is sent again, the same bytes") {
  World world;
  world.phone.outcome = terminal::SendOutcome::network_unable;
  REQUIRE(world.phone.start(noon));
  CHECK(world.phone.refused == 1);
  world.phone.outcome = terminal::SendOutcome::accepted;
  const Instant later = world.phone.phone.next_deadline();
  CHECK(later > noon);
  REQUIRE(world.phone.phone.on_time(later).has_value());
  CHECK(world.phone.sent.size() == 1);
  REQUIRE(world.phone.exchange(world.centre, later));
  CHECK(world.centre.done);
}

TEST_CASE("L1: in a terminal without timers the chip asks for STATUS and counts them") {
  World world;
  TestCard& card = world.card;
  // Types of the proactive commands that wait; each is answered "performed".
  const auto drain = [&card](std::string announced) {
    std::vector<uint8_t> types;
    while (announced.starts_with("91")) {
      const auto command = test::from_hex(card.send("80120000" + announced.substr(2)));
      const auto details =
          toolkit::parse_command_details(ByteView(command).first(command.size() - 2));
      REQUIRE(details.has_value());
      types.push_back(details->type);
      const ByteArray<3> copy = {details->number, details->type, details->qualifier};
      announced = card.send(
          "801400000c"
          "8103" +
          test::to_hex(copy) +
          "82028281"
          "830100");
    }
    CHECK(announced == "9000");
    return types;
  };
  const std::string location_event =
      "80c2000015"
      "d613"
      "990103"
      "82028281"
      "9b0100"
      "9307"
      "62f21000010001";
  using toolkit::CommandType;
  const auto type = [](CommandType command) { return static_cast<uint8_t>(command); };
  CHECK(drain(card.send("8010000004 ffffffff")) ==
        std::vector{type(CommandType::set_up_event_list)});  // facilities beyond octet 4: none
  CHECK(drain(card.send(location_event)) ==
        std::vector{type(CommandType::send_short_message), type(CommandType::poll_interval)});
  size_t polls = 0;
  std::vector<uint8_t> next;
  while (next.empty() && polls < 100) {
    next = drain(card.send("80f2000c"));
    ++polls;
  }
  CHECK(next == std::vector{type(CommandType::send_short_message)});  // REQUEST again
  CHECK(polls == 2);  // half a minute, and what was left of a period
}

TEST_CASE("D6: a chip that was personalised asks for nothing when it is switched on") {
  World world;
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  REQUIRE(world.centre.done);
  world.phone.phone.power_off();
  world.phone.sent.clear();
  REQUIRE(world.phone.start(noon));
  CHECK(world.phone.sent.empty());
  CHECK(world.accepts(world.centre.active, 5));
}

TEST_CASE("D11: a new key at any time; PIN and PUK stay, session keys of the old key do not") {
  World world;
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  REQUIRE(world.accepts(world.centre.active, 1));
  world.card.select_usim();
  REQUIRE(world.card.send("002400011030303030ffffffff34373131ffffffff") == "9000");
  REQUIRE(world.card.send("00d6880002"
                          "0511") == "9000");  // EF.Keys
  const auto puk = uicc::puk_of(world.record());
  CHECK(text_of(puk) != "00000000");

  world.centre.begin();
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.centre.done);
  CHECK(world.centre.active.number == 2);
  CHECK(world.record().active.number == 2);
  CHECK(uicc::puk_of(world.record()) == puk);
  CHECK(world.phone.refreshes.size() == 2);
  world.card.select_usim();
  CHECK(world.card.send("00b0880002") == "07ff9000");
  CHECK(world.accepts(world.centre.active, 1));  // sequence numbers begin with the key
  world.phone.phone.power_off();
  world.phone.right_pin = "4711";
  CHECK(world.phone.start(noon));
  CHECK(world.card.send("002c000110" + test::to_hex(puk) + "30303030ffffffff") == "9000");
}

TEST_CASE(
    "D10: a signed reset over a reader begins a new life; replayed or for another it is refused") {
  World world;
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  world.card.select_usim();
  REQUIRE(world.card.send("002400011030303030ffffffff34373131ffffffff") == "9000");
  REQUIRE(world.card.send("00d68b0004"
                          "01020304") == "9000");
  const Epoch before = world.centre.active;

  test::SeededRandom random(8);
  struct NoTries : CodeTries {
    Result<void> count_try(const OrderId&, const Iccid&) override { return {}; }
  } tries;
  CentreHalf half(world.keys, tries, random);
  world.phone.phone.power_off();  // out of the phone and into the dealer's reader
  world.card.reset();
  world.card.select_usim();
  REQUIRE(world.card.send("0020000108 34373131ffffffff") == "9000");
  const std::string challenge_hex = world.card.get("8054000000");
  REQUIRE(challenge_hex.ends_with("9000"));
  const auto challenge = test::from_hex(challenge_hex.substr(0, challenge_hex.size() - 4));
  OrderId authorisation;
  authorisation.assign(bytes_of("reset-1"));
  const auto reset = half.make_reset(challenge, world.centre.chip().chip, 0, authorisation,
                                     world.centre.chip().suites, before);
  REQUIRE(reset.has_value());

  // Altered in any octet: 9000 and nothing, and nothing changes.
  for (size_t i = 0; i < reset->size(); i += 7) {
    test::Bytes altered(reset->begin(), reset->end());
    altered[i] ^= 1;
    for (const auto& apdu : test::blocks_of(uicc::chip_ins::exchange, altered)) {
      CHECK(world.card.get(test::to_hex(apdu)) == "9000");
    }
  }
  CHECK(world.record().life == 0);
  std::string answer;
  for (const auto& apdu : test::blocks_of(uicc::chip_ins::exchange, *reset)) {
    answer = world.card.get(test::to_hex(apdu));
  }
  REQUIRE(answer.ends_with("9000"));
  REQUIRE(answer.size() > 4);
  const auto receipt = test::from_hex(answer.substr(0, answer.size() - 4));
  const Epoch initial =
      initial_epoch(chip_key(world.centre.chip().k1, world.centre.chip().chip), 1);
  CHECK(check_reset_done(receipt, *reset, world.centre.chip().chip, initial).has_value());

  CHECK(world.record().life == 1);
  CHECK(world.record().state == ChipState::pre_personalised);
  CHECK(world.card.send("00b08b0004") == "6a82");  // the session's PIN is forgotten
  world.card.reset();
  CHECK(world.card.send("00200001") == "63c3");
  world.card.select_usim();
  world.card.verify_pin();                                 // 0000 again
  CHECK(world.card.send("00b08b0004") == "ffffffff9000");  // the customer's files are as new
  CHECK(world.card.send("002c000110"
                        "3030303030303030"
                        "30303030ffffffff") == "9000");

  // Sold again: never back to an old key.
  world.centre.begin_life(1, initial);
  REQUIRE(world.phone.start(noon));
  CHECK(world.accepts(initial, 1));
  CHECK(!world.accepts(before, 2));
  REQUIRE(world.phone.exchange(world.centre, noon));
  CHECK(world.centre.done);
  CHECK(world.accepts(world.centre.active, 3));
}

TEST_CASE("D3, T-K1-GONE: K1 is nowhere in the chip, whenever the power goes in the factory") {
  const auto data = test::test_pre_personalisation();
  const auto bytes = write_pre_personalisation(data);
  const auto apdus = test::blocks_of(uicc::chip_ins::pre_personalise, bytes.view());
  const auto holds_k1 = [&](const test::Bytes& image) {
    for (size_t i = 0; i + 8 <= data.k1.size(); ++i) {
      const ByteView window = data.k1.view().subspan(i, 8);
      if (std::search(image.begin(), image.end(), window.begin(), window.end()) != image.end()) {
        return true;
      }
    }
    return false;
  };
  uint64_t cuts = 0;
  for (const size_t granule : {size_t{4}, size_t{32}}) {
    for (const uicc::Cut how : uicc::every_cut) {
      for (uint64_t n = 0;; ++n) {
        TestCard card(granule);
        card.nv.cut_at(n, how);
        std::string answer;
        for (const auto& apdu : apdus) answer = card.send(ByteView(apdu));
        CHECK(!holds_k1(card.image()));
        if (answer == "9000") break;
        ++cuts;
        card.nv.power_on();
        card.reset();
        const std::string state = card.get("8052000000");
        const bool blank = state == "e2038d01019000";
        CHECK((blank || state.substr(4, 6) == "8d0102"));
        if (blank) {
          CHECK(card.send("00a40004023f00") == "6985");
          card.pre_personalise(data);
        }
        CHECK(card.get("8052000000").substr(4, 6) == "8d0102");
        CHECK(!holds_k1(card.image()));
        // Made once, and not again.
        CHECK(card.send(ByteView(apdus[0])) == "6985");
      }
    }
  }
  CHECK(cuts > 100);
}

TEST_CASE("factory: a blank chip takes its own commands and nothing else; bad data is refused") {
  TestCard card;
  CHECK(card.send("00a40004023f00") == "6985");
  CHECK(card.send("00200001") == "6985");
  CHECK(card.send("8010000001ff") == "6985");
  CHECK(card.send("8054000000") == "6985");
  CHECK(card.send("80560000018f") == "6985");
  CHECK(card.get("8052000000") == "e2038d01019000");
  CHECK(card.send("8050800001ff") == "6a80");
  CHECK(card.send("8050800101ff") == "6985");  // a block out of order
  CHECK(card.send("8050400001ff") == "6a86");
  const auto bytes = write_pre_personalisation(test::test_pre_personalisation());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!uicc::parse_pre_personalisation(bytes.view().first(size)).has_value());
  }
  card.pre_personalise();
  CHECK(card.send("8050800001ff") == "6985");
  const std::string answer = card.get("8052000000");
  const auto data = test::from_hex(answer.substr(0, answer.size() - 4));
  const auto chip = uicc::parse_chip_data(data);
  REQUIRE(chip.has_value());
  CHECK(chip->iccid.text() == "89882110000004300106");
  CHECK(chip->state == ChipState::pre_personalised);
  CHECK(chip->life == 0);
}

TEST_CASE("I10: no command reads a key: no window of the epoch secret or Ki leaves the chip") {
  World world;
  REQUIRE(world.phone.start(noon));
  REQUIRE(world.phone.exchange(world.centre, noon));
  const ChipRecord record = world.record();
  ByteArray<16> ki;
  derive_ki(record.active.secret, ki);
  const auto opc = derive_opc(record.active.secret);
  std::string everything;
  world.card.verify_pin();
  for (unsigned ins = 0; ins < 256; ++ins) {
    for (const char* cla : {"00", "80", "a0"}) {
      for (const char* p : {"0000", "0004", "0104", "8000", "0800"}) {
        if (ins == uicc::chip_ins::exchange || ins == 0x2c || ins == 0x20) continue;
        const ByteArray<1> octet = {static_cast<uint8_t>(ins)};
        everything += world.card.get(cla + test::to_hex(octet) + p + "00");
      }
    }
  }
  for (const ByteView secret :
       {record.active.secret.view(), ByteView(ki), opc.view(), record.chip_key.view()}) {
    for (size_t i = 0; i + 8 <= secret.size(); ++i) {
      CHECK(everything.find(test::to_hex(secret.subspan(i, 8))) == std::string::npos);
    }
  }
}
