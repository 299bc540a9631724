// Re-keying at regular intervals (D11): who is due, how many at a time, and who is left alone.
#include <algorithm>

#include "security_centre/rig.h"

using namespace simurgh;
using namespace simurgh::security_centre;
using namespace simurgh::security_centre::rig;
using fleet::ChipState;

namespace {

constexpr Duration interval = days(30);

Settings monthly(uint32_t per_hour = 12) {
  Settings settings;
  settings.rekey_interval = interval;
  settings.rekeys_per_hour_max = per_hour;
  return settings;
}

// A chip in service since `now`.
struct Monthly : Rig {
  explicit Monthly(const Settings& settings = monthly()) : Rig(settings) {
    sell(0, "49170000001");
    log_on();
    REQUIRE(fleet_chip().state == ChipState::personalised);
    REQUIRE(row()->interval_from == now);
  }
  // Time passes, and the centre does at each of its deadlines what it has to do.
  void pass(Duration time) {
    const Instant end = now + time;
    while (centre().next_deadline() <= end) {
      now = std::max(now, centre().next_deadline());
      const uint64_t before = ordered();
      REQUIRE(centre().on_time(now).has_value());
      commit();
      for (uint64_t i = before; i < ordered(); ++i) when.push_back(now);
      talk();
    }
    now = end;
  }
  // Nine others that are in service under epoch 0 since a time of their own; they never answer.
  void add_others(Instant in_service) {
    for (size_t i = 1; i < 10; ++i) {
      SignUp order;
      order.iccid = iccid_of(i);
      order.ver = chip.record.chip.ver;
      order.contract = "of " + std::to_string(i);
      order.msisdn = *Msisdn::parse("4917100000" + std::to_string(i));
      REQUIRE(centre().sign_up(order, "dealer", now).has_value());
      REQUIRE(
          fleet().change(order.iccid, fleet::ChipEvent::personalised, {"tester", now}).has_value());
      auto other = **storage.security_centre().load(order.iccid);
      other.work = Work::none;
      other.interval_from = in_service + milliseconds(static_cast<int64_t>(i));
      REQUIRE(storage.security_centre().save(other).has_value());
    }
    commit();
  }
  void change_row(const FunctionRef<void(ChipKeys&)>& change) {
    auto changed = *row();
    change(changed);
    REQUIRE(storage.security_centre().save(changed).has_value());
    commit();
  }
  size_t most_in_an_hour() const {
    size_t most = 0;
    for (const Instant from : when) {
      most = std::max(most,
                      static_cast<size_t>(std::count_if(when.begin(), when.end(), [&](Instant at) {
                        return at >= from && at < from + hours(1);
                      })));
    }
    return most;
  }
  uint64_t ordered() { return centre().figures().rekeys_by_interval; }
  uint64_t postponed() { return centre().figures().rekeys_postponed; }

  std::vector<Instant> when;  // of each order of the centre's own
};

}  // namespace

TEST_CASE("D11: a key that was in service for the interval is renewed, again and again, PUK kept") {
  Monthly rig;
  const auto puk_secret = rig.chip.record.active.puk_secret;
  rig.pass(interval - minutes(1));
  CHECK(rig.ordered() == 0);
  rig.pass(minutes(10));
  CHECK(rig.ordered() == 1);
  CHECK(rig.audited("security-centre", "chip.rekey_ordered"));
  CHECK(rig.fleet_chip().state == ChipState::personalised);
  CHECK(rig.chip.record.active.number == 2);
  CHECK(rig.row()->active_epoch == 2);
  CHECK(!rig.subscriber()->hotline);
  CHECK(rig.served());
  rig.pass(interval * 3 + hours(1));
  CHECK(rig.ordered() == 4);
  CHECK(rig.chip.record.active.number == 5);
  CHECK(rig.served());
  CHECK(rig.postponed() == 0);
  REQUIRE(!puk_secret.empty());
  CHECK(equal(rig.chip.record.active.puk_secret.view(), puk_secret.view()));
}

TEST_CASE("D11: an order of the operator's counts as a renewal") {
  Monthly rig;
  rig.pass(days(29));
  REQUIRE(rig.centre().rekey(rig.iccid(), "operator", rig.now).has_value());
  CHECK(rig.row()->interval_from == Instant());  // under way
  rig.commit();
  rig.talk();
  rig.pass(days(29));
  CHECK(rig.ordered() == 0);
  rig.pass(days(2));
  CHECK(rig.ordered() == 1);
}

TEST_CASE("D11: no more than the limit in any hour, the oldest first, and nobody is forgotten") {
  Monthly rig(monthly(3));
  rig.add_others(rig.now - interval * 2);
  rig.pass(hours(1));
  CHECK(rig.ordered() == 3);
  CHECK(rig.fleet().chip(rig.iccid_of(3))->state == ChipState::rekeying);
  CHECK(rig.fleet().chip(rig.iccid_of(4))->state == ChipState::personalised);
  SUBCASE("in one run") {
    rig.pass(hours(3));
    CHECK(rig.ordered() == 9);
  }
  SUBCASE("in a server that is started over and over") {
    for (int i = 0; i < 12; ++i) {
      rig.pass(minutes(30));
      rig.start();
    }
    CHECK(rig.when.size() == 9);
  }
  SUBCASE("after a server that had been away for long") {
    rig.start();
    rig.now = rig.now + days(9);
    rig.pass(hours(4));
    CHECK(rig.when.size() == 9);
  }
  CHECK(rig.most_in_an_hour() == 3);
}

TEST_CASE("D11: a high limit orders many at each look, and leaves room for other sessions") {
  Settings settings = monthly(36'000);  // ten each second
  size_t first = 9;
  SUBCASE("room for all") {}
  SUBCASE("room for four") {
    settings.sessions_max = 4;
    first = 4;
  }
  Monthly rig(settings);
  rig.add_others(rig.now - interval * 2);
  rig.pass(seconds(1));
  CHECK(rig.ordered() == first);
  CHECK(rig.centre().sessions() == first);
  rig.pass(seconds(10));
  CHECK(rig.ordered() == first);
}

TEST_CASE("D11: what is due is known after a restart") {
  Monthly rig;
  SUBCASE("that ends before it is due") {
    rig.start();
    rig.pass(interval + minutes(10));
  }
  SUBCASE("that ends long after") {
    rig.now = rig.now + interval * 2;
    rig.start();
    rig.pass(minutes(10));
  }
  CHECK(rig.ordered() == 1);
  CHECK(rig.chip.record.active.number == 2);
  CHECK(rig.served());
}

TEST_CASE("D11: an interval that is switched off, on or changed later is true for every key") {
  Monthly rig(Settings{});  // off, and the chip came into service
  rig.pass(interval * 2);
  CHECK(rig.ordered() == 0);
  CHECK(rig.centre().next_deadline() == Instant::never());
  rig.start_with(monthly());  // on: this key is older than that
  rig.pass(minutes(10));
  CHECK(rig.ordered() == 1);
  rig.start_with(Settings{});  // off
  rig.pass(interval * 2);
  CHECK(rig.ordered() == 0);
  Settings longer = monthly();
  longer.rekey_interval = interval * 3;
  rig.start_with(longer);
  rig.pass(interval - hours(1));
  CHECK(rig.ordered() == 0);
  rig.pass(hours(2));
  CHECK(rig.ordered() == 1);
  CHECK(rig.chip.record.active.number == 3);
}

TEST_CASE("D11 D10: chips that nobody may re-key are left alone, and are in nobody's way") {
  Monthly rig(monthly(12));
  rig.add_others(rig.now + interval);  // due after the chip
  const audit::By by{"tester", rig.now};
  uint64_t looked_at = 1;
  SUBCASE("fenced") {
    REQUIRE(rig.hlr().fence(rig.imsi(), by).has_value());
  }
  SUBCASE("frozen") {
    REQUIRE(rig.fleet().change(rig.iccid(), fleet::ChipEvent::freeze, by).has_value());
  }
  SUBCASE("its row is damaged") {
    rig.change_row([](ChipKeys& row) { row.active_secret[0] ^= 1; });
  }
  SUBCASE("its subscriber is gone") {
    REQUIRE(rig.hlr().remove(rig.imsi(), by).has_value());
  }
  SUBCASE("resetting") {
    REQUIRE(rig.authorise(rig.challenge()).has_value());
    looked_at = 0;
  }
  SUBCASE("returned") {
    rig.reset_chip();
    looked_at = 0;
  }
  SUBCASE("sold again, and not yet personalised") {
    rig.reset_chip();
    rig.sell(1, "49170000002");
    looked_at = 0;
  }
  rig.commit();
  const auto state = rig.fleet_chip().state;
  const auto subscriber = rig.subscriber();
  const uint32_t epoch_max = rig.row() ? rig.row()->epoch_max : 0;
  rig.pass(interval + minutes(6));
  CHECK(rig.postponed() == looked_at);
  CHECK(rig.ordered() == 0);
  rig.pass(interval - minutes(10));
  CHECK(rig.postponed() == looked_at);  // once in an interval
  CHECK(rig.ordered() == 0);
  rig.pass(hours(1));
  CHECK(rig.ordered() == 9);
  CHECK(rig.fleet_chip().state == state);
  CHECK(rig.subscriber() == subscriber);
  CHECK((rig.row() ? rig.row()->epoch_max : 0) == epoch_max);
}

TEST_CASE("D11 I1: an epoch that recovery puts in service begins its interval, work ends it") {
  Monthly rig;
  const auto copy = rig.snapshot();
  Rig::Until until = Rig::Until::quiet;
  SUBCASE("the copy forgot the renewal") {}
  SUBCASE("the copy forgot an order whose epoch was only offered") {
    until = Rig::Until::prepared_lost;
  }
  rig.now = rig.now + days(3);
  REQUIRE(rig.centre().rekey(rig.iccid(), "operator", rig.now).has_value());
  rig.commit();
  rig.talk(until);
  rig.now = rig.now + days(1);
  rig.restore(copy);
  CHECK(rig.row()->interval_from == (until == Rig::Until::quiet ? rig.now : Instant()));
  rig.pass(interval + hours(1));
  CHECK(rig.ordered() == 1);  // and what the copy thought is not due any more
  CHECK(rig.fleet_chip().state == ChipState::personalised);
  CHECK(rig.served());
}
