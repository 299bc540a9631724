// A TLS server that echoes, and clients of it, on one loop over loopback sockets.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <functional>
#include <vector>

#include "base/hex.h"
#include "child.h"
#include "io/process/process.h"
#include "io/tls/certificates.h"
#include "io/tls/chip_client.h"
#include "io/tls/chip_server.h"

namespace simurgh::tls::test {

constexpr std::string_view chip_identity = "8949170000000000004";
constexpr std::string_view chip_key = "00112233445566778899aabbccddeeff";

inline PskKey key_of(std::string_view hex) {
  uint8_t octets[psk_octets_max];
  const auto size = parse_hex(hex, octets);
  REQUIRE(size.has_value());
  return PskKey(*size);
}

inline std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  REQUIRE_MESSAGE(loop.has_value(), problem);
  return std::move(*loop);
}

// One end of a connection: keeps what came; echoes if told to.
struct End final : net::StreamHandler {
  void on_connected() override { ++times_connected; }
  void on_bytes(ByteView bytes) override {
    received.append(text_of(bytes));
    peer_name = stream->authenticated_peer();
    if (on_data) on_data();
    if (echo) CHECK(stream->send(bytes).has_value());
  }
  void on_writable() override { ++times_writable; }
  void on_closed(const net::Closed& its_closed) override {
    ++times_closed;
    closed = its_closed;
  }
  bool done() const { return times_closed > 0; }

  std::unique_ptr<net::Stream> stream;
  std::function<void()> on_data;
  bool echo = false;
  std::string received, peer_name;
  int times_connected = 0, times_writable = 0, times_closed = 0;
  net::Closed closed;
};

// Accepts over a transport, and echoes.
struct EchoServer final : private net::Listener::Handler {
  EchoServer(loop::Loop& its_loop, net::Transport& its_transport)
      : loop(its_loop), transport(its_transport) {
    std::string problem;
    auto opened = net::Listener::open(loop, *net::parse_endpoint("127.0.0.1:0"), *this, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    listener = std::move(*opened);
  }
  const net::Endpoint& endpoint() const { return listener->endpoint(); }
  std::string address() const { return listener->endpoint().text(); }

  loop::Loop& loop;
  net::Transport& transport;
  std::vector<std::unique_ptr<End>> ends;
  bool echo = true;

 private:
  void on_accepted(net::Socket socket, std::string peer) override {
    auto end = std::make_unique<End>();
    end->echo = echo;
    end->stream = transport.accepted(loop, std::move(socket), std::move(peer), *end);
    ends.push_back(std::move(end));
  }
  std::unique_ptr<net::Listener> listener;
};

struct Rig {
  explicit Rig(const TlsPolicy& policy = chip_policy(true)) : loop(make_loop()) {
    REQUIRE(keys.add(chip_identity, {key_of(chip_key), all_suites}).has_value());
    std::string problem;
    auto made = ChipServer::create(policy, keys, random, problem);
    REQUIRE_MESSAGE(made.has_value(), problem);
    chips = std::move(*made);
    server.emplace(*loop, *chips);
  }

  // True as soon as `until` is; false when it is not in time.
  template <typename Until>
  bool reached(Until until, int wait_ms = 20'000) {
    const Instant end = loop->now() + milliseconds(wait_ms);
    while (!until()) {
      if (loop->now() > end) return false;
      loop->run_once(milliseconds(10));
    }
    return true;
  }
  template <typename Until>
  void run_until(Until until) {
    REQUIRE(reached(until));
  }

  process::OsRandom random;
  std::unique_ptr<loop::Loop> loop;
  PskTable keys{PskRole::server};
  std::unique_ptr<ChipServer> chips;
  std::optional<EchoServer> server;
};

inline PskCredential credential(std::string_view identity = chip_identity,
                                std::string_view key = chip_key) {
  return {.identity = std::string(identity), .key = key_of(key)};
}

inline std::unique_ptr<ChipClient> make_client(const TlsPolicy& policy = chip_policy(true)) {
  std::string problem;
  auto made = ChipClient::create(policy, problem);
  REQUIRE_MESSAGE(made.has_value(), problem);
  return std::move(*made);
}

inline TlsPolicy only(Suite suite) {
  TlsPolicy policy = chip_policy(true);
  policy.suites = {suite};
  return policy;
}

}  // namespace simurgh::tls::test
