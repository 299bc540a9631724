#include <doctest/doctest.h>

#include "agent_rig.h"
#include "uicc/inspect.h"

using namespace simurgh;
using remote_admin::ScriptKind;
using test::AgentWorld;
using test::Bytes;
using test::from_hex;

namespace {

constexpr const char* usim_target = "//aid/A000000087/1002FFFFFFFF8907090000";
constexpr const char* personalisation_target =
    "//aid/F053494D55/524748"
    "5045";

// Adds 1 to EF.ACM: an effect that shows how often it was had.
void add_increase(test::TestWork& work) {
  work.add(ScriptKind::file, {"00a40004026f39", "803200000300000100"}, usim_target);
}

uicc::PollSchedule daily() {
  uicc::PollSchedule schedule;
  schedule.enabled = true;
  return schedule;
}

}  // namespace

TEST_CASE("G1, G8: a trigger opens a session; scripts of both kinds are executed and answered") {
  AgentWorld world;
  REQUIRE(world.start());
  add_increase(world.work);
  world.work.add(ScriptKind::card_content, {"80f28002024f0000", "80cadf1f00"});
  world.work.add(ScriptKind::file, {"00a40004022fe2", "00b000000a"});
  world.work.add(ScriptKind::file, {"00a40004026f07"}, "//aid/A000000009/0005");
  REQUIRE(world.trigger());
  CHECK(world.front_end.opened == 1);
  CHECK(world.front_end.destination == "ota c0000207:8443");
  CHECK(world.front_end.peer.size() == 32);
  CHECK(world.work.contacts == 1);
  REQUIRE(world.work.responses.size() == 4);
  CHECK(world.work.responses[0].starts_with("ok af80"));
  CHECK(world.work.responses[0].find("2308000001000001"
                                     "9000") != std::string::npos);
  CHECK(world.work.responses[1].find("4f08a000000151000000") != std::string::npos);
  CHECK(world.work.responses[1].find("df1f0400000001"
                                     "9000") != std::string::npos);
  CHECK(world.work.responses[2].find("98881201000040031060"
                                     "9000") != std::string::npos);
  CHECK(world.work.responses[3] == "unknown-application ");
  REQUIRE(world.work.ends.size() == 1);
  CHECK(world.work.ends[0] == remote_admin::SessionEnd::finished);
  CHECK(world.meter() == "0000019000");
  // It is over: nothing is left to be waited for.
  REQUIRE(world.pass(world.now + days(2)));
  CHECK(world.front_end.opened == 1);
}

TEST_CASE("I8: a trigger that does not verify, or leads nowhere, opens nothing") {
  AgentWorld world;
  REQUIRE(world.start());
  AgentWorld stranger;
  stranger.epoch.secret.fill(32)[0] = 1;
  world.epoch.secret = stranger.epoch.secret;
  REQUIRE(world.trigger());
  CHECK(world.front_end.opened == 0);
  AgentWorld lost;
  REQUIRE(lost.start());
  Bytes nowhere(64);
  const auto written = remote_management::write_session_parameters({}, nowhere);
  nowhere.resize(written->size());
  REQUIRE(lost.trigger(nowhere));
  CHECK(lost.front_end.opened == 0);
  REQUIRE(lost.packet(uicc::tar_admin_agent, from_hex("8103830184")));  // not a trigger
  CHECK(lost.front_end.opened == 0);
}

TEST_CASE("G1: a server without the chip's key hears nothing, and is tried as the policy says") {
  AgentWorld world;
  REQUIRE(world.start());
  world.front_end.keys.begin()->second[0] ^= 1;
  REQUIRE(world.trigger());
  CHECK(world.front_end.opened == 1);
  REQUIRE(world.pass(world.now + hours(3)));
  CHECK(world.front_end.opened == 4);  // and three more
  CHECK(world.work.contacts == 0);
  world.front_end.keys.clear();
  world.know(world.epoch);
  add_increase(world.work);
  REQUIRE(world.trigger());
  CHECK(world.work.responses.size() == 1);
}

TEST_CASE("I5: the link cut after every transfer: each script takes effect once and is reported") {
  uint64_t cuts = 0;
  for (int n = 1;; ++n) {
    AgentWorld world;
    REQUIRE(world.start());
    add_increase(world.work);
    add_increase(world.work);
    world.front_end.transfers_left = n;
    REQUIRE(world.trigger());
    const bool whole = world.front_end.transfers < n;
    world.front_end.transfers_left = -1;
    CAPTURE(n);
    REQUIRE(world.pass(world.now + hours(1)));
    CHECK(world.work.responses.size() == 2);
    CHECK(world.meter() == "0000029000");
    REQUIRE(!world.work.ends.empty());
    CHECK(world.work.ends.back() == remote_admin::SessionEnd::finished);
    if (whole) break;
    ++cuts;
  }
  CHECK(cuts > 8);
}

TEST_CASE("I5, T-TORN: power cut at every granule of a session: effects once, all reported") {
  uint64_t cuts = 0;
  for (const uicc::Cut how : uicc::every_cut) {
    for (uint64_t n = 0;; n += 3) {
      AgentWorld world(16);
      REQUIRE(world.start());
      add_increase(world.work);
      add_increase(world.work);
      world.card.nv.cut_at(n, how);
      if (world.trigger() && world.card.nv.powered()) {
        CHECK(world.work.responses.size() == 2);
        break;
      }
      ++cuts;
      CAPTURE(n);
      world.card.nv.power_on();
      world.card.nv.cut_never();
      world.now = world.now + minutes(5);
      REQUIRE(world.start());
      REQUIRE(world.pass(world.now + hours(1)));
      // The trigger itself may have gone with the power: the server sends another.
      if (world.work.responses.size() < 2) {
        REQUIRE(world.trigger());
        REQUIRE(world.pass(world.now + hours(1)));
      }
      CHECK(world.work.responses.size() == 2);
      CHECK(world.meter() == "0000029000");
    }
  }
  CHECK(cuts > 30);
}

TEST_CASE("G1: recurring polls: each day in the chip's own slot, by the terminal's clock") {
  AgentWorld world;
  REQUIRE(world.start());
  REQUIRE(world.set_up(daily()));
  REQUIRE(world.phone.start(world.now));  // the terminal looks at the chip anew
  const int64_t first_ms = world.now.ms;
  std::vector<int64_t> at;
  int seen = 0;
  for (int hour = 0; hour < 24 * 10; ++hour) {
    REQUIRE(world.pass(world.now + hours(1)));
    if (world.front_end.opened > seen) at.push_back(world.now.ms - first_ms);
    seen = world.front_end.opened;
  }
  CHECK(seen >= 9);
  CHECK(seen <= 10);
  CHECK(world.work.contacts == seen);
  const uint64_t slot = uicc::own_slot(world.data.chip.iccid, 86400);
  CHECK(world.schedule().last_at % 86400 - slot < 60);
  for (size_t i = 1; i < at.size(); ++i) CHECK(at[i] - at[i - 1] == hours(24).ms);
}

TEST_CASE("G1: the server sets the date of the next poll, in the session and by Retry-After") {
  AgentWorld world;
  REQUIRE(world.start());
  REQUIRE(world.set_up(daily()));
  REQUIRE(world.phone.start(world.now));
  uicc::PollSchedule wanted = daily();
  const auto now_s = static_cast<uint64_t>(world.now.ms / 1000);
  wanted.next_at = now_s + 5000;
  wanted.last_at = now_s;
  const Bytes update = AgentWorld::poll_script(wanted);
  world.work.add(ScriptKind::file,
                 {"00a40004025f70", "00a40004024f01", test::to_hex(ByteView(update).subspan(14))},
                 usim_target);
  REQUIRE(world.trigger());
  CHECK(world.work.responses.size() == 1);
  CHECK(world.front_end.opened == 1);
  REQUIRE(world.pass(world.now + seconds(4990)));
  CHECK(world.front_end.opened == 1);
  REQUIRE(world.pass(world.now + seconds(80)));
  CHECK(world.front_end.opened == 2);
  CHECK(world.schedule().next_at == 0);  // it counted once
  world.work.come_back_in = hours(2);
  REQUIRE(world.trigger());
  CHECK(world.front_end.opened == 3);
  world.work.come_back_in.reset();
  CHECK(world.schedule().next_at > 0);
  REQUIRE(world.pass(world.now + hours(2) - minutes(1)));
  CHECK(world.front_end.opened == 3);
  REQUIRE(world.pass(world.now + minutes(2)));
  CHECK(world.front_end.opened == 4);
}

TEST_CASE("G1: polls survive power cuts, terminals without packet data, and switching off") {
  AgentWorld world;
  REQUIRE(world.start());
  REQUIRE(world.set_up(daily()));
  for (int day = 0; day < 5; ++day) {
    world.phone.phone.power_off();
    world.now = world.now + hours(20);
    REQUIRE(world.start());
    REQUIRE(world.pass(world.now + hours(4)));
  }
  CHECK(world.front_end.opened >= 4);
  CHECK(world.front_end.opened <= 6);
  // A phone without packet data: no session is tried, nothing else is disturbed.
  const int before = world.front_end.opened;
  test::Phone simple(world.card);
  REQUIRE(simple.start(world.now));
  REQUIRE(simple.phone.on_time(world.now + days(3)).has_value());
  CHECK(world.front_end.opened == before);
  // And back.
  world.now = world.now + days(3);
  REQUIRE(world.start());
  REQUIRE(world.pass(world.now + hours(1)));
  CHECK(world.front_end.opened == before + 1);
}

TEST_CASE("G1: an unreachable server costs the policy's tries, then the next slot comes") {
  AgentWorld world;
  REQUIRE(world.start());
  REQUIRE(world.set_up(daily(), AgentWorld::parameters(2, 60)));
  REQUIRE(world.phone.start(world.now));
  world.front_end.reachable = false;
  REQUIRE(world.pass(world.now + hours(30)));
  CHECK(world.front_end.opened == 0);
  world.front_end.reachable = true;
  REQUIRE(world.pass(world.now + hours(25)));
  CHECK(world.front_end.opened == 1);
}

TEST_CASE("D6, D7, G1: a first logon over HTTPS: personalisation messages in scripts") {
  crypto::MemoryKeyStore store(7);
  test::TestCentre centre(test::chip_of_centre(store, {personalisation::Suite::x25519}), store, 3);
  AgentWorld world;
  // A chip of this centre in place of the rig's.
  test::TestCard card(4, &world.channels);
  card.pre_personalise(centre.chip());
  test::Phone phone(card, &world.front_end);
  world.front_end.keys.clear();
  world.know(centre.active);
  const auto exchange = [&](ByteView message) {
    std::vector<std::string> apdus;
    for (const Bytes& apdu : test::blocks_of(uicc::chip_ins::exchange, message)) {
      apdus.push_back(test::to_hex(apdu));
    }
    REQUIRE(apdus.size() <= 2);
    return apdus.size() == 1
               ? world.work.make(ScriptKind::card_content, {apdus[0]}, personalisation_target)
               : world.work.make(ScriptKind::card_content, {apdus[0], apdus[1]},
                                 personalisation_target);
  };
  bool asked = false;
  personalisation::Message given;
  world.work.more = [&]() -> std::optional<remote_admin::Script> {
    if (!asked) {
      asked = true;
      return world.work.make(ScriptKind::card_content, {"8058000000"}, personalisation_target);
    }
    centre.air.clear();  // nothing goes by short message
    if (centre.newest.empty() || centre.newest == given) return std::nullopt;
    given = centre.newest;
    return exchange(given);
  };
  world.work.on_answer = [&](const remote_admin::ScriptResponse& response) {
    const auto script = remote_management::parse_response_script(response.body);
    REQUIRE(script.has_value());
    remote_management::ResponseItems items(*script);
    while (const auto item = items.next()) {
      const auto answer = apdu::parse_response(item->value);
      REQUIRE(answer.has_value());
      CHECK(answer->status.value == 0x9000);
      if (!answer->data.empty()) centre.on_message(answer->data);
    }
    world.know(centre.active);
  };
  // EF.ADMIN and EF.POLL (first logon by session) are written at the factory's end, by packets.
  AgentWorld setter;
  uicc::PollSchedule schedule;
  schedule.logon_by_session = true;
  REQUIRE(phone.phone.power_on(world.now).has_value());
  const auto send = [&](const Bytes& script, uint64_t counter) {
    test::RawPacket raw;
    raw.spi2 = 0x00;
    raw.tar = uicc::tar_rfm_usim;
    raw.counter = counter;
    raw.data = script;
    const auto keys = derive_ota_keys(centre.active.secret, personalisation::Direction::to_chip);
    for (const Bytes& tpdu : centre.deliver_tpdus(raw.bytes(keys), static_cast<uint8_t>(counter))) {
      REQUIRE(phone.phone.on_short_message("491710760000", tpdu, world.now).has_value());
    }
  };
  Bytes admin = from_hex("00a40004025f70 00a40004024f02");
  const Bytes parameters = AgentWorld::parameters();
  AgentWorld::append(admin, "00d60000", static_cast<uint8_t>(parameters.size() + 1));
  admin.push_back(static_cast<uint8_t>(parameters.size()));
  admin.insert(admin.end(), parameters.begin(), parameters.end());
  send(admin, 1);
  send(AgentWorld::poll_script(schedule), 2);
  phone.phone.power_off();

  world.front_end.now = world.now;
  REQUIRE(phone.start(world.now));
  for (int i = 0; i < 2000 && world.front_end.has_news(); ++i) {
    REQUIRE(phone.phone.on_data_ready(1, world.now).has_value());
  }
  CHECK(world.front_end.opened == 1);
  CHECK(phone.sent.empty());  // no short message was needed
  CHECK(centre.done);
  CHECK(centre.active.number == 1);
  CHECK(phone.shown("Your card is activated."));
  REQUIRE(phone.refreshes.size() == 1);  // after the session
  const auto seen = uicc::inspect_chip(card.memory, test::test_seal_key);
  REQUIRE(seen.has_value());
  CHECK(seen->record.active.number == 1);
}
