#include "fleet/rig.h"

using namespace simurgh;
using namespace simurgh::test;
using fleet::ChipEvent;
using fleet::ChipState;
using fleet::OrderState;

namespace {

constexpr ChipState all_states[] = {ChipState::sold,      ChipState::personalised,
                                    ChipState::rekeying,  ChipState::frozen,
                                    ChipState::resetting, ChipState::returned};
constexpr ChipEvent all_events[] = {ChipEvent::personalised,
                                    ChipEvent::rekey_ordered,
                                    ChipEvent::rekeyed,
                                    ChipEvent::freeze,
                                    ChipEvent::thaw,
                                    ChipEvent::thaw_to_sold,
                                    ChipEvent::reset_authorised,
                                    ChipEvent::reset_confirmed,
                                    ChipEvent::sale_cancelled};

struct SoldRig : FleetRig {
  SoldRig() {
    add_range(10);
    iccid = allocate(10).run.iccid_at(3);
    REQUIRE(fleet.sell(sale(iccid), by()).has_value());
  }
  ErrorCode sell_error(const fleet::Sale& again) {
    const auto sold = fleet.sell(again, by());
    REQUIRE(!sold.has_value());
    return sold.error().code;
  }
  Iccid iccid;
};

}  // namespace

TEST_CASE("what may happen to a chip, and nothing else") {
  // The table as the design has it, written down a second time.
  const auto expected = [](ChipState state, ChipEvent event) {
    switch (state) {
      case ChipState::sold:
        return event == ChipEvent::personalised || event == ChipEvent::freeze ||
               event == ChipEvent::reset_authorised || event == ChipEvent::sale_cancelled;
      case ChipState::personalised:
        return event == ChipEvent::rekey_ordered || event == ChipEvent::freeze ||
               event == ChipEvent::reset_authorised;
      case ChipState::rekeying:
        return event == ChipEvent::rekeyed || event == ChipEvent::freeze ||
               event == ChipEvent::reset_authorised;
      case ChipState::frozen:
        return event == ChipEvent::thaw || event == ChipEvent::thaw_to_sold ||
               event == ChipEvent::reset_authorised;
      case ChipState::resetting: return event == ChipEvent::reset_confirmed;
      case ChipState::returned: return false;
    }
    return false;
  };
  for (const ChipState state : all_states) {
    for (const ChipEvent event : all_events) {
      CAPTURE(name_of(state));
      CAPTURE(name_of(event));
      CHECK(allows(state, event) == expected(state, event));
      fleet::Chip chip;
      chip.state = state;
      const auto next = after(chip, event, Instant{5});
      CHECK(next.has_value() == expected(state, event));
      if (next) CHECK(next->changed == Instant{5});
      if (!next) CHECK(next.error().code == ErrorCode::bad_state);
    }
  }
}

TEST_CASE("a thawed chip is what it was before it froze") {
  for (const ChipState state : {ChipState::sold, ChipState::personalised, ChipState::rekeying}) {
    fleet::Chip chip;
    chip.state = state;
    const auto frozen = after(chip, ChipEvent::freeze, {});
    CHECK(frozen->state == ChipState::frozen);
    CHECK(after(*frozen, ChipEvent::thaw, {})->state == state);
    CHECK(after(*frozen, ChipEvent::thaw_to_sold, {})->state == ChipState::sold);
  }
}

TEST_CASE("D5: a sale needs a number of the pool, its VER, a free chip, MSISDN and order") {
  FleetRig rig;
  rig.add_range(10);
  const auto allocation = rig.allocate(5);
  const Iccid iccid = allocation.run.iccid_at(2);
  fleet::Sale sale = rig.sale(iccid);
  const auto refused = [&](const fleet::Sale& bad) {
    const auto sold = rig.fleet.sell(bad, rig.by());
    return sold ? ErrorCode::io : sold.error().code;
  };
  fleet::Sale bad = sale;
  bad.iccid = fleet::iccid_of({18, 894900000000000008});  // in the range, never allocated
  CHECK(refused(bad) == ErrorCode::not_found);
  bad = sale;
  bad.ver[0] ^= 1;
  CHECK(refused(bad) == ErrorCode::not_found);
  bad = sale;
  bad.life = 1;
  CHECK(refused(bad) == ErrorCode::bad_value);
  bad = sale;
  bad.msisdn = {};
  CHECK(refused(bad) == ErrorCode::bad_value);
  bad = sale;
  bad.order = "an order id of 17";
  CHECK(refused(bad) == ErrorCode::bad_value);
  REQUIRE(rig.fleet.save_contract({"ended", "c", "t", true}, rig.by()).has_value());
  bad = sale;
  bad.contract = "ended";
  CHECK(refused(bad) == ErrorCode::not_allowed);
  const size_t rows = rig.actions().size();

  const auto sold = rig.fleet.sell(sale, rig.by());
  REQUIRE(sold.has_value());
  CHECK(sold->state == ChipState::sold);
  CHECK(sold->imsi == allocation.run.imsi_at(2));
  CHECK(sold->created == Instant{rig.clock});
  CHECK(*rig.fleet.chip(iccid) == *sold);
  CHECK(*rig.fleet.chip_of(sold->imsi) == *sold);
  CHECK(*rig.fleet.chip_of(sold->msisdn) == *sold);
  const auto order = rig.fleet.order("order-1");
  REQUIRE(order.has_value());
  CHECK(order->state == OrderState::open);
  CHECK(order->iccid == iccid);
  CHECK(order->sealed_code == sale.sealed_code);
  CHECK(rig.fleet.contract("contract-1").has_value());
  CHECK(rig.actions().size() == rows + 1);  // I6: one row, also for the refused ones: none
  CHECK(rig.actions().back() == "chip.sell");

  sale.order = "order-2";
  CHECK(refused(sale) == ErrorCode::already_exists);  // the chip
  sale.iccid = allocation.run.iccid_at(3);
  CHECK(refused(sale) == ErrorCode::already_exists);  // the MSISDN
  sale.msisdn = *Msisdn::parse("49170999");
  sale.order = "order-1";
  CHECK(refused(sale) == ErrorCode::already_exists);  // the order
  sale.order = "order-2";
  REQUIRE(rig.fleet.revoke(rig.ver, "leaked", rig.by()).has_value());
  CHECK(refused(sale) == ErrorCode::not_allowed);
  CHECK(rig.fleet.change(iccid, ChipEvent::personalised, rig.by()).has_value());  // goes on
}

TEST_CASE("D10: a chip goes back to the shop and is sold again in its next life") {
  SoldRig rig;
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::personalised, rig.by()).has_value());
  CHECK(rig.fleet.order("order-1")->state == OrderState::done);
  CHECK(rig.fleet.change(rig.iccid, ChipEvent::reset_confirmed, rig.by()).error().code ==
        ErrorCode::bad_state);
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::reset_authorised, rig.by()).has_value());
  fleet::Sale again = rig.sale(rig.iccid, "order-2");
  again.life = 1;
  CHECK(rig.sell_error(again) == ErrorCode::bad_state);  // the receipt is outstanding
  const auto returned = rig.fleet.change(rig.iccid, ChipEvent::reset_confirmed, rig.by());
  REQUIRE(returned.has_value());
  CHECK(returned->life == 1);
  CHECK(returned->msisdn.empty());
  CHECK(returned->contract.empty());
  CHECK(!rig.fleet.chip_of(*Msisdn::parse("4917012345")).has_value());
  again.life = 0;
  CHECK(rig.sell_error(again) == ErrorCode::bad_value);  // its old life
  again.life = 1;
  const auto sold = rig.fleet.sell(again, rig.by());
  REQUIRE(sold.has_value());
  CHECK(sold->life == 1);
  CHECK(sold->created < sold->changed);
  CHECK(sold->order == "order-2");
  CHECK(rig.storage.fleet().orders_of(rig.iccid)->size() == 2);
}

TEST_CASE("a sale that is cancelled before the first logon leaves the chip in its life") {
  SoldRig rig;
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::sale_cancelled, rig.by()).has_value());
  CHECK(rig.fleet.order("order-1")->state == OrderState::cancelled);
  CHECK(rig.fleet.order("order-1")->sealed_code.empty());
  const auto sold = rig.fleet.sell(rig.sale(rig.iccid, "order-2"), rig.by());
  REQUIRE(sold.has_value());
  CHECK(sold->life == 0);
}

TEST_CASE("D12: two first logons freeze chip and order; a new code opens them again") {
  SoldRig rig;
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::freeze, rig.by()).has_value());
  CHECK(rig.fleet.order("order-1")->state == OrderState::frozen);
  CHECK(rig.fleet.change(rig.iccid, ChipEvent::personalised, rig.by()).error().code ==
        ErrorCode::bad_state);
  fleet::SealedCode code;
  code.resize(30);
  const auto renewed = rig.fleet.renew_code("order-1", fleet::CodeKind::short_code, code, rig.by());
  REQUIRE(renewed.has_value());
  CHECK(renewed->state == OrderState::open);
  CHECK(renewed->sealed_code == code);
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::thaw, rig.by()).has_value());
  CHECK(rig.fleet.chip(rig.iccid)->state == ChipState::sold);

  // The first of two was not the customer's: from service back to a first logon.
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::personalised, rig.by()).has_value());
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::freeze, rig.by()).has_value());
  CHECK(rig.fleet.order("order-1")->state == OrderState::done);
  CHECK(rig.fleet.renew_code("order-1", fleet::CodeKind::none, {}, rig.by()).error().code ==
        ErrorCode::bad_state);
  REQUIRE(rig.fleet.change(rig.iccid, ChipEvent::thaw_to_sold, rig.by()).has_value());
  CHECK(rig.fleet.order("order-1")->state == OrderState::open);
}

TEST_CASE("D12: wrong codes are counted per order, and freeze it at the maximum") {
  SoldRig rig;
  for (uint32_t i = 1; i <= 4; ++i) {
    const auto order = rig.fleet.count_wrong_try("order-1", 5, rig.by());
    CHECK(order->wrong_tries == i);
    CHECK(order->state == OrderState::open);
  }
  CHECK(rig.fleet.count_wrong_try("order-1", 5, rig.by())->state == OrderState::frozen);
  CHECK(rig.fleet.count_wrong_try("none", 5, rig.by()).error().code == ErrorCode::not_found);
  CHECK(rig.fleet.renew_code("order-1", fleet::CodeKind::none, {}, rig.by())->wrong_tries == 0);
}

TEST_CASE("I6: every change of the fleet has its audit row, and the rows verify") {
  SoldRig rig;
  const size_t before = rig.actions().size();
  REQUIRE(rig.fleet.set_msisdn(rig.iccid, *Msisdn::parse("49170555"), rig.by()).has_value());
  REQUIRE(rig.fleet.set_msisdn(rig.iccid, *Msisdn::parse("49170555"), rig.by()).has_value());
  REQUIRE(rig.fleet.touch(rig.iccid, Instant{77}).has_value());
  const auto alarm = rig.fleet.raise(
      {fleet::AlarmKind::two_first_logons, rig.iccid.text(), "order-1", "two chips"}, rig.by());
  REQUIRE(alarm.has_value());
  REQUIRE(rig.fleet.acknowledge(alarm->id, rig.by()).has_value());
  REQUIRE(rig.fleet.acknowledge(alarm->id, rig.by()).has_value());
  const auto actions = rig.actions();
  CHECK(std::vector(actions.begin() + static_cast<ptrdiff_t>(before), actions.end()) ==
        std::vector<std::string>{"chip.msisdn", "alarm.raise", "alarm.acknowledge"});
  CHECK(!rig.audit.verify()->fault);
  CHECK(rig.fleet.chip(rig.iccid)->last_contact == Instant{77});
  CHECK(rig.fleet.acknowledge(99, rig.by()).error().code == ErrorCode::not_found);
  CHECK(rig.storage.fleet().alarms(true, UINT64_MAX, 9)->empty());
}

TEST_CASE("profiles: COMP128 is for no new card, sizes fit the algorithm") {
  FleetRig rig;
  fleet::CardProfile profile{"p"};
  CHECK(rig.fleet.save_profile(profile, rig.by()).has_value());
  profile.ki_octets = 32;
  CHECK(!rig.fleet.save_profile(profile, rig.by()).has_value());
  profile.algorithm = fleet::AuthAlgorithm::tuak;
  CHECK(rig.fleet.save_profile(profile, rig.by()).has_value());
  profile.tuak_iterations = 0;
  CHECK(!rig.fleet.save_profile(profile, rig.by()).has_value());
  for (const auto old : {fleet::AuthAlgorithm::comp128v1, fleet::AuthAlgorithm::comp128v2,
                         fleet::AuthAlgorithm::comp128v3}) {
    CHECK(rig.fleet.save_profile({"old", old}, rig.by()).error().code == ErrorCode::not_allowed);
  }
  CHECK(rig.fleet.profile("none").error().code == ErrorCode::not_found);
}

TEST_CASE("the identity that a code is sealed with names order, chip and life") {
  const auto iccid = *Iccid::parse("8965880812100011146");
  const auto other = *Iccid::parse("89014103211118510720");
  const auto identity = fleet::code_seal_identity("o1", iccid, 0);
  CHECK(!(identity == fleet::code_seal_identity("o1", iccid, 1)));
  CHECK(!(identity == fleet::code_seal_identity("o2", iccid, 0)));
  CHECK(!(identity == fleet::code_seal_identity("o1", other, 0)));
  CHECK(identity == fleet::code_seal_identity("o1", iccid, 0));
}
