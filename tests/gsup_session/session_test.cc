#include "conversations/gsup_session/session.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "conversations/gsup_session/peer_policy.h"
#include "hex.h"

namespace simurgh::gsup_session {
namespace {

using test::Bytes;
using test::from_hex;
using test::to_hex;

struct Recorder final : SessionHandler {
  bool on_named(Session&, std::string_view its_name) override {
    ++named;
    name = its_name;
    return welcome;
  }
  void on_message(Session& session, const gsup::Message& message, ByteView raw) override {
    received.push_back(to_hex(raw));
    if (answer) {
      gsup::Message result;
      result.type = gsup::result_of(message.type);
      result.imsi = message.imsi;
      CHECK(session.send(result).has_value());
    }
  }
  void on_malformed(Session&, ByteView, const Error&) override { ++malformed; }
  bool welcome = true, answer = false;
  int named = 0, malformed = 0;
  std::string name;
  std::vector<std::string> received;
};

const std::string purge =
    "0c"
    "01080971000000"
    "0000f1"
    "280101";

struct Rig {
  Rig() {
    ClientIdentity identity;
    identity.name = "VLR-A";
    server = std::make_unique<Session>(Session::server(options, server_said, now));
    client = std::make_unique<Session>(Session::client(options, identity, client_said, now));
  }
  static bool move(Session& from, Session& to, size_t octets, Instant now, Bytes& log) {
    const ByteView pending = from.poll_transmit();
    Bytes part;
    for (size_t i = 0; i < std::min(octets, pending.size()); ++i) part.push_back(pending[i]);
    if (part.empty()) return false;
    from.transmitted(part.size());
    log.insert(log.end(), part.begin(), part.end());
    to.on_bytes(part, now);
    return true;
  }
  void settle(size_t chunk = SIZE_MAX) {
    bool moved = true;
    while (moved) {
      moved = move(*server, *client, chunk, now, to_client);
      moved = move(*client, *server, chunk, now, to_server) || moved;
    }
  }
  Instant now{1'000'000};
  SessionOptions options;
  Recorder server_said, client_said;
  std::unique_ptr<Session> server, client;
  Bytes to_client, to_server;
};

TEST_CASE("the identity exchange is osmo-hlr's byte for byte, and messages follow, in any pieces") {
  for (const size_t chunk : {size_t{1}, size_t{2}, size_t{5}, SIZE_MAX}) {
    CAPTURE(chunk);
    Rig rig;
    CHECK(rig.client->send_raw(from_hex(purge)).error().code == ErrorCode::bad_state);
    CHECK(rig.server->send_raw(from_hex(purge)).error().code == ErrorCode::bad_state);
    rig.settle(chunk);
    CHECK(to_hex(rig.to_client) == "0011fe0401080107010201030104010501010100");
    CHECK(rig.server_said.named == 1);
    CHECK(rig.server->name() == "VLR-A");
    CHECK(rig.client->named());
    rig.server_said.answer = true;
    for (int i = 0; i < 3; ++i) REQUIRE(rig.client->send_raw(from_hex(purge)).has_value());
    rig.settle(chunk);
    CHECK(rig.server_said.received == std::vector<std::string>(3, purge));
    CHECK(rig.client_said.received.size() == 3);
    CHECK(rig.client_said.received[0].substr(0, 2) == "0e");
    CHECK(rig.server->counts().received == 3);
    CHECK(rig.server->counts().sent == 3);
  }
}

TEST_CASE("a client of libosmo-gsup-client's kind is understood (osmo-hlr's transcript)") {
  Rig rig;
  rig.server->on_bytes(
      from_hex("004cfe05 0007 08 302f302f3000 0013 07 30303a30303a30303a30303a30303a303100"
               "0005 02 6c6f6300 0006 03 7479706500 0004 04 687700 0004 05 737700"
               "0007 01 564c522d4100 0007 00 564c522d4200"),
      rig.now);
  CHECK(rig.server->name() == "VLR-B");  // the serial number, not the unit name
}

TEST_CASE("names: unit name without a serial number; none at all, or too long, ends it") {
  Rig unit;
  unit.server->on_bytes(from_hex("0006fe05000301"
                                 "4100"),
                        unit.now);
  CHECK(unit.server->name() == "A");
  unit.server->on_bytes(from_hex("0006fe05000301"
                                 "4200"),
                        unit.now);
  CHECK(unit.server->name() == "A");  // a second answer changes nothing
  CHECK(unit.server_said.named == 1);
  Rig none;
  none.server->on_bytes(from_hex("0001fe05"), none.now);
  CHECK(none.server->wants_close());
  Rig long_name;
  std::string text;
  for (int i = 0; i < 65; ++i) text += "41";
  long_name.server->on_bytes(from_hex("0045fe05004200" + text + "00"), long_name.now);
  CHECK(long_name.server->wants_close());
  CHECK(long_name.server->reason() == ErrorCode::bad_value);
  Rig refused;
  refused.server_said.welcome = false;
  refused.settle();
  CHECK(refused.server->wants_close());
  CHECK(refused.server->reason() == ErrorCode::not_allowed);
}

TEST_CASE("T-GSUP-AUTHZ: before its name nothing that a peer says is looked at") {
  Rig rig;
  const std::string frame = "000fee05" + purge;
  rig.server->on_bytes(from_hex(frame), rig.now);
  CHECK(rig.server->counts().ignored == 1);
  CHECK(rig.server_said.received.empty());
  rig.settle();
  rig.server->on_bytes(from_hex(frame), rig.now);
  CHECK(rig.server_said.received.size() == 1);
}

TEST_CASE("T-GSUP-AUTHZ: oversize frames end the session, malformed messages do not") {
  Rig rig;
  rig.settle();
  rig.server->on_bytes(from_hex("0004ee05080108"), rig.now);
  CHECK(rig.server_said.malformed == 1);
  rig.server->on_bytes(from_hex("0000ee"
                                "0002ee0099"
                                "0001aa00"
                                "0001fe99"),
                       rig.now);
  CHECK(rig.server->counts().ignored == 3);
  CHECK(rig.server->counts().malformed == 2);
  CHECK(!rig.server->wants_close());
  rig.server->on_bytes(from_hex("1002ee"), rig.now);
  CHECK(rig.server->wants_close());
  CHECK(rig.server->reason() == ErrorCode::too_large);
  CHECK(rig.server->send_raw(from_hex(purge)).error().code == ErrorCode::bad_state);
}

TEST_CASE("pings: answered, sent after silence, and their absence ends the session") {
  Rig rig;
  rig.settle();
  rig.to_client.clear();
  rig.server->on_bytes(from_hex("0001fe00"), rig.now);
  CHECK(to_hex(rig.server->poll_transmit()) == "0001fe01");
  rig.settle();
  CHECK(rig.server->poll_timeout() == rig.now + rig.options.ping_idle);
  rig.now = rig.server->poll_timeout();
  rig.server->on_timeout(rig.now);
  CHECK(to_hex(rig.server->poll_transmit()) == "0001fe00");
  CHECK(rig.server->poll_timeout() == rig.now + rig.options.pong_wait);
  rig.settle();
  CHECK(rig.server->poll_timeout() == rig.now + rig.options.ping_idle);
  rig.now = rig.server->poll_timeout();
  rig.server->on_timeout(rig.now);
  rig.now = rig.server->poll_timeout();
  rig.server->on_timeout(rig.now);
  CHECK(rig.server->wants_close());
  CHECK(rig.server->reason() == ErrorCode::timed_out);
}

TEST_CASE("no identity in time ends either side") {
  for (const bool server : {true, false}) {
    Rig rig;
    Session& session = server ? *rig.server : *rig.client;
    CHECK(session.poll_timeout() == rig.now + rig.options.identity_wait);
    session.on_timeout(session.poll_timeout());
    CHECK(session.wants_close());
  }
}

TEST_CASE("a peer that does not read is cut off") {
  Rig rig;
  rig.settle();
  rig.options.transmit_octets_max = 1 << 20;
  int sent = 0;
  while (rig.server->send_raw(from_hex(purge)).has_value()) ++sent;
  CHECK(sent > 50'000);
  CHECK(rig.server->wants_close());
  CHECK(rig.server->reason() == ErrorCode::busy);
  Rig pinger;
  pinger.settle();
  for (int i = 0; i < 400'000 && !pinger.server->wants_close(); ++i) {
    pinger.server->on_bytes(from_hex("0001fe00"), pinger.now);
  }
  CHECK(pinger.server->wants_close());
}

TEST_CASE("messages over the limit are refused") {
  Rig rig;
  rig.settle();
  CHECK(rig.server->send_raw(Bytes(gsup::message_octets_max + 1)).error().code ==
        ErrorCode::no_space);
}

// --- who may say what ----------------------------------------------------------------------------

gsup::Message message_of(gsup::MessageType type, const char* imsi = "901700000000001") {
  gsup::Message message;
  message.type = type;
  message.imsi = *Imsi::parse(imsi);
  return message;
}

TEST_CASE("T-GSUP-AUTHZ: every operation for every message type, and foreign IMSIs") {
  using gsup::MessageType;
  const Operation operations[] = {Operation::authenticate,   Operation::locate,
                                  Operation::short_messages, Operation::supplementary,
                                  Operation::check_imei,     Operation::handover};
  // How many of the six single operations let a message of each type pass.
  int allowed_total = 0, answers = 0, unsupported = 0;
  for (int value = 0; value < 256; ++value) {
    const auto message = message_of(static_cast<MessageType>(value));
    int allowed = 0;
    for (const Operation operation : operations) {
      Peer peer{.name = "p", .operations = 0, .imsi_prefixes = {"90170"}, .tls_name = {}};
      peer.operations = peer.operations | operation;
      const auto verdict = PeerPolicy::allows(peer, message);
      if (verdict.has_value()) ++allowed;
      // The same message for an IMSI of somebody else never passes.
      const auto foreign = message_of(static_cast<MessageType>(value), "262010000000001");
      CHECK(!PeerPolicy::allows(peer, foreign).has_value());
      if (verdict.has_value()) continue;
      if (verdict.error().code == ErrorCode::unsupported) ++unsupported;
    }
    CHECK((allowed == 0 || allowed == 1 || allowed == 6));
    if (allowed == 6) ++answers;
    if (allowed == 1) ++allowed_total;
  }
  CHECK(allowed_total == 2 + 2 + 3 + 1 + 1 + 7);
  CHECK(answers == 10);
  CHECK(unsupported == 6 * (256 - 16 - 10));

  const auto allows = [](Operations may, MessageType type) {
    const Peer peer{.name = "p", .operations = may, .imsi_prefixes = {""}, .tls_name = {}};
    return PeerPolicy::allows(peer, message_of(type)).has_value();
  };
  CHECK(allows(Operation::authenticate | Operation::locate, MessageType::send_auth_info_request));
  CHECK(!allows(static_cast<Operations>(Operation::locate), MessageType::send_auth_info_request));
  CHECK(allows(0, MessageType::insert_data_result));
  CHECK(!allows(all_operations, MessageType::insert_data_request));  // the HLR's to say
  CHECK(!allows(all_operations, MessageType::send_auth_info_result));
  CHECK(!allows(all_operations, MessageType::location_cancel_request));
}

TEST_CASE("T-GSUP-AUTHZ: IMSI prefixes, and what may be put on the list") {
  Peer peer{.name = "p",
            .operations = all_operations,
            .imsi_prefixes = {"90170", "26201"},
            .tls_name = {}};
  using gsup::MessageType;
  CHECK(PeerPolicy::allows(peer, message_of(MessageType::purge_ms_request)).has_value());
  CHECK(PeerPolicy::allows(peer, message_of(MessageType::purge_ms_request, "262011")).has_value());
  CHECK(!PeerPolicy::allows(peer, message_of(MessageType::purge_ms_request, "262021")).has_value());
  peer.imsi_prefixes.clear();
  CHECK(!PeerPolicy::allows(peer, message_of(MessageType::purge_ms_request)).has_value());

  PeerPolicy policy;
  CHECK(policy.add({.name = "a", .imsi_prefixes = {"901"}, .tls_name = {}}).has_value());
  CHECK(policy.add({.name = "a", .imsi_prefixes = {}, .tls_name = {}}).error().code ==
        ErrorCode::already_exists);
  CHECK(policy.add({.name = "b", .imsi_prefixes = {"90x"}, .tls_name = {}}).error().code ==
        ErrorCode::bad_value);
  CHECK(!policy.add({.name = "", .imsi_prefixes = {}, .tls_name = {}}).has_value());
  CHECK(policy.find("a") != nullptr);
  CHECK(policy.find("b") == nullptr);

  CHECK(parse_operations("authenticate,locate") == (Operation::authenticate | Operation::locate));
  CHECK(parse_operations("handover") == static_cast<Operations>(Operation::handover));
  CHECK(parse_operations("authenticate,all").error() == fail(ErrorCode::bad_value, 13));
  CHECK(parse_operations("").error() == fail(ErrorCode::bad_value, 0));
  CHECK(parse_operations("locate,").error() == fail(ErrorCode::bad_value, 7));
}

}  // namespace
}  // namespace simurgh::gsup_session
