// Debian's real osmo-hlr as the network's HLR: what Simurgh writes there over CTRL gives vectors
// over GSUP that a USIM with the same keys accepts. Says so and passes where it is not installed.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "hlr/rig.h"
#include "io/gsup/client.h"
#include "io/osmo_hlr/link.h"
#include "stores/back_ends.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

// A throw-away osmo-hlr on a loopback address of this process's own: its ports are fixed.
class OsmoHlr {
 public:
  OsmoHlr() {
    const auto pid = static_cast<unsigned>(getpid());
    address_ = "127." + std::to_string(1 + pid % 250) + "." + std::to_string(pid / 250 % 250) +
               "." + std::to_string(2 + pid / 62'500 % 250);
    std::ofstream(directory_.file("hlr.cfg"))
        << "log stderr\n logging filter all 1\n logging level set-all error\nline vty\n bind "
        << address_ << "\nctrl\n bind " << address_ << "\nhlr\n gsup\n  bind ip " << address_
        << "\n";
  }
  ~OsmoHlr() { stop(); }

  static bool installed() { return access("/usr/bin/osmo-hlr", X_OK) == 0; }
  void start() {
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    const std::string config = directory_.file("hlr.cfg");
    const std::string database = directory_.file("hlr.db");
    const int log = open(directory_.file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, 1);
    dup2(log, 2);
    if (chdir(directory_.path().c_str()) != 0) _exit(126);
    execl("/usr/bin/osmo-hlr", "osmo-hlr", "-c", config.c_str(), "-l", database.c_str(), nullptr);
    _exit(127);
  }
  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);  // it may not have got as far as osmo-hlr yet
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
  }
  net::Endpoint endpoint(uint16_t port) const { return {net::Endpoint::Kind::tcp, address_, port}; }

 private:
  ScratchDirectory directory_;
  std::string address_;
  pid_t pid_ = 0;
};

class Quiet final : public log::Sink {
  void write(std::string_view) override {}
};

struct Network : HlrRig, hlr::RemoteEvents, gsup::GsupClientHandler {
  Network() {
    directory = std::make_unique<hlr::RemoteDirectory>(
        hlr::RemoteSettings{},
        hlr::RemoteDirectory::Parts{storage.remote_directory(), fleet, audit, keys, *this});
    std::string problem;
    loop = std::move(*loop::Loop::create(problem));
    loop->set_end_of_batch([this] { commit(); });
    osmo.start();
    link = std::move(*osmo_hlr::Link::open(*loop, osmo.endpoint(4259), transport,
                                           {.reconnect_wait_min = milliseconds(50)}, *directory,
                                           log, problem));
    gsup::GsupClientOptions options;
    options.identity.name = "VLR-1";
    options.reconnect_wait_min = milliseconds(50);
    vlr = std::make_unique<gsup::GsupClient>(*loop, osmo.endpoint(4222), transport, options, *this,
                                             log);
    vlr->start();
  }
  ~Network() override {
    vlr.reset();
    link.reset();
  }

  template <typename Condition>
  bool run_until(Condition condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) loop->run_once(milliseconds(10));
    return condition();
  }
  bool caught_up(uint64_t number) {
    return run_until([&] { return !*directory->behind(imsi_of(number)); });
  }
  // What osmo-hlr answers to a request for one vector.
  gsup::Message ask_osmo(uint64_t number, const hlr::Resync* resync = nullptr) {
    REQUIRE(run_until([&] { return vlr->up(); }));
    gsup::Message request;
    request.type = gsup::MessageType::send_auth_info_request;
    request.imsi = imsi_of(number);
    request.cn_domain = gsup::CnDomain::cs;
    request.num_vectors_requested = 1;
    if (resync != nullptr) {
      request.auts = resync->auts;
      request.rand = resync->rand;
    }
    answer.reset();
    REQUIRE(vlr->send(request).has_value());
    REQUIRE(run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  void on_confirmed(const Imsi&, Instant) override { ++confirmations; }
  void on_up() override {}
  void on_down() override {}
  void on_message(const gsup::Message& message, ByteView) override {
    gsup::Message kept;
    kept.type = message.type;
    kept.cause = message.cause;
    kept.auth_tuples = message.auth_tuples;
    answer = kept;
  }

  OsmoHlr osmo;
  Quiet quiet;
  log::Log log{quiet, log::Level::error};
  net::PlainTransport transport;
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<hlr::RemoteDirectory> directory;
  std::unique_ptr<osmo_hlr::Link> link;
  std::unique_ptr<gsup::GsupClient> vlr;
  std::optional<gsup::Message> answer;
  int confirmations = 0;
};

}  // namespace

TEST_CASE(
    "D5, D7, D10: osmo-hlr gives vectors of the keys that Simurgh wrote, through all their "
    "changes") {
  if (!OsmoHlr::installed()) {
    MESSAGE("osmo-hlr is not installed: nothing tested");
    return;
  }
  Network network;
  const auto first = network.make_keys();
  REQUIRE(
      network.directory->create({imsi_of(1), iccid_of(1), msisdn_of(1), first, true}, network.by())
          .has_value());
  REQUIRE(network.caught_up(1));
  CHECK(network.confirmations == 1);
  Usim usim(first);
  for (int i = 0; i < 3; ++i) {
    const auto answer = network.ask_osmo(1);
    REQUIRE(answer.type == gsup::MessageType::send_auth_info_result);
    CHECK(usim.answer(answer.auth_tuples[0]) == Usim::Answer::good);
  }
  // A change that is not of the keys leaves the sequence number where it is (I2).
  REQUIRE(network.directory->set_hotline(imsi_of(1), false, network.by()).has_value());
  REQUIRE(network.caught_up(1));
  CHECK(usim.answer(network.ask_osmo(1).auth_tuples[0]) == Usim::Answer::good);

  const auto second = network.make_keys(hlr::Algorithm::milenage, 1);
  REQUIRE(network.directory->replace_keys(imsi_of(1), second, network.by()).has_value());
  REQUIRE(network.caught_up(1));
  Usim rekeyed(second);
  rekeyed.set_highest(usim.sqn >> 5);  // the chip keeps its own; osmo-hlr began anew
  auto answer = network.ask_osmo(1);
  REQUIRE(rekeyed.answer(answer.auth_tuples[0]) == Usim::Answer::synchronisation);
  const hlr::Resync resync = rekeyed.resync();
  CHECK(rekeyed.answer(network.ask_osmo(1, &resync).auth_tuples[0]) == Usim::Answer::good);

  REQUIRE(network.directory->remove(imsi_of(1), network.by()).has_value());
  REQUIRE(network.caught_up(1));
  answer = network.ask_osmo(1);
  CHECK(answer.type == gsup::MessageType::send_auth_info_error);
  CHECK(answer.cause == gsup::cause::imsi_unknown_in_hlr);
}

TEST_CASE("L4: while osmo-hlr is away work piles up, and is done when it is back") {
  if (!OsmoHlr::installed()) {
    MESSAGE("osmo-hlr is not installed: nothing tested");
    return;
  }
  Network network;
  REQUIRE(network.run_until([&] { return network.link->up(); }));
  network.osmo.stop();
  REQUIRE(network.run_until([&] { return !network.link->up(); }));
  constexpr uint64_t chips = 100;
  std::vector<hlr::SubscriberKeys> keys;
  for (uint64_t i = 0; i < chips; ++i) {
    keys.push_back(network.make_keys());
    REQUIRE(network.directory
                ->create({imsi_of(i), iccid_of(i), msisdn_of(i), keys[i], true}, network.by())
                .has_value());
  }
  CHECK(*network.directory->behind(imsi_of(5)));
  network.osmo.start();
  for (uint64_t i = 0; i < chips; ++i) REQUIRE(network.caught_up(i));
  for (uint64_t i = 0; i < chips; i += 13) {
    Usim usim(keys[i]);
    CHECK(usim.answer(network.ask_osmo(i).auth_tuples[0]) == Usim::Answer::good);
  }
}

TEST_CASE("a control interface that is not on this machine is refused") {
  Network network;
  std::string problem;
  const auto refused =
      osmo_hlr::Link::open(*network.loop, {net::Endpoint::Kind::tcp, "192.0.2.1", 4259},
                           network.transport, {}, *network.directory, network.log, problem);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::not_allowed);
  CHECK(problem.find("127.0.0.1") != std::string::npos);
}
