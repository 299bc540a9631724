// What travels between two TLS ends: a tap between a client and a server, and hellos by hand.
#pragma once

#include "rig.h"

namespace simurgh::tls::test {

// Stands between client and server, looks, and forwards.
struct Tap final : private net::Listener::Handler {
  struct Pair {
    End near, far;  // towards the client, towards the server
    bool joined = false;
    std::string early;
    std::string from_server;
  };

  Tap(loop::Loop& its_loop, net::Endpoint its_server)
      : loop(its_loop), server(std::move(its_server)) {
    std::string problem;
    auto opened = net::Listener::open(loop, *net::parse_endpoint("127.0.0.1:0"), *this, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    listener = std::move(*opened);
  }
  const net::Endpoint& endpoint() const { return listener->endpoint(); }

  // Moves what has come; to be called between batches.
  void forward() {
    for (const auto& pair : pairs) {
      move(pair->near, pair->far, nullptr);
      move(pair->far, pair->near, &pair->from_server);
    }
  }

  loop::Loop& loop;
  net::Endpoint server;
  net::PlainTransport plain;
  std::vector<std::unique_ptr<Pair>> pairs;
  size_t pieces_max = SIZE_MAX;  // octets forwarded a batch

 private:
  void on_accepted(net::Socket socket, std::string peer) override {
    auto pair = std::make_unique<Pair>();
    pair->near.stream = plain.accepted(loop, std::move(socket), std::move(peer), pair->near);
    pair->far.stream = plain.connect(loop, server, pair->far);
    pairs.push_back(std::move(pair));
  }
  void move(End& from, End& to, std::string* kept) {
    if (!to.stream->connected() || from.received.empty()) return;
    const std::string piece = from.received.substr(0, pieces_max);
    from.received.erase(0, piece.size());
    if (kept != nullptr) kept->append(piece);
    REQUIRE(to.stream->send(bytes_of(piece)).has_value());
  }
  std::unique_ptr<net::Listener> listener;
};

// Lengths of the records in a stream of them; a rest that is no whole record is an error.
inline std::vector<size_t> record_lengths(std::string_view stream) {
  std::vector<size_t> out;
  while (!stream.empty()) {
    REQUIRE(stream.size() >= 5);
    const size_t length =
        size_t{static_cast<uint8_t>(stream[3])} << 8 | static_cast<uint8_t>(stream[4]);
    REQUIRE(stream.size() >= 5 + length);
    out.push_back(length);
    stream.remove_prefix(5 + length);
  }
  return out;
}

// A ClientHello record by hand: one suite, X25519 as group. Version 0x0303 is TLS 1.2.
inline std::string client_hello(uint16_t suite, uint16_t version = 0x0303) {
  const auto u16 = [](size_t value) {
    return std::string{static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
  };
  std::string groups = u16(10) + u16(4) + u16(2) + u16(29);
  groups += u16(11) + u16(2) + std::string("\x01\x00", 2);  // uncompressed points
  std::string body = u16(version) + std::string(32, 'r') + std::string(1, '\0');
  body += u16(2) + u16(suite) + std::string("\x01\x00", 2);
  body += u16(groups.size()) + groups;
  std::string message = std::string("\x01\x00", 2) + u16(body.size()) + body;
  return std::string("\x16\x03\x01", 3) + u16(message.size()) + message;
}

}  // namespace simurgh::tls::test
