// The 1997 document's own cryptography: off unless switched on, marked, and as weak as described.
#include "conversations/personalisation/legacy_1997.h"

#include <doctest/doctest.h>

#include <string>

#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;
using test::from_hex;
using test::to_hex;

namespace {

constexpr LegacyPolicy on{.allow_legacy_1997 = true};

Key256 seed_of(uint64_t number) {
  TestRandom random(number);
  Key256 seed;
  random.fill(seed.fill(32));
  return seed;
}

}  // namespace

TEST_CASE("legacy-1997 does nothing unless an operator has switched it on, and says what it is") {
  const LegacyPolicy off;
  const Key256 seed = seed_of(1);
  const auto message = legacy_message(on, LegacyPurpose::ki_2, seed_of(2));
  ByteArray<16> ki;
  CHECK(failed_with(legacy_ki_1(off, LegacyK1(from_hex("0123456789abcdef")), test_identity().imsi),
                    ErrorCode::not_allowed));
  CHECK(failed_with(legacy_message(off, LegacyPurpose::ki_2, seed), ErrorCode::not_allowed));
  CHECK(failed_with(legacy_agree(off, LegacyPurpose::ki_2, seed, *message, ki),
                    ErrorCode::not_allowed));
  CHECK(failed_with(legacy_chip_key(off, seed, test_identity()), ErrorCode::not_allowed));
  LegacySession session;
  TestRandom random(1);
  CHECK(failed_with(legacy_begin(off, session, random), ErrorCode::not_allowed));
  CHECK(std::string(legacy_1997_description).find("INSECURE") == 0);
}

TEST_CASE("D3 in the legacy form: Ki_1 is single DES of the IMSI under K1") {
  const LegacyK1 k1(from_hex("0123456789abcdef"));
  // printf '00010121436587f9' and its complement | xxd -r -p |
  //   openssl enc -des-ecb -K 0123456789abcdef -nopad -provider legacy
  CHECK(to_hex(legacy_ki_1(on, k1, test_identity().imsi)->view()) ==
        "a7b55eedee4400c57d32faebbe00a542");
  CHECK(failed_with(legacy_ki_1(on, LegacyK1(from_hex("0123")), test_identity().imsi),
                    ErrorCode::bad_length));
}

TEST_CASE("D7 in the legacy form: Ki_2 of any length") {
  const Key256 chip = seed_of(1), centre = seed_of(2);
  constexpr LegacyPurpose ki_2 = LegacyPurpose::ki_2;
  const auto from_chip = legacy_message(on, ki_2, chip);
  const auto from_centre = legacy_message(on, ki_2, centre);
  for (const size_t octets : {1u, 16u, 32u, 256u}) {
    Bytes a(octets), b(octets);
    CHECK(legacy_agree(on, ki_2, chip, *from_centre, a).has_value());
    CHECK(legacy_agree(on, ki_2, centre, *from_chip, b).has_value());
    CHECK(a == b);
  }
  Bytes too_long(257);
  CHECK(!legacy_agree(on, ki_2, chip, *from_centre, too_long).has_value());
  // One agreement's message does not serve the other, nor does a damaged one.
  ByteArray<16> ki;
  CHECK(failed_with(legacy_agree(on, LegacyPurpose::puk, chip, *from_centre, ki),
                    ErrorCode::bad_value));
  Bytes message(from_centre->begin(), from_centre->end());
  for (size_t size = 0; size < message.size(); ++size) {
    CHECK(!legacy_agree(on, ki_2, chip, ByteView(message).first(size), ki).has_value());
  }
  message[0] = protocol_octet;
  CHECK(failed_with(legacy_agree(on, ki_2, chip, message, ki), ErrorCode::unsupported));
}

namespace {

// A chip of the profile, as the factory makes it, and the centre's view of the same.
struct LegacyPair {
  ChipRecord record;
  TestChipStore store;
  TestRandom random{7};
  ChipHalf half{store, random};
  Epoch base;

  LegacyPair() {
    record.chip = test_identity();
    record.chip_key = seed_of(9);  // K1
    record.suites = SuiteSet{Suite::symmetric};
    record.legacy_1997 = true;
    store.put(record);
    REQUIRE(pre_personalise(store).has_value());
    base = initial_epoch(*legacy_chip_key(on, seed_of(9), test_identity()), 0);
  }
  LegacySession begin(uint32_t epoch, Message& offer) {
    LegacySession session{test_identity(), 0, epoch, base, {}};
    offer = *legacy_begin(on, session, random);
    return session;
  }
};

}  // namespace

TEST_CASE("D7, D8, D11 in the legacy form: both ends have the epoch before either uses it (I1)") {
  LegacyPair pair;
  CHECK(to_hex(pair.store.record().active.secret.view()) ==
        to_hex(pair.base.secret.view()));  // Ki_1 on both sides
  Message offer;
  const LegacySession session = pair.begin(1, offer);
  const auto answered = pair.half.on_message(offer);
  REQUIRE(answered.has_value());
  CHECK(answered->event == ChipEvent::prepared);
  REQUIRE(pair.store.record().pending.has_value());  // stored before it answers
  const auto next = legacy_on_answer(on, session, answered->reply);
  REQUIRE(next.has_value());
  CHECK(to_hex(next->secret.view()) == to_hex(pair.store.record().pending->secret.view()));
  CHECK(to_hex(next->puk_secret.view()) == to_hex(pair.store.record().pending->puk_secret.view()));

  // The identical OFFER: the identical answer, while the chip has its RAM; silence afterwards.
  CHECK(pair.half.on_message(offer)->reply == answered->reply);
  ChipHalf after_power_cut(pair.store, pair.random);
  CHECK(!after_power_cut.on_message(offer).has_value());
  CHECK(to_hex(pair.store.record().pending->secret.view()) == to_hex(next->secret.view()));

  const Message commit = make_confirmation(MessageType::commit, test_identity(), 0, *next);
  const auto done = after_power_cut.on_message(commit);
  REQUIRE(done.has_value());
  CHECK(done->event == ChipEvent::promoted);
  CHECK(pair.store.record().state == ChipState::personalised);

  // A re-key keeps the PUK; a number that was used, or another base, moves nothing.
  pair.base = *next;
  Message again;
  const LegacySession rekey = pair.begin(2, again);
  const auto rekeyed = legacy_on_answer(on, rekey, after_power_cut.on_message(again)->reply);
  REQUIRE(rekeyed.has_value());
  CHECK(to_hex(rekeyed->puk_secret.view()) == to_hex(next->puk_secret.view()));
  CHECK(to_hex(rekeyed->secret.view()) != to_hex(next->secret.view()));
  Message old_number;
  pair.begin(1, old_number);
  CHECK(!after_power_cut.on_message(old_number).has_value());
  LegacySession stranger{test_identity(), 0, 9, next.value(), {}};
  stranger.base.number = 7;
  CHECK(!after_power_cut.on_message(*legacy_begin(on, stranger, pair.random)).has_value());
}

TEST_CASE(
    "legacy OFFER and ANSWER: every truncation and every changed octet is refused or dropped") {
  LegacyPair pair;
  Message offer;
  const LegacySession session = pair.begin(1, offer);
  for (size_t size = 0; size < offer.size(); ++size) {
    CHECK(!pair.half.on_message(ByteView(offer).first(size)).has_value());
  }
  const Message answer = pair.half.on_message(offer)->reply;
  for (size_t size = 0; size < answer.size(); ++size) {
    CHECK(!legacy_on_answer(on, session, ByteView(answer).first(size)).has_value());
  }
  for (size_t at = 0; at < answer.size(); at += at < 12 ? 1 : 37) {
    Message changed = answer;
    changed.span()[at] = static_cast<uint8_t>(changed.span()[at] ^ 0x40);
    CHECK(!legacy_on_answer(on, session, changed).has_value());
  }
  Message long_one = answer;
  REQUIRE(long_one.try_append(Bytes(20, 0)));
  CHECK(!legacy_on_answer(on, session, long_one).has_value());
}

TEST_CASE("a chip is legacy-1997 or not, for good: neither takes the other's first message") {
  LegacyPair pair;
  Message offer;
  pair.begin(1, offer);
  World world;
  CHECK(world.chip.deliver(offer).empty());
  ChipRecord made = pair.store.record();
  made.suites = SuiteSet{Suite::symmetric, Suite::x25519};
  ByteArray<chip_record_octets_max> room;
  CHECK(!parse_record(*write_record(made, room)).has_value());
  made.suites = SuiteSet{Suite::symmetric};
  const auto kept = parse_record(*write_record(made, room));
  REQUIRE(kept.has_value());
  CHECK(kept->legacy_1997);
  ChipRecord factory = pair.record;
  factory.suites = SuiteSet{Suite::x25519};
  pair.store.put(factory);
  CHECK(failed_with(pre_personalise(pair.store), ErrorCode::bad_value));
}

TEST_CASE("legacy messages and the present ones are never taken for each other") {
  const auto message = legacy_message(on, LegacyPurpose::ki_2, seed_of(2));
  CHECK(failed_with(type_of(*message), ErrorCode::unsupported));
  World world;
  CHECK(world.chip.deliver(*message).empty());
}

TEST_CASE("negative control: the legacy agreement falls to a man in the middle, as described") {
  const Key256 chip = seed_of(1), centre = seed_of(2), thief = seed_of(3);
  const auto his = legacy_message(on, LegacyPurpose::ki_2, thief);
  ByteArray<16> of_chip, of_thief;
  constexpr LegacyPurpose ki_2 = LegacyPurpose::ki_2;
  REQUIRE(legacy_agree(on, ki_2, chip, *his, of_chip).has_value());
  REQUIRE(legacy_agree(on, ki_2, thief, *legacy_message(on, ki_2, chip), of_thief).has_value());
  CHECK(of_chip == of_thief);
}
