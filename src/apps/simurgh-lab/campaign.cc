#include "apps/simurgh-lab/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "apps/simurgh-lab/campaign_figures.h"
#include "apps/simurgh-lab/daemon.h"
#include "apps/simurgh-lab/progress_line.h"
#include "apps/simurgh-lab/work_folder.h"
#include "io/process/process.h"

namespace simurgh::lab {

namespace {

constexpr Duration turn_wait = milliseconds(20);
constexpr Duration look_wait = seconds(1);
constexpr size_t made_per_turn = 50;
constexpr std::string_view esme_password = "labsmsc";
// Of a session over a radio that is as slow as this one: opening, handshake, the scripts, the end.
constexpr int64_t round_trips = 8;
constexpr int64_t receipt_wait_s = 30;
constexpr int64_t trigger_wait_s = 20;
constexpr int triggers_max = 6;
// After the last chip is done, for whatever might still be executed twice.
constexpr Duration linger_wait = seconds(5);
constexpr int periods_patience = 20;

// What the agents of the field can do, as their maker says of his cards.
std::string agent_settings() {
  return json::write(json::Value::object(
      {{"http",
        json::Value::object(
            {{"keeps_response", true}, {"says_resume", true}, {"understands_retry_after", true}})},
       {"poll_date", "script"},
       {"poll_target", usim_aid_text}}));
}

class CampaignRun {
 public:
  explicit CampaignRun(const CampaignOptions& options)
      : options_(options), random_(options.seed), line_(options.quiet) {
    if (options_.capacity == 0) options_.capacity = std::max<size_t>(10, options_.chips / 50);
  }
  ~CampaignRun() {
    turn_.reset();
    for (auto* rest : {&desk_, &approver_}) rest->reset();
    if (field_) field_->stop();
    lab_.reset();
    field_.reset();
    daemon_.reset();
    folder_.leave(well_);
  }

  int run() {
    std::string problem;
    if (open(problem)) {
      line_.begin(loop_->now());
      turn_->set(loop_->now());
      loop_->run();
      problem = failed_;
    }
    if (!problem.empty()) {
      std::fprintf(stderr, "simurgh-lab: %s\n", problem.c_str());
    } else {
      well_ = judge();
      print();
    }
    return well_ ? 0 : 1;
  }

 private:
  enum class Stage : uint8_t {
    making,
    importing,
    warming_up,
    ordering,
    running,
    settling,
    comparing
  };
  struct FleetPart {
    const char* batch;
    bool short_messages_only;
  };
  static constexpr FleetPart fleet_parts[] = {{"agents", false}, {"sms-cards", true}};

  bool open(std::string& problem) {
    if (!folder_.make(options_.work_dir, problem)) return false;
    auto loop = loop::Loop::create(problem);
    if (!loop) return false;
    loop_ = std::move(*loop);
    log_.set_level(log::Level::error);
    turn_ = std::make_unique<loop::Timer>(*loop_, [this] { on_turn(); });
    for (size_t i = 0; i < options_.kills; ++i) {
      kill_at_.push_back(static_cast<double>(2 + random_.below(94)) / 100);
    }
    std::sort(kill_at_.begin(), kill_at_.end());
    return open_server(problem) && open_field(problem);
  }

  bool open_server(std::string& problem) {
    Daemon::Options daemon;
    daemon.programs = options_.programs;
    daemon.store = options_.store;
    daemon.data_dir = folder_.path() + "/server";
    daemon.smpp_password = esme_password;
    daemon.centre_number = centre_number_;
    daemon.smpp_connect = smpp_listen_ = fmt::format("127.0.0.1:{}", free_port());
    daemon.capacity = options_.capacity;
    daemon.poll_period_s = options_.poll_period_s;
    daemon.session_time_s =
        static_cast<uint32_t>(std::max<int64_t>(1, round_trips * options_.latency_ms / 1000));
    daemon.triggers_per_second_max = 200;
    daemon_ = std::make_unique<Daemon>(daemon);
    if (!daemon_->init(problem)) return false;
    const auto open_rest = [&](std::unique_ptr<Rest>& rest, const char* name, const char* roles) {
      const std::string token = daemon_->make_token(name, roles, "", problem);
      if (token.empty()) return false;
      rest = Rest::open(*loop_, daemon_->api(), token, seconds(60));
      return rest != nullptr;
    };
    if (!open_rest(desk_, "desk", "operator") || !open_rest(approver_, "approver", "approver")) {
      return false;
    }
    order_ = std::make_unique<CampaignOrder>(*desk_, *approver_);
    return daemon_->start(problem);
  }

  bool open_field(std::string& problem) {
    const FieldOptions field{.chips = options_.chips,
                             .port = daemon_->chips_port(),
                             .capacity = options_.capacity,
                             .poll_period_s = options_.poll_period_s,
                             .sms_only = options_.sms_only,
                             .unnumbered = options_.unnumbered,
                             .off = options_.off,
                             .wrong_keys = options_.wrong_keys,
                             .away = options_.away,
                             .weak = options_.weak,
                             .payload_kills = options_.payload_kills,
                             .latency_min = milliseconds(options_.latency_ms / 2),
                             .latency_max = milliseconds(options_.latency_ms * 3 / 2),
                             .on_within = seconds(5)};
    field_ = std::make_unique<Field>(*loop_, field, random_);
    LabOptions lab;
    lab.smpp_listen = smpp_listen_;
    lab.gsup_connect = daemon_->gsup();
    lab.visited_networks.clear();
    lab.faults = *network::FaultPlan::named(options_.faults);
    lab.esme_password = esme_password;
    lab.centre_number = centre_number_;
    lab.air = &field_->air();
    lab.smsc.messages_max = options_.smsc_queue;
    lab_ = Lab::open(*loop_, lab, random_, log_, problem);
    return lab_ != nullptr;
  }

  void give_up(const std::string& words) {
    if (failed_.empty()) failed_ = words;
    loop_->stop();
  }
  // For what is told at the end of a request.
  CampaignOrder::Done or_give_up(std::function<void()> then) {
    return [this, then = std::move(then)](const std::string& problem) {
      problem.empty() ? then() : give_up(problem);
    };
  }

  void on_turn() {
    switch (stage_) {
      case Stage::making: turn_making(); break;
      case Stage::importing: turn_importing(); break;
      case Stage::warming_up:
        if (loop_->now() >= warm_at_) begin_campaign();
        break;
      case Stage::ordering: break;
      case Stage::running: turn_running(); break;
      case Stage::settling:
        if (lab_->now() >= settled_at_) begin_comparing();
        break;
      case Stage::comparing: break;
    }
    if (field_started_ && stage_ != Stage::comparing) field_->turn();
    if (!importer_.running() && !daemon_->running() && stage_ != Stage::comparing) {
      give_up("simurghd ended by itself: see " + daemon_->log_path());
    }
    say();
    if (failed_.empty()) turn_->set_after(turn_wait);
  }

  // --- before the campaign ---------------------------------------------------------------------

  void turn_making() {
    std::string problem;
    if (!field_->make_some(made_per_turn, problem)) return give_up(problem);
    if (field_->made() < options_.chips) return;
    stage_ = Stage::importing;
    import_begun_ = loop_->now();
  }

  // The next part of the fleet, by the operator's own program.
  void turn_importing() {
    std::string problem;
    if (importer_.running()) return;
    if (importer_.exit_status().value_or(0) != 0) {
      return give_up("simurgh fleet import failed: see " + folder_.path() + "/import.log");
    }
    if (imported_ == std::size(fleet_parts)) return warm_up();
    const FleetPart& part = fleet_parts[imported_++];
    const std::string file = fmt::format("{}/{}", folder_.path(), part.batch);
    const std::string rows = field_->fleet_file(loop_->now(), part.short_messages_only);
    if (std::ranges::count(rows, '\n') < 2) return;
    if (!process::write_new_file(file + ".csv", rows, 0600, problem) ||
        !process::write_new_file(file + ".json", part.short_messages_only ? "{}" : agent_settings(),
                                 0600, problem) ||
        !importer_.start({.command = {options_.programs + "/simurgh", "fleet", "import",
                                      file + ".csv", "--batch", part.batch, "--settings",
                                      file + ".json", "--server", "http://" + daemon_->api(),
                                      "--token-file", daemon_->token_path("desk"), "--quiet"},
                          .log = folder_.path() + "/import.log"},
                         problem)) {
      give_up(problem);
    }
  }

  // Phones are on for a while before anything is ordered, so that the recurring polls are as they
  // are at any time.
  void warm_up() {
    figures_.import_ms = static_cast<uint64_t>((loop_->now() - import_begun_).ms);
    field_->start(*lab_);
    field_started_ = true;
    stage_ = Stage::warming_up;
    warm_at_ = loop_->now() + seconds(options_.warm_up_s);
  }

  void begin_campaign() {
    stage_ = Stage::ordering;
    CampaignTerms terms;
    terms.first_wave_chips = std::clamp<size_t>(options_.chips / 10, 50, 1000);
    // Weak coverage and a full SMSC look like failures for a while; only a payload that kills is
    // to stop it.
    terms.stop_permille = options_.payload_kills > 0 ? 4 : 300;
    terms.stop_sample = std::min<size_t>(200, terms.first_wave_chips / 2);
    terms.lasts_s = options_.lasts_s > 0 ? options_.lasts_s
                                         : int64_t{periods_patience} * options_.poll_period_s;
    terms.receipt_wait_s = receipt_wait_s;
    terms.first_wait_s = trigger_wait_s;
    terms.triggers_max = triggers_max;
    order_->order(terms, or_give_up([this] {
                    stage_ = Stage::running;
                    begun_ = lab_->now();
                  }));
  }

  // --- the campaign ----------------------------------------------------------------------------

  void turn_running() {
    if (looking_ || lab_->now() < look_at_) return;
    looking_ = true;
    look_at_ = lab_->now() + look_wait;
    order_->look([this](const std::string& problem, const CampaignState& state) {
      looking_ = false;
      if (!problem.empty()) return give_up(problem);
      if (stage_ == Stage::running) take(state);
    });
  }

  void take(const CampaignState& state) {
    seen_ = state;
    if (state.done < figures_.most_done) {
      const auto missing = static_cast<uint64_t>(figures_.most_done - state.done);
      figures_.lost += missing;
      figures_.violation(fmt::format("{} chips were done and are not any more", missing));
    }
    figures_.most_done = std::max(figures_.most_done, state.done);
    figures_.octets_per_chip =
        std::max<uint64_t>(figures_.octets_per_chip, memory_octets() / options_.chips);
    if (state.state != "running" && state.state != "scheduled") return settle();
    const auto reachable = static_cast<int64_t>(field_->figures().reachable);
    if (options_.lasts_s == 0 && options_.payload_kills == 0 && state.done >= reachable) {
      return settle();
    }
    if (lab_->now() - begun_ > seconds(options_.patience_s)) return settle();
    const double share = static_cast<double>(state.done) / static_cast<double>(reachable);
    if (figures_.kills < kill_at_.size() && share >= kill_at_[figures_.kills]) kill();
  }

  void kill() {
    std::string problem;
    daemon_->kill_now();
    ++figures_.kills;
    if (!daemon_->start(problem)) give_up(problem);
  }

  // The campaign is over, or everything that it can do is done.
  void settle() {
    stage_ = Stage::settling;
    settled_at_ = lab_->now() + (seen_.state == "stopped" ? seconds(receipt_wait_s) : linger_wait);
  }

  void begin_comparing() {
    stage_ = Stage::comparing;
    settled_at_ = Instant::never();
    if (seen_.state == "done" || seen_.state == "cancelled") return compare();
    order_->look([this](const std::string& problem, const CampaignState& state) {
      if (!problem.empty()) return give_up(problem);
      seen_ = state;
      order_->cancel(or_give_up([this] { compare(); }));
    });
  }

  void compare() {
    field_->stop();
    order_->outcomes(
        [this](const std::string& iccid, const std::string& outcome) {
          const auto parsed = Iccid::parse(iccid);
          Field::Phone* phone = parsed ? field_->find(*parsed) : nullptr;
          if (phone == nullptr) {
            return figures_.violation("the server speaks of a chip that nobody made: " + iccid);
          }
          phone->outcome = outcome;
        },
        or_give_up([this] {
          for (const Field::Phone& phone : field_->phones()) look_into(phone);
          if (!daemon_->stop()) failed_ = "simurghd did not end in order";
          loop_->stop();
        }));
  }

  void look_into(const Field::Phone& phone) {
    const auto executions = executions_of(phone.chip, random_);
    if (!executions) return figures_.violation("a chip cannot be read");
    figures_.compare(phone, phone.outcome.empty() ? "open" : phone.outcome, *executions);
    if (options_.payload_kills == 0 && phone.reachable() && phone.outcome != "done") {
      ++figures_.stuck;
    }
  }

  // --- the end ---------------------------------------------------------------------------------

  bool stopped_in_time() const { return seen_.state == "stopped" && seen_.wave == 1; }

  bool judge() const {
    const FieldFigures& field = field_->figures();
    const bool right = figures_.violations == 0 && field_->load().over_capacity == 0 &&
                       field.mute == 0 && figures_.kills == options_.kills;
    if (options_.payload_kills > 0) return right && stopped_in_time();
    return right && figures_.stuck == 0 && figures_.done == field.reachable;
  }

  void say() {
    if (!line_.due(loop_->now())) return;
    const FieldFigures& field = field_->figures();
    const std::string time = clock_text(line_.elapsed(loop_->now()).ms / 1000);
    if (stage_ == Stage::making) {
      return line_.write(
          fmt::format("chips made {} of {}  {}", field_->made(), options_.chips, time));
    }
    if (stage_ == Stage::importing) return line_.write("the fleet is imported  " + time);
    const std::string bad =
        figures_.violations == 0 ? "" : fmt::format("  VIOLATIONS {}", figures_.violations);
    line_.write(fmt::format(
        "done {} of {} reachable  {}  sessions {} of {}  by trigger {} by poll {}  messages {}  "
        "{}{}",
        seen_.done, field.reachable, seen_.state, field.sessions_now, options_.capacity,
        field.by_trigger, field.by_poll, lab_->smsc().counts().submitted, time, bad));
  }

  void print() {
    line_.finish();
    for (const std::string& words : figures_.violation_words) {
      std::fprintf(stderr, "violation: %s\n", words.c_str());
    }
    const FieldFigures& field = field_->figures();
    const Load load = field_->load();
    const auto& smsc = lab_->smsc().counts();
    const int64_t took_s = line_.elapsed(loop_->now()).ms / 1000;
    if (!options_.json) {
      std::printf(
          "%s\n",
          fmt::format("{} of {} reachable chips done in {} s, each once: {} doubled, {} lost, {} "
                      "stuck, {} violations; {} sessions at most of {}; {} short messages.",
                      figures_.done, field.reachable, took_s, figures_.doubled, figures_.lost,
                      figures_.stuck, figures_.violations, load.peak_sessions, options_.capacity,
                      smsc.submitted)
              .c_str());
      return;
    }
    json::Value out = figures_.to_json();
    out.set("chips", options_.chips).set("reachable", field.reachable);
    out.set("unreachable", field.unreachable).set("capacity", options_.capacity);
    out.set("over_capacity", load.over_capacity).set("peak_sessions", load.peak_sessions);
    out.set("sent_away", field.sent_away).set("triggered_sent_away", field.triggered_sent_away);
    out.set("sessions", field.sessions).set("triggered", field.by_trigger);
    out.set("polls", field.by_poll).set("tried_again", field.tried_again);
    out.set("links_broken", field_->data_figures().broken);
    out.set("messages", smsc.submitted).set("messages_refused", smsc.refused);
    out.set("messages_lost", smsc.lost).set("killed", field.chips_killed);
    out.set("state", seen_.state).set("stop_reason", seen_.stop_reason);
    out.set("stopped_in_first_wave", stopped_in_time()).set("wave_reached", seen_.reached);
    out.set("seconds", took_s).set("store", options_.store.substr(0, options_.store.find(':')));
    std::printf("%s\n", json::write(out).c_str());
  }

  CampaignOptions options_;
  LabRandom random_;
  log::Log log_;
  ProgressLine line_;
  WorkFolder folder_;
  Msisdn centre_number_ = *Msisdn::parse("4915550000");
  std::string smpp_listen_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<Rest> desk_, approver_;
  std::unique_ptr<CampaignOrder> order_;
  std::unique_ptr<Field> field_;
  std::unique_ptr<Lab> lab_;
  Child importer_;
  std::unique_ptr<loop::Timer> turn_;
  Stage stage_ = Stage::making;
  size_t imported_ = 0;
  bool field_started_ = false;
  bool looking_ = false;
  Instant import_begun_, warm_at_, begun_, look_at_, settled_at_;
  CampaignState seen_;
  CampaignFigures figures_;
  std::vector<double> kill_at_;  // shares of the work, rising
  bool well_ = false;
  std::string failed_;
};

}  // namespace

int run_campaign(const CampaignOptions& options) {
  return CampaignRun(options).run();
}

}  // namespace simurgh::lab
