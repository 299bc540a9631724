// The front end on loopback sockets, plain or with TLS, and chips that come to it, on one loop.
#pragma once

#include <map>

#include "child.h"
#include "io/admin_http/server.h"
#include "io/process/process.h"
#include "io/tls/chip_client.h"
#include "io/tls/chip_server.h"
#include "remote_admin/rig.h"

namespace simurgh::test {

inline std::string identity_of(int chip) {
  return "894917000000000000" + std::to_string(chip % 10);
}
inline tls::PskKey key_of(int chip) {
  const std::vector<uint8_t> octets(16, static_cast<uint8_t>(0x10 + chip));
  return tls::PskKey(octets);
}

// Who the chips are: those in `works`, each with two scripts.
struct Desk final : admin_http::Chips {
  std::optional<admin_http::Visit> enter(std::string_view identity, bool full) override {
    entered.emplace_back(identity);
    last_full = full;
    const auto found = works.find(std::string(identity));
    if (found == works.end()) return std::nullopt;
    ++inside;
    return admin_http::Visit{&found->second, profile, come_back_in};
  }
  void leave(Work&) override { --inside; }

  std::map<std::string, Server> works;
  CardProfile profile;
  std::optional<Duration> come_back_in;
  std::vector<std::string> entered;
  bool last_full = false;
  int inside = 0;
};

// A chip whose agent talks over a transport.
class Chip final : private net::StreamHandler, private loop::Flushable {
 public:
  Chip(loop::Loop& loop, net::Transport& transport, const net::Endpoint& endpoint)
      : Flushable(loop),
        loop_(loop),
        transport_(transport),
        endpoint_(endpoint),
        agent({}, {}, card, card) {
    parameters.host = "admin.example";
    parameters.agent_id = "//se-id/CUD/01";
    parameters.tries = 0;
  }
  ~Chip() override { net::close_and_destroy(loop_, std::move(stream_)); }

  void begin() {
    REQUIRE(agent.begin(parameters, loop_.now()));
    stream_ = transport_.connect(loop_, endpoint_, *this);
  }
  bool idle() const { return agent.state() == AdminAgent::State::idle; }
  // Not as the agent would: the link is cut.
  void cut() { end(); }

  Card card;
  AgentParameters parameters;

 private:
  void on_connected() override {
    agent.on_connected(loop_.now());
    flush_after_batch();
  }
  void on_bytes(ByteView bytes) override {
    agent.on_bytes(bytes, loop_.now());
    flush_after_batch();
  }
  void on_closed(const net::Closed&) override { end(); }
  void on_flush() override {
    if (stream_ == nullptr) return;
    const ByteView pending = agent.poll_transmit();
    if (!pending.empty()) {
      REQUIRE(stream_->send(pending).has_value());
      agent.transmitted(pending.size());
    }
    if (agent.wants_close()) end();
  }
  void end() {
    net::close_and_destroy(loop_, std::move(stream_));
    agent.on_disconnected(loop_.now());
  }

  loop::Loop& loop_;
  net::Transport& transport_;
  net::Endpoint endpoint_;
  std::unique_ptr<net::Stream> stream_;

 public:
  AdminAgent agent;
};

// A peer that says what it likes.
struct Wire final : net::StreamHandler {
  void on_bytes(ByteView bytes) override { received += text_of(bytes); }
  void on_closed(const net::Closed&) override { closed = true; }
  std::unique_ptr<net::Stream> stream;
  std::string received;
  bool closed = false;
};

struct Site {
  explicit Site(bool with_tls, admin_http::Options options = {}) {
    std::string problem;
    auto made = loop::Loop::create(problem);
    REQUIRE_MESSAGE(made.has_value(), problem);
    loop = std::move(*made);
    if (with_tls) {
      for (int chip = 0; chip < chips_max; ++chip) {
        REQUIRE(keys.add(identity_of(chip), {.key = key_of(chip)}));
      }
      auto server_side = tls::ChipServer::create(tls::chip_policy(), keys, random, problem);
      REQUIRE_MESSAGE(server_side.has_value(), problem);
      tls_server = std::move(*server_side);
      auto client_side = tls::ChipClient::create(tls::chip_policy(), problem);
      REQUIRE_MESSAGE(client_side.has_value(), problem);
      tls_client = std::move(*client_side);
    }
    options.insecure = !with_tls;
    net::Transport& transport = with_tls ? static_cast<net::Transport&>(*tls_server) : plain;
    auto opened = admin_http::Server::open(*loop, *net::parse_endpoint("127.0.0.1:0"), transport,
                                           options, desk, random, log, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    server = std::move(*opened);
    loop->set_end_of_batch([this] {
      for (auto& [identity, work] : desk.works) work.commit();
    });
  }
  ~Site() {
    REQUIRE(until([this] { return true; }));
  }

  Server& work(const std::string& identity, const Card* card, size_t scripts = 2) {
    Server& work = desk.works[identity];
    work.card = card;
    for (size_t i = 1; i <= scripts; ++i) work.scripts.push_back("script " + std::to_string(i));
    return work;
  }

  // Runs until the condition holds; bounded by batches, not by the clock of the test.
  template <typename Condition>
  bool until(Condition condition) {
    for (int batches = 0; batches < 4000 && !condition(); ++batches) {
      loop->run_once(milliseconds(5));
    }
    return condition();
  }
  void pass(int64_t ms) {
    const Instant end = loop->now() + milliseconds(ms);
    while (loop->now() < end) loop->run_once(milliseconds(5));
  }
  tls::ChipTransport transport_of(int chip) {
    return {*tls_client, {.identity = identity_of(chip), .key = key_of(chip)}};
  }
  std::unique_ptr<Wire> wire() {
    auto out = std::make_unique<Wire>();
    out->stream = plain.connect(*loop, server->endpoint(), *out);
    REQUIRE(until([&] { return out->stream->connected(); }));
    return out;
  }

  static constexpr int chips_max = 10;
  process::OsRandom random;
  log::Log log;
  net::PlainTransport plain;
  tls::PskTable keys{tls::PskRole::server};
  Desk desk;
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<tls::ChipServer> tls_server;
  std::unique_ptr<tls::ChipClient> tls_client;
  std::unique_ptr<admin_http::Server> server;
};

}  // namespace simurgh::test
