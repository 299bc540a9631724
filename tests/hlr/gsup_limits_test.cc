// What peers may not do, and how much of what they may.
#include "hlr/gsup_rig.h"

using namespace simurgh;
using namespace simurgh::test;
using gsup::MessageType;
using hlr::Domain;

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
