#include "apps/simurgh-lab/life.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "apps/simurgh-lab/chip_run.h"
#include "apps/simurgh-lab/daemon.h"
#include "apps/simurgh-lab/lab_random.h"
#include "apps/simurgh-lab/life_progress.h"
#include "apps/simurgh-lab/opening.h"
#include "apps/simurgh-lab/osmo_hlr.h"
#include "apps/simurgh-lab/subcommands.h"
#include "apps/simurgh-lab/work_folder.h"
#include "io/process/process.h"

namespace simurgh::lab {

namespace {

constexpr Duration turn_wait = milliseconds(20);
constexpr Duration follow_wait = seconds(2);  // between two looks at the audit log
constexpr Duration look_wait_min = milliseconds(100);
// A chip that is not looked at costs nothing: more of them, less often.
constexpr size_t looks_per_second_max = 4000;
constexpr std::string_view esme_password = "labsmsc";

class Life {
 public:
  explicit Life(const LifeOptions& options)
      : options_(options),
        random_(options.seed),
        osmo_(options.hlr == "osmo-hlr"),
        progress_(options.chips, options.quiet) {}
  ~Life() {
    runs_.clear();
    ledger_.reset();
    for (auto* rest : {&desk_, &dealer_, &factory_, &auditor_}) rest->reset();
    lab_.reset();
    daemon_.reset();
    osmo_hlr_.stop();
    opening_.reset();
    folder_.leave(well_);
  }

  int run() {
    std::string problem;
    if (open(problem)) {
      begin();
      loop_->run();
      problem = failed_;
    }
    if (!problem.empty()) {
      std::fprintf(stderr, "simurgh-lab: %s\n", problem.c_str());
    } else {
      print();
      well_ = figures_.stuck == 0 && figures_.violations == 0 && figures_.resold == options_.chips;
    }
    return well_ ? 0 : 1;
  }

 private:
  bool open(std::string& problem) {
    faults_ = network::FaultPlan::named(options_.faults);
    if (osmo_ && !OsmoHlr::installed()) {
      problem = "osmo-hlr is not installed: ./dev setup peers, or apt-get install osmo-hlr";
      return false;
    }
    if (!folder_.make(options_.work_dir, problem)) return false;
    auto loop = loop::Loop::create(problem);
    if (!loop) return false;
    loop_ = std::move(*loop);
    log_.set_level(log::Level::error);
    if (osmo_ && !osmo_hlr_.start(folder_.path() + "/osmo-hlr", problem)) return false;
    return open_server(problem) && open_lab(problem);
  }

  // The daemon's configuration names the SMSC's port and the lab's the daemon's: one of them has
  // to be first, so the SMSC's is chosen before anybody listens.
  bool open_server(std::string& problem) {
    Daemon::Options daemon;
    daemon.programs = options_.programs;
    daemon.store = options_.store;
    daemon.data_dir = folder_.path() + "/server";
    daemon.smpp_password = esme_password;
    daemon.centre_number = centre_number_;
    daemon.answer_wait_first = options_.faults == "none" ? seconds(3) : seconds(10);
    daemon.smpp_connect = smpp_listen_ = fmt::format("127.0.0.1:{}", free_port());
    if (osmo_) daemon.osmo_hlr_ctrl = osmo_hlr_.ctrl();
    daemon_ = std::make_unique<Daemon>(daemon);
    if (!daemon_->init(problem)) return false;
    const auto open_rest = [&](std::unique_ptr<Rest>& rest, const char* name, const char* roles,
                               const char* manufacturer) {
      const std::string token = daemon_->make_token(name, roles, manufacturer, problem);
      if (token.empty()) return false;
      rest = Rest::open(*loop_, daemon_->api(), token, seconds(options_.patience_s));
      return rest != nullptr;
    };
    return open_rest(desk_, "desk", "operator,admin", "") &&
           open_rest(dealer_, "shop", "dealer", "") &&
           open_rest(factory_, "factory", "factory", Opening::manufacturer) &&
           open_rest(auditor_, "auditor", "approver", "") && daemon_->start(problem);
  }

  bool open_lab(std::string& problem) {
    LabOptions lab;
    lab.smpp_listen = smpp_listen_;
    lab.gsup_connect = osmo_ ? osmo_hlr_.gsup() : daemon_->gsup();
    lab.faults = *faults_;
    lab.esme_password = esme_password;
    lab.centre_number = centre_number_;
    lab_ = Lab::open(*loop_, lab, random_, log_, problem);
    turn_ = std::make_unique<loop::Timer>(*loop_, [this] { on_turn(); });
    return lab_ != nullptr;
  }

  void give_up(const std::string& words) {
    if (failed_.empty()) failed_ = words;
    loop_->stop();
  }

  void begin() {
    ledger_ = std::make_unique<Ledger>(
        *auditor_, std::vector<Rest*>{desk_.get(), dealer_.get(), factory_.get()}, figures_);
    opening_ = std::make_unique<Opening>(Opening::Parts{*loop_, *desk_, *dealer_, *factory_},
                                         Opening::Options{.tool = options_.programs + "/simurgh",
                                                          .folder = folder_.path(),
                                                          .chips = options_.chips,
                                                          .milenage_only = osmo_},
                                         [this](const std::string& problem) {
                                           if (!problem.empty()) return give_up(problem);
                                           open_shop();
                                         });
    progress_.say("the factory makes the chips");
    opening_->begin();
  }

  // All chips are made: the shop sells them.
  void open_shop() {
    chips_ = opening_->take_chips();
    const auto looked_at = std::min(options_.chips, options_.at_once);
    const Duration look_wait = std::max(
        look_wait_min, milliseconds(static_cast<int64_t>(looked_at * 1000 / looks_per_second_max)));
    world_ = std::make_unique<LifeWorld>(LifeWorld{*lab_, *desk_, *dealer_, random_, centre_number_,
                                                   seconds(options_.patience_s), look_wait, !osmo_,
                                                   figures_, *ledger_});
    // Killed when so much is done: anywhere in the lives, whatever their speed.
    for (size_t i = 0; i < options_.kills; ++i) {
      kill_at_.push_back(static_cast<double>(1 + random_.below(98)) / 100);
    }
    std::sort(kill_at_.begin(), kill_at_.end());
    progress_.begin(lab_->now());
    turn_->set(loop_->now());
  }

  void on_turn() {
    while (begun_ < options_.chips && runs_.size() < options_.at_once) {
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
    mind_servers();
    if (lab_->now() >= follow_at_) {
      follow_at_ = lab_->now() + follow_wait;
      ledger_->follow();
    }
    progress_.look(figures_, lab_->now());
    if (runs_.empty() && begun_ == options_.chips && ledger_->idle() && close()) return;
    turn_->set_after(turn_wait);
  }

  // All lives are over: a last look at everything that was acknowledged, then the end. False while
  // that goes on.
  bool close() {
    if (!closing_) {
      closing_ = true;
      ledger_->check_all();
      return false;
    }
    if (!daemon_->stop()) failed_ = "simurghd did not end in order: see " + daemon_->log_path();
    loop_->stop();
    return true;
  }

  // Kills the server when that is wanted and starts it again. One that ends by itself is a failure.
  void mind_servers() {
    std::string problem;
    if (osmo_ && !osmo_hlr_.running()) return give_up("osmo-hlr ended: " + osmo_hlr_.log_path());
    const bool due = killed_ < kill_at_.size() &&
                     progress_.share_done(figures_) >= kill_at_[killed_] && ledger_->idle();
    if (!due) {
      if (!daemon_->running()) give_up("simurghd ended by itself: see " + daemon_->log_path());
      return;
    }
    daemon_->kill_now();
    ++killed_;
    if (!daemon_->start(problem)) return give_up(problem);
    ledger_->check();
  }

  void print() {
    progress_.finish(figures_, lab_->now());
    for (const std::string& words : figures_.violation_words) {
      std::fprintf(stderr, "violation: %s\n", words.c_str());
    }
    const LifeFigures& f = figures_;
    const auto& smsc = lab_->smsc().counts();
    const uint64_t messages = smsc.submitted + smsc.from_terminals;
    if (options_.json) {
      json::Value out = f.to_json(osmo_);
      out.set("killed", killed_).set("messages", messages).set("messages_lost", smsc.lost);
      out.set("hlr", options_.hlr);
      out.set("hotlining", osmo_ ? "not checked: osmo-hlr has none" : "checked");
      out.set("seconds", progress_.elapsed(lab_->now()).ms / 1000);
      std::printf("%s\n", json::write(out).c_str());
      return;
    }
    std::printf(
        "%s\n",
        fmt::format("{} chips made, sold, personalised, used, re-keyed, reset and sold "
                    "again: {} stuck, {} violations; {} of {} misuses refused; {} short "
                    "messages.",
                    f.resold, f.stuck, f.violations, f.misuse_refused(), f.misuse_tried, messages)
            .c_str());
    if (osmo_) {
      std::printf(
          "Not checked: that a chip reaches only the security centre before its release; "
          "osmo-hlr has no hotlining.\n");
    }
  }

  LifeOptions options_;
  LabRandom random_;
  process::OsRandom os_random_;
  log::Log log_;
  Msisdn centre_number_ = *Msisdn::parse("4915550000");
  bool osmo_;
  LifeProgress progress_;
  const network::FaultPlan* faults_ = nullptr;
  WorkFolder folder_;
  std::string smpp_listen_;
  std::unique_ptr<loop::Loop> loop_;
  OsmoHlr osmo_hlr_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Rest> desk_, dealer_, factory_, auditor_;
  LifeFigures figures_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Opening> opening_;
  std::vector<MadeChip> chips_;
  std::unique_ptr<LifeWorld> world_;
  std::vector<std::unique_ptr<ChipRun>> runs_;
  size_t begun_ = 0;
  std::unique_ptr<loop::Timer> turn_;
  Instant follow_at_;
  std::vector<double> kill_at_;  // shares of the work, rising
  size_t killed_ = 0;
  bool closing_ = false;
  bool well_ = false;
  std::string failed_;
};

}  // namespace

int run_life(const LifeOptions& options) {
  return Life(options).run();
}

int life_main(int argc, char** argv) {
  CLI::App app(
      "Takes chips through their whole life on a real simurghd: the factory's program makes them, "
      "a\n"
      "dealer sells them, they are personalised at their first logon, used, re-keyed, reset and "
      "sold\n"
      "again, over real SMPP, GSUP, REST and files, with each suite, algorithm and kind of "
      "activation\n"
      "code. Customers choose new PINs or do not, and mistype. Some chips try the misuse of row "
      "D12,\n"
      "which must be refused. What the server acknowledged must be there after every kill of it.");
  LifeOptions options;
  const auto show = [](CLI::Option* option) { option->capture_default_str(); };
  show(app.add_option("--chips", options.chips, "How many")->check(CLI::Range(1, 1'000'000)));
  show(app.add_option("--seed", options.seed, "Of faults, codes and people"));
  show(app.add_option("--faults", options.faults, "Of the short-message network")
           ->check(CLI::IsMember({"none", "lossy", "chaos"})));
  show(app.add_option(
              "--hlr", options.hlr,
              "The network's HLR: Simurgh's own, or Debian's osmo-hlr, where Simurgh makes,\n"
              "re-keys and removes subscribers (MILENAGE only, no hotlining)")
           ->check(CLI::IsMember({"built-in", "osmo-hlr"})));
  show(app.add_option("--kills", options.kills, "How often simurghd is killed (SIGKILL) on the way")
           ->check(CLI::Range(0, 1000)));
  show(app.add_option("--misuse-every", options.misuse_every,
                      "Each so manieth chip tries the misuse of D12; 0: none"));
  show(app.add_option("--at-once", options.at_once, "Chips under way at a time")
           ->check(CLI::Range(1, 100'000)));
  show(app.add_option("--patience", options.patience_s,
                      "Seconds for one step of one chip, then it counts as stuck")
           ->check(CLI::Range(1, 86'400)));
  app.add_option("--store", options.store, "Of simurghd: sqlite, or an empty PostgreSQL database");
  app.add_option("--programs", options.programs,
                 "Folder of simurghd and simurgh; default: where this program is");
  app.add_option("--dir", options.work_dir,
                 "Keep everything in this new folder; default: a folder in /tmp, kept only when\n"
                 "something went wrong");
  app.add_flag("--json", options.json, "Figures as one JSON object on standard output");
  app.add_flag("--quiet", options.quiet, "No progress on standard error");
  app.footer(
      "Exit status: 0 when every chip got through and nothing was violated, else 1.\n"
      "Examples:\n"
      "  simurgh-lab life --chips 200 --faults lossy --kills 3\n"
      "  simurgh-lab life --chips 20 --hlr osmo-hlr --json");
  CLI11_PARSE(app, argc, argv);
  if (options.programs.empty()) {
    std::error_code failed;
    options.programs = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  }
  return run_life(options);
}

}  // namespace simurgh::lab
