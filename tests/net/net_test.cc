// Loopback and unix sockets only; ports are the kernel's choice.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "io/net/tcp.h"

namespace simurgh::net {
namespace {

std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  REQUIRE_MESSAGE(loop.has_value(), problem);
  return std::move(*loop);
}

TEST_CASE("endpoints are read and written") {
  const auto same = [](std::string_view text) {
    const auto endpoint = parse_endpoint(text);
    REQUIRE(endpoint.has_value());
    CHECK(endpoint->text() == text);
    return *endpoint;
  };
  CHECK(same("127.0.0.1:2775").loopback());
  CHECK(same("127.9.0.1:0").loopback());
  CHECK(same("localhost:65535").loopback());
  CHECK(same("[::1]:22").loopback());
  CHECK(same("unix:/run/simurgh.sock").loopback());
  CHECK(!same("smsc.example.net:2775").loopback());
  CHECK(!same("10.0.0.1:1").loopback());
  CHECK(!same("[2001:db8::1]:1").loopback());
  CHECK(!same(":2775").loopback());
  CHECK(!same("localhost.example.net:1").loopback());
  struct Bad {
    std::string_view text;
    uint32_t offset;
  };
  for (const auto& [text, offset] : {Bad{"", 0},
                                     {"127.0.0.1", 9},
                                     {"host:", 5},
                                     {"host:65536", 5},
                                     {"host:1x", 5},
                                     {"host:-1", 5},
                                     {"ho st:1", 2},
                                     {"[::1]", 4},
                                     {"[::1", 4},
                                     {"[::g]:1", 1},
                                     {"a:b:1", 1},
                                     {"unix:", 5},
                                     {"host:99999999999999999999", 5}}) {
    CAPTURE(text);
    CHECK(parse_endpoint(text).error() == fail(ErrorCode::bad_value, offset));
  }
  CHECK(!parse_endpoint("unix:" + std::string(108, 'x')).has_value());
  CHECK(parse_endpoint("unix:" + std::string(107, 'x')).has_value());
  CHECK(!parse_endpoint(std::string(300, 'x') + ":1").has_value());
}

struct Recorder final : StreamHandler {
  void on_connected() override { ++connected; }
  void on_bytes(ByteView bytes) override {
    received.append(text_of(bytes));
    if (echo) CHECK(stream->send(bytes).has_value());
  }
  void on_writable() override { ++writable; }
  void on_closed(const Closed& c) override {
    ++times_closed;
    closed = c;
  }
  std::unique_ptr<Stream> stream;
  bool echo = false;
  std::string received;
  int connected = 0, writable = 0, times_closed = 0;
  Closed closed;
};

struct Server final : Listener::Handler {
  Server(loop::Loop& its_loop, const StreamOptions& options) : loop(its_loop), transport(options) {}
  void on_accepted(Socket socket, std::string peer) override {
    auto recorder = std::make_unique<Recorder>();
    recorder->echo = echo;
    recorder->stream = transport.accepted(loop, std::move(socket), std::move(peer), *recorder);
    accepted.push_back(std::move(recorder));
  }
  loop::Loop& loop;
  PlainTransport transport;
  bool echo = true;
  std::vector<std::unique_ptr<Recorder>> accepted;
};

struct Rig {
  explicit Rig(const std::string& where = "127.0.0.1:0", const StreamOptions& options = {})
      : server(*loop, options) {
    std::string problem;
    auto opened = Listener::open(*loop, *parse_endpoint(where), server, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    listener = std::move(*opened);
  }
  void connect(const StreamOptions& options = {}) {
    client.stream = connect_tcp(*loop, listener->endpoint(), client, options);
  }
  template <typename Until>
  void run_until(Until until) {
    for (int i = 0; i < 100'000 && !until(); ++i) loop->run_once(milliseconds(100));
    REQUIRE(until());
  }
  std::unique_ptr<loop::Loop> loop = make_loop();
  Server server;
  std::unique_ptr<Listener> listener;
  Recorder client;
};

std::string temporary_path(const char* name) {
  const char* base = std::getenv("TMPDIR");
  return std::string(base != nullptr ? base : "/tmp") + "/simurgh-net-test-" +
         std::to_string(getpid()) + "-" + name;
}

TEST_CASE("bytes go there and back, over TCP and over a unix path") {
  const std::string path = temporary_path("echo");
  for (const std::string& where : {std::string("127.0.0.1:0"), "unix:" + path}) {
    CAPTURE(where);
    Rig rig(where);
    if (where[0] == '1') CHECK(rig.listener->endpoint().port != 0);
    rig.connect();
    CHECK(rig.client.connected == 0);  // never from inside of the call
    CHECK(rig.client.stream->send(bytes_of("early")).error().code == ErrorCode::closed);
    rig.run_until([&] { return rig.client.connected == 1; });
    REQUIRE(rig.client.stream->send(bytes_of("hello ")).has_value());
    REQUIRE(rig.client.stream->send(bytes_of("world")).has_value());
    rig.run_until([&] { return rig.client.received == "hello world"; });
    CHECK(!rig.server.accepted[0]->stream->peer().empty());
    rig.client.stream->close();
    rig.run_until([&] { return rig.server.accepted[0]->times_closed == 1; });
    CHECK(rig.server.accepted[0]->closed.code == ErrorCode::closed);
    CHECK(rig.client.times_closed == 0);
  }
  CHECK(access(path.c_str(), F_OK) != 0);  // the path goes with the listener
}

TEST_CASE("nothing is written before the end-of-batch hook has run") {
  struct Keeper final : Listener::Handler {
    void on_accepted(Socket accepted, std::string) override { socket = std::move(accepted); }
    // What the kernel holds for this end.
    ssize_t waiting() const {
      char buffer[16];
      return recv(socket.fd(), buffer, sizeof buffer, MSG_PEEK | MSG_DONTWAIT);
    }
    Socket socket;
  };
  const auto loop = make_loop();
  Keeper keeper;
  std::string problem;
  const auto listener = Listener::open(*loop, *parse_endpoint("127.0.0.1:0"), keeper, problem);
  REQUIRE(listener.has_value());
  Recorder client;
  client.stream = connect_tcp(*loop, (*listener)->endpoint(), client);
  for (int i = 0; i < 100 && (!client.connected || !keeper.socket.open()); ++i) {
    loop->run_once(seconds(1));
  }
  REQUIRE(client.connected == 1);
  ssize_t at_hook = 99;
  loop->set_end_of_batch([&] {
    usleep(20'000);  // loopback is faster than that
    at_hook = keeper.waiting();
  });
  loop->defer([&] { REQUIRE(client.stream->send(bytes_of("x")).has_value()); });
  loop->run_once(Duration{});
  CHECK(at_hook == -1);
  for (int i = 0; i < 1'000 && keeper.waiting() != 1; ++i) usleep(1'000);
  CHECK(keeper.waiting() == 1);
}

TEST_CASE("output is bounded, and the sender hears when there is room again") {
  StreamOptions options;
  options.send_octets_max = 100'000;
  Rig rig("127.0.0.1:0", options);
  rig.server.echo = false;
  rig.connect(options);
  rig.run_until([&] { return rig.client.connected == 1 && rig.server.accepted.size() == 1; });
  Recorder& far = *rig.server.accepted[0];
  far.stream->pause_reading(true);
  const std::string block(10'000, 'b');
  size_t sent = 0;
  // Until the kernel's buffers and ours are full.
  for (int i = 0; i < 10'000; ++i) {
    if (rig.client.stream->send(bytes_of(block)).has_value()) {
      sent += block.size();
    } else {
      rig.loop->run_once(Duration{});
      if (rig.client.stream->room() < block.size()) break;
    }
  }
  CHECK(rig.client.stream->send(bytes_of(block)).error().code == ErrorCode::too_large);
  CHECK(rig.client.stream->room() < block.size());
  CHECK(far.received.empty());
  const int writable_before = rig.client.writable;
  far.stream->pause_reading(false);
  rig.run_until([&] { return far.received.size() == sent; });
  CHECK(rig.client.writable == writable_before + 1);
  CHECK(rig.client.stream->room() == options.send_octets_max);
}

TEST_CASE("what a stream was given before it is closed and destroyed still arrives") {
  Rig rig;
  rig.connect();
  rig.run_until([&] { return rig.client.connected == 1 && rig.server.accepted.size() == 1; });
  rig.loop->defer([&] {
    REQUIRE(rig.client.stream->send(bytes_of("goodbye")).has_value());
    close_and_destroy(*rig.loop, std::move(rig.client.stream));
  });
  rig.run_until([&] { return rig.server.accepted[0]->times_closed == 1; });
  CHECK(rig.server.accepted[0]->received == "goodbye");
  close_and_destroy(*rig.loop, nullptr);
}

TEST_CASE("a handler may close and destroy its stream from inside of any call") {
  struct Suicidal final : StreamHandler {
    explicit Suicidal(loop::Loop& its_loop) : loop(its_loop) {}
    void on_connected() override {
      if (when == "connected") close_and_destroy(loop, std::move(stream));
    }
    void on_bytes(ByteView) override {
      if (when == "bytes") close_and_destroy(loop, std::move(stream));
    }
    void on_closed(const Closed&) override { close_and_destroy(loop, std::move(stream)); }
    loop::Loop& loop;
    std::string when;
    std::unique_ptr<Stream> stream;
  };
  for (const char* when : {"connected", "bytes", "closed"}) {
    CAPTURE(when);
    Rig rig;
    Suicidal client(*rig.loop);
    client.when = when;
    client.stream = connect_tcp(*rig.loop, rig.listener->endpoint(), client);
    bool said = false;
    rig.run_until([&] {
      if (!said && rig.server.accepted.size() == 1 && client.stream != nullptr) {
        said = true;
        (void)rig.server.accepted[0]->stream->send(bytes_of("x"));
        if (client.when == "closed") rig.server.accepted[0]->stream->close();
      }
      return client.stream == nullptr;
    });
  }
}

TEST_CASE("connecting fails in words: nobody listens, no such name, no such path") {
  const auto loop = make_loop();
  const auto fails = [&](const Endpoint& endpoint) {
    Recorder client;
    client.stream = connect_tcp(*loop, endpoint, client);
    CHECK(client.times_closed == 0);
    for (int i = 0; i < 100 && client.times_closed == 0; ++i) loop->run_once(seconds(1));
    CHECK(client.times_closed == 1);
    CHECK(client.closed.code == ErrorCode::io);
    CHECK(!client.stream->connected());
    return client.closed.words;
  };
  uint16_t port = 0;
  {
    Rig rig;
    port = rig.listener->endpoint().port;
  }
  CHECK(fails({Endpoint::Kind::tcp, "127.0.0.1", port}).find("refused") != std::string::npos);
  CHECK(fails({Endpoint::Kind::tcp, "no-such-name.invalid", 1}).find("looked up") !=
        std::string::npos);
  CHECK(fails({Endpoint::Kind::unix_path, temporary_path("none"), 0}).find("No such file") !=
        std::string::npos);
}

TEST_CASE("a stream that is destroyed while its name is looked up is not told of anything") {
  const auto loop = make_loop();
  Recorder client;
  client.stream = connect_tcp(*loop, {Endpoint::Kind::tcp, "no-such-name.invalid", 1}, client);
  client.stream.reset();
  for (int i = 0; i < 5; ++i) loop->run_once(milliseconds(10));
  CHECK(client.times_closed == 0);
}

TEST_CASE("listening fails in words: port taken, address of others, a file in the way") {
  Rig rig;
  Server other(*rig.loop, {});
  std::string problem;
  CHECK(Listener::open(*rig.loop, rig.listener->endpoint(), other, problem).error().code ==
        ErrorCode::io);
  CHECK(problem.find("another program uses this port") != std::string::npos);
  CHECK(!Listener::open(*rig.loop, *parse_endpoint("192.0.2.1:0"), other, problem).has_value());
  CHECK(problem.find("does not have this address") != std::string::npos);
  const std::string path = temporary_path("file");
  std::FILE* file = std::fopen(path.c_str(), "w");
  REQUIRE(file != nullptr);
  std::fclose(file);
  CHECK(!Listener::open(*rig.loop, *parse_endpoint("unix:" + path), other, problem).has_value());
  CHECK(problem.find("remove it") != std::string::npos);
  unlink(path.c_str());
}

TEST_CASE("a socket path left over from a dead process is taken over, a living one is not") {
  const std::string where = "unix:" + temporary_path("stale");
  Rig rig(where);
  std::string problem;
  Server other(*rig.loop, {});
  CHECK(!Listener::open(*rig.loop, *parse_endpoint(where), other, problem).has_value());
  // What a killed process leaves: the file without a listener.
  const std::string path = parse_endpoint(where)->host;
  const std::string kept = path + ".kept";
  REQUIRE(rename(path.c_str(), kept.c_str()) == 0);
  rig.listener.reset();
  REQUIRE(rename(kept.c_str(), path.c_str()) == 0);
  const auto again = Listener::open(*rig.loop, *parse_endpoint(where), other, problem);
  CHECK_MESSAGE(again.has_value(), problem);
}

TEST_CASE("a listener without descriptors waits instead of spinning, and goes on") {
  Rig rig;
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  rig.connect();
  std::vector<int> hogs;
  const rlimit low{hogs.size() + 3, limit.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);  // no new descriptor below that
  int wakeups = 0;
  for (; wakeups < 5; ++wakeups) rig.loop->run_once(milliseconds(200));
  CHECK(rig.server.accepted.empty());
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  rig.run_until([&] { return rig.server.accepted.size() == 1; });
}

TEST_CASE("a paused listener accepts nothing") {
  Rig rig;
  rig.listener->pause(true);
  rig.connect();
  rig.run_until([&] { return rig.client.connected == 1; });  // the kernel's backlog takes it
  for (int i = 0; i < 3; ++i) rig.loop->run_once(Duration{});
  CHECK(rig.server.accepted.empty());
  rig.listener->pause(false);
  rig.run_until([&] { return rig.server.accepted.size() == 1; });
}

}  // namespace
}  // namespace simurgh::net
