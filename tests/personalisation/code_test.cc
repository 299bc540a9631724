// Activation codes (D12, threats row 14): their texts, wrong ones, and what a forged chip that has
// K1 can learn.
#include "conversations/personalisation/activation_code.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

std::string text(const CodeText& code) {
  return std::string(text_of(code.view()));
}

ActivationCode code_from(std::string_view digits) {
  ActivationCode code;
  code.kind = CodeKind::short_code;
  code.digits.assign(bytes_of(digits));
  return code;
}

}  // namespace

TEST_CASE("D12: a secret's QR text reads back, and is in QR's alphanumeric set") {
  TestRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const ActivationCode code = make_code_secret(random);
    const std::string written = text(write_code(code));
    CHECK(written.size() == code_text_characters);
    for (const char c : written) {
      CHECK(std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:").find(c) !=
            std::string_view::npos);
    }
    const auto again = parse_code(written);
    REQUIRE(again.has_value());
    CHECK(again->kind == CodeKind::secret);
    CHECK(crypto::secure_equal(again->secret.view(), code.secret.view()));
    seen.insert(written);
  }
  CHECK(seen.size() == 500);
}

TEST_CASE("D12: base 32 is RFC 4648's") {
  // RFC 4648 10: "foobar" is MZXW6YTBOI.
  ActivationCode code;
  code.kind = CodeKind::secret;
  code.secret.assign(bytes_of("foobarfoobarfoob"));
  // printf foobarfoobarfoob | base32
  CHECK(text(write_code(code)).substr(9, 26) == "MZXW6YTBOJTG633CMFZGM33PMI");
}

TEST_CASE("D12: every misread character of a QR text and every mistyped digit is noticed") {
  TestRandom random(2);
  const std::string written = text(write_code(make_code_secret(random)));
  for (size_t at = 0; at < written.size(); ++at) {
    for (int c = 32; c < 127; ++c) {
      std::string wrong = written;
      wrong[at] = static_cast<char>(c);
      if (wrong != written) CHECK(!parse_code(wrong).has_value());
    }
    CHECK(!parse_code(written.substr(0, at)).has_value());
  }
  CHECK(!parse_code(written + "A").has_value());
  CHECK(!parse_code("simurgh1:" + written.substr(9)).has_value());
  for (size_t digits = short_code_digits_min; digits <= short_code_digits_max; ++digits) {
    const std::string code = text(write_code(make_short_code(random, digits)));
    CHECK(code.size() == digits);
    CHECK(parse_code(code).has_value());
    for (size_t at = 0; at < digits; ++at) {
      for (char c = '0'; c <= '9'; ++c) {
        std::string wrong = code;
        wrong[at] = c;
        if (wrong != code) CHECK(failed_with(parse_code(wrong), ErrorCode::bad_mac));
      }
      std::string letter = code;
      letter[at] = 'x';
      CHECK(parse_code(letter).error() == fail(ErrorCode::bad_value, at));
    }
  }
  CHECK(failed_with(parse_code("18"), ErrorCode::bad_length));
  CHECK(failed_with(parse_code(""), ErrorCode::bad_length));
  CHECK(failed_with(parse_code("79927398713"), ErrorCode::bad_length));
  CHECK(failed_with(parse_code("7992739871"), ErrorCode::bad_mac));
}

TEST_CASE("D12: short codes are uniform over their digits") {
  TestRandom random(3);
  int counts[10] = {};
  for (int i = 0; i < 200'000; ++i) {
    const ActivationCode code = make_short_code(random, 6);
    for (size_t at = 0; at < 5; ++at) ++counts[code.digits.view()[at] - '0'];
  }
  for (const int count : counts) {
    CHECK(count > 100'000 - 1350);  // four and a half standard deviations
    CHECK(count < 100'000 + 1350);
  }
}

TEST_CASE(
    "D12: a wrong code is refused by the chip, costs one try, and the right one then serves") {
  for (const CodeKind kind : {CodeKind::secret, CodeKind::short_code}) {
    World world({.code = kind});
    TestRandom random(8);
    world.chip.code =
        kind == CodeKind::secret ? make_code_secret(random) : make_short_code(random, 8);
    world.chip.second_code = world.code;
    world.run();
    CHECK(world.agreed());
    CHECK(world.centre.db.tries == 2);
    CHECK(world.store.record().active.number == 2);  // the first number was burned
    CHECK(std::count(world.chip.events.begin(), world.chip.events.end(), ChipEvent::code_refused) ==
          1);
  }
}

TEST_CASE(
    "D12: when the REQUEST with the right code is lost, the centre's next M2 brings it again") {
  World world({.code = CodeKind::short_code});
  TestRandom random(8);
  world.chip.code = make_short_code(random, 8);
  world.chip.second_code = world.code;
  const auto m2 = world.centre.deliver(world.chip.deliver(world.centre.tick()[0])[0]);
  const auto lost = world.chip.deliver(m2[0]);
  REQUIRE(lost.size() == 1);
  CHECK(*type_of(lost[0]) == MessageType::request);
  const auto again = world.centre.tick();  // it has heard nothing
  REQUIRE(again[0] == m2[0]);
  const auto request = world.chip.deliver(again[0]);
  REQUIRE(request.size() == 1);
  CHECK(request[0] == lost[0]);
  // Heard this time; the old M2 that comes late does not disturb the new negotiation.
  const auto m1 = world.chip.deliver(world.centre.deliver(request[0])[0]);
  REQUIRE(m1.size() == 1);
  CHECK(*type_of(m1[0]) == MessageType::m1);
  CHECK(world.chip.deliver(m2[0]).empty());
  CHECK(world.chip.deliver(world.centre.deliver(m1[0])[0]).size() == 1);
  CHECK(world.store.record().pending.has_value());
}

TEST_CASE("D12: a customer is told once of a refused code, though the centre repeats itself") {
  World world({.code = CodeKind::short_code});
  TestRandom random(8);
  world.chip.code = make_short_code(random, 8);
  const auto init = world.centre.tick();
  const auto m2 = world.centre.deliver(world.chip.deliver(init[0])[0]);
  for (int i = 0; i < 3; ++i) CHECK(world.chip.deliver(m2[0]).empty());
  CHECK(std::count(world.chip.events.begin(), world.chip.events.end(), ChipEvent::code_refused) ==
        1);
  CHECK(!world.store.record().pending.has_value());
  CHECK(world.centre.db.tries == 1);  // repetitions cost nothing
  // The next INIT asks again: a refused code never goes out a second time by itself.
  world.centre.lose_session();
  CHECK(world.chip.half().on_message(world.centre.tick()[0])->event == ChipEvent::code_wanted);
}

TEST_CASE("D12: a damaged MAC does not lose the right code") {
  World world({.code = CodeKind::short_code});
  const auto init = world.centre.tick();
  const auto m2 = world.centre.deliver(world.chip.deliver(init[0])[0]);
  Bytes damaged = m2[0];
  damaged.back() ^= 1;
  CHECK(world.chip.deliver(damaged).empty());
  CHECK(world.chip.events.back() == ChipEvent::code_refused);
  CHECK(world.chip.deliver(m2[0]).size() == 1);
}

TEST_CASE("D12: a code is kept for the next INIT of its kind, and forgotten with the power") {
  World world({.code = CodeKind::secret});
  CHECK(failed_with(world.chip.half().give_code(ActivationCode()), ErrorCode::not_allowed));
  REQUIRE(world.chip.half().give_code(world.code).has_value());
  const auto step = world.chip.half().on_message(world.centre.tick()[0]);
  CHECK(step->event == ChipEvent::none);
  CHECK(*type_of(step->reply) == MessageType::m1);
  world.chip.power_cycle();
  world.centre.lose_session();
  CHECK(world.chip.half().on_message(world.centre.tick()[0])->event == ChipEvent::code_wanted);
  TestRandom random(1);
  CHECK(
      failed_with(world.chip.half().give_code(make_short_code(random, 8)), ErrorCode::not_allowed));
}

TEST_CASE("D12: a code is good for its own order and chip only") {
  const OrderId other_order(bytes_of("ORDER-4712"));
  const Iccid other_iccid = *Iccid::parse("8949012345678901243");
  TestRandom random(1);
  const ActivationCode code = make_code_secret(random);
  const Key256 key = code_key(code, test_order(), test_identity().iccid);
  CHECK(
      !crypto::secure_equal(key.view(), code_key(code, other_order, test_identity().iccid).view()));
  CHECK(!crypto::secure_equal(key.view(), code_key(code, test_order(), other_iccid).view()));
  Init init;
  init.order = test_order();
  Init other = init;
  other.order = other_order;
  ActivationCode digits = make_short_code(random, 8);
  PakeSeed seed;
  random.fill(seed.fill(crypto::cpace_seed_octets));
  ChipIdentity other_chip = test_identity();
  other_chip.iccid = other_iccid;
  const auto share = *Pake(digits, init, test_identity(), {}).share(seed);
  CHECK(share != *Pake(digits, other, test_identity(), {}).share(seed));
  CHECK(share != *Pake(digits, init, other_chip, {}).share(seed));
  CHECK(share == *Pake(digits, init, test_identity(), {}).share(seed));
}

TEST_CASE("D12 threats row 14: a forged chip with K1 gets one guess for one counted try, no more") {
  World world({.code = CodeKind::short_code});
  world.centre.tries_max = 5;
  TestChipStore store;
  store.put(factory_record(world.keys, {Suite::x25519}));
  REQUIRE(pre_personalise(store).has_value());
  Chip forged(store, 5);
  TestRandom random(6);
  int answers = 0;
  for (int i = 0; i < 12; ++i) {
    forged.code = make_short_code(random, 8);
    forged.power_cycle();
    const auto init = world.centre.tick();
    if (init.empty()) break;
    for (const Bytes& m1 : forged.deliver(init[0])) {
      for (const Bytes& m2 : world.centre.deliver(m1)) {
        ++answers;
        CHECK(forged.deliver(m2).empty());  // PREPARED it cannot make
      }
    }
    world.centre.lose_session();
  }
  CHECK(answers == 5);
  CHECK(world.centre.db.tries == 5);
  CHECK(world.centre.db.active.number == 0);
}

TEST_CASE("D12 I9: a crash of the centre does not give a try back once M2 has left") {
  World world({.code = CodeKind::short_code});
  const auto m1 = world.chip.deliver(world.centre.tick()[0]);
  world.centre.plan_crash(Crash::after_send);
  CHECK(world.centre.deliver(m1[0]).size() == 1);
  CHECK(world.centre.db.tries == 1);
  // Not even when the M2 got lost on its way out.
  world.chip.power_cycle();
  const auto m1_2 = world.chip.deliver(world.centre.tick()[0]);
  world.centre.plan_crash(Crash::after_commit);
  CHECK(world.centre.deliver(m1_2[0]).empty());
  CHECK(world.centre.db.tries == 2);
}

// --- what can be searched offline ---------------------------------------------------------------

namespace {

// Everything that a forged chip has after one M2: its own seeds and what went over the air.
struct View {
  Init init;
  Bytes init_bytes, m1_bytes;
  M1 m1;
  M2 m2;
  Key256 share_seed;
  PakeSeed pake_seed;
  Epoch e0;
  Bytes server_key;
};

// Plays the chip with K1, guessing `guess`, as an attacker's program would.
View attack(World& world, const ActivationCode& guess, CodeKind kind) {
  View view;
  const ChipIdentity chip = test_identity();
  view.e0 = initial_epoch(chip_key(*world.keys.k1_of_version(chip.ver), chip), 0);
  const auto key = *world.keys.public_key(crypto::SignatureScheme::ed25519);
  view.server_key.assign(key.begin(), key.end());
  view.init_bytes = world.centre.tick()[0];
  view.init = *parse_init(view.init_bytes);
  TestRandom random(17);
  random.fill(view.share_seed.fill(32));
  random.fill(view.pake_seed.fill(crypto::cpace_seed_octets));
  M1& m1 = view.m1;
  m1.chip = chip;
  m1.epoch = view.init.epoch;
  m1.attempt = 1;
  m1.suites = {Suite::x25519};
  random.fill(m1.nonce_c);
  m1.share = *make_share(Suite::x25519, view.share_seed);
  if (kind == CodeKind::short_code) {
    m1.pake = *Pake(guess, view.init, chip, m1.nonce_c).share(view.pake_seed);
  }
  m1.mac = m1_mac(m1, view.init_bytes, view.e0);
  const Message written = write_m1(m1);
  view.m1_bytes.assign(written.begin(), written.end());
  view.m2 = *parse_m2(world.centre.deliver(view.m1_bytes)[0]);
  return view;
}

// M2's MAC as the attacker computes it from his view; `code` and `pake` as he assumes them.
bool mac_fits(const View& view, const Key256& code, const crypto::CpaceKey& pake) {
  const auto t1 = transcript_1(view.server_key, view.init_bytes, view.m1_bytes);
  const auto t2 = transcript_2(t1, view.m2);
  const auto t4 = transcript_4(transcript_3(t2, view.m2), view.m2);
  HandshakeInputs inputs;
  inputs.dh = *derive_dh(Suite::x25519, view.share_seed, view.m2.share);
  inputs.renegotiation = derive_renegotiation_secret(view.e0.secret);
  inputs.code = code;
  inputs.pake = pake;
  return crypto::secure_equal(m2_mac(handshake_secret(t2, inputs), t4), view.m2.mac);
}

constexpr uint32_t candidates = 1000;  // all that the last three free digits can be

ActivationCode candidate(const ActivationCode& like, uint32_t number) {
  std::string digits(text_of(like.digits.view()));
  for (size_t i = 0; i < 3; ++i, number /= 10) {
    digits[digits.size() - 2 - i] = static_cast<char>('0' + number % 10);
  }
  digits.back() = luhn_check_digit(digits.substr(0, digits.size() - 1));
  return code_from(digits);
}

}  // namespace

TEST_CASE("D12 threats row 14: after a wrong guess no candidate can be tested on the transcript") {
  World world({.code = CodeKind::short_code});
  const ActivationCode guess = candidate(world.code, 123);
  REQUIRE(!crypto::secure_equal(guess.digits.view(), world.code.digits.view()));
  const View view = attack(world, guess, CodeKind::short_code);
  const PakeShares shares{.initiator = *view.m1.pake, .responder = *view.m2.pake};
  const auto verifier = [&](const ActivationCode& code) {
    return *Pake(code, view.init, test_identity(), view.m1.nonce_c)
                .key(view.pake_seed, shares, crypto::CpaceRole::initiator);
  };
  // What his scalar and the transcript give is the same for every candidate, the right one among
  // them, and it does not fit: there is nothing to compare candidates by.
  const crypto::CpaceKey one = verifier(guess);
  CHECK(!mac_fits(view, Key256(), one));
  for (uint32_t number = 0; number < candidates; ++number) {
    const ActivationCode code = candidate(world.code, number);
    CHECK(crypto::secure_equal(verifier(code).view(), one.view()));
  }
  // Nor does a share made anew from a candidate with his scalar help.
  for (uint32_t number = 0; number < candidates; ++number) {
    const Pake pake(candidate(world.code, number), view.init, test_identity(), view.m1.nonce_c);
    PakeShares anew = shares;
    anew.initiator = *pake.share(view.pake_seed);
    CHECK(!mac_fits(view, Key256(), *pake.key(view.pake_seed, anew, crypto::CpaceRole::initiator)));
  }
  // With the right guess the same program does find that it fits: it is able to.
  World fresh({.code = CodeKind::short_code});
  const View right = attack(fresh, fresh.code, CodeKind::short_code);
  CHECK(mac_fits(
      right, Key256(),
      *Pake(fresh.code, right.init, test_identity(), right.m1.nonce_c)
           .key(right.pake_seed, {.initiator = *right.m1.pake, .responder = *right.m2.pake},
                crypto::CpaceRole::initiator)));
}

TEST_CASE("D12 threats row 14: shares say nothing about the code: any code explains any share") {
  // A simulator that does not know the code makes shares of the same kind: for a share made with
  // one code, each other code has a scalar that gives the same share (the group has prime order),
  // here shown the other way round: with one scalar, all candidates give different, valid shares.
  World world({.code = CodeKind::short_code});
  const Init init = *parse_init(world.centre.tick()[0]);
  PakeSeed seed;
  TestRandom(2).fill(seed.fill(crypto::cpace_seed_octets));
  std::set<PakeShare> shares;
  for (uint32_t number = 0; number < candidates; ++number) {
    const auto share = Pake(candidate(world.code, number), init, test_identity(), {}).share(seed);
    REQUIRE(share.has_value());
    shares.insert(*share);
  }
  CHECK(shares.size() == candidates);
}

TEST_CASE("negative control: digits used as a code secret are found in the transcript at once") {
  // What the protocol forbids: few bits straight into the key schedule. The same attacker's program
  // finds them, so the test above is able to see such a leak.
  TestRandom random(3);
  const ActivationCode digits = make_short_code(random, 8);
  const auto padded = [](const ActivationCode& code) {
    ActivationCode secret;
    secret.kind = CodeKind::secret;
    ByteArray<code_secret_octets> octets{};
    std::memcpy(octets.data(), code.digits.view().data(), code.digits.size());
    secret.secret.assign(octets);
    return secret;
  };
  World trapped({.code = CodeKind::secret, .code_given = padded(digits)});
  const View view = attack(trapped, ActivationCode(), CodeKind::secret);
  int found = 0;
  for (uint32_t number = 0; number < candidates; ++number) {
    const ActivationCode code = candidate(digits, number);
    if (mac_fits(view, code_key(padded(code), test_order(), test_identity().iccid),
                 crypto::CpaceKey())) {
      ++found;
    }
  }
  CHECK(found == 1);
}

TEST_CASE("threats row 15: PAKE shares that are no element, or the neutral one, are refused") {
  World world({.code = CodeKind::short_code});
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  const Epoch e0 = world.store.record().active;
  std::vector<PakeShare> wrong(3);
  wrong[0] = {};  // the neutral element
  std::fill(wrong[1].begin(), wrong[1].end(), uint8_t{0xff});
  wrong[2] = {};
  wrong[2][0] = 1;  // negative field element, RFC 9496 A.3
  for (const PakeShare& share : wrong) {
    M1 forged = *parse_m1(m1[0]);
    forged.pake = share;
    forged.mac = m1_mac(forged, init[0], e0);
    CHECK(world.centre.deliver(write_m1(forged)).empty());
    CHECK(world.centre.db.tries == 0);
  }
  // One that is missing, or one too many.
  M1 without = *parse_m1(m1[0]);
  without.pake.reset();
  without.mac = m1_mac(without, init[0], e0);
  CHECK(world.centre.deliver(write_m1(without)).empty());
  CHECK(world.centre.db.tries == 0);
  CHECK(world.centre.deliver(m1[0]).size() == 1);
}
