// Whole conversations over a link that works: what both ends hold afterwards.
#include <doctest/doctest.h>

#include <algorithm>

#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

constexpr Suite all_suites[] = {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric};

bool has(const std::vector<ChipEvent>& events, ChipEvent event) {
  return std::find(events.begin(), events.end(), event) != events.end();
}

}  // namespace

TEST_CASE("D7 D9 D12: every suite, kind of code and maker of the key ends in one agreed epoch") {
  for (const Suite suite : all_suites) {
    for (const CodeKind code : {CodeKind::none, CodeKind::secret, CodeKind::short_code}) {
      for (const bool server_made : {false, true}) {
        if (suite == Suite::symmetric && code != CodeKind::secret) continue;
        CAPTURE(name_of(suite));
        CAPTURE(static_cast<int>(code));
        CAPTURE(server_made);
        World world({.chip_suites = {suite},
                     .centre_suites = {suite},
                     .code = code,
                     .server_made = server_made});
        const Epoch before = world.store.record().active;
        world.run();
        CHECK(world.agreed());
        CHECK(world.safe());
        CHECK(world.store.record().active.number == 1);
        CHECK(
            !crypto::secure_equal(before.secret.view(), world.store.record().active.secret.view()));
        CHECK(has(world.chip.events, ChipEvent::code_wanted) == (code != CodeKind::none));
        CHECK(has(world.chip.events, ChipEvent::prepared));
        CHECK(has(world.chip.events, ChipEvent::promoted));
        CHECK(world.chip.errors.empty());
        CHECK(world.centre.db.tries == (code == CodeKind::none ? 0 : 1));
      }
    }
  }
}

TEST_CASE("D7: both ends derive the same Ki, OTA keys, PSK and PUK, and the next run other ones") {
  World world;
  world.run();
  const Epoch chip = world.store.record().active;
  const Epoch centre = world.centre.db.active;
  ByteArray<16> ki_chip, ki_centre;
  derive_ki(chip.secret, ki_chip);
  derive_ki(centre.secret, ki_centre);
  CHECK(ki_chip == ki_centre);
  CHECK(derive_puk(chip.puk_secret) == derive_puk(centre.puk_secret));
  CHECK(derive_psk_identity(chip.secret) == derive_psk_identity(centre.secret));

  World other({.seed = 2});
  other.run();
  ByteArray<16> ki_other;
  derive_ki(other.centre.db.active.secret, ki_other);
  CHECK(ki_other != ki_chip);
}

TEST_CASE("D11: re-keying goes on from the present epoch, keeps the PUK, and forgets the old key") {
  for (const Suite suite : all_suites) {
    World world({.chip_suites = {suite}, .centre_suites = {suite}, .code = CodeKind::secret});
    world.run();
    REQUIRE(world.agreed());
    const auto puk = derive_puk(world.centre.db.active.puk_secret);
    for (uint32_t epoch = 2; epoch <= 4; ++epoch) {
      const Epoch old = world.centre.db.active;
      world.centre.want(false);
      world.run();
      CHECK(world.agreed());
      CHECK(world.store.record().active.number == epoch);
      CHECK(derive_puk(world.store.record().active.puk_secret) == puk);
      // The old secret is nowhere in the chip's record.
      const Bytes& bytes = world.store.bytes();
      const ByteView window = old.secret.view().first(8);
      CHECK(std::search(bytes.begin(), bytes.end(), window.begin(), window.end()) == bytes.end());
    }
  }
}

TEST_CASE("D7: a new PUK comes with a new epoch only when the order says so") {
  World world;
  world.run();
  const auto first = derive_puk(world.centre.db.active.puk_secret);
  CentreOrder order = world.centre.order(2);
  order.new_puk = true;
  CentreSession session;
  const auto init = world.centre.half().begin(session, order);
  REQUIRE(init.has_value());
  const auto m1 = world.chip.deliver(*init);
  REQUIRE(m1.size() == 1);
  const auto m2 = world.centre.half().on_message(session, m1[0]);
  REQUIRE(m2.has_value());
  REQUIRE(world.chip.deliver(m2->reply).size() == 1);
  const auto second = derive_puk(world.store.record().pending->puk_secret);
  CHECK(second != first);
  CHECK(second == derive_puk(session.next.puk_secret));
}

TEST_CASE("D8: the wish for a new PIN reaches the chip with its success") {
  World world({.choose_pin = true});
  const auto begun = world.centre.tick();
  const auto m1 = world.chip.deliver(begun[0]);
  const auto m2 = world.centre.deliver(m1[0]);
  const auto prepared = world.chip.half().on_message(m2[0]);
  REQUIRE(prepared.has_value());
  CHECK(prepared->event == ChipEvent::prepared);
  CHECK(prepared->flags.choose_pin);
  const auto commit = world.centre.deliver(prepared->reply);
  const auto done = world.chip.half().on_message(commit[0]);
  REQUIRE(done.has_value());
  CHECK(done->event == ChipEvent::promoted);
  CHECK(done->flags.choose_pin);
}

TEST_CASE("D3: K1 goes in the very save that brings the chip's own key, whatever the power does") {
  TestKeys keys;
  const Key256 k1 = *keys.k1_of_version(test_identity().ver);
  const auto holds_k1 = [&](const TestChipStore& store) {
    for (size_t at = 0; at + 8 <= 32; ++at) {
      const ByteView window = k1.view().subspan(at, 8);
      if (std::search(store.bytes().begin(), store.bytes().end(), window.begin(), window.end()) !=
          store.bytes().end()) {
        return true;
      }
    }
    return false;
  };
  TestChipStore store;
  store.put(factory_record(keys, {Suite::x25519}));
  CHECK(holds_k1(store));
  store.plan_cut(0, false);
  CHECK(failed_with(pre_personalise(store), ErrorCode::closed));
  store.power_on();
  CHECK(store.record().state == ChipState::factory);
  CHECK(holds_k1(store));
  store.plan_cut(0, true);
  CHECK(failed_with(pre_personalise(store), ErrorCode::closed));
  store.power_on();
  CHECK(store.record().state == ChipState::pre_personalised);
  CHECK(!holds_k1(store));
  // There is no way back.
  CHECK(failed_with(pre_personalise(store), ErrorCode::bad_state));
}

TEST_CASE("D3: a chip in its factory state takes part in nothing") {
  TestKeys keys;
  TestChipStore store;
  store.put(factory_record(keys, {Suite::x25519}));
  Chip chip(store, 1);
  World world;
  const auto init = world.centre.tick();
  CHECK(failed_with(chip.half().on_message(init[0]), ErrorCode::bad_state));
  CHECK(failed_with(chip.half().request(RequestReason::first_logon), ErrorCode::bad_state));
  CHECK(failed_with(chip.half().reset_challenge(), ErrorCode::bad_state));
}

TEST_CASE("D3: a chip is not made without the server keys that its suites need") {
  TestKeys keys;
  TestChipStore store;
  ChipRecord record = factory_record(keys, {Suite::x25519, Suite::p256});
  record.server_keys.p256.clear();
  store.put(record);
  CHECK(failed_with(pre_personalise(store), ErrorCode::bad_value));
  record.suites = SuiteSet();
  store.put(record);
  CHECK(failed_with(pre_personalise(store), ErrorCode::bad_value));
}

TEST_CASE("INIT fits one short message, and no message is longer than its limit") {
  // 140 octets of user data less headers (16), counter, padding octet and checksum (14) in blocks
  // of 16: 98 octets of secured data.
  World world({.chip_suites = {Suite::ffdhe2048},
               .centre_suites = {Suite::ffdhe2048},
               .code = CodeKind::short_code,
               .server_made = true});
  CentreOrder order = world.centre.order(1);
  order.id = OrderId(bytes_of("sixteen octets !"));
  CentreSession session;
  const auto init = world.centre.half().begin(session, order);
  CHECK(init->size() <= 98);
  const auto m1 = world.chip.deliver(*init);
  const auto m2 = world.centre.half().on_message(session, m1[0]);
  MESSAGE("INIT " << init->size() << ", M1 " << m1[0].size() << ", M2 " << m2->reply.size());
  CHECK(m2->reply.size() < message_octets_max);
}
