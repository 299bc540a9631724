// The HTTP server and client over real sockets on the loopback: framing, limits, late answers, and
// peers that do not behave.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "io/http/client.h"

namespace simurgh::http {
namespace {

// Echoes what it was asked, at once or, for /late, when told to.
struct Echo final : Handler {
  void on_request(Exchange exchange, Request& request) override {
    ++requests;
    if (request.target == "/late") {
      late.push_back(exchange);
      return;
    }
    if (request.target == "/never") return;
    Response response;
    response.fields.add("X-Method", request.method);
    response.body = request.target == "/large" ? std::string(5'000'000, 'x')
                                               : request.target + "\n" + request.body;
    exchange.answer(std::move(response));
  }
  std::vector<Exchange> late;
  int requests = 0;
};

struct Site {
  explicit Site(const Options& options = {}) {
    std::string problem;
    auto made = loop::Loop::create(problem);
    REQUIRE(made.has_value());
    loop = std::move(*made);
    net::Endpoint endpoint{.kind = net::Endpoint::Kind::tcp, .host = "127.0.0.1", .port = 0};
    auto opened = Server::open(*loop, endpoint, transport, options, echo, log, problem);
    CAPTURE(problem);
    REQUIRE(opened.has_value());
    server = std::move(*opened);
  }

  // Runs until the condition holds; bounded by batches, not by the clock of the test.
  template <typename Condition>
  bool until(Condition condition) {
    for (int batches = 0; batches < 2000 && !condition(); ++batches) {
      loop->run_once(milliseconds(5));
    }
    return condition();
  }

  net::PlainTransport transport;
  log::Log log;
  Echo echo;
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<Server> server;
};

// A blocking socket of the test's own, for what no decent client sends.
struct Peer {
  explicit Peer(const Site& site) : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(site.server->endpoint().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Peer() { ::close(fd); }
  void send(std::string_view text) const {
    REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }
  // Takes what is there now.
  bool take() {
    char buffer[65536];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got > 0) received.append(buffer, static_cast<size_t>(got));
    if (got == 0) closed = true;
    return got > 0;
  }
  // Runs the site until the text has arrived.
  bool expect(Site& site, std::string_view text) {
    return site.until([&] {
      take();
      return received.find(text) != std::string::npos;
    });
  }
  bool expect_close(Site& site) {
    return site.until([&] {
      take();
      return closed;
    });
  }
  int fd;
  std::string received;
  bool closed = false;
};

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_CASE("requests of one connection are answered one by one, pipelined ones too") {
  Site site;
  Peer peer(site);
  std::string pipeline;
  for (int i = 0; i < 50; ++i) {
    const std::string body = "body-" + std::to_string(i);
    pipeline += "POST /" + std::to_string(i) +
                " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body;
  }
  // In pieces that fit no boundary.
  for (size_t at = 0; at < pipeline.size(); at += 97) {
    peer.send(std::string_view(pipeline).substr(at, 97));
    site.loop->run_once(milliseconds(0));
  }
  CHECK(peer.expect(site, "/49\nbody-49"));
  size_t position = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string want = "/" + std::to_string(i) + "\nbody-" + std::to_string(i);
    position = peer.received.find(want, position);
    REQUIRE(position != std::string::npos);
  }
  CHECK(site.echo.requests == 50);
  CHECK(site.server->figures().connections == 1);
}

TEST_CASE("an answer may come any time later, and none is lost or doubled") {
  Site site;
  Peer one(site);
  Peer two(site);
  one.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
  two.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(site.until([&] { return site.echo.late.size() == 2; }));
  CHECK(site.server->figures().waiting == 2);
  for (Exchange& exchange : site.echo.late) {
    exchange.answer({.status = 202, .fields = {}, .body = "done"});
    exchange.answer({.status = 500, .fields = {}, .body = "twice"});
  }
  CHECK(one.expect(site, "HTTP/1.1 202"));
  CHECK(two.expect(site, "HTTP/1.1 202"));
  CHECK(one.received.find("twice") == std::string::npos);
  CHECK(site.server->figures().waiting == 0);
}

TEST_CASE("an answer to a peer that has gone is dropped") {
  Site site;
  {
    Peer peer(site);
    peer.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(site.until([&] { return site.echo.late.size() == 1; }));
  }
  REQUIRE(site.until([&] { return site.server->figures().connections == 0; }));
  site.echo.late[0].answer({});
  site.loop->run_once(milliseconds(0));
  CHECK(site.server->figures().waiting == 0);
}

TEST_CASE("what is no request is refused with its status and closed") {
  struct Case {
    const char* text;
    const char* status;
  };
  const std::string long_line = "GET /" + std::string(8000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string many_fields = [] {
    std::string out = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 100; ++i) out += "X-" + std::to_string(i) + ": y\r\n";
    return out + "\r\n";
  }();
  const Case cases[] = {
      {"nonsense\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "505"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", "413"},
      {long_line.c_str(), "414"},
      {many_fields.c_str(), "431"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
  };
  for (const Case& test : cases) {
    Site site({.linger_wait_max = milliseconds(30)});
    Peer peer(site);
    peer.send(test.text);
    CAPTURE(test.text);
    CHECK(peer.expect(site, "\r\n\r\n"));
    CHECK(peer.received.starts_with("HTTP/1.1 " + std::string(test.status)));
    CHECK(peer.received.find("Connection: close") != std::string::npos);
    CHECK(peer.expect_close(site));
    CHECK(site.echo.requests == 0);
  }
}

TEST_CASE("the refusal of a large body arrives although the peer is still sending") {
  Site site({.message = {.body_octets_max = 1000}, .linger_wait_max = milliseconds(200)});
  Peer peer(site);
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n");
  const std::string part(50'000, 'x');
  for (int i = 0; i < 4; ++i) {
    peer.send(part);
    site.loop->run_once(milliseconds(1));
  }
  CHECK(peer.expect(site, "HTTP/1.1 413"));
  CHECK(peer.expect(site, "a request's body has at most 1000 octets here"));
  CHECK(peer.received.find("Content-Type: application/problem+json") != std::string::npos);
}

TEST_CASE("a peer that is slow to ask, and one that says nothing, are let go") {
  Site site({.request_wait_max = milliseconds(60),
             .idle_wait_max = milliseconds(60),
             .linger_wait_max = milliseconds(20)});
  Peer slow(site);
  Peer silent(site);
  slow.send("GET / HTTP/1.1\r\nHo");
  CHECK(slow.expect(site, "HTTP/1.1 408"));
  CHECK(slow.expect_close(site));
  CHECK(silent.expect_close(site));
  CHECK(silent.received.empty());
  CHECK(site.until([&] { return site.server->figures().connections == 0; }));
  CHECK(site.server->figures().timed_out == 1);
}

TEST_CASE("a handler that never answers is answered for, and its late word is dropped") {
  Site site({.answer_wait_max = milliseconds(50), .linger_wait_max = milliseconds(20)});
  Peer peer(site);
  peer.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.expect(site, "HTTP/1.1 503"));
  CHECK(peer.received.find("Retry-After: 2") != std::string::npos);
  REQUIRE(site.echo.late.size() == 1);
  site.echo.late[0].answer({.status = 200, .fields = {}, .body = "late"});
  site.loop->run_once(milliseconds(0));
  peer.take();
  CHECK(peer.received.find("late") == std::string::npos);
}

TEST_CASE("too many requests on their way get 503 and the connection stays") {
  Site site({.waiting_max = 1});
  Peer one(site);
  Peer two(site);
  one.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(site.until([&] { return site.echo.late.size() == 1; }));
  two.send(get);
  CHECK(two.expect(site, "HTTP/1.1 503"));
  site.echo.late[0].answer({});
  CHECK(one.expect(site, "HTTP/1.1 200"));
  two.received.clear();
  two.send(get);
  CHECK(two.expect(site, "HTTP/1.1 200"));
}

TEST_CASE("connections above the limit are told so, and those below are not disturbed") {
  Site site({.connections_max = 2, .linger_wait_max = milliseconds(20)});
  Peer one(site);
  Peer two(site);
  one.send(get);
  two.send(get);
  CHECK(one.expect(site, "HTTP/1.1 200"));
  CHECK(two.expect(site, "HTTP/1.1 200"));
  Peer three(site);
  CHECK(three.expect(site, "HTTP/1.1 503"));
  CHECK(three.received.find("Retry-After") != std::string::npos);
  CHECK(three.expect_close(site));
  one.received.clear();
  one.send(get);
  CHECK(one.expect(site, "HTTP/1.1 200"));
}

TEST_CASE("an answer larger than the stream's buffer arrives whole") {
  Site site;
  Peer peer(site);
  peer.send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(site.until([&] {
    while (peer.take()) {
    }
    return peer.received.size() > 5'000'000;
  }));
  CHECK(peer.received.find("Content-Length: 5000000\r\n") != std::string::npos);
  CHECK(peer.received.substr(peer.received.size() - 10) == "xxxxxxxxxx");
}

TEST_CASE("HEAD has a length and no body, 100-continue is asked for, chunks are joined") {
  Site site;
  Peer peer(site);
  peer.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.expect(site, "\r\n\r\n"));
  CHECK(peer.received.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(peer.received.ends_with("\r\n\r\n"));
  peer.received.clear();
  peer.send(
      "POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(peer.expect(site, "HTTP/1.1 100 Continue\r\n\r\n"));
  peer.send("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
  CHECK(peer.expect(site, "/c\nabcdefg"));
}

TEST_CASE("draining answers what is on its way and then lets go") {
  Site site({.linger_wait_max = milliseconds(20)});
  Peer idle(site);
  Peer busy(site);
  busy.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(site.until([&] { return site.echo.late.size() == 1; }));
  CHECK_FALSE(site.server->drain());
  CHECK(idle.expect_close(site));
  site.echo.late[0].answer({.status = 200, .fields = {}, .body = "last"});
  CHECK(busy.expect(site, "last"));
  CHECK(busy.received.find("Connection: close") != std::string::npos);
  CHECK(busy.expect_close(site));
  CHECK(site.server->drain());
}

TEST_CASE("nothing leaves before the end of the batch") {
  Site site;
  std::atomic<bool> committed = false;
  bool seen_before_commit = false;
  Peer peer(site);
  site.loop->set_end_of_batch([&] {
    peer.take();
    if (site.echo.requests == 1 && !committed) {
      seen_before_commit = !peer.received.empty();
      committed = true;
    }
  });
  peer.send(get);
  CHECK(peer.expect(site, "HTTP/1.1 200"));
  CHECK(committed);
  CHECK_FALSE(seen_before_commit);
}

// --- the client, against the server on a thread --------------------------------------------------

struct Running {
  explicit Running(const Options& options = {})
      : site(options), thread([this] { site.loop->run(); }) {}
  ~Running() {
    site.loop->stop_from_anywhere();
    thread.join();
  }
  Site site;
  std::thread thread;
};

std::unique_ptr<Client> client_of(const net::Endpoint& endpoint,
                                  const ClientOptions& options = {}) {
  static net::PlainTransport transport;
  std::string problem;
  auto client = Client::create(endpoint, transport, options, problem);
  REQUIRE(client.has_value());
  return std::move(*client);
}

TEST_CASE("the client asks over one connection, again and again, small and large") {
  Running running;
  const auto client = client_of(running.site.server->endpoint());
  std::string problem;
  for (int i = 0; i < 20; ++i) {
    const Request request{
        .method = "POST", .target = "/" + std::to_string(i), .fields = {}, .body = "b", .peer = {}};
    const auto response = client->exchange(request, problem);
    CAPTURE(problem);
    REQUIRE(response.has_value());
    CHECK(response->body == request.target + "\nb");
    CHECK(response->fields.text("x-method") == "POST");
  }
  const Request large{.method = "GET", .target = "/large", .fields = {}, .body = {}, .peer = {}};
  CHECK(client->exchange(large, problem)->body.size() == 5'000'000);
  const Request head{.method = "HEAD", .target = "/x", .fields = {}, .body = {}, .peer = {}};
  CHECK(client->exchange(head, problem)->body.empty());
  CHECK(client->exchange(head, problem)->status == 200);
}

TEST_CASE("the client connects again when the server has closed an idle connection") {
  Running running({.idle_wait_max = milliseconds(1)});
  const auto client = client_of(running.site.server->endpoint());
  std::string problem;
  const Request request{.method = "GET", .target = "/x", .fields = {}, .body = {}, .peer = {}};
  CHECK(client->exchange(request, problem).has_value());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(client->exchange(request, problem).has_value());
}

TEST_CASE("the client says what is wrong when nobody answers, or nobody is there") {
  net::Endpoint endpoint;
  {
    Running running;
    endpoint = running.site.server->endpoint();
    const auto client = client_of(endpoint, {.answer_wait_max = milliseconds(50)});
    std::string problem;
    const Request never{.method = "GET", .target = "/never", .fields = {}, .body = {}, .peer = {}};
    const auto response = client->exchange(never, problem);
    REQUIRE_FALSE(response.has_value());
    CHECK(response.error().code == ErrorCode::timed_out);
    CHECK_FALSE(problem.empty());
    // The next request does not get the answer of the one given up.
    const Request other{.method = "GET", .target = "/x", .fields = {}, .body = {}, .peer = {}};
    CHECK(client->exchange(other, problem)->body == "/x\n");
  }
  const auto client = client_of(endpoint);
  std::string problem;
  const Request request{.method = "GET", .target = "/x", .fields = {}, .body = {}, .peer = {}};
  CHECK_FALSE(client->exchange(request, problem).has_value());
  CHECK_FALSE(problem.empty());
}

TEST_CASE("the client refuses an answer above its limit, and a header that would be two") {
  Running running;
  const auto client = client_of(running.site.server->endpoint(), {.answer_octets_max = 1'000'000});
  std::string problem;
  Request request{.method = "GET", .target = "/large", .fields = {}, .body = {}, .peer = {}};
  CHECK(client->exchange(request, problem).error().code == ErrorCode::too_large);
  request.target = "/x";
  request.fields.add("X-A", "1\r\nX-B: 2");
  CHECK(client->exchange(request, problem).error().code == ErrorCode::bad_value);
}

}  // namespace
}  // namespace simurgh::http
