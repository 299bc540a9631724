// GsupClient and GsupServer against each other over real sockets.
#include "io_gsup/rig.h"

namespace simurgh::gsup {
namespace {

using gsup_session::Operation;

struct Hlr final : GsupServerHandler {
  void on_peer_up(std::string_view peer) override { events.push_back("up " + std::string(peer)); }
  void on_peer_down(std::string_view peer) override {
    events.push_back("down " + std::string(peer));
  }
  void on_message(std::string_view peer, const Message& message) override {
    events.push_back(std::string(peer) + " " + std::string(name_of(message.type)));
    Message answer = message_of(result_of(message.type), message.imsi.text());
    CHECK(server->send(peer, answer).has_value());
  }
  GsupServer* server = nullptr;
  std::vector<std::string> events;
};

struct Rig {
  Rig() {
    REQUIRE(policy
                .add({.name = "VLR-A",
                      .operations = Operation::authenticate | Operation::locate,
                      .imsi_prefixes = {"90170"},
                      .tls_name = {}})
                .has_value());
    REQUIRE(policy.add({.name = "SMSC", .operations = 0, .imsi_prefixes = {""}, .tls_name = {}})
                .has_value());
    REQUIRE(policy
                .add({.name = "SECURE",
                      .operations = 0x3f,
                      .imsi_prefixes = {""},
                      .tls_name = "vlr.example"})
                .has_value());
    open("127.0.0.1:0");
  }
  void open(const std::string& where) {
    std::string problem;
    auto opened = GsupServer::open(*loop, *net::parse_endpoint(where), transport, policy, options,
                                   hlr, log, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    server = std::move(*opened);
    hlr.server = server.get();
  }
  std::unique_ptr<GsupClient> client(const std::string& name, Vlr& vlr) {
    auto made = std::make_unique<GsupClient>(*loop, server->endpoint(), transport,
                                             client_options(name), vlr, log);
    made->start();
    return made;
  }
  std::unique_ptr<loop::Loop> loop = make_loop();
  Lines lines;
  log::Log log{lines, log::Level::debug};
  net::PlainTransport transport;
  gsup_session::PeerPolicy policy;
  GsupServerOptions options;
  Hlr hlr;
  std::unique_ptr<GsupServer> server;
};

const char* const imsi = "901700000000001";

TEST_CASE("requests and answers over sockets, and messages that the HLR begins") {
  Rig rig;
  Vlr vlr;
  const auto client = rig.client("VLR-A", vlr);
  CHECK(client->send(message_of(MessageType::purge_ms_request, imsi)).error().code ==
        ErrorCode::bad_state);
  run_until(*rig.loop, [&] { return vlr.up == 1 && rig.server->connected("VLR-A"); });
  for (int i = 0; i < 100; ++i) {
    REQUIRE(client->send(message_of(MessageType::send_auth_info_request, imsi)).has_value());
  }
  run_until(*rig.loop, [&] { return vlr.types.size() == 100; });
  CHECK(vlr.types[0] == MessageType::send_auth_info_result);
  CHECK(rig.hlr.events[0] == "up VLR-A");
  CHECK(rig.hlr.events[1] == "VLR-A send_auth_info_request");
  REQUIRE(rig.server->send("VLR-A", message_of(MessageType::location_cancel_request, imsi)));
  run_until(*rig.loop, [&] { return vlr.types.size() == 101; });
  CHECK(rig.server->send("SMSC", message_of(MessageType::location_cancel_request, imsi))
            .error()
            .code == ErrorCode::not_found);
  client->stop();
  run_until(*rig.loop, [&] { return rig.server->connections() == 0; });
  CHECK(rig.hlr.events.back() == "down VLR-A");
  CHECK(vlr.down == 1);
}

TEST_CASE("T-GSUP-AUTHZ: unknown peers, peers without their certificate are disconnected") {
  Rig rig;
  Vlr stranger, impostor;
  const auto first = rig.client("NOBODY", stranger);
  const auto second = rig.client("SECURE", impostor);
  run_until(*rig.loop, [&] { return stranger.down >= 2 && impostor.down >= 2; });
  CHECK(rig.hlr.events.empty());
  CHECK(rig.lines.text.find("not on the list of peers") != std::string::npos);
  CHECK(rig.lines.text.find("its certificate is not this peer's") != std::string::npos);
}

TEST_CASE("T-GSUP-AUTHZ: operations and IMSIs of others are refused with an error, not handed up") {
  Rig rig;
  Vlr vlr;
  const auto client = rig.client("VLR-A", vlr);
  run_until(*rig.loop, [&] { return vlr.up == 1; });
  Message sms = message_of(MessageType::mo_forward_sm_request, imsi);
  sms.sm_rp_mr = 7;
  sms.session_id = 99;
  sms.session_state = SessionState::begin;
  REQUIRE(client->send(sms).has_value());
  REQUIRE(client->send(message_of(MessageType::send_auth_info_request, "262010000000001")));
  REQUIRE(client->send(message_of(MessageType::insert_data_request, imsi)).has_value());
  REQUIRE(client->send(message_of(MessageType::send_auth_info_result, imsi)).has_value());
  REQUIRE(client->send(message_of(MessageType::purge_ms_request, imsi)).has_value());
  run_until(*rig.loop, [&] { return vlr.types.size() == 4; });
  CHECK(vlr.types[0] == MessageType::mo_forward_sm_error);
  CHECK(vlr.types[1] == MessageType::send_auth_info_error);
  CHECK(vlr.types[2] == MessageType::insert_data_error);
  CHECK(vlr.types[3] == MessageType::purge_ms_result);
  CHECK(rig.hlr.events == std::vector<std::string>{"up VLR-A", "VLR-A purge_ms_request"});
  const test::Bytes bytes = test::from_hex(vlr.received[0]);
  const auto error = parse_message(bytes);
  CHECK(error->cause == cause::plmn_not_allowed);
  CHECK(error->sm_rp_mr == 7);
  CHECK(error->session_id == 99u);
  CHECK(error->session_state == SessionState::end);
}

TEST_CASE("T-GSUP-AUTHZ: not bound beyond loopback without TLS") {
  Rig rig;
  struct Secure final : net::Transport {
    std::unique_ptr<net::Stream> accepted(loop::Loop& loop, net::Socket socket, std::string peer,
                                          net::StreamHandler& handler) override {
      return net::make_tcp_stream(loop, std::move(socket), std::move(peer), handler);
    }
    std::unique_ptr<net::Stream> connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                         net::StreamHandler& handler) override {
      return net::connect_tcp(loop, endpoint, handler);
    }
    bool secure() const override { return true; }
  };
  Secure secure;
  std::string problem;
  for (const char* where : {"0.0.0.0:0", ":0", "192.0.2.1:4222", "hlr.example.net:4222"}) {
    CHECK(GsupServer::open(*rig.loop, *net::parse_endpoint(where), rig.transport, rig.policy,
                           rig.options, rig.hlr, rig.log, problem)
              .error()
              .code == ErrorCode::not_allowed);
    CHECK(problem.find("configure TLS") != std::string::npos);
  }
  CHECK(GsupServer::open(*rig.loop, *net::parse_endpoint("0.0.0.0:0"), secure, rig.policy,
                         rig.options, rig.hlr, rig.log, problem)
            .has_value());
}

TEST_CASE("a second connection of the same name takes over; the first one's end says nothing new") {
  Rig rig;
  Vlr first_vlr, second_vlr;
  auto first = rig.client("VLR-A", first_vlr);
  run_until(*rig.loop, [&] { return rig.server->connected("VLR-A"); });
  auto second = rig.client("VLR-A", second_vlr);
  run_until(*rig.loop, [&] { return first_vlr.down == 1; });
  first->stop();
  // The two put each other out in turn, until one of them stays away.
  run_until(*rig.loop,
            [&] { return rig.server->connections() == 1 && rig.server->connected("VLR-A"); });
  CHECK(rig.hlr.events.size() % 2 == 1);
  CHECK(rig.hlr.events[1] == "down VLR-A");
  CHECK(rig.hlr.events[2] == "up VLR-A");
}

TEST_CASE("the client comes back when the HLR does") {
  Rig rig;
  Vlr vlr;
  const auto client = rig.client("VLR-A", vlr);
  run_until(*rig.loop, [&] { return vlr.up == 1; });
  const std::string where = rig.server->endpoint().text();
  rig.server.reset();
  run_until(*rig.loop, [&] { return vlr.down == 1; });
  rig.open(where);
  run_until(*rig.loop, [&] { return vlr.up == 2; });
}

}  // namespace
}  // namespace simurgh::gsup
