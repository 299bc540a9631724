// A virtual card with its agent in a phone, and what simurghd has behind its front end: the
// security centre, campaigns, element_update, and the adapters between them. Between the two only a
// stand-in for TLS.
#include "apps/simurghd/own_keys.h"
#include "memory_store/campaign_memory.h"
#include "security_centre/rig.h"
#include "uicc/agent_rig.h"
#include "uicc/inspect.h"

using namespace simurgh;
using test::AgentWorld;
using test::Bytes;
using test::from_hex;

namespace {

uicc::PrePersonalisation data_of(security_centre::rig::Rig& rig) {
  uicc::PrePersonalisation data;
  data.chip = rig.chip.record.chip;
  data.k1 = *rig.keys.k1_of_version(data.chip.ver);
  data.suites = {personalisation::Suite::x25519};
  data.server_keys = rig.chip.record.server_keys;
  data.centre_number = *Msisdn::parse("4915550000");
  return data;
}

// The server's side, put together as simurghd does it.
struct Server {
  Server() {
    centre.sell(0, "491700000001");
    REQUIRE(campaigns.load(centre.now).has_value());
    update.set_key_conversation(conversation);
    centre.centre().set_listener(&epochs);
  }
  Bytes key_of(std::string_view identity) {
    const auto peer = update.find_psk(identity);
    if (!peer) return {};
    return Bytes(peer->psk.view().begin(), peer->psk.view().end());
  }
  remote_admin::Work& work_of(const std::string& identity) {
    session.reset();
    auto opened = update.open(*update.find_psk(identity), centre.now);
    REQUIRE(opened.has_value());
    session = std::move(*opened);
    return *session;
  }
  campaign::CampaignId begin(const campaign::Payload& payload) {
    campaign::NewCampaign order{.name = "patch", .terms = {}};
    order.terms.payload = payload;
    order.terms.policy.needs_approval = false;
    const auto id = campaigns.create(order, {"alice", centre.now});
    REQUIRE(id.has_value());
    REQUIRE(campaigns.submit(*id, {"alice", centre.now}).has_value());
    REQUIRE(campaigns.advance(centre.now).has_value());
    return *id;
  }
  campaign::Progress progress(campaign::CampaignId id) {
    return campaigns.outcome(id, {0})->progress;
  }

  security_centre::rig::Rig centre;
  memory_store::CampaignMemory rows;
  campaign::Population population{centre.now};
  campaign::Campaigns campaigns{rows.store(), centre.audit(), population, days(7)};
  simurghd::OwnKeysOfCentre own_keys{centre.centre(), centre.storage};
  simurghd::CentreInSessions conversation{centre.centre()};
  element_update::ElementUpdate update{{centre.storage.element_update(), campaigns, population,
                                        centre.elements(), centre.keys, own_keys}};
  simurghd::EpochsToCampaigns epochs{update};
  std::unique_ptr<element_update::ElementUpdate::Session> session;
};

// The card's side, set up at the factory's end for a first logon by session.
struct World {
  World() {
    card.front_end.find_key = [this](std::string_view identity) { return server.key_of(identity); };
    card.front_end.work_of = [this](const std::string& peer) -> remote_admin::Work& {
      return server.work_of(peer);
    };
    REQUIRE(card.phone.phone.power_on(card.now).has_value());
    uicc::PollSchedule schedule;
    schedule.logon_by_session = true;
    REQUIRE(card.set_up(schedule));
    card.phone.phone.power_off();
  }
  // A session by trigger, under the epoch that the chip is in.
  void trigger() {
    const auto seen = uicc::inspect_chip(card.card.memory, test::test_seal_key);
    REQUIRE(seen.has_value());
    card.epoch = seen->record.active;
    REQUIRE(card.trigger());
    REQUIRE(card.run());
  }
  uint32_t chip_epoch() {
    return uicc::inspect_chip(card.card.memory, test::test_seal_key)->record.active.number;
  }

  Server server;
  AgentWorld card{4, data_of(server.centre)};
};

}  // namespace

TEST_CASE("D4, D6, D7, G2: a card's first logon over HTTPS, and campaigns from then on") {
  World world;
  element_update::CommandsPayload patch;
  const Bytes usim = from_hex("a0000000871002ffffffff8907090000");
  patch.target.application = *remote_management::Aid::of(usim);
  patch.commands = {from_hex("00a40004026f39"), from_hex("803200000300000100")};
  const auto id = world.server.begin(*write_payload(campaign::PayloadKind::script, patch));
  REQUIRE(world.card.start());
  CHECK(world.card.front_end.opened == 1);
  CHECK(world.card.phone.sent.empty());        // not one short message, up …
  CHECK(world.server.centre.to_chip.empty());  // … or down
  CHECK(world.server.centre.row()->active_epoch == 1);
  CHECK(!world.server.centre.row()->commit_unconfirmed);
  CHECK(world.server.centre.fleet_chip().state == fleet::ChipState::personalised);
  CHECK(world.chip_epoch() == 1);
  CHECK(world.card.phone.shown("Your card is activated."));
  // In epoch 0 nothing of a campaign; it has reported, though.
  CHECK(world.server.progress(id) == campaign::Progress::open);
  CHECK(world.server.population.last_contact_s({0}) > 0);
  world.trigger();
  CHECK(world.card.front_end.opened == 2);
  CHECK(world.server.progress(id) == campaign::Progress::done);
}

TEST_CASE("D11, G3: a key rotation is ordered, agreed and settled in one session") {
  World world;
  REQUIRE(world.card.start());
  REQUIRE(world.chip_epoch() == 1);
  const auto id = world.server.begin(element_update::key_rotation_payload());
  world.trigger();
  CHECK(world.chip_epoch() == 2);
  CHECK(world.server.centre.row()->active_epoch == 2);
  CHECK(!world.server.centre.row()->commit_unconfirmed);
  CHECK(world.server.progress(id) == campaign::Progress::done);
  CHECK(world.server.centre.to_chip.empty());
  CHECK(world.server.centre.fleet_chip().state == fleet::ChipState::personalised);
  // The old key opens nothing any more, the new one does.
  world.trigger();
  CHECK(world.card.front_end.opened == 3);
}

TEST_CASE("D7, L1: the link of a first logon cut after every transfer: it ends with one key") {
  int transfers = 1;
  for (int cut = 1; cut <= transfers; ++cut) {
    CAPTURE(cut);
    World world;
    world.card.front_end.transfers_left = cut;
    REQUIRE(world.card.start());
    if (cut == 1) transfers = 40;
    world.card.front_end.transfers_left = -1;
    REQUIRE(world.card.pass(world.card.now + minutes(10)));
    CHECK(world.chip_epoch() >= 1);
    CHECK(world.chip_epoch() == world.server.centre.row()->active_epoch);
    CHECK(world.server.centre.fleet_chip().state == fleet::ChipState::personalised);
  }
}
