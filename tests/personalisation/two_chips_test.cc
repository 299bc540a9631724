// Two chips with one identity (D12): a forged one beside the genuine one, told by the attempt
// numbers that each must count up; and what outsiders must not be able to make of that alarm.
#include <doctest/doctest.h>

#include "conversations/personalisation/handshake.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

// An attacker's own E_0 of the world's chip: what K1 gives.
Epoch epoch_0(World& world) {
  const ChipIdentity chip = test_identity();
  return initial_epoch(chip_key(*world.keys.k1_of_version(chip.ver), chip), 0);
}

// A forged chip: everything that K1 gives, in the attacker's hands.
struct ForgedChip {
  explicit ForgedChip(World& world, uint64_t seed = 99) : chip(store, seed) {
    store.put(factory_record(world.keys, world.store.record().suites));
    SIMURGH_CHECK(pre_personalise(store).has_value());
  }
  TestChipStore store;
  Chip chip;
};

Bytes bytes_from(const Message& message) {
  return Bytes(message.begin(), message.end());
}

}  // namespace

TEST_CASE("D12: two chips with one identity show themselves, whichever comes first") {
  SUBCASE("both in one session, with the same attempt number") {
    World world;
    ForgedChip forged(world);
    const auto init = world.centre.tick();
    CHECK(world.centre.deliver(world.chip.deliver(init[0])[0]).size() == 1);
    CHECK(world.centre.deliver(forged.chip.deliver(init[0])[0]).empty());
    CHECK(world.centre.evidence == Evidence::two_chips);
  }
  SUBCASE("in two sessions, the second with an attempt number that was used") {
    World world({.code = CodeKind::short_code});
    ForgedChip forged(world);
    TestRandom random(1);
    forged.chip.code = make_short_code(random, 8);
    const auto init = world.centre.tick();
    CHECK(world.centre.deliver(forged.chip.deliver(init[0])[0]).size() == 1);
    world.centre.lose_session();
    const auto init_2 = world.centre.tick();
    CHECK(world.centre.deliver(world.chip.deliver(init_2[0])[0]).empty());
    CHECK(world.centre.evidence == Evidence::two_chips);
    CHECK(world.centre.db.frozen);
    CHECK(world.centre.tick().empty());
  }
  SUBCASE("a forged one that takes the highest attempt number of all") {
    World world;
    const Epoch e0 = epoch_0(world);
    const auto init = world.centre.tick();
    M1 forged = *parse_m1(world.chip.deliver(init[0])[0]);
    const Bytes genuine = bytes_from(write_m1(forged));
    forged.attempt = UINT32_MAX;
    forged.mac = m1_mac(forged, init[0], e0);
    CHECK(world.centre.deliver(write_m1(forged)).size() == 1);
    CHECK(world.centre.deliver(genuine).empty());  // may be one that was overtaken
    CHECK(world.centre.evidence == Evidence::none);
    world.centre.lose_session();
    const auto init_2 = world.centre.tick();
    CHECK(world.centre.deliver(world.chip.deliver(init_2[0])[0]).empty());
    CHECK(world.centre.evidence == Evidence::two_chips);
  }
  SUBCASE("a second M1 after PREPARED") {
    World world;
    CentreSession session;
    const auto init = world.centre.half().begin(session, world.centre.order(1));
    const auto m2 = world.centre.half().on_message(session, world.chip.deliver(*init)[0]);
    const auto prepared = world.chip.deliver(m2->reply);
    CHECK(world.centre.half().on_message(session, prepared[0])->event == CentreEvent::prepared);
    ForgedChip forged(world);
    (void)forged.chip.deliver(*init);
    forged.chip.power_cycle();  // its next attempt number is 2
    const auto late = world.centre.half().on_message(session, forged.chip.deliver(*init)[0]);
    REQUIRE(late.has_value());
    CHECK(late->evidence == Evidence::two_chips);
    CHECK(session.phase == CentrePhase::prepared);  // the commit stands
  }
  SUBCASE("a memory turned back") {
    World world;
    const ChipRecord old = world.store.record();
    world.run();
    REQUIRE(world.agreed());
    // In the next life of the negotiation the old image cannot even answer: epoch 0 is gone from
    // the centre.
    world.store.put(old);
    world.centre.want(false);
    CHECK(world.chip.deliver(world.centre.tick()[0]).empty());
  }
}

TEST_CASE("I8: without K1 nobody raises that alarm") {
  World world;
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  M1 forged = *parse_m1(m1[0]);
  forged.attempt += 1;
  CHECK(world.centre.deliver(write_m1(forged)).empty());
  CHECK(world.centre.evidence == Evidence::none);
  CHECK(world.centre.session().phase == CentrePhase::sent_init);
  CHECK(world.centre.deliver(m1[0]).size() == 1);
}
