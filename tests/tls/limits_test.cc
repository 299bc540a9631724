// How many, how long, how much: the limits of a transport, back-pressure, and ends in order.
#include <algorithm>

#include "wire.h"

namespace simurgh::tls::test {
namespace {

struct Client {
  Client(Rig& rig, ChipClient& chips) {
    end.stream = chips.connect(*rig.loop, rig.server->endpoint(), end, credential());
  }
  bool open() const { return end.times_connected == 1 && !end.done(); }
  End end;
};

// Takes a handshake's place and does not go on.
struct Stuck {
  explicit Stuck(Rig& rig) {
    end.stream = net::connect_tcp(*rig.loop, rig.server->endpoint(), end);
    rig.run_until([&] { return end.times_connected == 1; });
    const uint64_t begun = rig.chips->figures().handshakes_begun;
    const uint64_t waiting = rig.chips->figures().waiting;
    REQUIRE(end.stream->send(bytes_of(client_hello(0x00ae).substr(0, 20))).has_value());
    rig.run_until([&] {
      return rig.chips->figures().handshakes_begun > begun ||
             rig.chips->figures().waiting > waiting || end.done();
    });
  }
  End end;
};

TEST_CASE("more sessions than the limit are refused at once, and there is room when one goes") {
  TlsPolicy policy = chip_policy();
  policy.limits.sessions_max = 2;
  Rig rig(policy);
  const auto chips = make_client();
  Client first(rig, *chips);
  Client second(rig, *chips);
  rig.run_until([&] { return first.open() && second.open(); });
  Client third(rig, *chips);
  rig.run_until([&] { return third.end.done(); });
  CHECK(rig.chips->figures().refused_full == 1);
  CHECK(rig.chips->figures().sessions == 2);
  CHECK(rig.server->ends[2]->closed.code == ErrorCode::busy);
  first.end.stream->close();
  rig.run_until([&] { return rig.chips->figures().sessions == 1; });
  Client fourth(rig, *chips);
  rig.run_until([&] { return fourth.open(); });
}

TEST_CASE("handshakes above the limit wait for a place, first come first served") {
  TlsPolicy policy = chip_policy();
  policy.limits.handshakes_at_once_max = 2;
  Rig rig(policy);
  const auto chips = make_client();
  auto one = std::make_unique<Stuck>(rig);
  auto two = std::make_unique<Stuck>(rig);
  CHECK(rig.chips->figures().handshakes == 2);
  Client first(rig, *chips);
  Client second(rig, *chips);
  rig.run_until([&] { return rig.chips->figures().waiting == 2; });
  // One that waits and goes away leaves the queue.
  auto three = std::make_unique<Stuck>(rig);
  CHECK(rig.chips->figures().waiting == 3);
  three->end.stream->close();
  // It is unread, so that only its time shows that it has gone; the others are not kept from it.
  CHECK(!first.open());
  one->end.stream->close();
  rig.run_until([&] { return first.open() && second.open(); });
  rig.run_until([&] { return rig.chips->figures().handshakes_done == 2; });
  two->end.stream->close();
  rig.run_until([&] { return rig.chips->figures().handshakes == 0; });
  CHECK(rig.chips->figures().waiting == 0);
}

TEST_CASE("who waits for a place waits no longer than a handshake may take") {
  TlsPolicy policy = chip_policy();
  policy.limits.handshakes_at_once_max = 1;
  policy.limits.handshake_wait_max = milliseconds(300);
  Rig rig(policy);
  Stuck one(rig);
  Stuck two(rig);
  CHECK(rig.chips->figures().waiting == 1);
  rig.run_until([&] { return one.end.done() && two.end.done(); });
  CHECK(rig.chips->figures().handshake_timeouts == 2);
  CHECK(rig.chips->figures().waiting == 0);
  CHECK(rig.chips->figures().handshakes == 0);
}

TEST_CASE("by policy, handshakes above the limit are refused at once") {
  TlsPolicy policy = chip_policy();
  policy.limits.handshakes_at_once_max = 1;
  policy.limits.when_full = Limits::Full::refuse;
  Rig rig(policy);
  Stuck one(rig);
  Stuck two(rig);
  rig.run_until([&] { return two.end.done(); });
  CHECK(!one.end.done());
  CHECK(rig.chips->figures().refused_full == 1);
}

TEST_CASE("an idle session ends in order, a busy one does not") {
  TlsPolicy policy = chip_policy();
  policy.limits.idle_wait_max = milliseconds(400);
  Rig rig(policy);
  const auto chips = make_client();
  Client busy(rig, *chips);
  Client idle(rig, *chips);
  rig.run_until([&] { return busy.open() && idle.open(); });
  const Instant begin = rig.loop->now();
  while (rig.loop->now() - begin < milliseconds(1'500)) {
    REQUIRE(busy.end.stream->send(bytes_of(".")).has_value());
    const Instant next = rig.loop->now() + milliseconds(50);
    rig.run_until([&] { return rig.loop->now() >= next; });
  }
  CHECK(busy.open());
  CHECK(idle.end.done());
  CHECK(idle.end.closed.code == ErrorCode::closed);  // close_notify
  CHECK(rig.chips->figures().idle_timeouts == 1);
  rig.run_until([&] { return busy.end.done(); });
  CHECK(rig.chips->figures().idle_timeouts == 2);
}

TEST_CASE("output is bounded by what the peer takes, and the sender hears of room") {
  Rig rig;
  rig.server->echo = false;
  const auto chips = make_client();
  Client client(rig, *chips);
  rig.run_until([&] { return client.open() && rig.chips->figures().handshakes_done == 1; });
  End& far = *rig.server->ends[0];
  far.stream->pause_reading(true);
  net::Stream& near = *client.end.stream;
  size_t sent = 0;
  std::string pattern;
  for (int i = 0; i < 70'000; ++i) pattern.push_back(static_cast<char>(i * 7 + i / 251));
  // As a protocol does: always as much as there is room for.
  const auto send_some = [&] {
    std::string piece;
    while (piece.size() < std::min<size_t>(near.room(), 70'000)) {
      piece.push_back(pattern[(sent + piece.size()) % pattern.size()]);
    }
    if (!piece.empty()) REQUIRE(near.send(bytes_of(piece)).has_value());
    sent += piece.size();
  };
  // Until the kernel's buffers and ours stay full.
  int rounds_full = 0;
  rig.run_until([&] {
    send_some();
    rounds_full = near.room() < 512 ? rounds_full + 1 : 0;
    return rounds_full == 20;
  });
  const size_t in_the_way = sent;
  CHECK(near.room() < 512);
  CHECK(near.send(bytes_of(std::string(70'000, 'x'))).error().code == ErrorCode::too_large);
  CHECK(far.received.empty());
  far.stream->pause_reading(false);
  const int writable = client.end.times_writable;
  rig.run_until([&] { return client.end.times_writable > writable; });
  CHECK(near.room() > 70'000);
  send_some();
  rig.run_until([&] { return far.received.size() == sent; });
  CHECK(sent > in_the_way);
  for (size_t i = 0; i < sent; ++i) {
    if (far.received[i] != pattern[i % pattern.size()]) {
      FAIL("octet " << i << " is another");
    }
  }
}

TEST_CASE("a sender that fills all its room is told when there is room again") {
  Rig rig;
  rig.server->echo = false;
  const auto chips = make_client();
  Client client(rig, *chips);
  rig.run_until([&] { return client.open(); });
  const std::string all(client.end.stream->room(), 'a');
  REQUIRE(client.end.stream->send(bytes_of(all)).has_value());
  CHECK(client.end.stream->send(bytes_of(all)).error().code == ErrorCode::too_large);
  rig.run_until([&] { return client.end.times_writable == 1; });
  rig.run_until([&] { return rig.server->ends[0]->received.size() == all.size(); });
}

TEST_CASE("all the room there is can be used, whatever record size the peer asked for") {
  for (size_t i = 0; i < suite_count; ++i) {
    const auto suite = static_cast<Suite>(i);
    CAPTURE(facts_of(suite).name);
    TlsPolicy policy = only(suite);
    policy.limits.record_octets_max = 16'384;
    Rig rig(policy);
    rig.server->echo = false;
    policy.asks_small_records = true;
    const auto chips = make_client(policy);
    Client client(rig, *chips);
    rig.run_until([&] { return client.open() && rig.chips->figures().handshakes_done == 1; });
    net::Stream& far = *rig.server->ends[0]->stream;
    const std::string all(far.room(), 'a');
    REQUIRE(all.size() > 200'000);
    REQUIRE(far.send(bytes_of(all)).has_value());
    rig.run_until([&] { return client.end.received.size() == all.size() || client.end.done(); });
    CHECK(!client.end.done());
  }
}

TEST_CASE("pausing and resuming at any moment loses and doubles nothing") {
  Rig rig;
  rig.server->echo = false;
  const auto chips = make_client();
  Client client(rig, *chips);
  rig.run_until([&] { return client.open() && rig.chips->figures().handshakes_done == 1; });
  End& far = *rig.server->ends[0];
  int calls = 0;
  far.on_data = [&] {
    // After every record, sometimes resumed from inside of the call.
    far.stream->pause_reading(true);
    if (++calls % 3 == 0) far.stream->pause_reading(false);
  };
  std::string sent;
  for (int i = 0; i < 60; ++i) sent += std::string(300, static_cast<char>('a' + i % 26));
  REQUIRE(client.end.stream->send(bytes_of(sent)).has_value());
  size_t before = 0;
  rig.run_until([&] {
    CHECK(far.received.size() - before <= 3 * 512);
    before = far.received.size();
    far.stream->pause_reading(false);
    return far.received.size() == sent.size();
  });
  CHECK(far.received == sent);
}

TEST_CASE("what is said before the handshake is done leaves when it is") {
  // As http::Server refuses a connection above its limit.
  struct Refuser final : net::Listener::Handler {
    explicit Refuser(Rig& its_rig) : rig(its_rig) {}
    void on_accepted(net::Socket socket, std::string peer) override {
      end.stream = rig.chips->accepted(*rig.loop, std::move(socket), std::move(peer), end);
      CHECK(end.stream->connected());
      CHECK(end.stream->room() >= 1'000);
      CHECK(end.stream->send(bytes_of("too many")).has_value());
      CHECK(end.stream->send(bytes_of(std::string(20'000, 'x'))).error().code ==
            ErrorCode::too_large);
    }
    Rig& rig;
    End end;
  };
  Rig rig;
  Refuser refuser(rig);
  std::string problem;
  const auto listener =
      net::Listener::open(*rig.loop, *net::parse_endpoint("127.0.0.1:0"), refuser, problem);
  REQUIRE(listener.has_value());
  const auto chips = make_client();
  End end;
  end.stream = chips->connect(*rig.loop, (*listener)->endpoint(), end, credential());
  rig.run_until([&] { return end.received == "too many"; });
}

TEST_CASE("what a stream was given before it is closed and destroyed still arrives, in order") {
  for (const bool wait : {false, true}) {
    Rig rig;
    const auto chips = make_client();
    Client client(rig, *chips);
    rig.run_until([&] { return client.open() && rig.chips->figures().handshakes_done == 1; });
    rig.loop->defer([&] {
      REQUIRE(client.end.stream->send(bytes_of("goodbye")).has_value());
      if (wait) {
        net::close_and_destroy(*rig.loop, std::move(client.end.stream));
      } else {
        client.end.stream->close();
        client.end.stream.reset();
      }
    });
    rig.run_until([&] { return rig.server->ends[0]->done(); });
    CHECK(rig.server->ends[0]->received == "goodbye");
    CHECK(rig.server->ends[0]->closed.code == ErrorCode::closed);
  }
}

TEST_CASE("a handler may close its stream from inside of any call") {
  for (const char* when : {"connected", "bytes"}) {
    CAPTURE(when);
    Rig rig;
    struct Suicidal final : net::StreamHandler {
      void on_connected() override {
        if (when == "connected") net::close_and_destroy(*loop, std::move(stream));
      }
      void on_bytes(ByteView) override { net::close_and_destroy(*loop, std::move(stream)); }
      void on_closed(const net::Closed&) override { FAIL("told after close()"); }
      loop::Loop* loop = nullptr;
      std::string when;
      std::unique_ptr<net::Stream> stream;
    } client;
    client.loop = rig.loop.get();
    client.when = when;
    const auto chips = make_client();
    client.stream = chips->connect(*rig.loop, rig.server->endpoint(), client, credential());
    bool said = false;
    rig.run_until([&] {
      if (!said && rig.chips->figures().handshakes_done == 1 && client.stream != nullptr) {
        said = true;
        REQUIRE(rig.server->ends[0]->stream->send(bytes_of(std::string(2'000, 'x'))).has_value());
      }
      return client.stream == nullptr && rig.server->ends.size() == 1 &&
             rig.server->ends[0]->done();
    });
    CHECK(rig.chips->figures().sessions == 0);
    CHECK(chips->figures().sessions == 0);
  }
}

TEST_CASE("a stream that is destroyed at any moment gives back its place") {
  TlsPolicy policy = chip_policy();
  policy.limits.handshakes_at_once_max = 1;
  for (int batches = 0; batches < 12; ++batches) {
    CAPTURE(batches);
    Rig rig(policy);
    const auto chips = make_client();
    {
      Client one(rig, *chips);
      Client two(rig, *chips);
      for (int i = 0; i < batches; ++i) rig.loop->run_once(milliseconds(1));
      rig.server->ends.clear();
    }
    CHECK(rig.chips->figures().sessions == 0);
    CHECK(rig.chips->figures().handshakes == 0);
    CHECK(rig.chips->figures().waiting == 0);
    CHECK(chips->figures().sessions == 0);
    Client three(rig, *chips);
    rig.run_until([&] { return three.open(); });
  }
}

TEST_CASE("T-PSK: unknown identity and wrong key take the same time") {
  // The work is the same by construction; this finds a short cut that somebody adds. Medians of
  // interleaved attempts, octets in memory, no sockets.
  Rig rig;
  const auto client = make_client(only(Suite::psk_aes128_cbc_sha256));
  const auto once = [&](const PskCredential& who) {
    End end;
    end.stream = client->connect(*rig.loop, rig.server->endpoint(), end, who);
    timespec begin{}, stop{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    while (!end.done()) rig.loop->run_once(milliseconds(100));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &stop);
    rig.server->ends.clear();
    return static_cast<double>(stop.tv_sec - begin.tv_sec) * 1e9 +
           static_cast<double>(stop.tv_nsec - begin.tv_nsec);
  };
  const PskCredential unknown = credential("8949170000000000012");
  const PskCredential wrong = credential(chip_identity, "00112233445566778899aabbccddeefe");
  std::vector<double> unknown_ns, wrong_ns;
  for (int i = 0; i < 400; ++i) {
    unknown_ns.push_back(once(unknown));
    wrong_ns.push_back(once(wrong));
  }
  const auto median = [](std::vector<double>& v) {
    std::ranges::nth_element(v, v.begin() + static_cast<ptrdiff_t>(v.size() / 2));
    return v[v.size() / 2];
  };
  const double ratio = median(unknown_ns) / median(wrong_ns);
  CAPTURE(ratio);
  CHECK(ratio > 0.9);
  CHECK(ratio < 1.1);
}

}  // namespace
}  // namespace simurgh::tls::test
