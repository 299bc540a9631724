#include "hlr/gsup_server.h"
#include "hex.h"
#include "hlr/rig.h"

using namespace simurgh;
using namespace simurgh::test;
using gsup::MessageType;
using hlr::Domain;
using hlr::NetworkWork;

namespace {

struct Sent {
  std::string peer;
  Bytes bytes;
};

struct GsupRig : HlrRig, hlr::GsupLink, hlr::Events {
  GsupRig() {
    gsup_settings.peers = {policy("vlr-1"), policy("vlr-2"), policy("sgsn-1")};
    gsup_settings.hotline_number = *Msisdn::parse("49800");
    start();
  }
  static hlr::PeerPolicy policy(const char* name) {
    hlr::PeerPolicy out;
    out.name = name;
    out.send_auth_info = out.update_location = out.purge = true;
    out.imsi_prefixes = {"26201"};
    return out;
  }
  // A new process: the peers connect again.
  void start(bool with_peers = true) {
    server.reset();
    restart();
    server = std::make_unique<hlr::GsupServer>(
        gsup_settings, hlr::GsupServer::Parts{*hlr, fleet, audit, *this, *this, random}, now());
    REQUIRE(server->resume(now()).has_value());
    if (!with_peers) return;
    for (const auto& peer : gsup_settings.peers) up(peer.name);
  }
  void up(std::string_view peer) { REQUIRE(server->on_peer_up(peer, now()).has_value()); }

  void send(std::string_view peer, ByteView message) override {
    sent.push_back({std::string(peer), {message.begin(), message.end()}});
  }
  void on_located(const Imsi& imsi, Domain, std::string_view peer, Instant) override {
    events.push_back("located " + std::string(imsi.text()) + " " + std::string(peer));
    if (on_location) on_location(imsi);
  }
  void on_sync_failure(const Imsi&, std::string_view, Instant) override {
    events.push_back("sync failure");
  }
  void on_auth_failure(const Imsi&, std::string_view, Instant) override {
    events.push_back("auth failure");
  }

  void say(std::string_view peer, const gsup::Message& message) {
    REQUIRE(server->on_message(peer, message, now()).has_value());
    settle();
  }
  // A message in the bytes of the transcript (facts/gsup-osmo-hlr-transcript.txt).
  void say(std::string_view peer, std::string_view hex) {
    const Bytes bytes = from_hex(hex);
    say(peer, *gsup::parse_message(bytes));
  }
  gsup::Message request(MessageType type, uint64_t number, Domain domain = Domain::circuit) {
    gsup::Message message;
    message.type = type;
    message.imsi = imsi_of(number);
    message.cn_domain = domain == Domain::circuit ? gsup::CnDomain::cs : gsup::CnDomain::ps;
    return message;
  }
  // What is due at once.
  void settle() {
    while (server->next_deadline() <= Instant{clock}) {
      REQUIRE(server->on_time(Instant{clock}).has_value());
    }
  }
  void pass(Duration time) {
    clock += time.ms;
    settle();
  }
  // The only thing that was sent, and takes it away.
  gsup::Message only(std::string_view peer) {
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].peer == peer);
    last = sent[0].bytes;
    sent.clear();
    return *gsup::parse_message(last);
  }
  void locate(uint64_t number, const char* peer, Domain domain = Domain::circuit) {
    say(peer, request(MessageType::send_auth_info_request, number, domain));
    sent.clear();
    say(peer, request(MessageType::update_location_request, number, domain));
    CHECK(only(peer).type == MessageType::insert_data_request);
    say(peer, request(MessageType::insert_data_result, number, domain));
    REQUIRE(!sent.empty());
    CHECK(gsup::parse_message(sent[0].bytes)->type == MessageType::update_location_result);
    sent.erase(sent.begin());
  }
  std::vector<NetworkWork> work() { return *storage.hlr().all_work(); }
  std::vector<fleet::AlarmKind> alarms() {
    std::vector<fleet::AlarmKind> kinds;
    const auto rows = *storage.fleet().alarms(true, UINT64_MAX, 100);
    for (const auto& row : rows) kinds.push_back(row.kind);
    return kinds;
  }

  hlr::GsupSettings gsup_settings;
  std::unique_ptr<hlr::GsupServer> server;
  std::vector<Sent> sent;
  std::vector<std::string> events;
  Bytes last;
  std::function<void(const Imsi&)> on_location;
};

constexpr uint8_t unknown_imsi = gsup::cause::imsi_unknown_in_hlr;

}  // namespace

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

TEST_CASE("T-GSUP-AUTHZ: strangers, foreign IMSIs and operations that are not a peer's business") {
  GsupRig rig;
  rig.gsup_settings.peers[1].update_location = false;
  rig.gsup_settings.peers[1].purge = false;
  rig.gsup_settings.peers[2].send_auth_info = false;
  rig.gsup_settings.peers.push_back(GsupRig::policy("nobody's"));
  rig.gsup_settings.peers.back().imsi_prefixes.clear();
  rig.start();
  rig.create(1, rig.make_keys());
  CHECK(rig.server->on_peer_up("stranger", rig.now()).error().code == ErrorCode::not_allowed);
  CHECK(rig.actions().back() == "gsup.stranger_refused");
  const size_t rows = rig.actions().size();
  for (int i = 0; i < 1000; ++i) {
    CHECK(!rig.server->on_peer_up("stranger", Instant{rig.clock}).has_value());
  }
  CHECK(rig.actions().size() == rows);  // the log is no way to fill a disk
  CHECK(rig.server
            ->on_message("stranger", rig.request(MessageType::send_auth_info_request, 1), rig.now())
            .error()
            .code == ErrorCode::not_allowed);
  CHECK(rig.sent.empty());

  const auto cause = [&](const char* peer, MessageType type) {
    rig.say(peer, rig.request(type, 1));
    const auto answer = rig.only(peer);
    CHECK(answer.type == gsup::error_of(type));
    return answer.cause.value_or(0);
  };
  using gsup::cause::plmn_not_allowed;
  CHECK(cause("sgsn-1", MessageType::send_auth_info_request) == plmn_not_allowed);
  CHECK(cause("vlr-2", MessageType::update_location_request) == plmn_not_allowed);
  CHECK(cause("vlr-2", MessageType::purge_ms_request) == plmn_not_allowed);
  // An IMSI outside its prefixes looks like one that does not exist.
  CHECK(cause("nobody's", MessageType::send_auth_info_request) == unknown_imsi);
  CHECK(cause("nobody's", MessageType::update_location_request) == unknown_imsi);
  CHECK(!rig.alarms().empty());
  CHECK(cause("vlr-1", MessageType::check_imei_request) == gsup::cause::message_type_unknown);
  CHECK(cause("vlr-1", MessageType::proc_ss_request) == gsup::cause::message_type_unknown);
  // Results nobody waits for, and reports about strangers' subscribers, do nothing.
  rig.say("vlr-1", rig.request(MessageType::insert_data_result, 1));
  rig.say("nobody's", rig.request(MessageType::auth_fail_report, 1));
  rig.say("vlr-1", rig.request(MessageType::auth_fail_report, 1));  // did not authenticate it
  CHECK(rig.sent.empty());
  CHECK(rig.events.empty());
  rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, 1));
  rig.say("vlr-1", rig.request(MessageType::auth_fail_report, 1));
  CHECK(rig.events == std::vector<std::string>{"auth failure"});
}

TEST_CASE("T-GSUP-AUTHZ: a node that did not authenticate a subscriber cannot take it over") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.locate(1, "vlr-1");
  rig.say("vlr-2", rig.request(MessageType::update_location_request, 1));
  auto answer = rig.only("vlr-2");
  CHECK(answer.type == MessageType::update_location_error);
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr == "vlr-1");
  CHECK(rig.alarms() == std::vector{fleet::AlarmKind::peer_refused});
  // Nor can it in the other domain than the one it asked for.
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1, Domain::packet));
  CHECK(rig.only("vlr-1").type == MessageType::update_location_error);
  CHECK(rig.alarms().size() == 2);
  // One an hour and peer: not a flood of its own.
  for (int i = 0; i < 50; ++i) {
    rig.say("vlr-2", rig.request(MessageType::update_location_request, 1));
  }
  CHECK(rig.alarms().size() == 2);
  rig.pass(hours(1));
  rig.say("vlr-2", rig.request(MessageType::update_location_request, 1));
  CHECK(rig.alarms().size() == 3);
  // The permission survives a restart: the VLR may still have unused vectors.
  rig.sent.clear();
  rig.commit();
  rig.start();
  rig.say("vlr-1", rig.request(MessageType::update_location_request, 1));
  CHECK(rig.only("vlr-1").type == MessageType::insert_data_request);
}

TEST_CASE("T-MASS-READ: a peer that reads too many different subscribers is braked and named") {
  GsupRig rig;
  rig.gsup_settings.peers[0].distinct_imsis_max = 100;
  rig.gsup_settings.peers[0].distinct_window = minutes(10);
  rig.start();
  constexpr uint64_t count = 300;
  for (uint64_t i = 0; i < count; ++i) rig.create(i, rig.make_keys());
  uint64_t served = 0;
  for (uint64_t i = 0; i < count; ++i) {
    auto request = rig.request(MessageType::send_auth_info_request, i);
    request.num_vectors_requested = 1;
    rig.say("vlr-1", request);
    const auto answer = rig.only("vlr-1");
    if (answer.type == MessageType::send_auth_info_result) {
      ++served;
    } else {
      CHECK(answer.cause == gsup::cause::congestion);
    }
  }
  CHECK(served >= 100);
  CHECK(served <= 120);  // 100, and those whose hashes fall together
  CHECK(rig.alarms() == std::vector{fleet::AlarmKind::mass_read});
  rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, 5));  // one of the first
  CHECK(rig.only("vlr-1").type == MessageType::send_auth_info_result);
  rig.say("vlr-2", rig.request(MessageType::send_auth_info_request, 250));  // another peer
  CHECK(rig.only("vlr-2").type == MessageType::send_auth_info_result);
  rig.pass(minutes(10));
  rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, 250));
  CHECK(rig.only("vlr-1").type == MessageType::send_auth_info_result);
}

TEST_CASE("T-MASS-READ: requests a second have a limit too") {
  GsupRig rig;
  rig.gsup_settings.peers[0].requests_per_second_max = 50;
  rig.start();
  rig.create(1, rig.make_keys());
  rig.pass(seconds(2));
  int served = 0;
  const Instant now{rig.clock};
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(
        rig.server->on_message("vlr-1", rig.request(MessageType::send_auth_info_request, 1), now)
            .has_value());
    served += rig.only("vlr-1").type == MessageType::send_auth_info_result ? 1 : 0;
  }
  CHECK(served == 50);
  CHECK(rig.server->figures().braked == 9950);
}

TEST_CASE("fenced and barred subscribers are not served") {
  GsupRig rig;
  rig.create(1, rig.make_keys());
  rig.locate(1, "vlr-1");
  REQUIRE(rig.hlr->fence(imsi_of(1), rig.by()).has_value());
  rig.settle();
  rig.sent.clear();
  rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, 1));
  CHECK(rig.only("vlr-1").cause == gsup::cause::network_failure);
  rig.create(2, rig.make_keys());
  REQUIRE(rig.hlr->set_access(imsi_of(2), true, false, rig.by()).has_value());
  rig.say("sgsn-1", rig.request(MessageType::send_auth_info_request, 2, Domain::packet));
  rig.sent.clear();
  rig.say("sgsn-1", rig.request(MessageType::update_location_request, 2, Domain::packet));
  CHECK(rig.only("sgsn-1").cause == gsup::cause::plmn_not_allowed);
}

TEST_CASE("procedures have a limit, and every update beyond it is told so at once") {
  GsupRig rig;
  rig.gsup_settings.procedures_max = 3;
  rig.start();
  for (uint64_t i = 0; i < 5; ++i) {
    rig.create(i, rig.make_keys());
    rig.say("vlr-1", rig.request(MessageType::send_auth_info_request, i));
    rig.sent.clear();
    rig.say("vlr-1", rig.request(MessageType::update_location_request, i));
    const auto answer = rig.only("vlr-1");
    if (i < 3) {
      CHECK(answer.type == MessageType::insert_data_request);
    } else {
      CHECK(answer.cause == gsup::cause::congestion);
    }
  }
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
