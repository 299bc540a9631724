// Peers that are silent, slow, broken or hostile, over raw sockets; and the limits that bound them.
#include "wire.h"

namespace simurgh::tls::test {
namespace {

TlsPolicy hasty(Duration handshake = milliseconds(300)) {
  TlsPolicy policy = chip_policy(true);
  policy.limits.handshake_wait_max = handshake;
  return policy;
}

// A connection that speaks no TLS.
struct Raw {
  explicit Raw(Rig& its_rig) : rig(its_rig) {
    end.stream = net::connect_tcp(*rig.loop, rig.server->endpoint(), end);
    rig.run_until([&] { return end.times_connected == 1; });
    rig.run_until([&] { return rig.server->ends.size() > 0; });
  }
  void say(const std::string& bytes) { REQUIRE(end.stream->send(bytes_of(bytes)).has_value()); }
  void until_closed() {
    rig.run_until([&] { return end.done(); });
  }
  Rig& rig;
  End end;
};

TEST_CASE("a silent connection ends by itself and never was a handshake") {
  Rig rig(hasty());
  Raw raw(rig);
  CHECK(rig.server->ends[0]->stream->authenticated_peer().empty());
  raw.until_closed();
  CHECK(rig.chips->figures().handshake_timeouts == 1);
  CHECK(rig.chips->figures().handshakes_begun == 0);
  CHECK(rig.chips->figures().sessions == 0);
  CHECK(rig.server->ends[0]->closed.code == ErrorCode::timed_out);
  CHECK(rig.server->ends[0]->closed.words.find("handshake") != std::string::npos);
}

TEST_CASE("an octet now and then does not keep a handshake alive (slow loris)") {
  Rig rig(hasty());
  Raw raw(rig);
  const std::string hello = client_hello(0x00ae);
  const Instant begin = rig.loop->now();
  for (size_t i = 0; i < hello.size() && !raw.end.done(); ++i) {
    raw.say(hello.substr(i, 1));
    const Instant next = rig.loop->now() + milliseconds(20);
    rig.run_until([&] { return rig.loop->now() >= next || raw.end.done(); });
  }
  CHECK(raw.end.done());
  CHECK(rig.loop->now() - begin < seconds(2));
  CHECK(rig.chips->figures().handshake_timeouts == 1);
  CHECK(rig.chips->figures().handshakes == 0);
}

TEST_CASE("a hello octet by octet is answered like any other") {
  Rig rig;
  Tap tap(*rig.loop, rig.server->endpoint());
  tap.pieces_max = 1;
  const auto client = make_client();
  End end;
  end.stream = client->connect(*rig.loop, tap.endpoint(), end, credential());
  const auto run = [&](auto until) {
    rig.run_until([&] {
      tap.forward();
      return until();
    });
  };
  run([&] { return end.times_connected == 1; });
  REQUIRE(end.stream->send(bytes_of("slow but sure")).has_value());
  run([&] { return end.received == "slow but sure"; });
}

TEST_CASE("what is no TLS ends at once and is counted") {
  for (const std::string& nonsense :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(2'000, '\0'),
        std::string(2'000, '\xff'), std::string("\x16\x03\x01\x00\x00", 5),
        std::string("\x16\x03\x01\xff\xff", 5) + std::string(100, 'x'),
        std::string("\x80\x2e\x01\x03\x01", 5) + std::string(100, 'x'),
        std::string("\x15\x03\x03\x00\x02\x02\x28", 7),
        std::string("\x17\x03\x03\x00\x05hello", 10)}) {
    CAPTURE(nonsense.substr(0, 5));
    Rig rig(hasty(seconds(15)));
    Raw raw(rig);
    raw.say(nonsense);
    if (nonsense.size() == 5) {
      // An empty handshake record: nothing is wrong until there are too many.
      for (int i = 0; i < 40; ++i) raw.say(nonsense);
    }
    raw.until_closed();
    CHECK(rig.chips->figures().refused_protocol == 1);
    CHECK(rig.chips->figures().handshakes == 0);
    CHECK(rig.server->ends[0]->closed.code == ErrorCode::not_allowed);
  }
}

TEST_CASE("a hello that announces 128 kB gets no room for it") {
  Rig rig;
  Raw raw(rig);
  raw.say(std::string("\x16\x03\x01\x40\x00\x01\x01\xff\xff", 9));
  raw.until_closed();
  CHECK(rig.server->ends[0]->closed.words.find("more than a handshake needs") != std::string::npos);
  CHECK(rig.chips->figures().refused_protocol == 1);
}

TEST_CASE("more octets than a handshake needs end it") {
  TlsPolicy policy = chip_policy(true);
  policy.limits.handshake_octets_max = 1'024;
  Rig rig(policy);
  Raw raw(rig);
  // A hello of 1,000 octets is announced and then sent in ever more empty pieces.
  raw.say(std::string("\x16\x03\x01\x00\x04\x01\x00\x03\xe8", 9));
  std::string piece("\x16\x03\x01\x00\x01", 5);
  piece.push_back('\0');
  for (int i = 0; i < 400 && !raw.end.done(); ++i) {
    raw.say(piece);
    rig.loop->run_once(milliseconds(1));
  }
  raw.until_closed();
  CHECK(rig.chips->figures().handshakes == 0);
  CHECK(rig.server->ends[0]->closed.words.find("more than a handshake needs") != std::string::npos);
}

TEST_CASE("every truncation of a hello, and any octet of it changed, ends cleanly") {
  const std::string hello = client_hello(0x00ae);
  Rig rig(hasty(seconds(15)));
  for (size_t cut = 0; cut < hello.size(); cut += 3) {
    Raw raw(rig);
    if (cut > 0) raw.say(hello.substr(0, cut));
    rig.run_until([&] { return rig.chips->figures().sessions == 1; });
    rig.loop->run_once(milliseconds(1));
    raw.end.stream->close();
    rig.run_until([&] { return rig.chips->figures().sessions == 0; });
  }
  CHECK(rig.chips->figures().handshakes == 0);
  CHECK(rig.chips->figures().handshakes_done == 0);
  for (size_t at = 0; at < hello.size(); ++at) {
    std::string changed = hello;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    Raw raw(rig);
    raw.say(changed);
    // Answered, refused, or waiting for more: whatever it is, closing gives all back.
    rig.reached([&] { return raw.end.done() || !raw.end.received.empty(); }, 5);
    raw.end.stream->close();
    rig.run_until([&] { return rig.chips->figures().sessions == 0; });
  }
  CHECK(rig.chips->figures().handshakes == 0);
}

// An open session with raw access to its wire, so that anything can follow.
struct OpenWire final : Session::Outlet {
  explicit OpenWire(Rig& its_rig, Suite suite) : rig(its_rig), client(make_client(only(suite))) {
    session = client->session(credential(), *this);
    wire.stream = net::connect_tcp(*rig.loop, rig.server->endpoint(), wire);
    rig.run_until([&] { return wire.times_connected == 1; });
    uint8_t plain[1'024];
    ByteView none;
    REQUIRE(session->step(none, plain).event == Session::Event::need_more);
    rig.run_until([&] {
      flush();
      ByteView in = bytes_of(wire.received);
      while (session->step(in, plain).event == Session::Event::established) {
      }
      wire.received.clear();
      return session->established();
    });
    flush();
    rig.run_until([&] { return rig.chips->figures().handshakes_done == 1; });
  }
  bool on_cipher(ByteView cipher) override {
    out.append(text_of(cipher));
    return true;
  }
  void flush() {
    if (!out.empty()) REQUIRE(wire.stream->send(bytes_of(out)).has_value());
    out.clear();
  }
  void raw(const std::string& bytes) { REQUIRE(wire.stream->send(bytes_of(bytes)).has_value()); }

  Rig& rig;
  std::unique_ptr<ChipClient> client;
  std::unique_ptr<Session> session;
  std::string out;
  End wire;
};

TEST_CASE("hostile records on an open session end it; nothing of them is handed on") {
  const std::string too_long = std::string("\x17\x03\x03\x48\x01", 5) + std::string(0x4801, 'x');
  const std::string largest = std::string("\x17\x03\x03\xff\xff", 5) + std::string(100, 'x');
  const std::string empty("\x17\x03\x03\x00\x00", 5);
  const std::string plain_alert("\x15\x03\x03\x00\x02\x01\x00", 7);
  const std::string hello = client_hello(0x00ae);
  for (const Suite suite : {Suite::psk_aes128_cbc_sha256, Suite::tls13_aes128_gcm_sha256}) {
    for (const std::string& record : {too_long, largest, empty, plain_alert, hello}) {
      CAPTURE(facts_of(suite).name);
      CAPTURE(record.size());
      Rig rig;
      OpenWire open(rig, suite);
      open.raw(record);
      rig.run_until([&] { return rig.server->ends[0]->done(); });
      CHECK(rig.server->ends[0]->received.empty());
      CHECK(rig.server->ends[0]->closed.code == ErrorCode::not_allowed);
      CHECK(rig.chips->figures().sessions == 0);
    }
  }
}

TEST_CASE("a connection that is cut is told from one that was closed") {
  for (const bool in_order : {true, false}) {
    Rig rig;
    OpenWire open(rig, Suite::psk_aes128_cbc_sha256);
    REQUIRE(open.session->write(bytes_of("last words")).has_value());
    if (in_order) open.session->close_notify();
    open.flush();
    rig.run_until([&] { return rig.server->ends[0]->received == "last words"; });
    open.wire.stream->close();
    rig.run_until([&] { return rig.server->ends[0]->done(); });
    const ErrorCode code = rig.server->ends[0]->closed.code;
    CHECK(code == (in_order ? ErrorCode::closed : ErrorCode::io));
    CHECK(rig.chips->figures().truncated == (in_order ? 0 : 1));
  }
}

TEST_CASE("a record cut in the middle by the end is no data") {
  Rig rig;
  OpenWire open(rig, Suite::psk_aes128_gcm_sha256);
  REQUIRE(open.session->write(bytes_of("cut short")).has_value());
  open.out.pop_back();
  open.flush();
  open.wire.stream->close();
  rig.run_until([&] { return rig.server->ends[0]->done(); });
  CHECK(rig.server->ends[0]->received.empty());
  CHECK(rig.server->ends[0]->closed.code == ErrorCode::io);
}

TEST_CASE("renegotiation is refused: a hello inside a session is no second handshake") {
  Rig rig;
  simurgh::test::Child child(
      {"/bin/bash", "-c",
       "exec openssl s_client -connect " + rig.server->address() + " -psk_identity " +
           std::string(chip_identity) + " -psk " + std::string(chip_key) +
           " -tls1_2 -cipher PSK 2>&1 < <(sleep 0.3; echo R; sleep 2; echo after)"});
  rig.run_until([&] { return child.ended(); });
  REQUIRE(rig.server->ends.size() == 1);
  CHECK(rig.chips->figures().handshakes_begun == 1);
  CHECK(rig.server->ends[0]->received.empty());
}

}  // namespace
}  // namespace simurgh::tls::test
