// Chips' server and client against each other, every suite, and what must not work (T-PSK).
#include "rig.h"

namespace simurgh::tls::test {
namespace {

// What became of one connection attempt.
struct Attempt {
  bool open = false;
  ErrorCode code = ErrorCode::closed;
  std::string words;
};

Attempt attempt(Rig& rig, ChipClient& client, const PskCredential& credential) {
  End end;
  end.stream = client.connect(*rig.loop, rig.server->endpoint(), end, credential);
  rig.run_until([&] { return end.times_connected > 0 || end.done(); });
  // TLS 1.3: the client is done before the server has checked it.
  if (!end.done()) {
    REQUIRE(end.stream->send(bytes_of("?")).has_value());
    rig.run_until([&] { return !end.received.empty() || end.done(); });
  }
  return {!end.done(), end.closed.code, end.closed.words};
}

TEST_CASE("T2: every suite of the policy carries octets both ways, the identity is known") {
  for (size_t i = 0; i < suite_count; ++i) {
    const SuiteFacts& facts = facts_of(static_cast<Suite>(i));
    CAPTURE(facts.name);
    Rig rig;
    const auto client = make_client(only(facts.suite));
    End end;
    end.stream = client->connect(*rig.loop, rig.server->endpoint(), end, credential());
    CHECK(end.times_connected == 0);
    rig.run_until([&] { return end.times_connected == 1; });
    CHECK(end.stream->connected());
    std::string sent(3'000, 'x');
    for (size_t j = 0; j < sent.size(); ++j) sent[j] = static_cast<char>('a' + j % 26);
    REQUIRE(end.stream->send(bytes_of(sent)).has_value());
    rig.run_until([&] { return end.received.size() == sent.size(); });
    CHECK(end.received == sent);
    CHECK(rig.server->ends[0]->peer_name == chip_identity);
    CHECK(end.peer_name.empty());
    end.stream->close();
    rig.run_until([&] { return rig.server->ends[0]->done(); });
    CHECK(rig.server->ends[0]->closed.code == ErrorCode::closed);  // close_notify was said
    CHECK(rig.chips->figures().truncated == 0);
    CHECK(rig.chips->figures().handshakes_done == 1);
    CHECK(rig.chips->figures().sessions == 0);
    CHECK(client->figures().sessions == 0);
  }
}

TEST_CASE("the server's order decides; a chip without the switch gets no old suite") {
  Rig rig;
  const auto old_only = make_client(only(Suite::psk_aes128_cbc_sha));
  CHECK(attempt(rig, *old_only, credential()).open);
  // The same key in a record without the switch.
  REQUIRE(rig.keys.add(chip_identity, {key_of(chip_key), usual_suites}).has_value());
  const Attempt refused = attempt(rig, *old_only, credential());
  CHECK(!refused.open);
  CHECK(rig.chips->figures().refused_key == 1);
  CHECK(attempt(rig, *make_client(only(Suite::psk_aes128_cbc_sha256)), credential()).open);
  // A server without the switch has no suite in common.
  Rig modern(chip_policy(false));
  CHECK(!attempt(modern, *old_only, credential()).open);
  CHECK(modern.chips->figures().refused_protocol == 1);
}

TEST_CASE("T-PSK: unknown identity and wrong key look the same, in every suite") {
  for (size_t i = 0; i < suite_count; ++i) {
    const SuiteFacts& facts = facts_of(static_cast<Suite>(i));
    CAPTURE(facts.name);
    Rig rig;
    const auto client = make_client(only(facts.suite));
    const Attempt unknown = attempt(rig, *client, credential("8949170000000000012"));
    const Attempt wrong =
        attempt(rig, *client, credential(chip_identity, "00112233445566778899aabbccddeefe"));
    CHECK(!unknown.open);
    CHECK(!wrong.open);
    CHECK(unknown.code == wrong.code);
    CHECK(unknown.words == wrong.words);
    CHECK(unknown.words.find("alert") != std::string::npos);
    CHECK(rig.chips->figures().refused_key == 2);
    CHECK(rig.chips->figures().refused_protocol == 0);
    // What the server's own handler is told names no key and is the same too.
    CHECK(rig.server->ends[0]->closed.words == rig.server->ends[1]->closed.words);
    CHECK(rig.server->ends[0]->closed.words.find(chip_key) == std::string::npos);
    CHECK(rig.server->ends[0]->received.empty());
    CHECK(rig.chips->figures().handshakes == 0);
  }
}

TEST_CASE("T-PSK: a server that knows no key is no server for a chip") {
  Rig rig;
  REQUIRE(rig.keys.size() == 1);
  rig.keys.remove(chip_identity);
  // A server with another key of that identity.
  REQUIRE(rig.keys.add(chip_identity, {key_of("0f0e0d0c0b0a09080706050403020100"), all_suites})
              .has_value());
  for (const Suite suite : {Suite::psk_aes128_cbc_sha256, Suite::tls13_aes128_gcm_sha256}) {
    CHECK(!attempt(rig, *make_client(only(suite)), credential()).open);
  }
}

TEST_CASE("T-PSK: a chip's own messages, reflected, get it nowhere (Selfie)") {
  // Reflects every octet: the other end of the client is the client.
  struct Mirror final : net::Listener::Handler {
    explicit Mirror(loop::Loop& its_loop) : loop(its_loop) {}
    void on_accepted(net::Socket socket, std::string peer) override {
      end.echo = true;
      end.stream = plain.accepted(loop, std::move(socket), std::move(peer), end);
    }
    loop::Loop& loop;
    net::PlainTransport plain;
    End end;
  };
  for (size_t i = 0; i < suite_count; ++i) {
    Rig rig;
    Mirror mirror(*rig.loop);
    std::string problem;
    const auto listener =
        net::Listener::open(*rig.loop, *net::parse_endpoint("127.0.0.1:0"), mirror, problem);
    REQUIRE(listener.has_value());
    const auto client = make_client(only(static_cast<Suite>(i)));
    End end;
    end.stream = client->connect(*rig.loop, (*listener)->endpoint(), end, credential());
    rig.run_until([&] { return end.done(); });
    CHECK(end.times_connected == 0);
    CHECK(!mirror.end.received.empty());
    CHECK(client->figures().refused_protocol == 1);
  }
}

TEST_CASE("a session needs no socket: a chip behind a BIP channel, octet by octet") {
  // What the chip says goes to a raw socket one octet at a time, and comes back the same way.
  struct Channel final : Session::Outlet {
    bool on_cipher(ByteView cipher) override {
      out.append(text_of(cipher));
      return true;
    }
    std::string out;
  };
  for (const Suite suite : {Suite::psk_aes128_cbc_sha256, Suite::tls13_aes128_gcm_sha256}) {
    Rig rig;
    const auto client = make_client(only(suite));
    Channel channel;
    const auto session = client->session(credential(), channel);
    REQUIRE(session != nullptr);
    End wire;
    wire.stream = net::connect_tcp(*rig.loop, rig.server->endpoint(), wire);
    rig.run_until([&] { return wire.times_connected == 1; });
    uint8_t plain[1'024];
    std::string echoed;
    ByteView none;
    CHECK(session->step(none, plain).event == Session::Event::need_more);
    CHECK(session->write(bytes_of("early")).error().code == ErrorCode::bad_state);
    bool said = false;
    rig.run_until([&] {
      if (!channel.out.empty()) {
        REQUIRE(wire.stream->send(bytes_of(channel.out.substr(0, 1))).has_value());
        channel.out.erase(0, 1);
      }
      std::string in;
      in.swap(wire.received);
      for (const char& c : in) {
        ByteView one(reinterpret_cast<const uint8_t*>(&c), 1);
        Session::Step step = session->step(one, plain);
        while (step.event == Session::Event::established || step.event == Session::Event::plain) {
          if (step.event == Session::Event::plain) {
            echoed.append(text_of(ByteView(plain, step.octets)));
          }
          step = session->step(one, plain);
        }
        REQUIRE(step.event == Session::Event::need_more);
        REQUIRE(one.empty());
      }
      if (session->established() && !said) {
        said = true;
        REQUIRE(session->write(bytes_of("over BIP")).has_value());
      }
      return echoed == "over BIP";
    });
    CHECK(session->suite().find(facts_of(suite).library) != std::string::npos);
    CHECK(session->record_octets() == 512);
  }
}

TEST_CASE("wrong octets on an open session end it, and are not handed on") {
  Rig rig;
  struct Channel final : Session::Outlet {
    bool on_cipher(ByteView cipher) override {
      out.append(text_of(cipher));
      return true;
    }
    std::string out;
  };
  const auto client = make_client(only(Suite::psk_aes128_gcm_sha256));
  Channel channel;
  const auto session = client->session(credential(), channel);
  End wire;
  wire.stream = net::connect_tcp(*rig.loop, rig.server->endpoint(), wire);
  rig.run_until([&] { return wire.times_connected == 1; });
  uint8_t plain[1'024];
  ByteView none;
  REQUIRE(session->step(none, plain).event == Session::Event::need_more);
  rig.run_until([&] {
    if (!channel.out.empty()) REQUIRE(wire.stream->send(bytes_of(channel.out)).has_value());
    channel.out.clear();
    ByteView in = bytes_of(wire.received);
    while (session->step(in, plain).event == Session::Event::established) {
    }
    wire.received.clear();
    return session->established();
  });
  REQUIRE(session->write(bytes_of("good")).has_value());
  REQUIRE(wire.stream->send(bytes_of(channel.out)).has_value());
  rig.run_until([&] { return rig.server->ends[0]->received == "good"; });
  channel.out.clear();
  REQUIRE(session->write(bytes_of("forged")).has_value());
  channel.out.back() = static_cast<char>(channel.out.back() ^ 1);
  REQUIRE(wire.stream->send(bytes_of(channel.out)).has_value());
  rig.run_until([&] { return rig.server->ends[0]->done(); });
  CHECK(rig.server->ends[0]->received == "good");
  CHECK(rig.server->ends[0]->closed.code == ErrorCode::not_allowed);
  CHECK(rig.chips->figures().refused_protocol == 1);
}

}  // namespace
}  // namespace simurgh::tls::test
