// Submitted messages per second of the client's CPU time: our SmppClient against libsmpp34 in a
// plain client, and against npm's smpp client, all on the same SMSC over loopback sockets.
//
// The SMSC (our SmppServer, accepting everything at once) is a process of its own and not counted.
// Each client submits messages of 140 octets with a header, keeping `window` of them unanswered.
// The clients run in turn, round after round; of each the best round counts (the box is shared).
// npm's CPU time is taken inside of the program, around the messages, so that its start does not
// count against it. Goal: ahead of both.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "io/process/process.h"
#include "io/smpp/client.h"
#include "io/smpp/server.h"

using namespace simurgh;
using smpp_session::SmscSession;
using smpp_session::SubmitDone;
using smpp_session::Token;

namespace {

constexpr uint32_t window = 100;
constexpr int rounds = 5;
constexpr Token messages_ours = 200'000;
constexpr Token messages_smpp34 = 100'000;
constexpr Token messages_npm = 30'000;
constexpr size_t message_octets = 140;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench smpp: %s\n", why.c_str());
  std::exit(1);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  if (!loop) give_up(problem);
  return std::move(*loop);
}

struct QuietLog final : log::Sink {
  void write(std::string_view) override {}
};

// --- the SMSC ------------------------------------------------------------------------------------

struct AcceptAll final : smpp_session::SmscHandler {
  smpp::Status on_bind(SmscSession&, smpp_session::BindKind, const smpp::Bind&) override {
    return smpp::Status::ok;
  }
  void on_unbound(SmscSession&) override {}
  void on_submit(SmscSession& session, uint32_t sequence, const smpp::ShortMessage&) override {
    session.answer_submit(sequence, smpp::Status::ok, "1a2b3c4d");
  }
  void on_deliver_done(SmscSession&, Token, const smpp_session::DeliverDone&) override {}
};

[[noreturn]] void run_smsc(int port_out) {
  const auto loop = make_loop();
  QuietLog quiet;
  const log::Log log(quiet, log::Level::error);
  net::PlainTransport transport;
  AcceptAll handler;
  std::string problem;
  const auto server = smpp::SmppServer::open(*loop, *net::parse_endpoint("127.0.0.1:0"), transport,
                                             {}, handler, log, problem);
  if (!server) give_up(problem);
  const uint16_t port = (*server)->endpoint().port;
  if (write(port_out, &port, sizeof port) != sizeof port) give_up("no parent");
  loop->run();
  std::exit(0);
}

// --- our client ----------------------------------------------------------------------------------

class Sender final : public smpp_session::EsmeHandler {
 public:
  Sender(loop::Loop& loop, Token total) : loop_(loop), total_(total) {
    std::memset(content_, 0xa5, sizeof content_);
    std::memcpy(content_, "\x02\x70\x00", 3);
  }
  void set_client(smpp::SmppClient& client) { client_ = &client; }

  void on_bound(std::string_view) override {
    begin_ = cpu_seconds();
    for (uint32_t i = 0; i < window; ++i) submit();
  }
  void on_unbound(smpp::Status) override { give_up("our client lost its link"); }
  void on_submit_done(Token, const SubmitDone& done) override {
    if (done.outcome != SubmitDone::Outcome::accepted) give_up("a message was not accepted");
    ++done_;
    if (done_ == total_) {
      cpu_s_ = cpu_seconds() - begin_;
      loop_.stop();
    } else if (sent_ < total_) {
      submit();
    }
  }
  void on_deliver(uint32_t, const smpp::ShortMessage&) override {}
  double cpu_s() const { return cpu_s_; }

 private:
  void submit() {
    char destination[16];
    std::snprintf(destination, sizeof destination, "49170%07u",
                  static_cast<unsigned>(sent_ % 10'000'000));
    smpp::ShortMessage message;
    message.source = {smpp::ton::international, smpp::npi::isdn, "12345"};
    message.destination = {smpp::ton::international, smpp::npi::isdn, destination};
    message.esm_class = smpp::esm_class::udhi;
    message.protocol_id = 0x7f;
    message.data_coding = 0xf6;
    message.short_message = content_;
    if (!client_->submit(message, ++sent_)) give_up("our client's queue is full");
  }

  loop::Loop& loop_;
  Token total_;
  smpp::SmppClient* client_ = nullptr;
  uint8_t content_[message_octets];
  Token sent_ = 0, done_ = 0;
  double begin_ = 0, cpu_s_ = 0;
};

double run_ours(uint16_t port) {
  const auto loop = make_loop();
  QuietLog quiet;
  const log::Log log(quiet, log::Level::error);
  net::PlainTransport transport;
  process::OsRandom random;
  smpp_session::EsmeOptions options;
  options.system_id = "u";
  options.password.assign(bytes_of("p"));
  options.window_max = window;
  Sender sender(*loop, messages_ours);
  smpp::SmppClient client(*loop, {net::Endpoint::Kind::tcp, "127.0.0.1", port}, transport, options,
                          sender, random, log);
  sender.set_client(client);
  client.start();
  loop->run();
  return static_cast<double>(messages_ours) / sender.cpu_s();
}

// --- the peers -----------------------------------------------------------------------------------

// Runs a peer's program, which prints messages per CPU second.
double run_peer(const std::string& command) {
  std::FILE* const output = popen(command.c_str(), "r");
  if (output == nullptr) give_up("cannot run " + command);
  double rate = 0;
  const bool read = std::fscanf(output, "%lf", &rate) == 1;
  if (pclose(output) != 0 || !read || rate <= 0) give_up("this failed: " + command);
  return rate;
}

std::string arguments(uint16_t port, Token messages) {
  return " " + std::to_string(port) + " " + std::to_string(messages) + " " + std::to_string(window);
}

}  // namespace

int main(int, char** argv) {
  const std::string here = argv[0];
  const std::string smpp34 = here.substr(0, here.rfind('/') + 1) + "peer_smpp34";
  const std::string npm = "node " SIMURGH_SOURCE_DIR "/bench/peers/smpp_npm.js";
  if (access(smpp34.c_str(), X_OK) != 0) {
    give_up(smpp34 + " is missing: install libsmpp34-dev (./dev setup peers) and build again");
  }
  int ends[2];
  if (pipe(ends) != 0) give_up("no pipe");
  const pid_t smsc = fork();
  if (smsc < 0) give_up("cannot fork");
  if (smsc == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run_smsc(ends[1]);
  }
  uint16_t port = 0;
  close(ends[1]);
  if (read(ends[0], &port, sizeof port) != sizeof port) give_up("the SMSC did not start");
  double best_ours = 0, best_smpp34 = 0, best_npm = 0;
  for (int round = 1; round <= rounds; ++round) {
    const double ours = run_ours(port);
    const double theirs_smpp34 = run_peer(smpp34 + arguments(port, messages_smpp34));
    const double theirs_npm = run_peer(npm + arguments(port, messages_npm));
    std::printf("round %d: simurgh %.0f, libsmpp34 %.0f, npm smpp %.0f messages a CPU second\n",
                round, ours, theirs_smpp34, theirs_npm);
    best_ours = std::max(best_ours, ours);
    best_smpp34 = std::max(best_smpp34, theirs_smpp34);
    best_npm = std::max(best_npm, theirs_npm);
  }
  kill(smsc, SIGKILL);
  waitpid(smsc, nullptr, 0);
  std::printf(
      "{\"simurgh_msg_per_cpu_s\": %.0f, \"libsmpp34_msg_per_cpu_s\": %.0f, "
      "\"npm_smpp_msg_per_cpu_s\": %.0f, \"ratio_libsmpp34\": %.2f, \"ratio_npm_smpp\": %.2f, "
      "\"ratio_wanted\": 1, \"window\": %u, \"octets\": %zu}\n",
      best_ours, best_smpp34, best_npm, best_ours / best_smpp34, best_ours / best_npm, window,
      message_octets);
  return 0;
}
