// Power cuts at every save of the chip, crashes of the centre at every event, both together, and a
// link that loses, doubles, delays and reorders: the centre's active key is always one that the
// chip accepts (I1), and when the faults stop both end with one and the same (L1).
#include <doctest/doctest.h>

#include <deque>

#include "lossy_world.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

struct Plan {
  int cut_at_save = -1;     // of the chip
  bool cut_after = false;   // the save took effect
  int crash_at_event = -1;  // of the centre
  Crash crash = Crash::none;
};

struct Outcome {
  bool safe = true;
  bool agreed = false;
  int events = 0;  // of the centre
  int saves = 0;
};

// A perfect link but for the planned faults; the chip gets power again when it lost it.
Outcome run_with(World& world, const Plan& plan) {
  Outcome outcome;
  if (plan.cut_at_save >= 0) world.store.plan_cut(plan.cut_at_save, plan.cut_after);
  const int saves_before = world.store.saves;
  const auto centre_event = [&](auto event) {
    if (outcome.events++ == plan.crash_at_event) world.centre.plan_crash(plan.crash);
    auto out = event();
    outcome.safe = outcome.safe && world.safe();
    return out;
  };
  for (int round = 0; round < 40 && !world.centre.idle(); ++round) {
    std::deque<std::pair<bool, Bytes>> queue;
    for (Bytes& m : centre_event([&] { return world.centre.tick(); })) {
      queue.emplace_back(true, std::move(m));
    }
    while (!queue.empty()) {
      const auto [to_chip, message] = queue.front();
      queue.pop_front();
      auto replies = to_chip ? world.chip.deliver(message)
                             : centre_event([&] { return world.centre.deliver(message); });
      if (to_chip) outcome.safe = outcome.safe && world.safe();
      for (Bytes& reply : replies) queue.emplace_back(!to_chip, std::move(reply));
      if (!world.store.powered()) {
        world.store.power_on();
        world.chip.power_cycle();
        queue.clear();  // what the terminal held for the chip is gone with it
      }
    }
  }
  outcome.agreed = world.agreed();
  outcome.saves = world.store.saves - saves_before;
  return outcome;
}

void check_plan(const Setting& setting, bool rekey, const Plan& plan) {
  World world(setting);
  if (rekey) {
    world.run();
    REQUIRE(world.agreed());
    world.centre.want(false);
  }
  const Outcome outcome = run_with(world, plan);
  CAPTURE(rekey);
  CAPTURE(plan.cut_at_save);
  CAPTURE(plan.cut_after);
  CAPTURE(plan.crash_at_event);
  CAPTURE(static_cast<int>(plan.crash));
  CHECK(outcome.safe);
  CHECK(outcome.agreed);
  CHECK(world.centre.evidence == Evidence::none);
}

constexpr Crash all_crashes[] = {Crash::before_commit, Crash::after_commit, Crash::after_send};
constexpr CodeKind all_codes[] = {CodeKind::none, CodeKind::secret, CodeKind::short_code};

}  // namespace

TEST_CASE("D7 D11 I1: the power goes before or after any save of the chip") {
  for (const bool rekey : {false, true}) {
    for (const CodeKind code : all_codes) {
      for (int save = 0; save < 8; ++save) {
        for (const bool after : {false, true}) {
          check_plan({.code = code}, rekey, {.cut_at_save = save, .cut_after = after});
        }
      }
    }
  }
}

TEST_CASE("D7 D11 I1: the centre crashes at any event, before or after its commit or its sending") {
  for (const bool rekey : {false, true}) {
    for (const CodeKind code : all_codes) {
      for (int event = 0; event < 8; ++event) {
        for (const Crash crash : all_crashes) {
          check_plan({.code = code}, rekey, {.crash_at_event = event, .crash = crash});
        }
      }
    }
  }
}

TEST_CASE("D7 D11 I1: both, in every combination") {
  for (const bool rekey : {false, true}) {
    for (int save = 0; save < 5; ++save) {
      for (const bool after : {false, true}) {
        for (int event = 0; event < 7; ++event) {
          for (const Crash crash : all_crashes) {
            check_plan(
                {}, rekey,
                {.cut_at_save = save, .cut_after = after, .crash_at_event = event, .crash = crash});
          }
        }
      }
    }
  }
}

TEST_CASE("a chip that lost its RAM between M1 and M2 gets a new number, and no alarm") {
  World world;
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  const auto m2 = world.centre.deliver(m1[0]);
  world.chip.power_cycle();
  CHECK(world.chip.deliver(m2[0]).empty());  // no session, no answer
  const auto again = world.chip.deliver(init[0]);
  REQUIRE(again.size() == 1);
  CHECK(parse_m1(again[0])->attempt == parse_m1(m1[0])->attempt + 1);
  CHECK(world.centre.deliver(again[0]).empty());
  CHECK(world.centre.session().phase == CentrePhase::ended);
  CHECK(world.centre.evidence == Evidence::none);
  CHECK(world.centre.db.last_attempt.attempt == 2);
  const auto next = world.centre.tick();
  CHECK(parse_init(next[0])->epoch == 2);
  world.run();
  CHECK(world.agreed());
  CHECK(world.store.record().active.number == 2);
}

TEST_CASE("every message repeated gets the identical answer, or the one that fits, and no effect") {
  World world({.code = CodeKind::short_code});
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  CHECK(world.chip.deliver(init[0]) == m1);
  CHECK(world.chip.deliver(init[0]) == m1);
  const auto m2 = world.centre.deliver(m1[0]);
  CHECK(world.centre.deliver(m1[0]) == m2);
  CHECK(world.centre.db.tries == 1);
  const auto prepared = world.chip.deliver(m2[0]);
  const Bytes stored = world.store.bytes();
  CHECK(world.chip.deliver(m2[0]) == prepared);
  CHECK(world.chip.deliver(init[0]) == prepared);
  world.chip.power_cycle();
  CHECK(world.chip.deliver(m2[0]) == prepared);
  CHECK(world.chip.deliver(init[0]) == prepared);
  CHECK(world.store.bytes() == stored);
  const auto commit = world.centre.deliver(prepared[0]);
  CHECK(world.centre.deliver(prepared[0]) == commit);
  CHECK(world.centre.deliver(m1[0]).empty());  // an M1 overtaken by all that followed
  const auto done = world.chip.deliver(commit[0]);
  const Bytes promoted = world.store.bytes();
  CHECK(world.chip.deliver(commit[0]) == done);
  CHECK(world.chip.deliver(m2[0]) == done);
  CHECK(world.chip.deliver(init[0]) == done);
  world.chip.power_cycle();
  CHECK(world.chip.deliver(m2[0]) == done);
  CHECK(world.chip.deliver(commit[0]) == done);
  CHECK(world.store.bytes() == promoted);
  world.centre.deliver(done[0]);
  CHECK(world.centre.deliver(done[0]).empty());
  CHECK(world.agreed());
}

TEST_CASE("D7: the first thing that verifies under the new epoch promotes it, without COMMIT") {
  World world;
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  const auto m2 = world.centre.deliver(m1[0]);
  const auto prepared = world.chip.deliver(m2[0]);
  world.centre.deliver(prepared[0]);  // COMMIT is lost
  CHECK(failed_with(world.chip.half().confirm_pending(7), ErrorCode::bad_state));
  const auto step = world.chip.half().confirm_pending(1);  // AKA under epoch 1
  REQUIRE(step.has_value());
  CHECK(step->event == ChipEvent::promoted);
  CHECK(world.centre.deliver(step->reply).empty());
  CHECK(world.agreed());
  const int saves = world.store.saves;
  CHECK(world.chip.half().confirm_pending(1)->event == ChipEvent::none);
  CHECK(world.store.saves == saves);
}

TEST_CASE("D11: an INIT that names the pending epoch as its base promotes it in the same save") {
  World world;
  const auto init = world.centre.tick();
  const auto m2 = world.centre.deliver(world.chip.deliver(init[0])[0]);
  world.centre.deliver(world.chip.deliver(m2[0])[0]);  // COMMIT is lost
  world.centre.db.commit_unconfirmed = false;          // and the centre goes on at once
  world.centre.lose_session();
  world.centre.want(false);
  const auto init_2 = world.centre.tick();
  CHECK(parse_init(init_2[0])->base_epoch == 1);
  const auto m1 = world.chip.deliver(init_2[0]);
  CHECK(world.store.record().active.number == 0);  // INIT promotes nothing
  const auto m2_2 = world.centre.deliver(m1[0]);
  const auto step = world.chip.half().on_message(m2_2[0]);
  REQUIRE(step.has_value());
  CHECK(step->base_promoted);
  CHECK(world.store.record().active.number == 1);
  CHECK(world.store.record().pending->number == 2);
  CHECK(world.safe());
  const auto commit = world.centre.deliver(step->reply);
  world.centre.deliver(world.chip.deliver(commit[0])[0]);
  CHECK(world.agreed());
}

TEST_CASE("I1 I2 L1: over a link that loses, doubles, delays and reorders") {
  uint32_t epochs = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    const LossyOutcome outcome = lossy_world(seed, {});
    CHECK(outcome.violation == "");
    epochs += outcome.switches;
  }
  CHECK(epochs > 150 * 3);  // it is not because nothing happens
}

TEST_CASE("I1 I2 L1: and with crashes of both sides") {
  uint32_t epochs = 0;
  for (uint64_t seed = 1; seed <= 250; ++seed) {
    CAPTURE(seed);
    const LossyOutcome outcome = lossy_world(seed, {.crashes = true});
    CHECK(outcome.violation == "");
    epochs += outcome.switches;
  }
  CHECK(epochs > 250 * 3);
}
