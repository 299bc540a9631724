// Full PSK handshakes per second of the server's CPU time, TLS 1.2 PSK-AES128-CBC-SHA256.
//
// In memory: our Session against OpenSSL alone (its own memory BIOs, nothing else): what our code
// adds to the library's limit. Over loopback sockets: ChipServer on its loop against the smallest
// epoll server that calls SSL_accept, and against `openssl s_server`; here the kernel's work for a
// connection counts for all. What the client costs is counted nowhere. In turn, round after round;
// of each the best round counts, as the box is shared. Goal: 0.85 of the library, ahead of
// s_server.
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "io/net/socket.h"
#include "io/process/process.h"
#include "io/tls/chip_client.h"
#include "io/tls/chip_server.h"
#include "io/tls/context.h"

using namespace simurgh;

namespace {

constexpr int rounds = 5;
constexpr int handshakes_memory = 4'000;
constexpr int handshakes_sockets = 4'000;
constexpr int handshakes_s_server = 1'500;
constexpr size_t at_once = 32;
constexpr const char* identity = "8949170000000000004";
constexpr const char* key_hex = "62656e636820746c73206b6579203031";
constexpr uint8_t key[16] = {'b', 'e', 'n', 'c', 'h', ' ', 't', 'l',
                             's', ' ', 'k', 'e', 'y', ' ', '0', '1'};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench tls: %s\n", why.c_str());
  std::exit(1);
}

double cpu_seconds(clockid_t clock) {
  timespec t{};
  if (clock_gettime(clock, &t) != 0) give_up("no CPU clock");
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}
double own_cpu() {
  return cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
}

std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  if (!loop) give_up(problem);
  return std::move(*loop);
}

tls::TlsPolicy policy_of(tls::Suite suite) {
  tls::TlsPolicy policy = tls::chip_policy(true);
  policy.suites = {suite};
  return policy;
}

// --- OpenSSL alone -------------------------------------------------------------------------------

unsigned give_key(SSL*, const char*, unsigned char* out, unsigned) {
  std::memcpy(out, key, sizeof key);
  return sizeof key;
}
unsigned present_key(SSL*, const char*, char* name, unsigned, unsigned char* out, unsigned) {
  std::strcpy(name, identity);
  return give_key(nullptr, nullptr, out, 0);
}

SSL_CTX* library_context(bool server, const tls::SuiteFacts& suite) {
  SSL_CTX* const context = SSL_CTX_new(TLS_method());
  SSL_CTX_set_min_proto_version(context, suite.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context, suite.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (suite.tls13 ? SSL_CTX_set_ciphersuites(context, suite.library) != 1
                  : SSL_CTX_set_cipher_list(context, suite.library) != 1) {
    give_up(std::string("no suite ") + suite.library);
  }
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set1_groups_list(context, "X25519:P-256");
  if (server) {
    SSL_CTX_set_psk_server_callback(context, give_key);
  } else {
    SSL_CTX_set_psk_client_callback(context, present_key);
  }
  return context;
}

// One end with memory BIOs.
struct LibraryEnd {
  LibraryEnd(SSL_CTX* context, bool server)
      : ssl(SSL_new(context)), in(BIO_new(BIO_s_mem())), out(BIO_new(BIO_s_mem())) {
    SSL_set_bio(ssl, in, out);
    server ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl);
  }
  ~LibraryEnd() { SSL_free(ssl); }
  std::string take() {
    char buffer[4'096];
    const int got = BIO_read(out, buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
  }
  void give(const std::string& bytes) {
    if (!bytes.empty()) BIO_write(in, bytes.data(), static_cast<int>(bytes.size()));
  }
  SSL* ssl;
  BIO* in;
  BIO* out;
};

double library_in_memory(const tls::SuiteFacts& suite) {
  SSL_CTX* const serving = library_context(true, suite);
  SSL_CTX* const asking = library_context(false, suite);
  double spent_s = 0;
  for (int i = 0; i < handshakes_memory; ++i) {
    LibraryEnd client(asking, false);
    double begin = own_cpu();
    auto server = std::make_unique<LibraryEnd>(serving, true);
    spent_s += own_cpu() - begin;
    bool done = false;
    for (int flight = 0; flight < 4 && !done; ++flight) {
      SSL_do_handshake(client.ssl);
      const std::string said = client.take();
      begin = own_cpu();
      server->give(said);
      done = SSL_do_handshake(server->ssl) == 1;
      const std::string answer = server->take();
      spent_s += own_cpu() - begin;
      client.give(answer);
    }
    if (!done) give_up("OpenSSL's handshake did not end");
    begin = own_cpu();
    server.reset();
    spent_s += own_cpu() - begin;
  }
  SSL_CTX_free(serving);
  SSL_CTX_free(asking);
  return handshakes_memory / spent_s;
}

// --- ours ----------------------------------------------------------------------------------------

struct Keys final : tls::PskSource {
  Keys() { table.emplace(identity, tls::Psk{tls::PskKey(key), tls::all_suites}); }
  std::optional<tls::Psk> find(std::string_view name) override {
    const auto found = table.find(name);
    if (found == table.end()) return std::nullopt;
    return found->second;
  }
  tls::PskRole role() const override { return tls::PskRole::server; }
  std::map<std::string, tls::Psk, std::less<>> table;
};

struct Collector final : tls::Session::Outlet {
  bool on_cipher(ByteView cipher) override {
    out.append(text_of(cipher));
    return true;
  }
  std::string out;
};

double ours_in_memory(tls::Suite suite) {
  Keys keys;
  process::OsRandom random;
  std::string problem;
  const auto context = tls::Context::make_psk(policy_of(suite), &keys, &random, problem);
  if (!context) give_up(problem);
  SSL_CTX* const asking = library_context(false, tls::facts_of(suite));
  double spent_s = 0;
  uint8_t plain[1'024];
  for (int i = 0; i < handshakes_memory; ++i) {
    LibraryEnd client(asking, false);
    double begin = own_cpu();
    Collector outlet;
    auto session = tls::Session::make(*context, outlet, nullptr, "");
    spent_s += own_cpu() - begin;
    bool done = false;
    for (int flight = 0; flight < 4 && !done; ++flight) {
      SSL_do_handshake(client.ssl);
      const std::string said = client.take();
      begin = own_cpu();
      ByteView in = bytes_of(said);
      done = session->step(in, plain).event == tls::Session::Event::established;
      const std::string answer = std::exchange(outlet.out, std::string());
      spent_s += own_cpu() - begin;
      client.give(answer);
    }
    if (!done) give_up("our handshake did not end: " + session->words());
    begin = own_cpu();
    session.reset();
    spent_s += own_cpu() - begin;
  }
  SSL_CTX_free(asking);
  return handshakes_memory / spent_s;
}

// --- servers on sockets, each a process of its own -----------------------------------------------

struct ChipFront final : private net::Listener::Handler {
  struct Visit final : net::StreamHandler {
    explicit Visit(ChipFront& its_front) : front(its_front) {}
    void on_bytes(ByteView) override {}
    void on_closed(const net::Closed&) override {
      front.loop.after_flushes([this] { front.visits.erase(this); });
    }
    ChipFront& front;
    std::unique_ptr<net::Stream> stream;
  };
  ChipFront(loop::Loop& its_loop, net::Transport& its_transport)
      : loop(its_loop), transport(its_transport) {
    std::string problem;
    auto opened = net::Listener::open(loop, *net::parse_endpoint("127.0.0.1:0"), *this, problem);
    if (!opened) give_up(problem);
    listener = std::move(*opened);
  }
  void on_accepted(net::Socket socket, std::string peer) override {
    auto visit = std::make_unique<Visit>(*this);
    visit->stream = transport.accepted(loop, std::move(socket), std::move(peer), *visit);
    visits[visit.get()] = std::move(visit);
  }
  loop::Loop& loop;
  net::Transport& transport;
  std::map<Visit*, std::unique_ptr<Visit>> visits;
  std::unique_ptr<net::Listener> listener;
};

[[noreturn]] void run_ours(int port_out) {
  const auto loop = make_loop();
  Keys keys;
  process::OsRandom random;
  std::string problem;
  const auto chips =
      tls::ChipServer::create(policy_of(tls::Suite::psk_aes128_cbc_sha256), keys, random, problem);
  if (!chips) give_up(problem);
  ChipFront front(*loop, **chips);
  const uint16_t port = front.listener->endpoint().port;
  if (write(port_out, &port, sizeof port) != sizeof port) give_up("no parent");
  loop->run();
  std::exit(0);
}

// As little as a server can do: SSL_accept until it is done, read until the end, close.
[[noreturn]] void run_library(int port_out) {
  SSL_CTX* const context = library_context(true, tls::facts_of(tls::Suite::psk_aes128_cbc_sha256));
  const net::Socket listener = net::open_socket(AF_INET);
  net::SocketAddress address = net::numeric_addresses(*net::parse_endpoint("127.0.0.1:0"))[0];
  if (bind(listener.fd(), address.get(), address.size) != 0 || listen(listener.fd(), 1024) != 0) {
    give_up("cannot listen");
  }
  getsockname(listener.fd(), address.get(), &address.size);
  const std::string text = net::text_of_address(address);
  const auto port = static_cast<uint16_t>(std::atoi(text.substr(text.rfind(':') + 1).c_str()));
  if (write(port_out, &port, sizeof port) != sizeof port) give_up("no parent");
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener.fd(), &event);
  std::signal(SIGPIPE, SIG_IGN);
  epoll_event events[256];
  while (true) {
    const int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      auto* ssl = static_cast<SSL*>(events[i].data.ptr);
      if (ssl == nullptr) {
        const int fd = accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        net::set_no_delay(fd);
        ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        SSL_set_accept_state(ssl);
        event.data.ptr = ssl;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        continue;
      }
      char buffer[4'096];
      const int got = SSL_read(ssl, buffer, sizeof buffer);
      if (got > 0 || SSL_get_error(ssl, got) == SSL_ERROR_WANT_READ) continue;
      const int fd = SSL_get_fd(ssl);
      SSL_shutdown(ssl);
      SSL_free(ssl);
      close(fd);
    }
  }
}

struct Server {
  pid_t pid = -1;
  uint16_t port = 0;
  clockid_t clock{};
};

template <typename Run>
Server start(Run run) {
  int ends[2];
  if (pipe(ends) != 0) give_up("no pipe");
  Server server;
  server.pid = fork();
  if (server.pid < 0) give_up("cannot fork");
  if (server.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(ends[1]);
  }
  close(ends[1]);
  if (read(ends[0], &server.port, sizeof server.port) != sizeof server.port) {
    give_up("a server did not start");
  }
  close(ends[0]);
  if (clock_getcpuclockid(server.pid, &server.clock) != 0) give_up("no CPU clock of a server");
  return server;
}

// It says its port on its standard output: "ACCEPT 127.0.0.1:41234".
[[noreturn]] void run_s_server(int port_out) {
  int out[2];
  if (pipe(out) != 0) give_up("no pipe");
  const pid_t relay = fork();
  if (relay == 0) {
    close(out[1]);
    std::FILE* const lines = fdopen(out[0], "r");
    char line[4'096];
    while (std::fgets(line, sizeof line, lines) != nullptr) {
      if (std::strncmp(line, "ACCEPT ", 7) != 0 || std::strchr(line, ':') == nullptr) continue;
      const auto port = static_cast<uint16_t>(std::atoi(std::strrchr(line, ':') + 1));
      if (write(port_out, &port, sizeof port) != sizeof port) break;
    }
    _exit(0);
  }
  close(port_out);
  close(out[0]);
  dup2(out[1], STDOUT_FILENO);
  dup2(out[1], STDERR_FILENO);
  // Its standard input has to stay open and silent.
  int in[2];
  if (pipe(in) == 0) dup2(in[0], STDIN_FILENO);
  execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-nocert", "-psk", key_hex,
         "-psk_identity", identity, "-tls1_2", "-cipher", "PSK-AES128-CBC-SHA256", "-no_ticket",
         "-no_cache", nullptr);
  give_up("openssl is missing: install it (./dev setup peers)");
}

// --- the client ----------------------------------------------------------------------------------

// Shakes hands with a server again and again, some at a time. Server's CPU rate.
class Visitors {
 public:
  Visitors(uint16_t port, int total, size_t some)
      : endpoint_{net::Endpoint::Kind::tcp, "127.0.0.1", port}, total_(total), some_(some) {
    std::string problem;
    auto made = tls::ChipClient::create(policy_of(tls::Suite::psk_aes128_cbc_sha256), problem);
    if (!made) give_up(problem);
    chips_ = std::move(*made);
    credential_.identity = identity;
    credential_.key.assign(key);
  }

  double run(const Server& server) {
    const double begin = cpu_seconds(server.clock);
    for (size_t i = 0; i < some_; ++i) visit();
    loop_->run();
    return total_ / (cpu_seconds(server.clock) - begin);
  }

 private:
  struct Visitor final : net::StreamHandler {
    explicit Visitor(Visitors& its_owner) : owner(its_owner) {}
    void on_connected() override { owner.done(*this); }
    void on_bytes(ByteView) override {}
    void on_closed(const net::Closed& closed) override { give_up("refused: " + closed.words); }
    Visitors& owner;
    std::unique_ptr<net::Stream> stream;
  };

  void visit() {
    if (begun_ == total_) return;
    ++begun_;
    auto visitor = std::make_unique<Visitor>(*this);
    visitor->stream = chips_->connect(*loop_, endpoint_, *visitor, credential_);
    visitors_[visitor.get()] = std::move(visitor);
  }
  void done(Visitor& visitor) {
    visitor.stream->close();
    loop_->after_flushes([this, gone = &visitor] {
      visitors_.erase(gone);
      if (++done_ == total_) loop_->stop();
      visit();
    });
  }

  std::unique_ptr<loop::Loop> loop_ = make_loop();
  std::unique_ptr<tls::ChipClient> chips_;
  net::Endpoint endpoint_;
  tls::PskCredential credential_;
  std::map<Visitor*, std::unique_ptr<Visitor>> visitors_;
  int total_, begun_ = 0, done_ = 0;
  size_t some_;
};

}  // namespace

int main() {
  const Server ours = start(run_ours);
  const Server library = start(run_library);
  const Server s_server = start(run_s_server);
  const tls::Suite card = tls::Suite::psk_aes128_cbc_sha256;
  double memory[2] = {}, fresh[2] = {}, sockets[3] = {};
  const auto best = [](double& value, double now) { value = std::max(value, now); };
  for (int round = 1; round <= rounds; ++round) {
    best(memory[0], ours_in_memory(card));
    best(memory[1], library_in_memory(tls::facts_of(card)));
    best(fresh[0], ours_in_memory(tls::Suite::tls13_aes128_gcm_sha256));
    best(fresh[1], library_in_memory(tls::facts_of(tls::Suite::tls13_aes128_gcm_sha256)));
    best(sockets[0], Visitors(ours.port, handshakes_sockets, at_once).run(ours));
    best(sockets[1], Visitors(library.port, handshakes_sockets, at_once).run(library));
    // It serves one at a time.
    best(sockets[2], Visitors(s_server.port, handshakes_s_server, 1).run(s_server));
    std::printf(
        "round %d: memory %.0f of %.0f, TLS 1.3 %.0f of %.0f, sockets %.0f of %.0f, "
        "s_server %.0f handshakes a CPU second\n",
        round, memory[0], memory[1], fresh[0], fresh[1], sockets[0], sockets[1], sockets[2]);
  }
  for (const Server& server : {ours, library, s_server}) {
    kill(server.pid, SIGKILL);
    waitpid(server.pid, nullptr, 0);
  }
  std::printf(
      "{\"memory_hs_per_cpu_s\": %.0f, \"library_memory_hs_per_cpu_s\": %.0f, "
      "\"tls13_memory_hs_per_cpu_s\": %.0f, \"tls13_library_memory_hs_per_cpu_s\": %.0f, "
      "\"server_hs_per_cpu_s\": %.0f, \"library_server_hs_per_cpu_s\": %.0f, "
      "\"s_server_hs_per_cpu_s\": %.0f, \"ratio_library_memory\": %.2f, "
      "\"ratio_library_memory_tls13\": %.2f, \"ratio_library_server\": %.2f, "
      "\"ratio_s_server\": %.2f, \"ratio_server_to_library_memory\": %.2f, "
      "\"ratio_wanted\": 0.85}\n",
      memory[0], memory[1], fresh[0], fresh[1], sockets[0], sockets[1], sockets[2],
      memory[0] / memory[1], fresh[0] / fresh[1], sockets[0] / sockets[1], sockets[0] / sockets[2],
      sockets[0] / memory[1]);
  return 0;
}
