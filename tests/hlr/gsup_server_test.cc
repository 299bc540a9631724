#include "hlr/gsup_rig.h"

using namespace simurgh;
using namespace simurgh::test;
using gsup::MessageType;
using hlr::Domain;
using hlr::NetworkWork;

TEST_CASE("the bytes are those of osmo-hlr: location update in both domains, purge, unknown IMSI") {
  // Requests and answers of shared/facts/gsup-osmo-hlr-transcript.txt, after `EE 05`.
  GsupRig rig;
  rig.gsup_settings.peers[0].imsi_prefixes = {"90170"};
  rig.start();
  const auto imsi = *Imsi::parse("901700000000001");
  REQUIRE(
      rig.hlr->create({imsi, {}, *Msisdn::parse("491700000001"), rig.make_keys(), false}, rig.by())
          .has_value());
  const auto exchange = [&](const char* request, std::vector<const char*> answers) {
    rig.say("vlr-1", request);
    REQUIRE(rig.sent.size() == answers.size());
    for (size_t i = 0; i < answers.size(); ++i) {
      CHECK(to_hex(rig.sent[i].bytes) == to_hex(from_hex(answers[i])));
    }
    rig.sent.clear();
  };
  exchange("08 01 08 09 71 90 99 99 99 99 f9", {"09 01 08 09 71 90 99 99 99 99 f9 02 01 02"});
  for (const char* domain : {"02", "01"}) {  // vectors first, as a VLR does
    rig.say("vlr-1", std::string("08 01 08 09 71 00 00 00 00 00 f1 28 01 ") + domain);
    rig.sent.clear();
  }
  exchange("04 01 08 09 71 00 00 00 00 00 f1 28 01 02",
           {"10 01 08 09 71 00 00 00 00 00 f1 08 07 06 94 71 00 00 00 10 28 01 02"});
  exchange("12 01 08 09 71 00 00 00 00 00 f1", {"06 01 08 09 71 00 00 00 00 00 f1"});
  // As osmo-hlr's, and "all contexts" (04 00) besides, so that an earlier hotline APN goes.
  exchange("04 01 08 09 71 00 00 00 00 00 f1 28 01 01",
           {"10 01 08 09 71 00 00 00 00 00 f1 08 07 06 94 71 00 00 00 10 04 00"
            "05 07 10 01 01 12 02 01 2a 28 01 01"});
  exchange("12 01 08 09 71 00 00 00 00 00 f1", {"06 01 08 09 71 00 00 00 00 00 f1"});
  exchange("0c 01 08 09 71 00 00 00 00 00 f1 28 01 02", {"0e 01 08 09 71 00 00 00 00 00 f1"});
}

TEST_CASE("SAI: as many vectors as asked for, a USIM takes them; AUTS is followed and told") {
  GsupRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  Usim usim(keys);
  usim.set_highest(50'000);
  auto request = rig.request(MessageType::send_auth_info_request, 1);
  rig.say("vlr-1", request);
  CHECK(rig.only("vlr-1").auth_tuples.size() == 5);
  request.num_vectors_requested = 1;
  rig.say("vlr-1", request);
  auto answer = rig.only("vlr-1");
  CHECK(answer.type == MessageType::send_auth_info_result);
  REQUIRE(answer.auth_tuples.size() == 1);
  CHECK(usim.answer(answer.auth_tuples[0]) == Usim::Answer::synchronisation);
  request.auts = usim.resync().auts;
  rig.say("vlr-1", request);  // without its RAND
  CHECK(rig.only("vlr-1").cause == gsup::cause::invalid_mandatory_information);
  request.rand = usim.resync().rand;
  request.auts->at(3) ^= 1;
  rig.say("vlr-1", request);
  answer = rig.only("vlr-1");
  CHECK(answer.type == MessageType::send_auth_info_error);
  CHECK(answer.cause == gsup::cause::network_failure);
  CHECK(rig.events.empty());
  request.auts = usim.resync().auts;
  rig.say("vlr-1", request);
  answer = rig.only("vlr-1");
  REQUIRE(answer.auth_tuples.size() == 1);
  CHECK(usim.answer(answer.auth_tuples[0]) == Usim::Answer::good);
  CHECK(rig.events == std::vector<std::string>{"sync failure"});
}

TEST_CASE("UL: data, result, location, event; the node before is cancelled, until it answers") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.locate(1, "vlr-1");
  CHECK(rig.sent.empty());
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr == "vlr-1");
  CHECK(rig.events == std::vector<std::string>{"located 262010000000001 vlr-1"});
  rig.locate(1, "sgsn-1", Domain::packet);
  CHECK(rig.hlr->subscriber(imsi_of(1))->sgsn == "sgsn-1");
  CHECK(rig.sent.empty());

  rig.locate(1, "vlr-2");
  auto cancel = rig.only("vlr-1");
  CHECK(cancel.type == MessageType::location_cancel_request);
  CHECK(cancel.cancel_type == gsup::CancelType::update_procedure);
  CHECK(cancel.cn_domain == gsup::CnDomain::cs);
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr == "vlr-2");
  rig.pass(seconds(5));
  CHECK(rig.only("vlr-1").type == MessageType::location_cancel_request);
  CHECK(rig.work().size() == 1);
  rig.say("vlr-1", rig.request(MessageType::location_cancel_result, 1));
  CHECK(rig.work().empty());
  rig.say("vlr-1", rig.request(MessageType::location_cancel_result, 1));  // again: nothing
  rig.pass(hours(2));
  CHECK(rig.sent.empty());
  CHECK(rig.server->next_deadline() == Instant::never());
}

TEST_CASE(
    "UL again while the first is under way is answered once; a lost INSERT DATA is repeated") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, 1));
  rig.sent.clear();
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1));
  rig.only("vlr-1");
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1));
  CHECK(rig.sent.empty());
  rig.pass(seconds(5));
  CHECK(rig.only("vlr-1").type == MessageType::insert_data_request);
  rig.say("vlr-1", rig.request(MessageType::insert_data_result, 1));
  CHECK(rig.only("vlr-1").type == MessageType::update_location_result);
  // A peer that never answers is given up, and told so.
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1));
  rig.pass(seconds(5));
  rig.pass(seconds(5));
  CHECK(rig.sent.size() == 3);
  rig.sent.clear();
  rig.pass(seconds(5));
  const auto error = rig.only("vlr-1");
  CHECK(error.type == MessageType::update_location_error);
  CHECK(error.cause == gsup::cause::network_failure);
  CHECK(rig.server->next_deadline() == Instant::never());
}

TEST_CASE("UL: an error of INSERT DATA is the error of the update, and nobody is located") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, 1));
  rig.sent.clear();
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1));
  rig.only("vlr-1");
  auto error = rig.request(MessageType::insert_data_error, 1);
  error.cause = gsup::cause::protocol_error;
  rig.say("vlr-1", error);
  CHECK(rig.only("vlr-1").cause == gsup::cause::protocol_error);
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr.empty());
  CHECK(rig.events.empty());
}

TEST_CASE("D6: while the flag is set the data says so; when it changes the data is sent again") {
  GsupRig rig;
  rig.create(1, rig.make_keys(), true);
  rig.say("sgsn-1", rig.request(MessageType::send_auth_info_request, 1, Domain::packet));
  rig.sent.clear();
  rig.say("sgsn-1", rig.request(MessageType::update_location_request, 1, Domain::packet));
  auto data = rig.only("sgsn-1");
  CHECK(*gsup::parse_number(data.hotline) == *Msisdn::parse("49800"));
  REQUIRE(data.pdp_infos.size() == 1);
  char name[64];
  CHECK(*gsup::parse_access_point_name(data.pdp_infos[0].access_point_name, name) == "activation");
  CHECK(data.pdp_info_complete);
  rig.say("sgsn-1", rig.request(MessageType::insert_data_result, 1, Domain::packet));
  rig.sent.clear();
  rig.locate(1, "vlr-1");

  REQUIRE(rig.hlr->set_hotline(imsi_of(1), false, rig.by()).has_value());
  CHECK(rig.sent.empty());  // not before the event's changes are certain
  rig.settle();
  REQUIRE(rig.sent.size() == 2);
  for (const Sent& sent : rig.sent) {
    const auto message = *gsup::parse_message(sent.bytes);
    CHECK(message.type == MessageType::insert_data_request);
    CHECK(message.hotline.empty());
  }
  rig.sent.clear();
  rig.say("vlr-1", rig.request(MessageType::insert_data_result, 1));
  rig.say("sgsn-1", rig.request(MessageType::insert_data_result, 1, Domain::packet));
  CHECK(rig.work().empty());
}

TEST_CASE("data that changes while the answer is on its way is sent again before it counts") {
  GsupRig rig;
  rig.create(1, rig.make_keys(), true);
  rig.locate(1, "vlr-1");
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), false, rig.by()).has_value());
  rig.settle();
  CHECK(rig.only("vlr-1").hotline.empty());
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), true, rig.by()).has_value());
  rig.settle();
  CHECK(rig.sent.empty());  // one thing at a time
  rig.say("vlr-1", rig.request(MessageType::insert_data_result, 1));
  CHECK(!rig.only("vlr-1").hotline.empty());
  CHECK(rig.work().size() == 1);
  rig.say("vlr-1", rig.request(MessageType::insert_data_result, 1));
  CHECK(rig.work().empty());
  CHECK(rig.sent.empty());
}

TEST_CASE("what is to be told survives crashes, lost peers and their errors") {
  GsupRig rig;
  rig.create(1, rig.make_keys(), true);
  rig.locate(1, "vlr-1");
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), false, rig.by()).has_value());
  rig.commit();
  rig.sent.clear();
  rig.start(false);  // crash right after the commit: nothing was sent
  rig.settle();
  CHECK(rig.sent.empty());  // not connected yet
  rig.up("vlr-1");
  CHECK(rig.only("vlr-1").type == MessageType::insert_data_request);
  rig.server->on_peer_down("vlr-1");
  rig.pass(hours(1));
  CHECK(rig.sent.empty());
  rig.up("vlr-1");
  CHECK(rig.only("vlr-1").type == MessageType::insert_data_request);
  auto error = rig.request(MessageType::insert_data_error, 1);
  error.cause = gsup::cause::congestion;
  rig.say("vlr-1", error);
  CHECK(rig.sent.empty());
  CHECK(rig.work().size() == 1);
  rig.pass(minutes(5));
  CHECK(rig.only("vlr-1").type == MessageType::insert_data_request);
  error.cause = unknown_imsi;  // nothing there to change
  rig.say("vlr-1", error);
  CHECK(rig.work().empty());
  rig.pass(hours(1));
  CHECK(rig.sent.empty());
}

TEST_CASE("an undone event tells nobody anything") {
  GsupRig rig;
  rig.create(1, rig.make_keys(), true);
  rig.locate(1, "vlr-1");
  rig.commit();
  REQUIRE(rig.storage.begin_step().has_value());
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), false, rig.by()).has_value());
  REQUIRE(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
  REQUIRE(rig.storage.undo_step().has_value());
  rig.settle();
  CHECK(rig.sent.empty());
  CHECK(rig.hlr->subscriber(imsi_of(1))->hotline);
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr == "vlr-1");
}

TEST_CASE("D11: re-keying cancels the location, and the answer to it may do so at once") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.on_location = [&](const Imsi& imsi) {  // as the security centre might
    rig.on_location = nullptr;
    REQUIRE(rig.hlr->cancel_location(imsi, rig.by()).has_value());
  };
  rig.locate(1, "vlr-1");
  const auto cancel = rig.only("vlr-1");
  CHECK(cancel.type == MessageType::location_cancel_request);
  // The node comes again before it answers: the old cancellation is not repeated after it.
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1));
  CHECK(rig.sent.empty());
  rig.say("vlr-1", rig.request(MessageType::location_cancel_result, 1));
  CHECK(rig.only("vlr-1").type == MessageType::insert_data_request);
  rig.say("vlr-1", rig.request(MessageType::insert_data_result, 1));
  CHECK(rig.only("vlr-1").type == MessageType::update_location_result);
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr == "vlr-1");
  rig.pass(hours(1));
  CHECK(rig.sent.empty());
}

TEST_CASE("a removed subscriber is withdrawn at its nodes, and unknown from then on") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.locate(1, "vlr-1");
  REQUIRE(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
  rig.settle();
  const auto cancel = rig.only("vlr-1");
  CHECK(cancel.type == MessageType::location_cancel_request);
  CHECK(cancel.cancel_type == gsup::CancelType::subscription_withdrawn);
  rig.say("vlr-1", rig.request(MessageType::location_cancel_result, 1));
  for (const auto type : {MessageType::send_auth_info_request, MessageType::update_location_request,
                          MessageType::purge_ms_request}) {
    rig.say("vlr-1", rig.request(type, 1));
    const auto answer = rig.only("vlr-1");
    CHECK(answer.type == gsup::error_of(type));
    CHECK(answer.cause == unknown_imsi);
  }
}

TEST_CASE("a subscriber removed while its location is updated ends the update") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, 1));
  rig.sent.clear();
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1));
  rig.only("vlr-1");
  REQUIRE(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
  rig.pass(seconds(5));  // the repetition finds nobody
  const auto error = rig.only("vlr-1");
  CHECK(error.type == MessageType::update_location_error);
  CHECK(error.cause == unknown_imsi);
  CHECK(rig.server->next_deadline() == Instant::never());
}

TEST_CASE("answers carry what a router needs to find the way back") {
  GsupRig rig;
  auto request = rig.request(MessageType::send_auth_info_request, 7);
  request.message_class = gsup::MessageClass::subscriber_management;
  request.source_name = bytes_of("msc-7");
  request.session_id = 99;
  rig.say("vlr-1", request);
  const auto answer = rig.only("vlr-1");
  CHECK(answer.message_class == gsup::MessageClass::subscriber_management);
  CHECK(text_of(answer.destination_name) == "msc-7");
  CHECK(answer.session_id == 99);
  CHECK(answer.session_state == gsup::SessionState::end);
}

TEST_CASE(
    "I2, I6: random traffic with crashes: locations and work stay consistent, no key pair "
    "is used twice") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    GsupRig rig;
    SeededRandom random(seed);
    std::vector<Usim> usims;
    for (uint64_t i = 0; i < 4; ++i) {
      const auto keys = rig.make_keys();
      rig.create(i, keys, random.one_in(2));
      usims.emplace_back(keys);
    }
    rig.commit();
    const char* peers[] = {"vlr-1", "vlr-2"};
    std::map<std::pair<std::string, uint64_t>, std::optional<bool>> hotline_at;  // what a VLR holds
    const auto deliver = [&] {  // the outbox of a committed batch; peers answer most of it
      std::vector<Sent> out;
      out.swap(rig.sent);
      for (const Sent& one : out) {
        if (random.one_in(6)) continue;  // lost
        const auto message = *gsup::parse_message(one.bytes);
        const uint64_t number = fleet::number_of(message.imsi).number % 10;
        auto& held = hotline_at[{one.peer, number}];
        for (const auto& tuple : message.auth_tuples) {
          CHECK(usims[number].answer(tuple) != Usim::Answer::wrong_mac);
        }
        if (message.type == MessageType::insert_data_request) {
          held = !message.hotline.empty();
          rig.say(one.peer, rig.request(MessageType::insert_data_result, number));
        } else if (message.type == MessageType::location_cancel_request) {
          held.reset();
          rig.say(one.peer, rig.request(MessageType::location_cancel_result, number));
        }
      }
    };
    for (int step = 0; step < 250; ++step) {
      const uint64_t number = random.below(4);
      const std::string peer = peers[random.below(2)];
      switch (random.below(7)) {
        case 0: rig.say(peer, rig.request(MessageType::send_auth_info_request, number)); break;
        case 1: rig.say(peer, rig.request(MessageType::update_location_request, number)); break;
        case 2:
          REQUIRE(rig.hlr->set_hotline(imsi_of(number), random.one_in(2), rig.by()).has_value());
          break;
        case 3:
          if (random.one_in(4)) {
            rig.sent.clear();
            rig.start();
          }
          break;
        case 4: rig.pass(seconds(static_cast<int64_t>(random.below(8)))); break;
        default:
          rig.settle();
          rig.commit();
          deliver();
      }
    }
    // Faults stop: everything is told in the end (L4).
    for (int i = 0; i < 300 && !rig.work().empty(); ++i) {
      rig.pass(minutes(1));
      rig.commit();
      std::vector<Sent> out;
      out.swap(rig.sent);
      for (const Sent& one : out) {
        const auto message = *gsup::parse_message(one.bytes);
        const uint64_t number = fleet::number_of(message.imsi).number % 10;
        auto& held = hotline_at[{one.peer, number}];
        if (message.type == MessageType::insert_data_request) {
          held = !message.hotline.empty();
          rig.say(one.peer, rig.request(MessageType::insert_data_result, number));
        } else if (message.type == MessageType::location_cancel_request) {
          held.reset();
          rig.say(one.peer, rig.request(MessageType::location_cancel_result, number));
        }
      }
    }
    CHECK(rig.work().empty());
    for (uint64_t number = 0; number < 4; ++number) {
      const auto subscriber = *rig.hlr->subscriber(imsi_of(number));
      if (subscriber.vlr.empty()) continue;
      // I7: the serving node holds the flag as it is.
      CHECK(hotline_at[{subscriber.vlr, number}] == std::optional(subscriber.hotline));
    }
    CHECK(!rig.audit.verify()->fault);
  }
}
