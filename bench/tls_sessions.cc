// Memory of an idle TLS session: 10,000 chips with a session each, in a process of their own, all
// open at the same time at one ChipServer, each after a request and its answer.
//
// The figure is what the server's resident memory grew by, for each session; beside it what the
// clients' process grew by, and the kernel's slabs for both ends. Goal: 20 kB in the server.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "io/process/process.h"
#include "io/tls/chip_client.h"
#include "io/tls/chip_server.h"

using namespace simurgh;

namespace {

constexpr size_t sessions = 10'000;
constexpr size_t connecting_max = 200;  // at a time: the listener's backlog is bounded
constexpr size_t request_octets = 300;
constexpr size_t answer_octets = 120;
constexpr double octets_wanted = 20'000;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench tls-sessions: %s\n", why.c_str());
  std::exit(1);
}

size_t resident_octets(pid_t pid) {
  std::FILE* const file = std::fopen(("/proc/" + std::to_string(pid) + "/statm").c_str(), "r");
  size_t total = 0, resident = 0;
  if (file == nullptr || std::fscanf(file, "%zu %zu", &total, &resident) != 2) {
    give_up("a process is gone");
  }
  std::fclose(file);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

size_t slab_octets() {
  std::FILE* const file = std::fopen("/proc/meminfo", "r");
  char line[256];
  size_t kb = 0;
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "Slab: %zu kB", &kb) == 1) break;
  }
  if (file != nullptr) std::fclose(file);
  return kb * 1'024;
}

void want_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < sessions + 100) {
    give_up("the limit of open files is " + std::to_string(limit.rlim_cur) +
            ": raise it (ulimit -n) above " + std::to_string(sessions + 100));
  }
}

std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  if (!loop) give_up(problem);
  return std::move(*loop);
}

// Every chip has a key of its own: the identity's digits in it.
tls::PskKey key_of(size_t chip) {
  char text[33];
  std::snprintf(text, sizeof text, "chip %027zu", chip);
  return tls::PskKey(bytes_of(std::string_view(text, 32)));
}
std::string identity_of(size_t chip) {
  char text[20];
  std::snprintf(text, sizeof text, "894917%013zu", chip);
  return text;
}

// --- the server ----------------------------------------------------------------------------------

struct Front final : private net::Listener::Handler {
  struct Chip final : net::StreamHandler {
    void on_bytes(ByteView bytes) override {
      received += bytes.size();
      if (received != request_octets) return;
      const std::string answer(answer_octets, 'a');
      if (!stream->send(bytes_of(answer)).has_value()) give_up("an answer has no room");
    }
    void on_closed(const net::Closed& closed) override { give_up("a chip left: " + closed.words); }
    std::unique_ptr<net::Stream> stream;
    size_t received = 0;
  };
  Front(loop::Loop& its_loop, net::Transport& its_transport)
      : loop(its_loop), transport(its_transport) {
    std::string problem;
    auto opened = net::Listener::open(loop, *net::parse_endpoint("127.0.0.1:0"), *this, problem);
    if (!opened) give_up(problem);
    listener = std::move(*opened);
  }
  void on_accepted(net::Socket socket, std::string peer) override {
    chips.push_back(std::make_unique<Chip>());
    Chip& chip = *chips.back();
    chip.stream = transport.accepted(loop, std::move(socket), std::move(peer), chip);
  }
  loop::Loop& loop;
  net::Transport& transport;
  std::vector<std::unique_ptr<Chip>> chips;
  std::unique_ptr<net::Listener> listener;
};

[[noreturn]] void run_server(int port_out) {
  want_descriptors();
  const auto loop = make_loop();
  tls::PskTable keys(tls::PskRole::server);
  for (size_t chip = 0; chip < sessions; ++chip) {
    if (!keys.add(identity_of(chip), {key_of(chip)})) give_up("a key is refused");
  }
  process::OsRandom random;
  std::string problem;
  tls::TlsPolicy policy = tls::chip_policy();
  policy.suites = {tls::Suite::psk_aes128_cbc_sha256};
  const auto server = tls::ChipServer::create(policy, keys, random, problem);
  if (!server) give_up(problem);
  Front front(*loop, **server);
  const uint16_t port = front.listener->endpoint().port;
  if (write(port_out, &port, sizeof port) != sizeof port) give_up("no parent");
  loop->run();
  std::exit(0);
}

// --- the chips -----------------------------------------------------------------------------------

class Chips {
 public:
  explicit Chips(uint16_t port) : endpoint_{net::Endpoint::Kind::tcp, "127.0.0.1", port} {
    std::string problem;
    auto made = tls::ChipClient::create(tls::chip_policy(), problem);
    if (!made) give_up(problem);
    client_ = std::move(*made);
    chips_.resize(sessions);
  }
  void open_all() {
    for (size_t i = 0; i < connecting_max; ++i) open_one();
    loop_->run();
  }
  const tls::Figures& figures() const { return client_->figures(); }

 private:
  struct Chip final : net::StreamHandler {
    void on_connected() override {
      const std::string request(request_octets, 'r');
      if (!stream->send(bytes_of(request)).has_value()) give_up("a request has no room");
    }
    void on_bytes(ByteView bytes) override {
      received += bytes.size();
      if (received == answer_octets) owner->answered();
    }
    void on_closed(const net::Closed& closed) override { give_up("refused: " + closed.words); }
    Chips* owner = nullptr;
    std::unique_ptr<net::Stream> stream;
    size_t received = 0;
  };

  void open_one() {
    if (begun_ == sessions) return;
    Chip& chip = chips_[begun_];
    chip.owner = this;
    tls::PskCredential credential;
    credential.identity = identity_of(begun_);
    credential.key = key_of(begun_);
    ++begun_;
    chip.stream = client_->connect(*loop_, endpoint_, chip, credential);
  }
  void answered() {
    if (++done_ == sessions) loop_->stop();
    open_one();
  }

  std::unique_ptr<loop::Loop> loop_ = make_loop();
  std::unique_ptr<tls::ChipClient> client_;
  net::Endpoint endpoint_;
  std::vector<Chip> chips_;
  size_t begun_ = 0, done_ = 0;
};

}  // namespace

int main() {
  int ends[2];
  if (pipe(ends) != 0) give_up("no pipe");
  const pid_t server = fork();
  if (server < 0) give_up("cannot fork");
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run_server(ends[1]);
  }
  close(ends[1]);
  uint16_t port = 0;
  if (read(ends[0], &port, sizeof port) != sizeof port) give_up("the server did not start");
  want_descriptors();
  Chips chips(port);
  const size_t server_before = resident_octets(server);
  const size_t chips_before = resident_octets(getpid());
  const size_t slab_before = slab_octets();
  timespec begin{}, end{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  chips.open_all();
  clock_gettime(CLOCK_MONOTONIC, &end);
  const auto each = [](size_t after, size_t before) {
    return static_cast<double>(after - std::min(after, before)) / sessions;
  };
  const double server_each = each(resident_octets(server), server_before);
  const double chips_each = each(resident_octets(getpid()), chips_before);
  const double slab_each = each(slab_octets(), slab_before);
  const bool all_open = chips.figures().sessions == sessions;
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  if (!all_open) give_up("not all sessions were open at the end");
  std::printf(
      "{\"sessions\": %zu, \"server_octets_per_session\": %.0f, "
      "\"client_octets_per_session\": %.0f, \"kernel_octets_per_session_both_ends\": %.0f, "
      "\"opened_in_s\": %.1f, \"octets_wanted\": %.0f}\n",
      sessions, server_each, chips_each, slab_each,
      static_cast<double>(end.tv_sec - begin.tv_sec) +
          static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e9,
      octets_wanted);
  return server_each <= octets_wanted ? 0 : 1;
}
