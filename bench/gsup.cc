// SendAuthInfo of the built-in HLR against Debian's osmo-hlr: requests served per second of the
// server's CPU time, over the same loopback sockets by the same client.
//
// Both keep SQLite in WAL mode with synchronous=FULL (osmo-hlr asks for NORMAL, with a typo that
// SQLite ignores). osmo-hlr commits once a request; Simurgh reserves sequence numbers in blocks and
// commits before any answer leaves that rests on a new reservation.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "crypto/memory_key_store.h"
#include "formats/gsup/ipa.h"
#include "hlr/gsup_server.h"
#include "io/gsup/server.h"
#include "io/process/process.h"
#include "io/store_sqlite/database.h"
#include "io/store_sqlite/sqlite_storage.h"

using namespace simurgh;

namespace {

constexpr unsigned subscribers = 2000;
constexpr unsigned requests = 20'000;      // of a round, to us
constexpr unsigned osmo_requests = 2'000;  // … and to osmo-hlr, which takes milliseconds for each
constexpr unsigned window = 50;
constexpr unsigned vectors = 5;
constexpr int rounds = 3;
constexpr const char* client_name = "VLR-1";

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench gsup: %s\n", why.c_str());
  std::exit(1);
}

Imsi imsi_of(unsigned number) {
  char text[16];
  std::snprintf(text, sizeof text, "90170%010u", number);
  return *Imsi::parse(text);
}

// Nanoseconds that the process has spent on a CPU.
uint64_t cpu_ns(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");
  uint64_t value = 0;
  if (!(file >> value)) give_up("cannot read the CPU time of the server");
  return value;
}

// --- our server ----------------------------------------------------------------------------------

class Server final : hlr::GsupLink, hlr::Events, gsup::GsupServerHandler {
 public:
  Server(const std::string& directory, int port_out) {
    std::string problem;
    auto opened = store_sqlite::SqliteStorage::open(directory + "/simurgh.db", random_, problem);
    if (!opened) give_up(problem);
    storage_ = std::move(*opened);
    audit_ = std::make_unique<audit::Log>(storage_->audit());
    fleet_ = std::make_unique<fleet::Fleet>(storage_->fleet(), *audit_);
    hlr_ = std::make_unique<hlr::Hlr>(
        hlr::HlrSettings{}, hlr::Hlr::Parts{storage_->hlr(), *fleet_, *audit_, keys_, random_});
    fill();
    hlr::GsupSettings settings;
    settings.peers.push_back(
        {client_name, true, true, true, {"90170"}, 1'000'000, minutes(10), 1'000'000});
    loop_ = std::move(*loop::Loop::create(problem));
    gsup_ = std::make_unique<hlr::GsupServer>(
        settings, hlr::GsupServer::Parts{*hlr_, *fleet_, *audit_, *this, *this, random_},
        loop_->now());
    gsup_session::Peer peer;
    peer.name = client_name;
    peer.operations = gsup_session::all_operations;
    peer.imsi_prefixes = {"90170"};
    if (!policy_.add(peer)) give_up("the peer's policy");
    auto server = gsup::GsupServer::open(*loop_, {net::Endpoint::Kind::tcp, "127.0.0.1", 0},
                                         transport_, policy_, {}, *this, log_, problem);
    if (!server) give_up(problem);
    server_ = std::move(*server);
    loop_->set_end_of_batch([this] {
      if (!storage_->commit(0)) give_up(storage_->problem());
    });
    const uint16_t port = server_->endpoint().port;
    if (write(port_out, &port, sizeof port) != sizeof port) give_up("no parent");
  }
  [[noreturn]] void run() {
    loop_->run();
    std::exit(0);
  }

 private:
  void fill() {
    for (unsigned i = 0; i < subscribers; ++i) {
      hlr::NewSubscriber subscriber;
      subscriber.imsi = imsi_of(i);
      random_.fill(subscriber.keys.ki.fill(16));
      random_.fill(subscriber.keys.opc.fill(16));
      if (!hlr_->create(subscriber, {"bench", Instant{1}})) give_up("cannot create subscribers");
    }
    if (!storage_->commit(0)) give_up(storage_->problem());
  }

  void send(std::string_view peer, ByteView message) override {
    static_cast<void>(server_->send_raw(peer, message));
  }
  void on_located(const Imsi&, hlr::Domain, std::string_view, Instant) override {}
  void on_sync_failure(const Imsi&, std::string_view, Instant) override {}
  void on_auth_failure(const Imsi&, std::string_view, Instant) override {}
  void on_peer_up(std::string_view peer) override {
    if (!gsup_->on_peer_up(peer, loop_->now())) give_up("a stranger");
  }
  void on_peer_down(std::string_view peer) override { gsup_->on_peer_down(peer); }
  void on_message(std::string_view peer, const gsup::Message& message) override {
    if (!gsup_->on_message(peer, message, loop_->now())) give_up(storage_->problem());
  }

  process::OsRandom random_;
  crypto::MemoryKeyStore keys_{1};
  log::Log log_;
  net::PlainTransport transport_;
  gsup_session::PeerPolicy policy_;
  std::unique_ptr<store_sqlite::SqliteStorage> storage_;
  std::unique_ptr<audit::Log> audit_;
  std::unique_ptr<fleet::Fleet> fleet_;
  std::unique_ptr<hlr::Hlr> hlr_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<hlr::GsupServer> gsup_;
  std::unique_ptr<gsup::GsupServer> server_;
};

// --- the two servers as processes ----------------------------------------------------------------

struct Process {
  pid_t pid = 0;
  std::string address;
  uint16_t port = 0;
};

// A server that outlives nobody: it dies with this process.
pid_t fork_server() {
  const pid_t pid = fork();
  if (pid < 0) give_up("cannot fork");
  if (pid == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  return pid;
}

Process start_simurgh(const std::string& directory) {
  int ends[2];
  if (pipe(ends) != 0) give_up("no pipe");
  Process process;
  process.address = "127.0.0.1";
  process.pid = fork_server();
  if (process.pid == 0) Server(directory, ends[1]).run();
  close(ends[1]);
  if (read(ends[0], &process.port, sizeof process.port) != sizeof process.port) {
    give_up("our server did not start");
  }
  close(ends[0]);
  return process;
}

void fill_osmo_hlr(const std::string& path) {
  const std::string make = "osmo-hlr-db-tool -l " + path + " create >/dev/null 2>&1";
  if (std::system(make.c_str()) != 0) give_up("osmo-hlr-db-tool failed");
  std::string problem;
  const auto database = store_sqlite::Database::open(path, {}, problem);
  if (!database) give_up(problem);
  std::string sql = "BEGIN;";
  for (unsigned i = 0; i < subscribers; ++i) {
    char line[300];
    std::snprintf(line, sizeof line,
                  "INSERT INTO subscriber (id, imsi) VALUES (%u, '%s');"
                  "INSERT INTO auc_3g (subscriber_id, algo_id_3g, k, opc, sqn)"
                  " VALUES (%u, 5, '%032x', '%032x', 0);",
                  i + 1, std::string(imsi_of(i).text()).c_str(), i + 1, i + 17, i + 4711);
    sql += line;
  }
  if (!(*database)->execute((sql + "COMMIT;").c_str())) give_up((*database)->problem());
}

Process start_osmo_hlr(const std::string& directory) {
  Process process;
  const auto number = static_cast<unsigned>(getpid());
  process.address = "127." + std::to_string(1 + number % 250) + "." +
                    std::to_string(number / 250 % 250) + ".2";  // its ports are fixed
  process.port = 4222;
  const std::string config = directory + "/hlr.cfg";
  const std::string database = directory + "/hlr.db";
  std::ofstream(config) << "log stderr\n logging filter all 1\n logging level set-all error\n"
                        << "line vty\n bind " << process.address << "\nctrl\n bind "
                        << process.address << "\nhlr\n gsup\n  bind ip " << process.address << "\n";
  fill_osmo_hlr(database);
  process.pid = fork_server();
  if (process.pid == 0) {
    const int log = open((directory + "/hlr.log").c_str(), O_WRONLY | O_CREAT, 0600);
    dup2(log, 2);
    execlp("osmo-hlr", "osmo-hlr", "-c", config.c_str(), "-l", database.c_str(), nullptr);
    _exit(127);
  }
  return process;
}

// --- the client
// ------------------------------------------------------------------------------------

class Client {
 public:
  explicit Client(const Process& server) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port);
    inet_pton(AF_INET, server.address.c_str(), &address.sin_addr);
    for (int i = 0; i < 200; ++i) {
      fd_ = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) break;
      close(fd_);
      fd_ = -1;
      usleep(20'000);
    }
    if (fd_ < 0) give_up("no connection to " + server.address);
    name_yourself();
  }
  ~Client() { close(fd_); }

  // Requests with `window` outstanding until `count` were answered; how many were refused.
  unsigned run(unsigned count) {
    unsigned sent = 0, answered = 0, refused = 0;
    while (answered < count) {
      std::vector<uint8_t> out;
      while (sent < count && sent - answered < window) append_request(out, sent++);
      if (!out.empty()) write_all(out);
      for (const bool good : read_answers()) {
        ++answered;
        refused += good ? 0 : 1;
      }
    }
    return refused;
  }

 private:
  void name_yourself() {
    read_answers();  // ID_GET
    gsup::Ccm ccm;
    ccm.type = gsup::CcmType::id_resp;
    ccm.identity.push_back({gsup::IdentityTag::unit_id, "0/0/0"});  // osmo-hlr wants one
    ccm.identity.push_back({gsup::IdentityTag::unit_name, client_name});
    ccm.identity.push_back({gsup::IdentityTag::serial_number, client_name});
    ByteArray<128> payload, frame;
    const auto bytes =
        gsup::write_ipa_frame(gsup::IpaProtocol::ccm, *gsup::write_ccm(ccm, payload), frame);
    write_all({bytes->begin(), bytes->end()});
  }
  void append_request(std::vector<uint8_t>& out, unsigned number) {
    gsup::Message request;
    request.type = gsup::MessageType::send_auth_info_request;
    request.imsi = imsi_of(number * 7919 % subscribers);
    request.cn_domain = gsup::CnDomain::cs;
    request.num_vectors_requested = static_cast<uint8_t>(vectors);
    ByteArray<64> message, frame;
    const auto bytes = gsup::write_osmo_frame(gsup::OsmoExtension::gsup,
                                              *gsup::write_message(request, message), frame);
    out.insert(out.end(), bytes->begin(), bytes->end());
  }
  void write_all(const std::vector<uint8_t>& bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t put = write(fd_, bytes.data() + done, bytes.size() - done);
      if (put <= 0) give_up("the server is gone");
      done += static_cast<size_t>(put);
    }
  }
  // Waits for at least one whole frame; for each GSUP answer whether it has all its vectors.
  std::vector<bool> read_answers() {
    std::vector<bool> answers;
    bool any = false;
    while (!any) {
      uint8_t chunk[65'536];
      const ssize_t got = read(fd_, chunk, sizeof chunk);
      if (got <= 0) give_up("the server closed the connection");
      buffer_.insert(buffer_.end(), chunk, chunk + got);
      size_t taken = 0;
      for (;;) {
        const auto frame = gsup::parse_ipa_frame(ByteView(buffer_).subspan(taken));
        if (!frame) break;
        taken += frame->octets;
        any = true;
        // A result with five vectors has 512 octets.
        if (frame->protocol == static_cast<uint8_t>(gsup::IpaProtocol::osmo)) {
          answers.push_back(frame->payload.size() > vectors * 100 && frame->payload[1] == 0x0a);
        }
      }
      buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(taken));
    }
    return answers;
  }

  int fd_ = -1;
  std::vector<uint8_t> buffer_;
};

// CPU nanoseconds of the server for one request.
double measure(const Process& server, unsigned count) {
  Client client(server);
  const uint64_t before = cpu_ns(server.pid);
  const unsigned refused = client.run(count);
  const uint64_t after = cpu_ns(server.pid);
  if (refused != 0) give_up(std::to_string(refused) + " requests were refused");
  return static_cast<double>(after - before) / count;
}

}  // namespace

int main() {
  if (std::system("command -v osmo-hlr osmo-hlr-db-tool >/dev/null") != 0) {
    give_up("osmo-hlr is not installed (apt-get install osmo-hlr)");
  }
  std::string directory = std::filesystem::temp_directory_path() / "simurgh-bench-gsup-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) give_up("no directory for the databases");
  const Process simurgh = start_simurgh(directory);
  const Process osmo = start_osmo_hlr(directory);
  double simurgh_ns = 0, osmo_ns = 0;
  Client(simurgh).run(subscribers);  // both have seen every subscriber once
  Client(osmo).run(subscribers);
  for (int round = 0; round < rounds; ++round) {
    const double ours = measure(simurgh, requests);
    const double theirs = measure(osmo, osmo_requests);
    std::printf("round %d: simurgh %.1f us, osmo-hlr %.1f us of CPU a request\n", round + 1,
                ours / 1000, theirs / 1000);
    simurgh_ns = round == 0 || ours < simurgh_ns ? ours : simurgh_ns;
    osmo_ns = round == 0 || theirs < osmo_ns ? theirs : osmo_ns;
  }
  for (const pid_t pid : {simurgh.pid, osmo.pid}) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  std::filesystem::remove_all(directory);
  std::printf(
      "{\"simurgh_sai_per_cpu_s\": %.0f, \"osmo_hlr_sai_per_cpu_s\": %.0f, "
      "\"ratio\": %.2f, \"ratio_wanted\": 5, \"vectors\": %u, \"window\": %u, "
      "\"subscribers\": %u, \"durability\": \"SQLite WAL, synchronous=FULL, both\"}\n",
      1e9 / simurgh_ns, 1e9 / osmo_ns, osmo_ns / simurgh_ns, vectors, window, subscribers);
  return 0;
}
