// HTTP over the chips' TLS, as the front end has it: server and client of io/http, unchanged.
#include <unistd.h>

#include <atomic>
#include <thread>

#include "io/http/client.h"
#include "io/http/server.h"
#include "rig.h"

namespace simurgh::tls::test {
namespace {

struct QuietLog final : log::Sink {
  void write(std::string_view) override {}
};

// Answers with the body that came, in capitals, or with as many octets as the target says.
struct Shouter final : http::Handler {
  void on_request(http::Exchange exchange, http::Request& request) override {
    http::Response response;
    if (request.target.starts_with("/octets/")) {
      response.body.assign(std::stoul(request.target.substr(8)), 'o');
    }
    for (const char c : request.body) {
      response.body.push_back(static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
    }
    exchange.answer(std::move(response));
  }
};

struct Front {
  explicit Front(const http::Options& options = {}) {
    std::string problem;
    auto opened = http::Server::open(*rig.loop, *net::parse_endpoint("127.0.0.1:0"), *rig.chips,
                                     options, shouter, log, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    server = std::move(*opened);
  }
  // Serves while `client` runs on a thread of its own.
  template <typename Client>
  void during(Client client) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      client();
      done = true;
    });
    while (!done) rig.loop->run_once(milliseconds(5));
    thread.join();
  }
  Rig rig;
  QuietLog quiet;
  log::Log log{quiet, log::Level::error};
  Shouter shouter;
  std::unique_ptr<http::Server> server;
};

http::Response exchange(http::Client& client, const std::string& target, const std::string& body) {
  http::Request request;
  request.method = "POST";
  request.target = target;
  request.body = body;
  std::string problem;
  auto response = client.exchange(request, problem);
  if (!response.has_value()) return {.status = 0, .fields = {}, .body = problem};
  return std::move(*response);
}

TEST_CASE("G2: HTTP requests and answers of any size over PSK-TLS, on one session") {
  for (const Suite suite : {Suite::psk_aes128_cbc_sha256, Suite::tls13_aes128_gcm_sha256}) {
    Front front;
    front.during([&] {
      const auto chips = make_client(only(suite));
      ChipTransport transport(*chips, credential());
      std::string problem;
      const auto client = http::Client::create(front.server->endpoint(), transport, {}, problem);
      const auto small = exchange(**client, "/", "script, please");
      CHECK(small.status == 200);
      CHECK(small.body == "SCRIPT, PLEASE");
      // More than the stream's buffer has room for.
      const auto large = exchange(**client, "/octets/900000", "");
      CHECK(large.body == std::string(900'000, 'o'));
      const std::string upload(200'000, 'u');
      CHECK(exchange(**client, "/", upload).body == std::string(200'000, 'U'));
    });
    CHECK(front.server->figures().requests == 3);
    CHECK(front.rig.chips->figures().handshakes_done == 1);
    front.rig.run_until([&] { return front.rig.chips->figures().sessions == 0; });
    CHECK(front.rig.chips->figures().truncated == 0);
  }
}

TEST_CASE("a connection too many is told to come back, inside of TLS") {
  http::Options options;
  options.connections_max = 1;
  Front front(options);
  front.during([&] {
    const auto chips = make_client();
    ChipTransport transport(*chips, credential());
    std::string problem;
    const auto first = http::Client::create(front.server->endpoint(), transport, {}, problem);
    CHECK(exchange(**first, "/", "a").status == 200);
    const auto second = http::Client::create(front.server->endpoint(), transport, {}, problem);
    const auto refused = exchange(**second, "/", "b");
    CHECK(refused.status == 503);
    CHECK(refused.fields.text("retry-after") == "2");
  });
}

TEST_CASE("an answer that goes on until the end is not believed when the connection is cut") {
  // A server that begins an answer without a length and then drops the line.
  struct Cutter final : net::Listener::Handler {
    explicit Cutter(Rig& its_rig) : rig(its_rig) {}
    void on_accepted(net::Socket socket, std::string peer) override {
      const int fd = dup(socket.fd());
      end.on_data = [this, fd] {
        const std::string_view answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf";
        CHECK(end.stream->send(bytes_of(answer)).has_value());
        if (in_order) {
          end.stream->close();
          ::close(fd);
          return;
        }
        rig.loop->after_flushes([fd] {
          shutdown(fd, SHUT_RDWR);
          ::close(fd);
        });
      };
      end.stream = rig.chips->accepted(*rig.loop, std::move(socket), std::move(peer), end);
    }
    Rig& rig;
    bool in_order = true;
    End end;
  };
  for (const bool in_order : {true, false}) {
    Front front;
    Cutter cutter(front.rig);
    cutter.in_order = in_order;
    std::string problem;
    const auto listener =
        net::Listener::open(*front.rig.loop, *net::parse_endpoint("127.0.0.1:0"), cutter, problem);
    REQUIRE(listener.has_value());
    front.during([&] {
      const auto chips = make_client();
      ChipTransport transport(*chips, credential());
      const auto client = http::Client::create((*listener)->endpoint(), transport, {}, problem);
      const auto response = exchange(**client, "/", "");
      CHECK(response.status == (in_order ? 200 : 0));
      if (in_order) CHECK(response.body == "half");
    });
  }
}

}  // namespace
}  // namespace simurgh::tls::test
