// Triggers of a campaign, sent to an SMSC: per second, and per second of the sender's CPU time;
// against Kannel sending as many messages to the same SMSC.
//
// Ours is all that simurghd does for a trigger, with its own code: the next element of the campaign
// is picked, its row read, its keys opened, its counter raised, the secured packet made, all of it
// committed to SQLite (synced), and then the message leaves, with at most `window` unanswered. Only
// the flow controller's pace is left out. Kannel takes finished messages over HTTP (smsbox), and
// sends them (bearerbox) with the same window, from the first request to the last message at the
// SMSC; it keeps them in memory only. How fast it sends what it has already taken is measured as
// well: then the SMSC is away until all have been taken. Its CPU time is that of both its
// processes. In turn, round after round; of each the best round counts. Goal: 5 times Kannel.
//
// Long: three parties in one run.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "audit/log.h"
#include "campaign/campaigns.h"
#include "element_update/messages.h"
#include "element_update/payload.h"
#include "fleet/elements.h"
#include "formats/sms/tpdu.h"
#include "io/keystore/file_key_store.h"
#include "io/net/socket.h"
#include "io/process/process.h"
#include "io/smpp/client.h"
#include "io/smpp/server.h"
#include "io/store_sqlite/sqlite_storage.h"

using namespace simurgh;
using Clock = std::chrono::steady_clock;
using smpp_session::SmscSession;
using smpp_session::SubmitDone;
using smpp_session::Token;

namespace {

constexpr uint32_t window = 100;
constexpr int rounds = 3;
constexpr uint32_t messages = 20'000;  // of a round
constexpr size_t http_at_once = 64;
constexpr const char* kannel_folder = "/usr/sbin/";

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench triggers: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T need(Result<T> result, const char* what) {
  if (!result) give_up(std::string(what) + ": " + name_of(result.error().code));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double cpu_seconds(clockid_t clock) {
  timespec t{};
  if (clock_gettime(clock, &t) != 0) give_up("no CPU clock");
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double cpu_seconds_of(pid_t pid) {
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0) give_up("a process of Kannel's is gone");
  return cpu_seconds(clock);
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

struct Rates {
  double per_s = 0, per_cpu_s = 0;
  void take_best(const Rates& other) {
    per_s = std::max(per_s, other.per_s);
    per_cpu_s = std::max(per_cpu_s, other.per_cpu_s);
  }
};

// --- the SMSC ------------------------------------------------------------------------------------

// Takes everything at once; when all messages are here says how long they took, first to last.
struct Smsc {
  struct Counter final : smpp_session::SmscHandler {
    smpp::Status on_bind(SmscSession&, smpp_session::BindKind, const smpp::Bind&) override {
      if (write(out, "b", 1) != 1) give_up("no parent");
      return smpp::Status::ok;
    }
    void on_unbound(SmscSession&) override {}
    void on_submit(SmscSession& session, uint32_t sequence, const smpp::ShortMessage&) override {
      if (count++ == 0) begin = Clock::now();
      session.answer_submit(sequence, smpp::Status::ok, "1a2b3c4d");
      if (count != messages) return;
      const double spent_s = std::chrono::duration<double>(Clock::now() - begin).count();
      if (write(out, &spent_s, sizeof spent_s) != sizeof spent_s) give_up("no parent");
    }
    void on_deliver_done(SmscSession&, Token, const smpp_session::DeliverDone&) override {}
    int out = -1;
    uint32_t count = 0;
    Clock::time_point begin;
  };

  explicit Smsc(uint16_t port) {
    int ends[2];
    if (pipe(ends) != 0) give_up("no pipe");
    pid = fork();
    if (pid < 0) give_up("cannot fork");
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(port, ends[1]);
    }
    close(ends[1]);
    in = ends[0];
    wait();
  }
  ~Smsc() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    close(in);
  }
  // Until it listens; then until somebody has bound.
  void wait() const {
    char what = 0;
    if (read(in, &what, 1) != 1) give_up("the SMSC did not start");
  }
  // Waits for all messages.
  double seconds() const {
    double spent_s = 0;
    if (read(in, &spent_s, sizeof spent_s) != sizeof spent_s) give_up("messages did not arrive");
    return spent_s;
  }
  [[noreturn]] static void serve(uint16_t port, int out) {
    const auto loop = make_loop();
    QuietLog quiet;
    const log::Log log(quiet, log::Level::error);
    net::PlainTransport transport;
    Counter counter;
    counter.out = out;
    std::string problem;
    const auto server = smpp::SmppServer::open(*loop, {net::Endpoint::Kind::tcp, "127.0.0.1", port},
                                               transport, {}, counter, log, problem);
    if (!server) give_up(problem);
    if (write(out, "!", 1) != 1) give_up("no parent");
    loop->run();
    std::exit(0);
  }
  pid_t pid = -1;
  int in = -1;
};

// A port that nobody has; taken by its user soon.
uint16_t free_port() {
  const net::Socket socket = net::open_socket(AF_INET);
  net::SocketAddress address = net::numeric_addresses(*net::parse_endpoint("127.0.0.1:0"))[0];
  if (bind(socket.fd(), address.get(), address.size) != 0) give_up("no free port");
  getsockname(socket.fd(), address.get(), &address.size);
  const std::string text = net::text_of_address(address);
  return static_cast<uint16_t>(std::atoi(text.substr(text.rfind(':') + 1).c_str()));
}

// --- ours ----------------------------------------------------------------------------------------

// No chips of our own here.
struct NoKeys final : element_update::OwnKeys {
  Result<Psk> psk_of(std::string_view) override { return ErrorCode::not_found; }
  Result<void> on_epoch_proved(const Iccid&, uint32_t) override { return {}; }
  Result<void> rekey(const Iccid&, Instant) override { return ErrorCode::bad_state; }
  Result<Packet> make_packet(const Iccid&, const remote_management::Tar&, ByteView) override {
    return ErrorCode::not_found;
  }
};

// A server's part that wakes elements.
class Sender final : public smpp_session::EsmeHandler, public element_update::MessageOutlet {
 public:
  explicit Sender(const std::string& folder) {
    std::string problem;
    need(keystore::FileKeyStore::create(folder + "/keys", problem), problem.c_str());
    keys_ = need(keystore::FileKeyStore::open(folder + "/keys", true, problem), problem.c_str());
    storage_ = need(store_sqlite::SqliteStorage::open(folder + "/simurgh.db", random_, problem),
                    problem.c_str());
    audit_ = std::make_unique<audit::Log>(storage_->audit());
    elements_ = std::make_unique<fleet::Elements>(
        fleet::ElementSettings{}, fleet::Elements::Parts{storage_->elements(), *audit_, *keys_});
    make_fleet();
    population_ = std::make_unique<campaign::Population>(loop_->now());
    campaigns_ = std::make_unique<campaign::Campaigns>(storage_->campaigns(), *audit_, *population_,
                                                       days(7));
    need(campaigns_->load(loop_->now()), "campaigns");
    const element_update::Messages::Settings settings{
        .session = {
            .host = "ota.example", .uri = "/admin", .address = {192, 0, 2, 1}, .port = 8443}};
    messages_ = std::make_unique<element_update::Messages>(
        settings, element_update::Messages::Parts{storage_->element_update(), *campaigns_,
                                                  *elements_, *keys_, own_keys_, *this});
    need(messages_->on_time(loop_->now()), "messages");
    loop_->set_end_of_batch([this] { commit(); });
  }
  ~Sender() { loop_->set_end_of_batch(nullptr); }

  Rates run(uint16_t port) {
    begin_campaign();
    smpp_session::EsmeOptions options;
    options.system_id = "u";
    options.password.assign(bytes_of("p"));
    options.window_max = window;
    QuietLog quiet;
    const log::Log log(quiet, log::Level::error);
    net::PlainTransport transport;
    const Smsc smsc(port);
    smpp::SmppClient client(*loop_, {net::Endpoint::Kind::tcp, "127.0.0.1", port}, transport,
                            options, *this, random_, log);
    client_ = &client;
    sent_ = done_ = 0;
    const double begin = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    client.start();
    loop_->run();
    smsc.wait();
    const double spent_s = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
    client_ = nullptr;
    return {messages / smsc.seconds(), messages / spent_s};
  }

 private:
  void make_fleet() {
    const audit::By by{"bench", loop_->now()};
    need(elements_->save_batch("bench", "{}", by), "batch");
    for (uint32_t first = 0; first < messages; first += 2'000) {
      std::vector<fleet::NewElement> rows(2'000);
      std::vector<campaign::ElementRow> states;
      for (uint32_t i = 0; i < rows.size(); ++i) {
        const std::string number = std::to_string(100'000 + first + i);
        rows[i].iccid = *Iccid::parse("8949990000000" + number);
        rows[i].msisdn = *Msisdn::parse("49170" + number);
        random_.fill(rows[i].keys.kic.fill(16));
        random_.fill(rows[i].keys.kid.fill(16));
        random_.fill(rows[i].keys.psk.fill(16));
        rows[i].keys.key_version = 1;
        rows[i].keys.psk_identity = number;
        states.push_back({.element = {first + i},
                          .last_contact_s = campaign::whole_seconds(by.at) - first - i,
                          .batch = 1});
      }
      need(elements_->import("bench", rows, by), "import");
      need(storage_->campaigns().apply(states), "import");
      need(storage_->commit(0), "commit");
    }
  }
  void begin_campaign() {
    const audit::By by{"bench", loop_->now()};
    if (campaign_.value != 0) need(campaigns_->cancel(campaign_, by), "cancel");
    campaign::NewCampaign order{.name = "bench"};
    order.terms.policy.needs_approval = false;
    element_update::CommandsPayload payload;
    payload.commands = {{0x00, 0xd6, 0x00, 0x00, 0x01, 0x55}};
    order.terms.payload =
        need(element_update::write_payload(campaign::PayloadKind::script, payload), "payload");
    campaign_ = need(campaigns_->create(order, by), "campaign");
    need(campaigns_->submit(campaign_, by), "submit");
    need(campaigns_->advance(loop_->now()), "advance");
  }

  // Half a window at a time, so that a commit is for many.
  void send_more() {
    if (sent_ == messages || room() < window / 2) return;
    campaign::Budget budget;
    budget.messages = std::min(room(), messages - sent_);
    budget.arrivals = budget.messages;
    budget.yield.fill(1);
    std::vector<campaign::Trigger> triggers;
    campaigns_->pick(loop_->now(), budget, triggers);
    if (triggers.empty()) give_up("the campaign has nothing left to send");
    for (const campaign::Trigger& trigger : triggers) {
      if (!need(messages_->send(trigger, loop_->now()), "a trigger")) give_up("no room");
    }
    changed_ = true;
  }
  void commit() {
    if (!std::exchange(changed_, false)) return;
    need(campaigns_->flush(), "flush");
    need(storage_->commit(0), "commit");
  }

  // --- the SMSC's side
  Result<void> submit(const element_update::MessagePart& part) override {
    smpp::ShortMessage message;
    message.source = {smpp::ton::international, smpp::npi::isdn, "4915550000"};
    message.destination = {smpp::ton::international, smpp::npi::isdn, part.to.text()};
    message.esm_class = smpp::esm_class::udhi;
    message.protocol_id = sms::pid_sim_data_download;
    message.data_coding = sms::dcs_octets_class_2;
    message.short_message = part.user_data;
    TRY(client_->submit(message, part.token));
    ++sent_;
    return {};
  }
  uint32_t room() const override { return window - (sent_ - done_); }
  uint64_t throttled() const override { return 0; }
  void on_bound(std::string_view) override { send_more(); }
  void on_unbound(smpp::Status) override { give_up("our link was lost"); }
  void on_submit_done(Token token, const SubmitDone& done) override {
    if (done.outcome != SubmitDone::Outcome::accepted) give_up("a trigger was not accepted");
    messages_->on_submitted(token, true, loop_->now());
    if (++done_ == messages) return loop_->stop();
    send_more();
  }
  void on_deliver(uint32_t, const smpp::ShortMessage&) override {}

  std::unique_ptr<loop::Loop> loop_ = make_loop();
  process::OsRandom random_;
  NoKeys own_keys_;
  std::unique_ptr<keystore::FileKeyStore> keys_;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<audit::Log> audit_;
  std::unique_ptr<fleet::Elements> elements_;
  std::unique_ptr<campaign::Population> population_;
  std::unique_ptr<campaign::Campaigns> campaigns_;
  std::unique_ptr<element_update::Messages> messages_;
  smpp::SmppClient* client_ = nullptr;
  campaign::CampaignId campaign_;
  uint32_t sent_ = 0, done_ = 0;
  bool changed_ = false;
};

// --- Kannel --------------------------------------------------------------------------------------

struct Program {
  Program(const std::string& path, const std::string& config) {
    pid = fork();
    if (pid < 0) give_up("cannot fork");
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
      execl(path.c_str(), path.c_str(), config.c_str(), nullptr);
      _exit(127);
    }
  }
  ~Program() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  pid_t pid = -1;
};

net::Socket connect_to(uint16_t port) {
  net::SocketAddress address =
      net::numeric_addresses({net::Endpoint::Kind::tcp, "127.0.0.1", port})[0];
  for (int tries = 0; tries < 200; ++tries) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    net::Socket socket(fd);
    if (::connect(fd, address.get(), address.size) == 0) return socket;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  give_up("Kannel does not start: install kannel (./dev setup peers)");
}

struct Kannel {
  Kannel(const std::string& folder, uint16_t smsc_port) : http_port(free_port()) {
    const std::string path = folder + "/kannel.conf";
    std::ofstream out(path);
    const uint16_t box_port = free_port();
    out << "group = core\nadmin-port = " << free_port()
        << "\nadmin-password = a\nadmin-interface = 127.0.0.1\nsmsbox-port = " << box_port
        << "\nsmsbox-interface = 127.0.0.1\nlog-file = " << folder
        << "/bearerbox.log\nlog-level = 4\nbox-allow-ip = \"127.0.0.1\"\n"
           "sms-outgoing-queue-limit = 1000000\ndlr-storage = internal\n\n"
           "group = smsc\nsmsc = smpp\nsmsc-id = bench\nhost = 127.0.0.1\nport = "
        << smsc_port << "\ntransceiver-mode = true\nsmsc-username = u\nsmsc-password = p\n"
        << "system-type = \"VMA\"\nmax-pending-submits = " << window
        << "\nreconnect-delay = 1\n\ngroup = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = "
        << http_port << "\nsendsms-interface = 127.0.0.1\nlog-file = " << folder
        << "/smsbox.log\nlog-level = 4\nmax-pending-requests = 512\n\n"
           "group = sendsms-user\nusername = u\npassword = p\nmax-messages = 1\n"
           "default-sender = 12345\n";
    out.close();
    bearerbox = std::make_unique<Program>(std::string(kannel_folder) + "bearerbox", path);
    connect_to(box_port);
    smsbox = std::make_unique<Program>(std::string(kannel_folder) + "smsbox", path);
    connect_to(http_port);
  }

  double cpu_s() const { return cpu_seconds_of(bearerbox->pid) + cpu_seconds_of(smsbox->pid); }

  // All messages into its queue.
  void fill() const {
    std::vector<net::Socket> sockets;
    for (size_t i = 0; i < http_at_once; ++i) {
      sockets.push_back(connect_to(http_port));
      net::set_no_delay(sockets.back().fd());
    }
    std::string text;  // as long as a trigger
    for (int i = 0; i < 80; ++i) text += "%a5";
    for (uint32_t first = 0; first < messages; first += http_at_once) {
      const size_t some = std::min<size_t>(http_at_once, messages - first);
      for (size_t i = 0; i < some; ++i) {
        const std::string request = "GET /cgi-bin/sendsms?username=u&password=p&to=49170" +
                                    std::to_string(100'000 + first + i) +
                                    "&udh=%02%70%00&coding=1&mclass=2&pid=127&text=" + text +
                                    " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        if (::send(sockets[i].fd(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
          give_up("Kannel closes");
        }
      }
      for (size_t i = 0; i < some; ++i) read_answer(sockets[i]);
    }
  }
  static void read_answer(const net::Socket& socket) {
    std::string got;
    char buffer[4'096];
    while (true) {
      // Its answers come in pieces, and it waits for our acknowledgement of the first one.
      const int on = 1;
      setsockopt(socket.fd(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
      const ssize_t some = ::recv(socket.fd(), buffer, sizeof buffer, 0);
      if (some <= 0) give_up("Kannel closes");
      got.append(buffer, static_cast<size_t>(some));
      const size_t head = got.find("\r\n\r\n");
      const size_t length = got.find("Content-Length: ");
      if (head == std::string::npos || length == std::string::npos) continue;
      if (got.size() < head + 4 + static_cast<size_t>(std::atoi(&got[length + 16]))) continue;
      if (!got.starts_with("HTTP/1.1 202")) give_up("Kannel refuses: " + got);
      return;
    }
  }

  uint16_t http_port;
  std::unique_ptr<Program> bearerbox, smsbox;
};

Rates run_kannel(const std::string& folder) {
  const uint16_t port = free_port();
  const Smsc smsc(port);
  const Kannel kannel(folder, port);
  smsc.wait();
  const double cpu_begin = kannel.cpu_s();
  const auto begin = Clock::now();
  kannel.fill();
  static_cast<void>(smsc.seconds());
  const double spent_s = std::chrono::duration<double>(Clock::now() - begin).count();
  return {messages / spent_s, messages / (kannel.cpu_s() - cpu_begin)};
}

// Sending alone, of what it has taken before.
double run_kannel_full(const std::string& folder) {
  const uint16_t port = free_port();
  const Kannel kannel(folder, port);
  kannel.fill();
  const Smsc smsc(port);
  smsc.wait();
  return messages / smsc.seconds();
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  std::string folder = (std::filesystem::temp_directory_path() / "simurgh-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) give_up("no temporary folder");
  Rates ours, kannel;
  double full = 0;
  {
    Sender sender(folder);
    for (int round = 1; round <= rounds; ++round) {
      const Rates our_round = sender.run(free_port());
      const Rates their_round = run_kannel(folder);
      const double full_round = run_kannel_full(folder);
      std::printf(
          "round %d: simurgh %.0f triggers/s, %.0f a CPU second; Kannel %.0f messages/s (%.0f of "
          "those "
          "it has), %.0f a CPU second\n",
          round, our_round.per_s, our_round.per_cpu_s, their_round.per_s, full_round,
          their_round.per_cpu_s);
      ours.take_best(our_round);
      kannel.take_best(their_round);
      full = std::max(full, full_round);
    }
  }
  std::filesystem::remove_all(folder);
  std::printf(
      "{\"triggers_per_s\": %.0f, \"triggers_per_cpu_s\": %.0f, \"kannel_per_s\": %.0f, "
      "\"kannel_per_cpu_s\": %.0f, \"kannel_sending_alone_per_s\": %.0f, \"ratio\": %.2f, "
      "\"ratio_cpu\": %.2f, \"ratio_wanted\": 5, "
      "\"window\": %u}\n",
      ours.per_s, ours.per_cpu_s, kannel.per_s, kannel.per_cpu_s, full, ours.per_s / kannel.per_s,
      ours.per_cpu_s / kannel.per_cpu_s, window);
  return 0;
}
