#include "campaign/dispatcher.h"

#include <doctest/doctest.h>

#include "rig.h"

using namespace simurgh;
using namespace simurgh::campaign;
using namespace simurgh::test;

namespace {

// Takes so many, and says what it took.
class Sender final : public TriggerSender {
 public:
  uint32_t room() override { return room_now; }
  Result<bool> send(const Trigger& trigger, Instant) override {
    if (storage_fails) return ErrorCode::storage;
    if (taken.size() >= takes_max) return false;
    taken.push_back(trigger.element.value);
    return true;
  }
  uint64_t throttled() const override { return throttles; }

  uint32_t room_now = 1000;
  size_t takes_max = SIZE_MAX;
  uint64_t throttles = 0;
  bool storage_fails = false;
  std::vector<uint32_t> taken;
};

struct DispatchRig : CampaignRig {
  DispatchRig() : CampaignRig(2000) {}
  Result<void> tick() {
    const auto done = dispatcher.tick({.capacity = 500, .sessions = 0}, now);
    commit();
    now = now + seconds(1);
    return done;
  }
  void ticks(int count) {
    for (int i = 0; i < count; ++i) REQUIRE(tick().has_value());
  }
  Sender sender;
  Dispatcher dispatcher{*campaigns, {}};
};

}  // namespace

TEST_CASE("G4, G6: without a sender the clock goes on and no trigger is asked for") {
  DispatchRig rig;
  const CampaignId id = rig.begin(CampaignRig::order_of(CampaignRig::unapproved()));
  rig.ticks(30);
  CHECK(rig.campaigns->campaign(id)->counters.triggers == 0);
  CHECK(rig.dispatcher.figures().triggers == 0);
  rig.dispatcher.set_sender(&rig.sender);
  rig.ticks(30);
  CHECK(rig.campaigns->campaign(id)->counters.triggers > 0);
  // The clock ends a campaign all the same.
  rig.dispatcher.set_sender(nullptr);
  rig.now = rig.now + days(61);
  rig.ticks(1);
  CHECK(rig.campaigns->campaign(id)->state == State::done);
}

TEST_CASE("G1, G4: without a sender a campaign ends when polls have served everybody") {
  DispatchRig rig;
  const CampaignId id = rig.begin(CampaignRig::order_of(CampaignRig::unapproved()));
  const auto poll = [&](uint32_t element) {
    REQUIRE(rig.campaigns->begin_session({element}, rig.now).has_value());
    REQUIRE(rig.campaigns->next_work({element}, rig.now)->has_value());
    const Report report{.answer = Answer::executed, .proved = true};
    REQUIRE(rig.campaigns->report({element}, id, report, rig.now).has_value());
    rig.campaigns->end_session({element}, rig.now);
  };
  for (uint32_t element = 1; element < 2000; ++element) poll(element);
  rig.ticks(1200);
  CHECK(rig.campaigns->campaign(id)->state == State::running);  // one is missing
  poll(0);
  rig.ticks(1200);
  CHECK(rig.campaigns->campaign(id)->state == State::done);
  CHECK(rig.campaigns->campaign(id)->counters.done == 2000);
}

TEST_CASE("G4, G5, G6: what the sender takes counts, what it refuses is the next one again") {
  DispatchRig rig;
  rig.dispatcher.set_sender(&rig.sender);
  const CampaignId id = rig.begin(CampaignRig::order_of(CampaignRig::unapproved()));
  rig.sender.takes_max = 5;
  while (rig.dispatcher.figures().refused == 0) REQUIRE(rig.tick().has_value());
  CHECK(rig.sender.taken == std::vector<uint32_t>{0, 1, 2, 3, 4});  // newest contact first
  CHECK(rig.campaigns->campaign(id)->counters.triggers == 5);
  CHECK(rig.campaigns->outcome(id, {5})->triggers == 0);
  rig.sender.takes_max = SIZE_MAX;
  rig.ticks(20);
  // What was refused and what is new take turns.
  REQUIRE(rig.sender.taken.size() > 8);
  const bool is_next = rig.sender.taken[5] == 5 || rig.sender.taken[6] == 5;
  CHECK(is_next);
  CHECK(rig.campaigns->campaign(id)->counters.triggers == rig.sender.taken.size());
}

TEST_CASE("G5, G6: no room, no trigger; throttling slows down; the store's error goes up") {
  DispatchRig rig;
  rig.dispatcher.set_sender(&rig.sender);
  rig.begin(CampaignRig::order_of(CampaignRig::unapproved()));
  rig.sender.room_now = 0;
  rig.ticks(20);
  CHECK(rig.sender.taken.empty());
  rig.sender.room_now = 1000;
  rig.sender.throttles = 1;
  REQUIRE(rig.tick().has_value());
  CHECK(rig.dispatcher.budget().messages < 1000);  // a new bucket at half the rate
  rig.ticks(20);
  CHECK(!rig.sender.taken.empty());
  rig.sender.storage_fails = true;
  for (int i = 0; i < 5; ++i) {
    if (const auto done = rig.tick(); !done.has_value()) {
      CHECK(done.error().code == ErrorCode::storage);
      return;
    }
  }
  CHECK(false);
}
