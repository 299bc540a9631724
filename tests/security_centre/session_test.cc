// The conversation through a chip's administration session (HTTPS), mixed with short messages.
#include "rig.h"

using namespace simurgh;
using namespace simurgh::security_centre;
using namespace simurgh::security_centre::rig;

namespace {

struct NewEpochs final : Listener {
  Result<void> on_new_epoch(const Iccid& iccid, uint32_t epoch, Instant) override {
    said.emplace_back(iccid.text(), epoch);
    return {};
  }
  std::vector<std::pair<std::string, uint32_t>> said;
};

struct SessionRig : Rig {
  explicit SessionRig(const Settings& settings = {}) : Rig(settings) { listen(); }
  void listen() { centre().set_listener(&epochs); }

  // What the chip says to a message of the centre's; empty: nothing.
  personalisation::Message ask(ByteView message) {
    if (message.empty()) return *half().request(personalisation::RequestReason::first_logon);
    const auto step = half().on_message(message);
    return step ? step->reply : personalisation::Message();
  }
  // A session of the chip, which breaks before the centre hears of its n-th answer.
  void session(size_t answers_max = SIZE_MAX) {
    REQUIRE(centre().begin_session(iccid(), now).has_value());
    commit();
    for (size_t answers = 0;;) {
      const auto message = centre().next_in_session(iccid());
      commit();
      if (!message) break;
      const auto answer = ask(*message);
      if (answer.empty()) continue;
      if (answers++ == answers_max) break;
      REQUIRE(centre().on_session_message(iccid(), answer, now).has_value());
      commit();
    }
    centre().end_session(iccid());
  }
  void pass(Duration wait) {
    now = now + wait;
    REQUIRE(centre().on_time(now).has_value());
    commit();
  }
  uint32_t active() { return row()->active_epoch; }

  NewEpochs epochs;
};

}  // namespace

TEST_CASE("D6, D7, G1: a first logon through one session needs no short message") {
  SessionRig rig;
  rig.sell(0, "491700000001");
  rig.session();
  CHECK(rig.to_chip.empty());
  CHECK(rig.active() == 1);
  CHECK(rig.chip.record.active.number == 1);
  CHECK(!rig.row()->commit_unconfirmed);
  CHECK(rig.fleet_chip().state == fleet::ChipState::personalised);
  CHECK(rig.served());
  CHECK(!rig.subscriber()->hotline);
  REQUIRE(rig.epochs.said.size() == 1);
  CHECK(rig.epochs.said[0].second == 1);
  // Nothing is left to be said, in a session or later.
  rig.session();
  rig.pass(hours(2));
  CHECK(rig.to_chip.empty());
  CHECK(rig.active() == 1);
}

TEST_CASE("D7, L1: a session that breaks anywhere: the next one or short messages go on") {
  for (size_t answers = 0; answers < 4; ++answers) {
    for (const bool by_message : {false, true}) {
      CAPTURE(answers);
      CAPTURE(by_message);
      SessionRig rig;
      rig.sell(0, "491700000001");
      rig.session(answers);
      if (by_message) {
        // The centre repeats itself; before anything was said to the chip, its registering does it.
        REQUIRE(rig.centre().on_located(rig.imsi(), rig.now).has_value());
        for (int i = 0; i < 10; ++i) {
          rig.pass(minutes(1));
          rig.talk();
        }
      } else {
        rig.session();
        CHECK(rig.to_chip.empty());
      }
      CHECK(rig.active() == rig.chip.record.active.number);
      CHECK(rig.active() >= 1);
      CHECK(!rig.row()->commit_unconfirmed);
      CHECK(rig.served());
    }
  }
}

TEST_CASE("D11: a re-keying that is ordered in a session, or before one, is agreed in it") {
  SessionRig rig;
  rig.sell(0, "491700000001");
  rig.log_on();
  CHECK(rig.active() == 1);
  // Ordered before: INIT went by short message and was lost.
  REQUIRE(rig.centre().rekey(rig.iccid(), "operator", rig.now).has_value());
  rig.commit();
  CHECK(!rig.to_chip.empty());
  rig.to_chip.clear();
  rig.session();
  CHECK(rig.active() == 2);
  CHECK(rig.to_chip.empty());
  // Ordered while it is open.
  REQUIRE(rig.centre().begin_session(rig.iccid(), rig.now).has_value());
  CHECK(!rig.centre().next_in_session(rig.iccid()).has_value());
  REQUIRE(rig.centre().rekey(rig.iccid(), "campaigns", rig.now).has_value());
  rig.commit();
  CHECK(rig.to_chip.empty());
  // While it waits to be fetched it is not said again.
  rig.pass(minutes(5));
  const auto init = rig.centre().next_in_session(rig.iccid());
  REQUIRE(init.has_value());
  CHECK(!rig.centre().next_in_session(rig.iccid()).has_value());
  rig.centre().end_session(rig.iccid());
  CHECK(rig.to_chip.empty());
  rig.session();
  CHECK(rig.active() >= 3);
  CHECK(rig.active() == rig.chip.record.active.number);
  CHECK(rig.epochs.said.size() == 3);
}

TEST_CASE("D7: COMMIT that was lost is said in the next session; without one, by short message") {
  for (const bool by_session : {true, false}) {
    SessionRig rig;
    rig.sell(0, "491700000001");
    REQUIRE(rig.centre().on_located(rig.imsi(), rig.now).has_value());
    rig.commit();
    rig.talk(Rig::Until::commit_lost);
    CHECK(rig.row()->commit_unconfirmed);
    rig.to_chip.clear();
    if (by_session) {
      rig.session();
      CHECK(rig.to_chip.empty());
    } else {
      rig.pass(minutes(1));
      rig.talk();
    }
    CHECK(!rig.row()->commit_unconfirmed);
    CHECK(rig.chip.record.active.number == rig.active());
  }
}

TEST_CASE("I1, D12: what arrives for a chip that was frozen meanwhile changes nothing, not half") {
  Rig rig;
  rig.sell(0, "4915550100");
  REQUIRE(rig.centre().on_located(rig.imsi(), rig.now).has_value());  // INIT is on its way
  rig.commit();
  REQUIRE(rig.fleet().change(rig.iccid(), fleet::ChipEvent::freeze, {"desk", rig.now}).has_value());
  rig.talk();
  CHECK(rig.row()->active_epoch == 0);
  CHECK(rig.subscriber()->epoch == 0);
  CHECK(rig.fleet_chip().state == fleet::ChipState::frozen);
}

TEST_CASE("I8, D12: rubbish, a stranger's session and a chip without work change nothing") {
  SessionRig rig;
  const auto unknown = rig.iccid_of(5);
  REQUIRE(rig.centre().begin_session(unknown, rig.now).has_value());
  CHECK(!rig.centre().next_in_session(unknown).has_value());
  REQUIRE(rig.centre().on_session_message(unknown, bytes_of("x"), rig.now).has_value());
  rig.centre().end_session(unknown);
  rig.sell(0, "491700000001");
  REQUIRE(rig.centre().begin_session(rig.iccid(), rig.now).has_value());
  const uint64_t refused = rig.centre().figures().refused_messages;
  const uint8_t rubbish[] = {0x01, 0x02};
  REQUIRE(rig.centre().on_session_message(rig.iccid(), rubbish, rig.now).has_value());
  CHECK(rig.centre().figures().refused_messages == refused + 1);
  CHECK(rig.active() == 0);
  rig.centre().end_session(rig.iccid());
  rig.session();
  CHECK(rig.active() == 1);
}
