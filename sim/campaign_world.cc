#include "campaign_world.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "campaign/campaigns.h"
#include "memory_store/campaign_memory.h"
#include "memory_store/memory_storage.h"
#include "seeded_random.h"

namespace simurgh::sim {

namespace {

using campaign::CampaignId;
using campaign::ElementId;
using campaign::Progress;
using campaign::State;

constexpr uint32_t begin_s = 1'800'000'000;
constexpr uint32_t tick_s = 5;
constexpr uint32_t period_s = 6 * 3600;
constexpr uint32_t capacity = 40;
constexpr uint32_t wave_elements = 200;  // of the campaign whose payload kills
constexpr uint16_t stop_permille = 5;
constexpr Duration campaign_time = hours(20);

// Rates in millionths, drawn for each world; some are 0 in some worlds.
struct Faults {
  uint32_t trigger_lost, trigger_doubled, session_broken, receipt_lost, status_only, crash, off,
      refuses;
};

struct Chip {
  bool off = false;
  bool dead = false;
  uint32_t poll_s = 0;
  // What it has executed: (campaign, run). It answers again and does not execute again.
  std::set<std::pair<CampaignId, uint8_t>> executed;
  std::map<CampaignId, uint32_t> effects;
};

class CampaignWorld {
 public:
  explicit CampaignWorld(const CampaignWorldOptions& options)
      : options_(options), random_(options.seed), storage_(random_.array<16>()) {}
  CampaignWorldOutcome run();

 private:
  struct Died {};  // the server, in the middle of something

  Instant now() const { return campaign::instant_of(now_s_); }
  bool falls(uint32_t ppm) { return faults_on_ && random_.chance(ppm); }
  void maybe_die() {
    if (falls(faults_.crash)) throw Died{};
  }
  template <typename T>
  T must(Result<T> result) {
    if (!result && violation_.empty()) {
      violation_ = std::string("an operation failed: ") + name_of(result.error().code);
    }
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      return result ? std::move(*result) : T{};
    }
  }
  void violated(const std::string& what) {
    if (violation_.empty()) violation_ = what;
  }
  void note(uint64_t what) { figures_.hash = (figures_.hash ^ what) * 0x100000001b3; }

  void make_field();
  void start_server();
  void commit() {
    must(campaigns_->flush());
    maybe_die();
    must(storage_.commit(0));
    store_.commit();
  }
  CampaignId order(campaign::Policy policy, uint16_t batch);
  void make_campaigns();
  void operate();
  void command(CampaignId id);
  void tick();
  void serve_arrivals();
  void session(ElementId element);
  // What comes back; nullopt: nothing.
  std::optional<campaign::Report> execute(ElementId element, const campaign::Work& work);
  void send_triggers();
  void check();
  void check_element(const campaign::Campaign& campaign, ElementId element);
  void check_end();

  CampaignWorldOptions options_;
  SeededRandom random_;
  memory_store::CampaignMemory store_;
  memory_store::MemoryStorage storage_;  // the audit rows
  std::unique_ptr<audit::Log> audit_;
  std::unique_ptr<campaign::Population> population_;
  std::unique_ptr<campaign::Campaigns> campaigns_;
  std::unique_ptr<campaign::FlowController> controller_;
  Faults faults_{};
  bool faults_on_ = true;
  bool kills_ = false;     // the first campaign's payload
  bool commands_ = false;  // the operator changes his mind
  uint32_t now_s_ = begin_s;
  std::vector<Chip> chips_;
  std::multimap<uint32_t, ElementId> arrivals_;
  std::vector<CampaignId> ids_;
  CampaignWorldFigures figures_;
  std::string violation_;
};

void CampaignWorld::make_field() {
  const auto rate = [&](uint32_t most) {
    return random_.chance(300'000) ? 0 : static_cast<uint32_t>(random_.below(most));
  };
  faults_ = {.trigger_lost = rate(300'000),
             .trigger_doubled = rate(200'000),
             .session_broken = rate(200'000),
             .receipt_lost = rate(200'000),
             .status_only = rate(200'000),
             .crash = rate(4'000),
             .off = rate(150'000),
             .refuses = rate(50'000)};
  kills_ = options_.seed % 4 == 1;
  commands_ = options_.seed % 4 == 2 || options_.seed % 4 == 3;
  chips_.resize(options_.elements);
  std::vector<campaign::ElementRow> rows;
  for (uint32_t i = 0; i < options_.elements; ++i) {
    Chip& chip = chips_[i];
    const bool never = random_.chance(50'000);
    chip.off = never || random_.chance(faults_.off);
    chip.poll_s = begin_s + static_cast<uint32_t>(random_.below(period_s));
    rows.push_back({.element = {i},
                    .last_contact_s = never ? 0 : chip.poll_s - period_s,
                    .next_poll_s = never ? 0 : chip.poll_s,
                    .batch = static_cast<uint16_t>(1 + i % 3)});
    if (!chip.off) arrivals_.emplace(chip.poll_s, ElementId{i});
  }
  must(store_.store().apply(rows));
  store_.commit();
}

void CampaignWorld::start_server() {
  campaigns_.reset();
  audit_ = std::make_unique<audit::Log>(storage_.audit());
  population_ = std::make_unique<campaign::Population>(now());
  campaigns_ = std::make_unique<campaign::Campaigns>(store_.store(), *audit_, *population_,
                                                     seconds(period_s));
  controller_ = std::make_unique<campaign::FlowController>(
      campaign::Settings{.session_time = seconds(tick_s)});
  must(campaigns_->load(now()));
}

CampaignId CampaignWorld::order(campaign::Policy policy, uint16_t batch) {
  campaign::NewCampaign order{.name = "simulated"};
  order.terms.policy = std::move(policy);
  if (batch != 0) order.terms.filter.batches = {batch};
  order.terms.payload.bytes = {0x00};
  const CampaignId id = must(campaigns_->create(order, {"alice", now()}));
  must(campaigns_->submit(id, {"alice", now()}));
  must(campaigns_->approve(id, {"bob", now()}));
  return id;
}

void CampaignWorld::make_campaigns() {
  campaign::Policy policy;
  policy.lasts_max = campaign_time;
  policy.order = static_cast<campaign::OrderKind>(1 + options_.seed % 4);
  if (kills_) {
    policy.waves = {{.elements = wave_elements, .soak = hours(1)}};
    policy.stop_rules = {{.failed_permille = stop_permille, .sample_min = 50}};
  }
  ids_.push_back(order(policy, 0));
  policy.waves.clear();
  policy.stop_rules.clear();
  policy.priority = 50;
  ids_.push_back(order(policy, 2));
  must(campaigns_->flush());
  must(storage_.commit(0));
  store_.commit();
}

void CampaignWorld::command(CampaignId id) {
  const State state = campaigns_->campaign(id)->state;
  const audit::By by{"alice", now()};
  ++figures_.commands;
  switch (random_.below(8)) {
    case 0:
    case 1:
    case 2:
      if (state == State::running) must(campaigns_->pause(id, by));
      break;
    case 3:
      // Only the second one, so that the first has an end to be checked.
      if (id == ids_[1] && state != State::done && state != State::cancelled) {
        must(campaigns_->cancel(id, by));
      }
      break;
    case 4:
      if ((state == State::done || state == State::running) &&
          campaigns_->campaign(id)->run < campaign::runs_max) {
        must(campaigns_->retry(id, by));
      }
      break;
    default:
      if (state == State::paused) must(campaigns_->resume(id, by));
  }
}

void CampaignWorld::operate() {
  if (!commands_ || !faults_on_ || !random_.chance(3'000)) return;
  command(ids_[random_.below(ids_.size())]);
  commit();
}

std::optional<campaign::Report> CampaignWorld::execute(ElementId element,
                                                       const campaign::Work& work) {
  Chip& chip = chips_[element.value];
  if (falls(faults_.session_broken)) return std::nullopt;
  // Something on the way answers for it.
  if (falls(faults_.status_only / 2)) return campaign::Report{.proved = options_.believes_status};
  const std::pair<CampaignId, uint8_t> token{work.campaign, work.run};
  if (!chip.executed.contains(token)) {
    // By element and run, so that a refusal repeated is the same refusal.
    const uint64_t dice =
        (element.value * 2654435761u + work.run * 40503u + work.campaign.value * 97u) % 1'000'000;
    if (dice < faults_.refuses) {
      return campaign::Report{.answer = campaign::Answer::refused,
                              .proved = true,
                              .reason = campaign::Reason::command_failed};
    }
    chip.executed.insert(token);
    ++chip.effects[work.campaign];
    ++figures_.executed;
    if (kills_ && work.campaign == ids_[0] && element.value % 20 == 7) {
      chip.dead = true;
      ++figures_.killed;
      return std::nullopt;
    }
  }
  if (falls(faults_.receipt_lost)) return std::nullopt;
  return campaign::Report{.proved = !falls(faults_.status_only) || options_.believes_status};
}

void CampaignWorld::session(ElementId element) {
  ++figures_.sessions;
  note(element.value);
  must(campaigns_->begin_session(element, now()));
  while (violation_.empty()) {
    const std::optional<campaign::Work> work = must(campaigns_->next_work(element, now()));
    if (!work) break;
    commit();  // before the payload leaves
    maybe_die();
    const std::optional<campaign::Report> report = execute(element, *work);
    note(report ? 1 + report->proved : 0);
    if (!report) {
      campaigns_->end_session(element, now());
      return;
    }
    must(campaigns_->report(element, work->campaign, *report, now()));
    maybe_die();
  }
  const Instant next = must(campaigns_->plan_next_poll(element, now()));
  campaigns_->end_session(element, now());
  commit();
  // The chip has the date once the commit has it.
  chips_[element.value].poll_s = campaign::whole_seconds(next);
}

void CampaignWorld::serve_arrivals() {
  uint32_t served = 0;
  while (!arrivals_.empty() && arrivals_.begin()->first <= now_s_) {
    const ElementId element = arrivals_.begin()->second;
    arrivals_.erase(arrivals_.begin());
    Chip& chip = chips_[element.value];
    if (chip.dead) continue;
    if (++served > capacity) {
      arrivals_.emplace(now_s_ + 60, element);  // told when to return
      continue;
    }
    // Its own clock goes on, whatever becomes of this session.
    const bool poll = chip.poll_s <= now_s_;
    if (poll) {
      chip.poll_s = now_s_ + period_s;
      arrivals_.emplace(chip.poll_s, element);
    }
    const uint32_t before_s = chip.poll_s;
    session(element);
    if (chip.poll_s != before_s) arrivals_.emplace(chip.poll_s, element);
  }
}

void CampaignWorld::send_triggers() {
  const campaign::Budget budget = controller_->plan(
      {.now = now(), .capacity = capacity, .sessions = 0, .smsc_room = 50},
      campaigns_->take_events(),
      [&](uint32_t from, uint32_t to) { return campaigns_->polls_due(from, to); });
  std::vector<campaign::Trigger> triggers;
  campaigns_->pick(now(), budget, triggers);
  commit();
  maybe_die();
  for (const campaign::Trigger& trigger : triggers) {
    ++figures_.triggers;
    if (population_->last_contact_s(trigger.element) == 0) {
      violated("a chip that never reported was triggered");
    }
    const Chip& chip = chips_[trigger.element.value];
    uint32_t copies = falls(faults_.trigger_lost) ? 0 : falls(faults_.trigger_doubled) ? 2 : 1;
    figures_.lost += copies == 0;
    figures_.doubled += copies == 2;
    if (chip.off) continue;
    for (; copies > 0; --copies) {
      arrivals_.emplace(now_s_ + static_cast<uint32_t>(random_.between(3, 60)), trigger.element);
    }
  }
}

void CampaignWorld::tick() {
  try {
    must(campaigns_->advance(now()));
    operate();
    serve_arrivals();
    send_triggers();
  } catch (const Died&) {
    ++figures_.crashes;
    storage_.crash();
    store_.crash();
    start_server();
  }
  now_s_ += tick_s;
  figures_.simulated_s += tick_s;
}

// I5 at one element.
void CampaignWorld::check_element(const campaign::Campaign& campaign, ElementId element) {
  ++figures_.checks;
  const campaign::Outcome outcome = must(campaigns_->outcome(campaign.id, element));
  const Chip& chip = chips_[element.value];
  const auto effects = chip.effects.find(campaign.id);
  const uint32_t count = effects == chip.effects.end() ? 0 : effects->second;
  if (count > 1) violated("I5: executed " + std::to_string(count) + " times");
  if (outcome.progress == Progress::done && count == 0) violated("I5: done, and never executed");
}

void CampaignWorld::check() {
  for (const auto& [id, campaign] : campaigns_->all()) {
    for (uint32_t i = 0; i < options_.elements; ++i) check_element(campaign, {i});
    if (kills_ && id == ids_[0] && campaign.wave_reached > wave_elements) {
      violated("a payload that kills went past the first wave");
    }
  }
}

void CampaignWorld::check_end() {
  for (const auto& [id, campaign] : campaigns_->all()) {
    figures_.done += campaign.counters.done;
    figures_.failed += campaign.counters.failed;
    figures_.stopped += campaign.state == State::stopped;
    if (kills_ && id == ids_[0]) {
      if (campaign.state != State::stopped) violated("a payload that kills was not stopped");
      continue;
    }
    if (campaign.state == State::cancelled) continue;
    if (campaign.state != State::done) violated("L2: a campaign does not end");
    if (campaign.counters.done + campaign.counters.failed != campaign.total) {
      violated("L2: done + failed is not the total");
    }
    for (uint32_t i = 0; i < options_.elements; ++i) {
      const Chip& chip = chips_[i];
      if (chip.dead || !chip.effects.contains(id)) continue;
      if (must(campaigns_->outcome(id, {i})).progress != Progress::done) {
        violated("I5: executed, and not reported: element " + std::to_string(i));
      }
    }
  }
}

CampaignWorldOutcome CampaignWorld::run() {
  make_field();
  start_server();
  make_campaigns();
  const uint32_t faults_end_s = begin_s + 8 * 3600;
  const uint32_t end_s = begin_s + 40 * 3600;
  while (violation_.empty() && now_s_ < end_s) {
    if (faults_on_ && now_s_ >= faults_end_s) {
      // The operator leaves nothing paused; from here on everything works.
      faults_on_ = false;
      for (const CampaignId id : ids_) {
        if (campaigns_->campaign(id)->state == State::paused) {
          must(campaigns_->resume(id, {"alice", now()}));
        }
      }
    }
    tick();
    if (figures_.simulated_s % 3600 == 0) check();
  }
  if (violation_.empty()) check_end();
  return {violation_, figures_};
}

}  // namespace

CampaignWorldOutcome run_campaign_world(const CampaignWorldOptions& options) {
  return CampaignWorld(options).run();
}

}  // namespace simurgh::sim
