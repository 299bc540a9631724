// SmppClient and SmppServer against each other over real sockets.
#include "io_smpp/rig.h"

namespace simurgh::smpp {
namespace {

struct Rig {
  explicit Rig(const smpp_session::EsmeOptions& options = esme_options(),
               const SmppServerOptions& server_options = {})
      : server_options_(server_options) {
    open("127.0.0.1:0");
    client = std::make_unique<SmppClient>(*loop, server->endpoint(), transport, options, esme,
                                          random, log);
    esme.client = client.get();
  }
  void open(const std::string& where) {
    std::string problem;
    auto opened = SmppServer::open(*loop, *net::parse_endpoint(where), transport, server_options_,
                                   smsc, log, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    server = std::move(*opened);
  }
  std::unique_ptr<loop::Loop> loop = make_loop();
  Lines lines;
  log::Log log{lines, log::Level::debug};
  CountingRandom random;
  net::PlainTransport transport;
  SmppServerOptions server_options_;
  Smsc smsc;
  Esme esme;
  std::unique_ptr<SmppServer> server;
  std::unique_ptr<SmppClient> client;
};

TEST_CASE("G6: messages go over sockets, deliveries come back, both ends unbind in order") {
  Rig rig;
  // Queued before there is a link.
  for (int i = 0; i < 500; ++i) {
    REQUIRE(rig.client->submit(message_with("m" + std::to_string(i)),
                               static_cast<smpp_session::Token>(i)));
  }
  rig.client->start();
  run_until(*rig.loop, [&] { return rig.esme.accepted == 500; });
  CHECK(rig.smsc.messages.size() == 500);
  CHECK(rig.smsc.messages[499] == "m499");
  CHECK(rig.smsc.last_protocol_id == 0x7f);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(rig.smsc.session->deliver(message_with("d"), 1, rig.loop->now()).has_value());
  }
  run_until(*rig.loop, [&] { return rig.smsc.delivered == 20; });
  rig.client->stop();
  run_until(*rig.loop, [&] { return rig.server->connections() == 0 && rig.esme.unbound == 1; });
  CHECK(rig.smsc.unbound == 1);
  CHECK(rig.lines.text.find("secret") == std::string::npos);
  CHECK(rig.lines.text.find("msg=\"smpp connected\"") != std::string::npos);
}

TEST_CASE("a server that goes away and comes back: nothing queued is lost") {
  Rig rig;
  rig.client->start();
  run_until(*rig.loop, [&] { return rig.esme.bound == 1; });
  const std::string where = rig.server->endpoint().text();
  rig.server.reset();
  CHECK(rig.smsc.unbound == 1);  // told, although the server was simply destroyed
  run_until(*rig.loop, [&] { return rig.esme.unbound == 1; });
  for (int i = 0; i < 50; ++i) {
    REQUIRE(rig.client->submit(message_with("x"), static_cast<smpp_session::Token>(i)));
  }
  run_until(*rig.loop, [&] { return rig.lines.text.find("refused") != std::string::npos; });
  rig.open(where);
  run_until(*rig.loop, [&] { return rig.esme.accepted == 50; });
  CHECK(rig.esme.given_back.empty());
}

TEST_CASE("a server that stops unbinds its sessions") {
  Rig rig;
  rig.client->start();
  run_until(*rig.loop, [&] { return rig.esme.bound == 1; });
  rig.server->stop();
  run_until(*rig.loop, [&] { return rig.server->connections() == 0; });
  CHECK(rig.smsc.unbound == 1);
}

TEST_CASE("a refused bind is told, and tried again") {
  smpp_session::EsmeOptions options = esme_options();
  options.password.assign(bytes_of("wrong"));
  Rig rig(options);
  rig.client->start();
  run_until(*rig.loop, [&] { return rig.esme.unbound >= 3; });
  CHECK(rig.esme.status == Status::invalid_password);
  CHECK(rig.lines.text.find("wrong") == std::string::npos);
}

TEST_CASE("more connections than the limit are closed at once") {
  SmppServerOptions options;
  options.connections_max = 1;
  Rig rig(esme_options(), options);
  rig.client->start();
  run_until(*rig.loop, [&] { return rig.esme.bound == 1; });
  Esme second;
  SmppClient other(*rig.loop, rig.server->endpoint(), rig.transport, esme_options(), second,
                   rig.random, rig.log);
  second.client = &other;
  other.start();
  run_until(*rig.loop, [&] {
    return rig.lines.text.find("too many") != std::string::npos &&
           rig.lines.text.find("smpp link lost") != std::string::npos;
  });
  CHECK(second.bound == 0);
  CHECK(rig.server->connections() == 1);
}

TEST_CASE("an answer to a delivered message leaves only after the end-of-batch hook") {
  // The order of the batch is io/loop's; here: that the client goes through it.
  Rig rig;
  std::vector<std::string> order;
  rig.client->start();
  run_until(*rig.loop, [&] { return rig.esme.bound == 1; });
  int delivered_at_hook = -1;
  rig.loop->set_end_of_batch([&] {
    if (rig.esme.delivered.size() == 1 && delivered_at_hook < 0) {
      delivered_at_hook = rig.smsc.delivered;
    }
  });
  REQUIRE(rig.smsc.session->deliver(message_with("d"), 1, rig.loop->now()).has_value());
  run_until(*rig.loop, [&] { return rig.smsc.delivered == 1; });
  CHECK(delivered_at_hook == 0);
}

TEST_CASE("large messages and deep queues pass through small buffers") {
  net::StreamOptions small;
  small.send_octets_max = 3'000;
  smpp_session::EsmeOptions options = esme_options();
  options.window_max = 100;
  Rig rig(options);
  net::PlainTransport transport(small);
  Esme esme;
  SmppClient client(*rig.loop, rig.server->endpoint(), transport, options, esme, rig.random,
                    rig.log);
  esme.client = &client;
  client.start();
  std::vector<uint8_t> payload(20'000, 0x42), buffer(21'000);
  ShortMessage message = message_with("");
  TlvWriter tlvs(buffer);
  message.tlvs = tlvs.add(Tag::message_payload, payload).tlvs();
  for (smpp_session::Token i = 0; i < 100; ++i) REQUIRE(client.submit(message, i).has_value());
  run_until(*rig.loop, [&] { return esme.accepted == 100; });
  CHECK(rig.smsc.messages.back().size() == 20'000);
}

}  // namespace
}  // namespace simurgh::smpp
