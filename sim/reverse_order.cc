#include "reverse_order.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <numeric>

#include "campaign/campaigns.h"
#include "memory_store/memory_storage.h"
#include "polling_fleet.h"
#include "row_counter.h"

namespace simurgh::sim {

namespace {

using campaign::CampaignId;
using campaign::ElementId;

constexpr uint32_t batches = 20;
constexpr uint32_t begin_s = 1'800'000'000;
constexpr uint32_t empty_session_s = 2;  // a poll that finds nothing to do
constexpr uint32_t refused_wait_s = 60;  // Retry-After of a full front end
constexpr uint32_t smsc_window = 4000;   // messages that the SMSC takes in a second

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// What comes at a second of the future.
class Agenda {
 public:
  void add(uint32_t at_s, ElementId element) {
    if (at_s - base_s_ >= near_.size()) {
      far_[at_s].push_back(element);
    } else {
      near_[at_s % near_.size()].push_back(element);
    }
  }
  // Seconds are taken one by one, in order.
  std::vector<ElementId> take(uint32_t now_s) {
    std::vector<ElementId> due = std::move(near_[now_s % near_.size()]);
    near_[now_s % near_.size()].clear();
    base_s_ = now_s + 1;
    const auto far = far_.find(now_s);
    if (far != far_.end()) {
      due.insert(due.end(), far->second.begin(), far->second.end());
      far_.erase(far);
    }
    return due;
  }
  void begin(uint32_t now_s) { base_s_ = now_s; }

 private:
  uint32_t base_s_ = 0;
  std::vector<std::vector<ElementId>> near_ = std::vector<std::vector<ElementId>>(256);
  std::map<uint32_t, std::vector<ElementId>> far_;
};

class World {
 public:
  explicit World(const ReverseOrderOptions& options)
      : options_(options),
        random_(options.seed),
        fleet_(options.elements, options.elements / 20, begin_s, options.period_s, options.seed,
               options.noise),
        population_(campaign::instant_of(begin_s)),
        storage_(random_.array<16>()),
        audit_(storage_.audit()),
        campaigns_(store_, audit_, population_, seconds(options.period_s)),
        controller_({.session_time = seconds(options.session_s)}),
        now_s_(begin_s),
        batch_sums_(batches + 1),
        batch_served_(batches + 1) {
    const double recurring = static_cast<double>(options.elements) / options.period_s;
    figures_.capacity = options.capacity != 0
                            ? options.capacity
                            : static_cast<uint64_t>(2 * recurring * options.session_s + 0.5);
    sessions_end_.begin(now_s_);
    arrivals_.begin(now_s_);
  }

  ReverseOrderOutcome run();

 private:
  Instant now() const { return campaign::instant_of(now_s_); }
  const campaign::Campaign& campaign() const { return *campaigns_.campaign(id_); }
  void note(uint64_t what) { figures_.hash = (figures_.hash ^ what) * 0x100000001b3; }
  void must(const Result<void>& result, const char* what) {
    if (!result && violation_.empty())
      violation_ = std::string(what) + ": " + name_of(result.error().code);
  }

  void start();
  void tick();
  void end_sessions();
  void begin_polls();
  void arrive(ElementId element);
  void send_triggers();
  void deliver(const campaign::Trigger& trigger);
  uint32_t lateness(uint32_t most_s) { return static_cast<uint32_t>(random_.below(most_s) + 1); }
  void measure();
  void conclude();

  ReverseOrderOptions options_;
  SeededRandom random_;
  PollingFleet fleet_;
  campaign::Population population_;
  RowCounter store_;
  memory_store::MemoryStorage storage_;  // for the audit rows
  audit::Log audit_;
  campaign::Campaigns campaigns_;
  campaign::FlowController controller_;
  CampaignId id_;

  uint32_t now_s_;
  uint32_t next_slot_ = 0;
  uint32_t sessions_ = 0;
  Agenda sessions_end_;
  Agenda arrivals_;
  std::vector<double> batch_sums_;
  std::vector<uint64_t> batch_served_;
  std::vector<campaign::Trigger> triggers_;
  ReverseOrderFigures figures_;
  std::string violation_;
};

void World::start() {
  fleet_.fill(population_, batches);
  for (uint32_t slot = 0; slot < fleet_.elements(); ++slot) {
    if (!fleet_.is_off(fleet_.element_at(slot))) ++figures_.reachable;
  }
  must(campaigns_.load(now()), "load");
  const auto begin = std::chrono::steady_clock::now();
  campaign::NewCampaign order{.name = "worked example"};
  order.terms.policy.order = options_.order;
  order.terms.policy.needs_approval = false;
  // Lost messages are repeated soon, and often enough that all that can be reached are.
  order.terms.policy.triggers_max = 6;
  order.terms.policy.wait_factor = 3;
  order.terms.payload.bytes = {0x00};
  id_ = *campaigns_.create(order, {"operator", now()});
  must(campaigns_.submit(id_, {"operator", now()}), "submit");
  tick();
  figures_.start_s = seconds_since(begin);
}

void World::end_sessions() {
  for (const ElementId element : sessions_end_.take(now_s_)) {
    --sessions_;
    const campaign::Outcome before = *campaigns_.outcome(id_, element);
    if (before.progress == campaign::Progress::offered) {
      must(campaigns_.report(element, id_, {.proved = true}, now()), "report");
      const uint32_t batch = fleet_.batch_of(fleet_.slot_of(element), batches);
      batch_sums_[batch] += now_s_ - begin_s;
      ++batch_served_[batch];
      ++figures_.served;
      figures_.duration_s = now_s_ - begin_s;
      const Result<Instant> next = campaigns_.plan_next_poll(element, now());
      must(next ? Result<void>() : Result<void>(next.error()), "plan_next_poll");
      if (next) arrivals_.add(campaign::whole_seconds(*next), element);
    }
    campaigns_.end_session(element, now());
    note(element.value * 4ull);
  }
}

void World::arrive(ElementId element) {
  if (sessions_ >= figures_.capacity) {
    ++figures_.over_capacity;
    arrivals_.add(now_s_ + refused_wait_s, element);
    return;
  }
  ++sessions_;
  figures_.sessions_max = std::max<uint64_t>(figures_.sessions_max, sessions_);
  must(campaigns_.begin_session(element, now()), "begin_session");
  const auto work = campaigns_.next_work(element, now());
  must(work ? Result<void>() : Result<void>(work.error()), "next_work");
  const bool has_work = work && work->has_value();
  const auto time = static_cast<uint32_t>(
      has_work ? random_.between(options_.session_s / 2, options_.session_s * 3 / 2)
               : empty_session_s);
  sessions_end_.add(now_s_ + time, element);
  note(element.value * 4ull + 1);
}

// Recurring polls of the first period; later ones are in arrivals_.
void World::begin_polls() {
  for (; next_slot_ < fleet_.elements() && fleet_.poll_s(next_slot_) <= now_s_; ++next_slot_) {
    const ElementId element = fleet_.element_at(next_slot_);
    // It has been given another date.
    if (population_.next_poll_s(element) != fleet_.poll_s(next_slot_) || fleet_.is_off(element)) {
      continue;
    }
    if (fleet_.is_late(element)) {
      arrivals_.add(now_s_ + lateness(3600), element);
    } else {
      ++figures_.polls;
      arrive(element);
    }
  }
}

void World::deliver(const campaign::Trigger& trigger) {
  ++figures_.messages_sent;
  if (!fleet_.ever_reported(trigger.element)) ++figures_.never_reported_contacted;
  const campaign::Progress progress = campaigns_.outcome(id_, trigger.element)->progress;
  if (progress == campaign::Progress::done) ++figures_.served_contacted;
  note(trigger.element.value * 4ull + 2);
  if (fleet_.is_off(trigger.element) || (options_.noise && random_.chance(30'000))) return;
  const auto delay = static_cast<uint32_t>(random_.between(3, 12));
  const bool late = fleet_.is_late(trigger.element);
  arrivals_.add(now_s_ + delay + (late ? lateness(1800) : 0), trigger.element);
}

void World::send_triggers() {
  const campaign::Load load{.now = now(),
                            .capacity = static_cast<uint32_t>(figures_.capacity),
                            .sessions = sessions_,
                            .smsc_room = smsc_window};
  campaign::Budget budget =
      controller_.plan(load, campaigns_.take_events(),
                       [&](uint32_t from, uint32_t to) { return campaigns_.polls_due(from, to); });
  if (options_.naive_controller) {
    budget.arrivals = static_cast<double>(figures_.capacity) - sessions_;
    budget.messages = smsc_window;
  }
  triggers_.clear();
  campaigns_.pick(now(), budget, triggers_);
  must(campaigns_.flush(), "flush");
  for (const campaign::Trigger& trigger : triggers_) deliver(trigger);
}

void World::tick() {
  end_sessions();
  begin_polls();
  for (const ElementId element : arrivals_.take(now_s_)) arrive(element);
  must(campaigns_.advance(now()), "advance");
  send_triggers();
  if (now_s_ % 4096 == 0) measure();
  ++now_s_;
}

void World::measure() {
  const double octets =
      static_cast<double>(population_.memory_octets() + campaigns_.memory_octets());
  figures_.state_octets_per_element =
      std::max(figures_.state_octets_per_element, octets / fleet_.total());
}

void World::conclude() {
  const campaign::Counters& counters = campaign().counters;
  figures_.done = counters.done;
  figures_.failed = counters.failed;
  figures_.total = campaign().total;
  figures_.store_rows = store_.rows;
  figures_.bound_s = static_cast<double>(figures_.reachable) * options_.session_s /
                     static_cast<double>(figures_.capacity);
  figures_.batch_order.resize(batches);
  std::iota(figures_.batch_order.begin(), figures_.batch_order.end(), 1);
  const auto mean = [&](uint32_t batch) {
    return batch_sums_[batch] / static_cast<double>(std::max<uint64_t>(batch_served_[batch], 1));
  };
  std::sort(figures_.batch_order.begin(), figures_.batch_order.end(),
            [&](uint32_t a, uint32_t b) { return mean(a) < mean(b); });
  const auto learnt = controller_.learnt(static_cast<uint32_t>(figures_.capacity));
  figures_.learnt = {learnt.session_s, learnt.delay_s, learnt.poll_share, learnt.yield[0],
                     learnt.margin};
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  figures_.peak_memory_octets = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

ReverseOrderOutcome World::run() {
  const auto begin = std::chrono::steady_clock::now();
  start();
  const uint32_t give_up_s = begin_s + 3 * options_.period_s;
  while (violation_.empty() && figures_.served < figures_.reachable && now_s_ < give_up_s) tick();
  measure();
  if (figures_.served < figures_.reachable && violation_.empty()) {
    violation_ = std::to_string(figures_.reachable - figures_.served) + " reachable not served";
  }
  // What is off fails when the campaign's time is over; nobody else is left.
  const uint32_t patience_s = now_s_ + 3600;
  while (violation_.empty() && campaign().state == campaign::State::running &&
         now_s_ < patience_s) {
    tick();
  }
  if (campaign().state == campaign::State::running) {
    const Instant end = campaign().begun + campaign().terms.policy.lasts_max;
    must(campaigns_.advance(end), "advance");
  }
  conclude();
  figures_.run_s = seconds_since(begin);
  if (violation_.empty()) {
    if (campaign().state != campaign::State::done) violation_ = "the campaign does not end";
    if (figures_.done != figures_.served) violation_ = "done is not what was served";
    if (figures_.done + figures_.failed != figures_.total || figures_.total != options_.elements) {
      violation_ = "done + failed is not the total";
    }
    if (figures_.never_reported_contacted > 0) violation_ = "triggered what never reported";
    if (figures_.served_contacted > 0) violation_ = "triggered what was served";
    if (figures_.over_capacity > 0) violation_ = "over capacity";
  }
  return {violation_, figures_};
}

}  // namespace

ReverseOrderOutcome run_reverse_order(const ReverseOrderOptions& options) {
  return World(options).run();
}

}  // namespace simurgh::sim
