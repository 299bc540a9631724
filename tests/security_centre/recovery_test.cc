// A database that was restored from an older copy, and chips that lived on meanwhile.
#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"
#include "security_centre/rig.h"

using namespace simurgh;
using namespace simurgh::security_centre;
using namespace simurgh::security_centre::rig;
using fleet::ChipState;
using hlr::RecoveryAction;

namespace {

// A chip in service in life 0 under epoch 1, and a copy of the database from then.
struct InService : Rig {
  InService() {
    sell(0, "49170000001");
    log_on();
    REQUIRE(chip.record.state == personalisation::ChipState::personalised);
    REQUIRE(fleet_chip().state == ChipState::personalised);
    copy = snapshot();
  }
  void rekey(Until until = Until::quiet) {
    REQUIRE(centre().rekey(iccid(), "operator", now).has_value());
    commit();
    talk(until);
  }
  Snapshot copy;
};

RecoveryAction only_action(const hlr::RecoveryPlan& plan) {
  CHECK(plan.condition == hlr::StartCondition::restored);
  REQUIRE(plan.steps.size() == 1);
  return plan.steps[0].action;
}

// The chip is sold in `life` and comes into service.
void check_new_life(Rig& rig, uint32_t life) {
  CHECK(rig.fleet_chip().state == ChipState::returned);
  CHECK(rig.fleet_chip().life == life);
  CHECK(rig.chip.record.life == life);
  rig.sell(life, "49170000009");
  rig.log_on();
  CHECK(rig.chip.record.state == personalisation::ChipState::personalised);
  CHECK(rig.served());
}

}  // namespace

TEST_CASE("I1 D10: a reset that the database forgot is taken up by its receipt") {
  InService rig;
  bool confirmed = false;
  SUBCASE("its receipt was confirmed") {
    confirmed = true;
  }
  SUBCASE("its receipt was lost") {}
  const auto reset = rig.authorise(rig.challenge());
  const auto receipt = rig.give(*reset);
  REQUIRE(receipt.has_value());
  if (confirmed) REQUIRE(rig.confirm(*receipt).has_value());

  CHECK(only_action(rig.restore(rig.copy)) == RecoveryAction::finish_reset);
  CHECK(rig.fleet_chip().state == ChipState::resetting);
  CHECK(!rig.subscriber());
  CHECK(rig.audited("recovery", "chip.reset_authorised"));
  CHECK(rig.audited("recovery", "subscriber.remove"));
  // The chip is a life ahead: the same RESET, to which it repeats its receipt.
  const auto again = rig.authorise(rig.challenge());
  REQUIRE(again.has_value());
  CHECK(*again == *reset);
  const auto same = rig.give(*again);
  REQUIRE(same.has_value());
  CHECK(*same == *receipt);
  REQUIRE(rig.confirm(*same).has_value());
  check_new_life(rig, 1);
}

TEST_CASE("D10: a RESET that the chip never took, forgotten, is made anew for its challenge") {
  InService rig;
  REQUIRE(rig.authorise(rig.challenge()).has_value());
  CHECK(only_action(rig.restore(rig.copy)) == RecoveryAction::finish_reset);
  CHECK(rig.chip.record.life == 0);
  rig.reset_chip();
  check_new_life(rig, 1);
}

TEST_CASE("D10: of several RESETs of a life the last one counts, also for a copy in between") {
  InService rig;
  REQUIRE(rig.authorise(rig.challenge()).has_value());
  const auto between = rig.snapshot();
  const auto second = rig.authorise(rig.challenge());
  REQUIRE(rig.give(*second).has_value());
  CHECK(only_action(rig.restore(between)) == RecoveryAction::finish_reset);
  const auto again = rig.authorise(rig.challenge());
  REQUIRE(again.has_value());
  CHECK(*again == *second);
  REQUIRE(rig.confirm(*rig.give(*again)).has_value());
  check_new_life(rig, 1);
}

TEST_CASE("I1 T-SWAP: a chip sold again since is nobody's until it was reset and sold") {
  InService rig;
  const std::string old_order = rig.fleet_chip().order;
  rig.reset_chip();
  rig.sell(1, "49170000002");
  bool personalised = false;
  SUBCASE("and personalised") {
    personalised = true;
  }
  SUBCASE("and not yet personalised") {}
  if (personalised) rig.log_on();

  CHECK(only_action(rig.restore(rig.copy)) == RecoveryAction::take_up);
  CHECK(rig.fleet_chip().state == ChipState::frozen);
  CHECK(rig.fleet_chip().life == 1);
  CHECK(rig.row()->life == 1);
  CHECK(rig.row()->active_epoch == (personalised ? 1 : 0));
  CHECK(rig.subscriber()->fenced);
  CHECK(!rig.served());
  CHECK(rig.audited("recovery", "chip.take_up"));
  CHECK(rig.audited("recovery", "subscriber.fence"));
  // Neither the old customer nor a new order gets it.
  CHECK(!rig.centre().renew_code(old_order, {}, "dealer", rig.now).has_value());
  rig.storage.crash();
  CHECK(rig.centre().rekey(rig.iccid(), "operator", rig.now).error().code == ErrorCode::bad_state);
  rig.log_on();
  CHECK(rig.fleet_chip().state == ChipState::frozen);

  rig.reset_chip();
  check_new_life(rig, 2);
}

TEST_CASE("I1: a chip that the old copy never saw is taken up and can be reset") {
  Rig rig;
  const auto copy = rig.snapshot();
  rig.sell(0, "49170000001");
  rig.log_on();
  CHECK(only_action(rig.restore(copy)) == RecoveryAction::take_up);
  CHECK(rig.fleet_chip().state == ChipState::frozen);
  CHECK(!rig.subscriber());
  rig.reset_chip();
  check_new_life(rig, 1);
}

TEST_CASE("I1: two lives and a RESET on its way: the chip is in the third life") {
  InService rig;
  rig.reset_chip();
  rig.sell(1, "49170000002");
  rig.log_on();
  const auto reset = rig.authorise(rig.challenge());
  REQUIRE(rig.give(*reset).has_value());
  CHECK(only_action(rig.restore(rig.copy)) == RecoveryAction::take_up);
  CHECK(rig.fleet_chip().state == ChipState::resetting);
  CHECK(!rig.subscriber());
  const auto again = rig.authorise(rig.challenge());
  REQUIRE(again.has_value());
  REQUIRE(rig.confirm(*rig.give(*again)).has_value());
  check_new_life(rig, 2);
}

TEST_CASE("I1: rolled forward over two epochs, the chip still answers in the one before the last") {
  InService rig;
  rig.rekey();
  rig.rekey(Rig::Until::commit_lost);
  REQUIRE(rig.chip.record.pending.has_value());
  CHECK(rig.chip.record.active.number == 2);
  CHECK(rig.row()->active_epoch == 3);
  CHECK(only_action(rig.restore(rig.copy)) == RecoveryAction::roll_forward);
  CHECK(rig.row()->active_epoch == 3);
  CHECK(rig.row()->previous_epoch == 2);
  CHECK(rig.served());
  rig.reset_chip();  // its receipt is under epoch 2
  check_new_life(rig, 1);
}

TEST_CASE("I1 D11: an offered epoch that nobody confirmed is brought to rest by a re-key") {
  InService rig;
  rig.rekey(Rig::Until::prepared_lost);
  REQUIRE(rig.chip.record.pending.has_value());
  const uint32_t offered = rig.chip.record.pending->number;
  CHECK(only_action(rig.restore(rig.copy)) == RecoveryAction::settle);
  CHECK(rig.row()->epoch_max >= offered);  // I2: the number is spent, whatever the copy says
  CHECK(rig.fleet_chip().state == ChipState::rekeying);
  CHECK(rig.audited("recovery", "chip.rekey_ordered"));
  rig.now = rig.now + minutes(1);
  REQUIRE(rig.centre().on_time(rig.now).has_value());
  rig.commit();
  rig.talk();
  CHECK(rig.fleet_chip().state == ChipState::personalised);
  CHECK(!rig.chip.record.pending);
  CHECK(rig.chip.record.active.number == rig.row()->active_epoch);
  CHECK(rig.served());
}

TEST_CASE("threats 13: a receipt that proves K1 only ends no life, recovered or not") {
  InService rig;
  const auto reset = rig.authorise(rig.challenge());
  bool restored = false;
  SUBCASE("restored") {
    restored = true;
  }
  SUBCASE("not restored") {}
  if (restored) rig.restore(rig.copy);
  personalisation::ResetDone forged;
  forged.iccid = rig.iccid();
  forged.life = 1;
  forged.nonce_c = personalisation::parse_reset(*reset)->nonce_c;
  const auto key = personalisation::chip_key(*rig.keys.k1_of_version(rig.chip.record.chip.ver),
                                             rig.chip.record.chip);
  forged.mac = reset_done_mac(forged, rig.chip.record.chip, personalisation::initial_epoch(key, 1),
                              personalisation::label::mac_reset_done);
  forged.ending_mac = forged.mac;
  const auto receipt = personalisation::write_reset_done(forged);
  CHECK(rig.confirm(receipt).error().code == ErrorCode::bad_mac);
  CHECK(rig.fleet_chip().state == ChipState::resetting);
}

TEST_CASE("D10: a challenge of a later life is worth nothing without a RESET of the life before") {
  InService rig;
  auto claimed = *personalisation::parse_reset_challenge(rig.challenge());
  for (const uint32_t life : {1u, 2u, 7u}) {
    claimed.life = life;
    CHECK(!rig.authorise(personalisation::write_reset_challenge(claimed)).has_value());
  }
  CHECK(rig.fleet_chip().state == ChipState::personalised);
  CHECK(rig.served());
}
