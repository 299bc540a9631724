// A GSUP server over the HLR's rig: peers that say things, and what they are sent.
#pragma once

#include <functional>

#include "hex.h"
#include "hlr/gsup_server.h"
#include "hlr/rig.h"

namespace simurgh::test {

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
  void on_located(const Imsi& imsi, hlr::Domain, std::string_view peer, Instant) override {
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
  gsup::Message request(gsup::MessageType type, uint64_t number,
                        hlr::Domain domain = hlr::Domain::circuit) {
    gsup::Message message;
    message.type = type;
    message.imsi = imsi_of(number);
    message.cn_domain = domain == hlr::Domain::circuit ? gsup::CnDomain::cs : gsup::CnDomain::ps;
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
  void locate(uint64_t number, const char* peer, hlr::Domain domain = hlr::Domain::circuit) {
    say(peer, request(gsup::MessageType::send_auth_info_request, number, domain));
    sent.clear();
    say(peer, request(gsup::MessageType::update_location_request, number, domain));
    CHECK(only(peer).type == gsup::MessageType::insert_data_request);
    say(peer, request(gsup::MessageType::insert_data_result, number, domain));
    REQUIRE(!sent.empty());
    CHECK(gsup::parse_message(sent[0].bytes)->type == gsup::MessageType::update_location_result);
    sent.erase(sent.begin());
  }
  std::vector<hlr::NetworkWork> work() { return *storage.hlr().all_work(); }
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

}  // namespace simurgh::test
