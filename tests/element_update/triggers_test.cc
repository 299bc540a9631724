// Triggers: what leaves, for whom, and what becomes of those that cannot.
#include "element_update/packets.h"
#include "formats/remote_management/administration_session.h"
#include "message_rig.h"
#include "payloads.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

const char* https = R"({"session": {"host": "ota.example", "uri": "/admin", "address": "192.0.2.7",
    "port": 8443, "access_point": "ota.operator", "tries": 2, "pause_s": 30}})";

campaign::Trigger trigger(CampaignId id, uint32_t element = 0, uint8_t number = 1) {
  return {{element}, id, number};
}

// Elements with a PSK, so that they can come by themselves.
struct TriggerRig : MessageRig {
  TriggerRig() : MessageRig(https) {
    auto row = **storage.elements().element(0);
    fleet::ElementKeys with_psk = cards[0]->keys;
    with_psk.psk_identity = "card-0";
    with_psk.psk.fill(32);
    row.psk_identity = with_psk.psk_identity;
    row.sealed_keys = *seal_element_keys(keys, row.iccid, with_psk);
    REQUIRE(storage.elements().save(row).has_value());
    flush();
  }
};

}  // namespace

TEST_CASE(
    "G6: a trigger is a secured packet with the session's parameters, each with its own counter") {
  TriggerRig rig;
  const CampaignId id = rig.begin(spn_payload());
  for (int i = 0; i < 2; ++i) REQUIRE(*rig.messages->send(trigger(id), rig.now));
  REQUIRE(rig.sent_parts.size() == 2);
  CHECK(rig.last_valid_for == minutes(1));
  for (uint64_t i = 0; i < 2; ++i) {
    const auto header = *sms::parse_user_data_header(rig.sent_parts[i]);
    CHECK(header.command_packet);
    const auto packet = MutableByteView(rig.sent_parts[i]).subspan(header.octets);
    const auto command = *secured_packet::parse_command_header(packet);
    CHECK(command.spi.response.request == secured_packet::ResponseRequest::never);
    CHECK(command.tar == remote_management::tar::admin_agent);
    const auto opened = verify_and_decrypt(
        command, {rig.cards[0]->keys.kic.view(), rig.cards[0]->keys.kid.view()}, {});
    REQUIRE(opened.has_value());
    CHECK(opened->counter == i + 1);
    const auto said = *remote_management::parse_session_trigger(opened->secured_data);
    CHECK(text_of(said.session.http->host) == "ota.example");
    CHECK(said.session.connection->transport->port == 8443);
    CHECK(equal(said.session.connection->address->address, from_hex("c0000207")));
    CHECK(equal(said.session.connection->access_point, from_hex("036f7461086f70657261746f72")));
    CHECK(said.session.retry->pause.total_seconds() == 30);
  }
  // Nothing is taken for proved by a trigger.
  CHECK(rig.storage.element_update().cursors_of(0)->empty());
}

TEST_CASE("G6: our own chips are triggered with the centre's keys; one in epoch 0 is left alone") {
  MessageRig rig("{}");
  REQUIRE(rig.elements->take_up(*Iccid::parse("89882110000004300106"), "ours", {"t", rig.now})
              .has_value());
  REQUIRE(rig.elements->save_batch("ours", https, {"t", rig.now}).has_value());
  REQUIRE(rig.messages->on_time(rig.now + minutes(2)).has_value());
  const CampaignId id = rig.begin(spn_payload());
  REQUIRE(*rig.messages->send(trigger(id, 1), rig.now));
  CHECK(rig.messages->figures().triggers == 1);
  CHECK(rig.own.counter == 1);
  rig.own.epoch = 0;
  REQUIRE(*rig.messages->send(trigger(id, 1), rig.now));
  CHECK(rig.messages->figures().unreachable == 1);
}

TEST_CASE("G6: a full queue and a message that never left put the element in line again") {
  TriggerRig rig;
  rig.queue_left = 0;
  const CampaignId id = rig.begin(spn_payload());
  CHECK_FALSE(*rig.messages->send(trigger(id), rig.now));
  CHECK(*rig.storage.elements().counter(0) == 0);  // no counter is spent for it
  rig.queue_left = 10;
  // As the campaign would pick it.
  campaign::Budget budget{.arrivals = 5, .messages = 5, .delay_s = 5};
  budget.yield.fill(1);
  std::vector<campaign::Trigger> picked;
  rig.campaigns->pick(rig.now, budget, picked);
  REQUIRE(picked.size() == 1);
  REQUIRE(*rig.messages->send(picked[0], rig.now));
  CHECK(rig.outcome(id).progress == Progress::waiting);
  rig.messages->on_submitted(rig.tokens.back(), false, rig.now);
  CHECK(rig.outcome(id).progress == Progress::open);
  CHECK(rig.outcome(id).triggers == 0);
  // Again, and this time the SMSC answers, good or bad: it is waited for.
  picked.clear();
  rig.campaigns->pick(rig.now, budget, picked);
  REQUIRE(picked.size() == 1);
  REQUIRE(*rig.messages->send(picked[0], rig.now));
  rig.messages->on_submitted(rig.tokens.back(), true, rig.now);
  rig.messages->on_submitted(rig.tokens.back(), false, rig.now);  // an unknown token by now
  CHECK(rig.outcome(id).progress == Progress::waiting);
}

TEST_CASE("G4: what has no number is left to its recurring poll, and tried no more in this run") {
  TriggerRig rig;
  auto row = **rig.storage.elements().element(0);
  row.msisdn = {};
  REQUIRE(rig.storage.elements().save(row).has_value());
  const CampaignId id = rig.begin(spn_payload());
  campaign::Budget budget{.arrivals = 5, .messages = 5, .delay_s = 5};
  budget.yield.fill(1);
  for (int i = 0; i < 3; ++i) {
    std::vector<campaign::Trigger> picked;
    rig.campaigns->pick(rig.now, budget, picked);
    CHECK(picked.size() == (i == 0 ? 1 : 0));
    for (const auto& one : picked) REQUIRE(*rig.messages->send(one, rig.now));
    rig.now = rig.now + minutes(30);
    REQUIRE(rig.campaigns->advance(rig.now).has_value());
  }
  CHECK(rig.outcome(id).progress == Progress::given_up);
  CHECK(rig.submitted == 0);
  // It is served when it comes by itself.
  REQUIRE(rig.campaigns->begin_session({0}, rig.now).has_value());
  CHECK((*rig.campaigns->next_work({0}, rig.now)).has_value());
  rig.campaigns->end_session({0}, rig.now);
}

TEST_CASE("G5: elements served by messages take nothing of the front end, nor of what is learnt") {
  MessageRig rig(by_submit, 2);
  const CampaignId id = rig.begin(meter_payload(false));
  campaign::Budget budget{.arrivals = 0, .messages = 5, .delay_s = 5};
  std::vector<campaign::Trigger> picked;
  rig.campaigns->pick(rig.now, budget, picked);
  REQUIRE(picked.size() == 2);
  for (const auto& one : picked) REQUIRE(*rig.messages->send(one, rig.now));
  CHECK(rig.messages->visits() == 2);
  CHECK(rig.outcome(id).progress == Progress::offered);
  const auto events = rig.campaigns->take_events();
  CHECK(events.sent[0] == 0);
  CHECK(events.arrived[0] == 0);
  CHECK(events.present.working + events.present.idle == 0);
  CHECK(events.unannounced.working + events.polls.working == 0);
}

TEST_CASE(
    "batches: settings of messages are read, and what contradicts itself is refused in words") {
  const auto problem_of = [](std::string_view settings, const Card& base) {
    std::string problem;
    const auto card = read_card(settings, base, problem);
    return card.has_value() ? std::string() : problem;
  };
  CHECK(problem_of(by_submit, imported_card()).empty());
  CHECK(problem_of(https, imported_card()).empty());
  CHECK(problem_of(by_submit, own_card()).find("bearer") != std::string::npos);
  for (const char* wrong :
       {R"({"bearer": "fax"})", R"({"sms": {"parts_max": 0}})", R"({"sms": {"tar_files": "b0"}})",
        R"({"sms": {"other": 1}})", R"({"session": {"address": "1.2.3"}})",
        R"({"session": {"address": "1.2.3.256"}})", R"({"session": {"address": "1.2.3.4.5"}})",
        R"({"session": {"access_point": "a..b"}})", R"({"session": {"port": 70000}})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(problem_of(wrong, imported_card()).empty());
  }
  // A packet fills its parts and no more.
  for (uint8_t parts = 1; parts <= 16; ++parts) {
    PacketSettings packets;
    packets.parts_max = parts;
    const size_t octets = secured_packet::command_packet_octets(packets.script_octets_max());
    CHECK(*sms::part_count(octets, sms::PayloadKind::command_packet) == parts);
    const size_t more = secured_packet::command_packet_octets(packets.script_octets_max() + 1);
    CHECK(*sms::part_count(more, sms::PayloadKind::command_packet) == parts + 1u);
  }
}
