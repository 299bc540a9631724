// Campaigns over short messages, with the real chip: what is sent, what proves, what is refused.
#include "element_update/packets.h"
#include "formats/remote_management/administration_session.h"
#include "message_rig.h"
#include "payloads.h"

using namespace simurgh;
using namespace simurgh::test;
using secured_packet::ResponseBearer;
using secured_packet::ResponseStatus;

namespace {

// A packet as the only part of a short message.
Bytes with_header(uint8_t element, const Bytes& packet) {
  Bytes user_data(3 + packet.size());
  Writer(user_data).u8(2).u8(element).u8(0).bytes(packet);
  return user_data;
}

// User data of a receipt that this card could have sent.
Bytes receipt_of(const ForeignCard& card, const secured_packet::Tar& tar, uint64_t counter,
                 ResponseStatus status, ByteView data = {}) {
  const auto reference = secured_packet::KeyReference::aes(card.keys.key_version);
  Bytes packet(400);
  packet.resize(
      write_response(
          secured_packet::ResponseFields{tar, counter, status},
          secured_packet::ExpectedProtection{
              secured_packet::full_security(ResponseBearer::submit).response, reference, reference},
          secured_packet::Keys{card.keys.kic.view(), card.keys.kid.view()}, data, packet)
          ->size());
  return with_header(0x71, packet);
}

constexpr secured_packet::Tar adf = {0xb0, 0x00, 0x01};

void hear(MessageRig& rig, ByteView user_data, size_t card = 0) {
  const auto taken =
      rig.messages->on_short_message(rig.cards[card]->msisdn, user_data, true, rig.now);
  REQUIRE(taken.has_value());
  CHECK(*taken);
  rig.flush();
}

uint64_t counter_out(MessageRig& rig, uint32_t element = 0) {
  const auto cursors = *rig.storage.element_update().cursors_of(element);
  REQUIRE(cursors.size() == 1);
  return cursors[0].counter;
}

}  // namespace

TEST_CASE("G3 G8: a card without agent gets the whole campaign as secured packets, and proves it") {
  for (const char* settings : {by_submit, by_report}) {
    CAPTURE(settings);
    MessageRig rig(settings);
    const CampaignId meter = rig.begin(meter_payload(false));
    REQUIRE(rig.finish(meter, minutes(5)));
    CHECK(rig.outcome(meter).progress == Progress::done);
    CHECK(rig.cards[0]->meter() == 1);
    const CampaignId spn = rig.begin(spn_payload());
    REQUIRE(rig.finish(spn, minutes(5)));
    CHECK(rig.outcome(spn).progress == Progress::done);
    CHECK(rig.cards[0]->spn().substr(2, 8) == "4d757368");
    // Two packets, a receipt for each; the contact is noted.
    CHECK(rig.messages->figures().packets == 2);
    CHECK(rig.messages->figures().receipts == 2);
    CHECK(rig.messages->visits() == 0);
    CHECK(rig.population->last_contact_s({0}) + 300 > campaign::whole_seconds(rig.now));
    CHECK(rig.storage.element_update().cursors_of(0)->empty());
  }
}

TEST_CASE("G3 G8: an applet in packets of several parts is loaded and installed") {
  MessageRig rig(by_submit);
  const CampaignId id = rig.begin(applet_payload());
  REQUIRE(rig.finish(id, minutes(10)));
  CHECK(rig.outcome(id).progress == Progress::done);
  CHECK(rig.messages->figures().packets > 2);
}

TEST_CASE(
    "G3: a refused command fails with its reason, what such a card cannot have as unsupported") {
  MessageRig rig(by_submit);
  CommandsPayload payload;
  payload.target.application = *rm::Aid::of(usim);
  payload.commands = {from_hex("00a40004022fff")};
  const CampaignId id = rig.begin(*write_payload(PayloadKind::script, payload));
  REQUIRE(rig.finish(id, minutes(5)));
  CHECK(rig.outcome(id).progress == Progress::failed);
  CHECK(rig.outcome(id).reason == Reason::command_failed);
  for (const auto& other : {key_rotation_payload(), next_poll_payload()}) {
    const CampaignId unsupported = rig.begin(other);
    REQUIRE(rig.finish(unsupported, minutes(5)));
    CHECK(rig.outcome(unsupported).reason == Reason::unsupported);
  }
}

TEST_CASE("I5: forged, altered, replayed and another card's receipts prove nothing") {
  MessageRig rig(by_submit, 2);
  rig.faults = {.lost_percent = 100, .doubled_percent = 0, .delay_max = {}};
  const CampaignId id = rig.begin(meter_payload(false));
  rig.run(seconds(3));
  const uint64_t counter = counter_out(rig);
  REQUIRE(counter > 0);
  const Bytes data = from_hex("ab0b 800102 23029000 23029000");
  const Bytes good = receipt_of(*rig.cards[0], adf, counter, ResponseStatus::ok, data);
  const auto unproved = [&] {
    const auto outcome = rig.outcome(id);
    return outcome.progress == Progress::offered;
  };
  for (size_t i = 3; i < good.size(); ++i) {
    Bytes altered = good;
    altered[i] ^= 0x20;
    hear(rig, altered);
    hear(rig, ByteView(good).first(i));
  }
  CHECK(unproved());
  hear(rig, receipt_of(*rig.cards[1], adf, counter, ResponseStatus::ok, data));  // its own key
  hear(rig, receipt_of(*rig.cards[0], adf, counter - 1, ResponseStatus::ok, data));
  hear(rig, receipt_of(*rig.cards[0], adf, counter + 1, ResponseStatus::ok, data));
  hear(rig, receipt_of(*rig.cards[0], {0xb0, 0x00, 0x00}, counter, ResponseStatus::ok, data));
  // Without MAC: "ok" is nothing; a refusal is only noted.
  Bytes bare = from_hex("027100 000b0a b00001 0000000000 00 00");
  hear(rig, bare);
  bare.back() = 0x06;
  hear(rig, bare);
  CHECK(unproved());
  CHECK(rig.messages->figures().receipts == 0);
  CHECK(rig.messages->figures().bare_statuses == 1);
  hear(rig, good);
  CHECK(rig.outcome(id).progress == Progress::done);
  // Once more: of no use for this campaign or the next one.
  hear(rig, good);
  const CampaignId next = rig.begin(meter_payload(false));
  rig.run(seconds(90));
  hear(rig, good);
  CHECK(rig.outcome(next).progress == Progress::offered);
  CHECK(rig.messages->figures().receipts == 1);
}

TEST_CASE("I5: with wrong keys a card is silent: it fails in the end, and is never done") {
  MessageRig rig(by_submit, 2, true);
  const CampaignId id = rig.begin(meter_payload(true), 3);
  REQUIRE(rig.finish(id, hours(5)));
  for (uint32_t i = 0; i < 2; ++i) {
    CHECK(rig.outcome(id, i).progress == Progress::failed);
    CHECK(rig.outcome(id, i).reason == Reason::silence);
    CHECK(rig.cards[i]->meter() == 0);
  }
  CHECK(rig.messages->figures().receipts == 0);
  // As often as the policy allows, and no more.
  CHECK(rig.messages->figures().packets == 6);
  // It was not seen: its place in the order is the old one.
  CHECK(rig.population->last_contact_s({0}) + 4 * 3600 < campaign::whole_seconds(rig.now));
}

TEST_CASE("I2 G8: a counter that another platform has gone on with is found again") {
  MessageRig rig(by_submit);
  ForeignCard& card = *rig.cards[0];
  const Bytes other =
      *make_packet(card.keys, {adf, 40'000, std::nullopt}, from_hex("00a40004026f39"));
  rig.deliver({rig.now, 0, true, with_header(0x70, other)});
  const CampaignId id = rig.begin(meter_payload(true));
  SUBCASE("a card that says nothing to a counter that is too low") {}
  SUBCASE("one that says so under its MAC") {
    rig.run(seconds(2));
    for (int i = 0; i < 6; ++i) {
      hear(rig, receipt_of(card, adf, counter_out(rig), ResponseStatus::counter_low));
    }
  }
  SUBCASE("and tells its own") {
    rig.run(seconds(2));
    hear(rig, receipt_of(card, adf, 40'000, ResponseStatus::counter_low));
    CHECK(counter_out(rig) == 40'001);
  }
  REQUIRE(rig.finish(id, hours(3)));
  CHECK(rig.outcome(id).progress == Progress::done);
  CHECK(card.meter() == 1);
}

TEST_CASE("I5: what is cancelled is not sent again; a receipt that comes late is recorded still") {
  MessageRig rig(by_submit);
  rig.faults.lost_percent = 100;
  const CampaignId id = rig.begin(meter_payload(false));
  rig.run(seconds(3));
  const uint64_t counter = counter_out(rig);
  REQUIRE(rig.campaigns->cancel(id, {"alice", rig.now}).has_value());
  const size_t sent = rig.submitted;
  rig.run(minutes(10));
  CHECK(rig.submitted == sent);
  rig.crash();
  hear(rig, receipt_of(*rig.cards[0], adf, counter, ResponseStatus::ok,
                       from_hex("ab0b 800102 23029000 23029000")));
  CHECK(rig.outcome(id).progress == Progress::done);
}

TEST_CASE("G4: a card that is off gets the same campaign when it is on again") {
  MessageRig rig(by_submit);
  rig.cards[0]->on = false;
  const CampaignId id = rig.begin(meter_payload(true));
  rig.run(minutes(10));
  CHECK(rig.messages->figures().packets > 3);
  CHECK(rig.last_valid_for == minutes(1));  // the SMSC need not keep it longer than we wait
  rig.cards[0]->on = true;
  REQUIRE(rig.finish(id, minutes(20)));
  CHECK(rig.outcome(id).progress == Progress::done);
  CHECK(rig.cards[0]->meter() == 1);
}

TEST_CASE("G4: a wave holds for cards that are served by short messages") {
  MessageRig rig(by_submit, 3);
  rig.faults.lost_percent = 100;
  campaign::NewCampaign order{.name = "patch", .terms = {}};
  order.terms.payload = meter_payload(false);
  order.terms.policy.needs_approval = false;
  order.terms.policy.waves = {{.elements = 1}};
  order.terms.policy.stop_rules = {{.failed_permille = 500, .sample_min = 1}};
  const auto id = rig.campaigns->create(order, {"alice", rig.now});
  REQUIRE(rig.campaigns->submit(*id, {"alice", rig.now}).has_value());
  rig.run(minutes(30));
  // One card heard of it at most; its silence has stopped the campaign.
  CHECK(rig.messages->figures().packets == 1);
  CHECK(rig.campaigns->campaign(*id)->state == campaign::State::stopped);
}
