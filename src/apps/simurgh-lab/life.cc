#include "apps/simurgh-lab/life.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "apps/simurgh-lab/chip_run.h"
#include "apps/simurgh-lab/daemon.h"
#include "apps/simurgh-lab/subcommands.h"
#include "base/hex.h"
#include "factory/batch.h"
#include "io/nv_file/pack.h"
#include "io/process/process.h"

namespace simurgh::lab {

namespace {

constexpr Duration turn_wait = milliseconds(20);
constexpr Duration say_wait = seconds(2);
constexpr size_t under_way_max = 400;  // chips at a time: a shop, not a stadium
constexpr Duration kill_wait_max = seconds(6);
constexpr std::string_view esme_password = "labsmsc";

// Random numbers of the lab's people and faults, from the seed; keys come from the kernel.
class LabRandom final : public Random {
 public:
  explicit LabRandom(uint64_t seed) : state_(seed * 2 + 1) {}
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) {  // SplitMix64
      state_ += 0x9e3779b97f4a7c15;
      uint64_t z = state_;
      z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
      z = (z ^ z >> 27) * 0x94d049bb133111eb;
      octet = static_cast<uint8_t>((z ^ z >> 31) >> 32);
    }
  }
  uint64_t below(uint64_t bound) {
    const auto octets = array<8>();
    uint64_t value = 0;
    for (const uint8_t octet : octets) value = value << 8 | octet;
    return value % bound;
  }

 private:
  uint64_t state_;
};

// A chip in the factory's machine.
class Channel final : public factory::CardChannel {
 public:
  explicit Channel(uicc::Card& card) : card_(card) {}
  Result<ByteView> transmit(ByteView command) override { return card_.transmit(command); }

 private:
  uicc::Card& card_;
};

struct MadeChip {
  std::unique_ptr<uicc::Nv> nv;
  ByteArray<16> seal_key;
};

class Life {
 public:
  explicit Life(const LifeOptions& options) : options_(options), random_(options.seed) {}
  ~Life() {
    runs_.clear();
    rest_.reset();
    lab_.reset();
    daemon_.reset();
    std::error_code ignored;
    if (options_.work_dir.empty() && !folder_.empty()) {
      std::filesystem::remove_all(folder_, ignored);
    }
  }

  int run() {
    std::string problem;
    if (!open(problem)) {
      std::fprintf(stderr, "simurgh-lab: %s\n", problem.c_str());
      return 1;
    }
    open_operator();
    loop_->run();
    if (!failed_.empty()) {
      std::fprintf(stderr, "simurgh-lab: %s\n", failed_.c_str());
      return 1;
    }
    print();
    return figures_.stuck == 0 && figures_.violations == 0 && figures_.resold == options_.chips ? 0
                                                                                                : 1;
  }

 private:
  bool open(std::string& problem) {
    if (!make_folder(problem)) return false;
    auto loop = loop::Loop::create(problem);
    if (!loop) return false;
    loop_ = std::move(*loop);
    log_.set_level(log::Level::error);
    const auto* faults = network::FaultPlan::named(options_.faults);
    if (!faults) {
      problem = "--faults: expected none, lossy or chaos";
      return false;
    }
    // The daemon's configuration names the SMSC's port and the lab's the daemon's: one of them has
    // to be first, so the SMSC opens with a lab that has no home yet.
    Daemon::Options daemon;
    daemon.program = options_.programs + "/simurghd";
    daemon.data_dir = folder_ + "/server";
    daemon.smpp_password = esme_password;
    daemon.centre_number = centre_number_;
    daemon.answer_wait_first = options_.faults == "none" ? seconds(3) : seconds(2);
    const std::string smpp_listen = fmt::format("127.0.0.1:{}", free_port());
    daemon.smpp_connect = smpp_listen;
    daemon_ = std::make_unique<Daemon>(daemon);
    if (!daemon_->init(problem) || !daemon_->start(problem)) return false;
    LabOptions lab;
    lab.smpp_listen = smpp_listen;
    lab.gsup_connect = daemon_->gsup();
    lab.faults = *faults;
    lab.esme_password = esme_password;
    lab.centre_number = centre_number_;
    lab_ = Lab::open(*loop_, lab, random_, log_, problem);
    if (!lab_) return false;
    rest_ =
        Rest::open(*loop_, daemon_->api(), daemon_->admin_token(), seconds(options_.patience_s));
    turn_ = std::make_unique<loop::Timer>(*loop_, [this] { on_turn(); });
    return rest_ != nullptr;
  }

  bool make_folder(std::string& problem) {
    if (!options_.work_dir.empty()) {
      folder_ = options_.work_dir;
      return process::make_folder(folder_, problem).has_value();
    }
    char name[] = "/tmp/simurgh-lab.XXXXXX";
    if (!mkdtemp(name)) {
      problem = "no folder could be made in /tmp";
      return false;
    }
    folder_ = name;
    return true;
  }

  void give_up(const std::string& words) {
    if (failed_.empty()) failed_ = words;
    loop_->stop();
  }

  // The operator's first day, over REST: each step when the one before was answered.
  void open_operator() {
    process::OsRandom os_random;
    os_random.fill(transport_.fill(32));
    ByteArray<32> seed, share;
    std::copy(transport_.view().begin(), transport_.view().end(), seed.begin());
    if (!crypto::x25519_public(seed, share)) return give_up("no transport key");
    std::string share_text(64, '0');
    write_hex(share, share_text);
    using json::Value;
    Value suites = Value::array();
    suites.push_back("x25519").push_back("p256");
    const std::string body = "894901000000000000";
    steps_ = {
        {"/v1/manufacturers",
         Value::object({{"name", "lab"}, {"transport_public_key", share_text}})},
        {"/v1/profiles",
         Value::object(
             {{"name", "lab"}, {"algorithm", "milenage"}, {"suites", std::move(suites)}})},
        {"/v1/ranges", Value::object({{"iccid_first", body + luhn_check_digit(body)},
                                      {"imsi_first", "901700000000001"},
                                      {"count", options_.chips}})},
        {"/v1/contracts",
         Value::object({{"id", "lab"}, {"customer", "everybody"}, {"tariff", "free"}})},
        {"/v1/allocations", Value::object({{"manufacturer", "lab"},
                                           {"ver", "0102030405060708"},
                                           {"count", options_.chips},
                                           {"profile", "lab"}})},
    };
    next_step();
  }

  void next_step() {
    if (steps_.empty()) return give_up("no allocation");
    auto [path, body] = steps_.front();
    steps_.erase(steps_.begin());
    rest_->post(path, std::move(body), [this, path](const RestAnswer& answer) {
      if (answer.status / 100 != 2) {
        return give_up(
            fmt::format("{} answered {}: {}", path, answer.status, json::write(answer.body)));
      }
      if (!steps_.empty()) return next_step();
      rest_->get(fmt::format("/v1/allocations/{}", answer.body.integer_of("id")),
                 [this](const RestAnswer& note) { make_chips(note); });
    });
  }

  // The factory: a pack file of chips, each made through its own commands.
  void make_chips(const RestAnswer& answer) {
    json::Problem problem;
    const auto note = factory::parse_allocation(answer.body, problem);
    if (!note) return give_up("allocation: " + problem.sentence());
    const auto batch = factory::Batch::of(*note, transport_);
    if (!batch) return give_up(std::string("factory: ") + name_of(batch.error().code));
    std::string words;
    auto pack = nv_file::Pack::create(folder_ + "/chips.pack", {.slots = options_.chips},
                                      os_random_, nv_file::Durability::on_sync, words);
    if (!pack) return give_up(words);
    pack_ = std::move(*pack);
    for (size_t i = 0; i < options_.chips; ++i) {
      chips_.push_back({pack_->slot(i), pack_->seal_key(i)});
      const uicc::Hardware hardware{*chips_.back().nv, os_random_, chips_.back().seal_key};
      uicc::Card card(hardware);
      Channel channel(card);
      const bool ready = uicc::make_blank_chip(hardware) && card.reset();
      const auto made = ready ? batch->make_chip(i, channel) : Result<void>(ErrorCode::io);
      if (!made || !pack_->set_label(i, batch->iccid_at(i))) {
        return give_up(fmt::format("chip {} could not be made", i));
      }
    }
    world_ = std::make_unique<LifeWorld>(LifeWorld{*lab_, *rest_, random_, centre_number_,
                                                   seconds(options_.patience_s), figures_, ""});
    kill_at_ = lab_->now() + next_kill();
    say_at_ = lab_->now();
    turn_->set(loop_->now());
  }

  Duration next_kill() {
    return milliseconds(
        500 + static_cast<int64_t>(random_.below(static_cast<uint64_t>(kill_wait_max.ms))));
  }

  void on_turn() {
    while (begun_ < options_.chips && runs_.size() < under_way_max) {
      const MadeChip& chip = chips_[begun_];
      const bool misuse = options_.misuse_every > 0 && begun_ % options_.misuse_every == 1;
      runs_.push_back(std::make_unique<ChipRun>(
          *world_, begun_, uicc::Hardware{*chip.nv, os_random_, chip.seal_key}, misuse));
      ++begun_;
    }
    for (auto& run : runs_) run->turn();
    std::erase_if(runs_, [this](const auto& run) {
      if (run->over() && run->stuck()) ++figures_.stuck;
      return run->over();
    });
    mind_daemon();
    if (lab_->now() >= say_at_) say();
    if (runs_.empty() && begun_ == options_.chips) {
      if (options_.kills == killed_ && !daemon_->stop()) failed_ = "simurghd did not end in order";
      return loop_->stop();
    }
    turn_->set_after(turn_wait);
  }

  // Kills the server when that is wanted; whatever ended it, it is started again.
  void mind_daemon() {
    std::string problem;
    if (killed_ < options_.kills && lab_->now() >= kill_at_) {
      daemon_->kill_now();
      ++killed_;
      kill_at_ = lab_->now() + next_kill();
    } else if (daemon_->running()) {
      return;
    } else if (killed_ + 1 == daemon_->starts()) {
      return give_up("simurghd ended by itself: see " + folder_ + "/server/simurghd.log");
    }
    if (!daemon_->start(problem)) give_up(problem);
  }

  void say() {
    say_at_ = lab_->now() + say_wait;
    if (options_.quiet) return;
    std::fprintf(stderr,
                 "%smade %llu  sold %llu  personalised %llu  re-keyed %llu  reset %llu  sold again "
                 "%llu  of %zu%s",
                 isatty(2) ? "\r" : "", static_cast<unsigned long long>(figures_.made),
                 static_cast<unsigned long long>(figures_.sold),
                 static_cast<unsigned long long>(figures_.personalised),
                 static_cast<unsigned long long>(figures_.rekeyed),
                 static_cast<unsigned long long>(figures_.reset),
                 static_cast<unsigned long long>(figures_.resold), options_.chips,
                 isatty(2) ? " " : "\n");
  }

  void print() {
    say();
    if (!options_.quiet && isatty(2)) std::fputc('\n', stderr);
    for (const std::string& words : figures_.violation_words) {
      std::fprintf(stderr, "violation: %s\n", words.c_str());
    }
    const LifeFigures& f = figures_;
    const auto& smsc = lab_->smsc().counts();
    json::Value out = json::Value::object();
    out.set("made", f.made).set("sold", f.sold).set("personalised", f.personalised);
    out.set("rekeyed", f.rekeyed).set("reset", f.reset).set("resold", f.resold);
    out.set("stuck", f.stuck).set("violations", f.violations).set("used", f.used);
    out.set("misuse_tried", f.misuse_tried);
    out.set("misuse_refused", f.unsold_refused + f.copy_refused + f.forged_refused +
                                  f.foreign_reset_refused + f.after_reset_refused);
    out.set("unsold_refused", f.unsold_refused).set("copy_refused", f.copy_refused);
    out.set("forged_refused", f.forged_refused);
    out.set("foreign_reset_refused", f.foreign_reset_refused);
    out.set("after_reset_refused", f.after_reset_refused);
    out.set("frozen", f.frozen);
    out.set("killed", killed_).set("messages", smsc.submitted + smsc.from_terminals);
    out.set("messages_lost", smsc.lost);
    if (options_.json) {
      std::printf("%s\n", json::write(out).c_str());
      return;
    }
    std::printf(
        "%llu chips made, sold, personalised, used, re-keyed, reset and sold again: %llu "
        "stuck, %llu violations; %llu of %llu misuses refused; %llu short messages.\n",
        static_cast<unsigned long long>(f.made), static_cast<unsigned long long>(f.stuck),
        static_cast<unsigned long long>(f.violations),
        static_cast<unsigned long long>(out.integer_of("misuse_refused")),
        static_cast<unsigned long long>(f.misuse_tried),
        static_cast<unsigned long long>(smsc.submitted + smsc.from_terminals));
  }

  LifeOptions options_;
  LabRandom random_;
  process::OsRandom os_random_;
  log::Log log_;
  Msisdn centre_number_ = *Msisdn::parse("4915550000");
  std::string folder_;
  Key256 transport_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Rest> rest_;
  std::unique_ptr<nv_file::Pack> pack_;
  std::vector<MadeChip> chips_;
  LifeFigures figures_;
  std::unique_ptr<LifeWorld> world_;
  std::vector<std::unique_ptr<ChipRun>> runs_;
  size_t begun_ = 0;
  std::vector<std::pair<std::string, json::Value>> steps_;
  std::unique_ptr<loop::Timer> turn_;
  Instant kill_at_, say_at_;
  size_t killed_ = 0;
  std::string failed_;
};

}  // namespace

int run_life(const LifeOptions& options) {
  return Life(options).run();
}

int life_main(int argc, char** argv) {
  CLI::App app("Takes chips through their whole life on a real simurghd.");
  LifeOptions options;
  app.add_option("--chips", options.chips, "How many")->check(CLI::Range(1, 1'000'000));
  app.add_option("--seed", options.seed, "Of faults, codes and people");
  app.add_option("--faults", options.faults, "Of the network: none, lossy, chaos");
  app.add_option("--kills", options.kills, "How often simurghd is killed (SIGKILL) on the way");
  app.add_option("--misuse-every", options.misuse_every,
                 "Each so manieth chip tries the misuse of D12; 0: none");
  app.add_option("--programs", options.programs, "Folder of simurghd");
  app.add_option("--dir", options.work_dir, "Keep everything in this folder");
  app.add_option("--patience", options.patience_s, "Seconds for one step of one chip");
  app.add_flag("--json", options.json, "Figures as one JSON object");
  app.add_flag("--quiet", options.quiet, "No progress");
  app.footer("Example:\n  simurgh-lab life --chips 200 --faults lossy --kills 3");
  CLI11_PARSE(app, argc, argv);
  if (options.programs.empty()) {
    std::error_code failed;
    options.programs = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  }
  return run_life(options);
}

}  // namespace simurgh::lab
