#include "campaign/running.h"

#include <algorithm>

namespace simurgh::campaign {

namespace {

constexpr uint32_t counted_at_once_max = 1u << 22;  // members looked at in one step
constexpr uint32_t fronts_counted_at_once_max = 1u << 18;
constexpr Duration recount_after = minutes(10);

bool is_settled(const Outcome& outcome) {
  return outcome.progress == Progress::done || outcome.progress == Progress::failed;
}
// Offered in this run; not yet again when it was carried over from an earlier one.
bool is_offered(const Outcome& outcome) {
  return outcome.progress == Progress::offered && outcome.offers > 0;
}
uint64_t failed_of(const StopRule& rule, const Tally& tally) {
  if (rule.reason != Reason::none) return tally.failed[static_cast<size_t>(rule.reason)];
  uint64_t failed = 0;
  for (const uint64_t count : tally.failed) failed += count;
  return failed;
}
bool is_silent(const Outcome& outcome) {
  return is_offered(outcome) && outcome.reason != Reason::none;
}

}  // namespace

Running::Running(Campaign& campaign, const Population& population)
    : campaign_(campaign), population_(population) {
  restart_order();
}

void Running::restart_order() {
  order_ = make_order(policy().order, population_,
                      (uint64_t{campaign_.id.value} << 8 | campaign_.run) * 0x9e3779b97f4a7c15);
  order_ended_ = false;
}

Result<void> Running::load(Store& store, Instant now) {
  if (campaign_.terms.listed) {
    TRY(store.load_members(campaign_.id, [&](ElementId element) { listed_.add(element); }));
  }
  Counters& counters = campaign_.counters;
  counters = {.triggers = counters.triggers,
              .offers = counters.offers,
              .polled = counters.polled,
              .triggered = counters.triggered};
  TRY(store.load_outcomes(campaign_.id, [&](const OutcomeRow& row) {
    const Outcome outcome = carried_over(row.outcome, campaign_.run);
    outcomes_.set(row.element, outcome);
    count(outcome, 1);
    if (outcome.progress == Progress::waiting) {
      trigger_waits_.add(row.element, whole_seconds(instant_of(row.at_s) +
                                                    wait_after(policy(), outcome.triggers)));
    } else if (is_silent(outcome)) {
      trigger_waits_.add(row.element, whole_seconds(now));
    } else if (is_offered(outcome)) {
      receipt_waits_.add(row.element, whole_seconds(instant_of(row.at_s) + policy().receipt_wait));
    }
  }));
  if (campaign_.fronts.buckets.empty()) begin_fronts(now);
  // Which wave an element was in is not kept: in the first one, all were in it.
  if (campaign_.wave > 0) wave_tally_ = {};
  return {};
}

void Running::begin_run(Instant now) {
  campaign_.counters = {.triggers = campaign_.counters.triggers,
                        .offers = campaign_.counters.offers,
                        .polled = campaign_.counters.polled,
                        .triggered = campaign_.counters.triggered};
  run_tally_ = wave_tally_ = {};
  unsettled_ = fresh_in_flight_ = 0;
  outcomes_.change_all([&](ElementId, const Outcome& before) {
    const Outcome outcome = carried_over(before, campaign_.run);
    count(outcome, 1);
    return outcome;
  });
  ready_.clear();
  trigger_waits_ = {};
  receipt_waits_ = {};
  campaign_.wave = 0;
  campaign_.wave_reached = 0;
  campaign_.total = 0;
  wave_settled_at_ = Instant::never();
  count_ = {};
  next_count_at_ = now;
  begin_fronts(now);
  restart_order();
}

// Everything that is counted follows from the outcomes, one by one.
void Running::count(const Outcome& outcome, int by) {
  const auto add = [by](uint64_t& counter) {
    counter += static_cast<uint64_t>(static_cast<int64_t>(by));
  };
  Counters& counters = campaign_.counters;
  const auto answered = [&](bool good) {
    for (Tally* tally : {&run_tally_, &wave_tally_}) {
      // What was settled in an earlier wave may be taken from this one's tally.
      if (by < 0 && tally->settled == 0) continue;
      add(tally->settled);
      uint64_t& failed = tally->failed[static_cast<size_t>(outcome.reason)];
      if (!good && (by > 0 || failed > 0)) add(failed);
    }
  };
  switch (outcome.progress) {
    case Progress::open: break;
    case Progress::waiting: add(counters.waiting); break;
    case Progress::given_up: add(counters.given_up); break;
    case Progress::done:
      add(counters.done);
      answered(true);
      break;
    case Progress::failed:
      add(counters.failed);
      add(counters.failed_for[static_cast<size_t>(outcome.reason)]);
      answered(false);
      break;
    case Progress::offered:
      if (is_silent(outcome)) {
        add(counters.silent);
        answered(false);
      } else if (is_offered(outcome)) {
        add(unsettled_);
      }
      break;
  }
}

void Running::set(ElementId element, const Outcome& outcome, Instant now) {
  const Outcome before = outcomes_.get(element);
  count(before, -1);
  count(outcome, 1);
  outcomes_.set(element, outcome);
  changed_ = true;
  if (before.progress == Progress::waiting && before.triggers == 1 && fresh_in_flight_ > 0 &&
      (outcome.progress != Progress::waiting || outcome.triggers != 1)) {
    --fresh_in_flight_;
  }
  if (outcome.progress == Progress::waiting) {
    trigger_waits_.add(element, whole_seconds(now + wait_after(policy(), outcome.triggers)));
  } else if (is_offered(outcome) && !is_silent(outcome)) {
    receipt_waits_.add(element, whole_seconds(now + policy().receipt_wait));
  } else if (is_silent(outcome) && !is_silent(before)) {
    trigger_waits_.add(element, whole_seconds(now + policy().first_wait));
  }
}

bool Running::is_member(ElementId element) const {
  if (outcomes_.get(element) != Outcome{}) return population_.life(element) != Life::removed;
  if (campaign_.terms.listed && !listed_.has(element)) return false;
  return population_.matches(campaign_.terms.filter, element);
}

bool Running::may_offer(ElementId element) const {
  if (!is_running() || !is_member(element)) return false;
  const Outcome outcome = outcomes_.get(element);
  if (is_settled(outcome)) return false;
  return is_offered(outcome) || campaign_.wave_reached < wave_quota();
}

bool Running::wants_trigger(ElementId element) const {
  const Outcome outcome = outcomes_.get(element);
  if (outcome.triggers >= policy().triggers_max) return false;
  const bool silent_or_carried_over =
      outcome.progress == Progress::offered &&
      (outcome.offers == 0 || (outcome.reason != Reason::none && outcome.offers < offers_max));
  if (outcome.progress != Progress::open && !silent_or_carried_over) return false;
  return population_.life(element) == Life::in_service && is_member(element);
}

void Running::begin_fronts(Instant now) {
  campaign_.fronts = Fronts::of(population_.contacts_in_hour(), whole_seconds(now));
}

bool Running::is_unreached_member(ElementId element) const {
  if (population_.last_contact_s(element) == 0 || !is_member(element)) return false;
  const Outcome outcome = outcomes_.get(element);
  return !is_settled(outcome) && outcome.offers == 0;
}

void Running::count_fronts() {
  Fronts& fronts = campaign_.fronts;
  if (fronts.complete) return;
  const uint32_t end = static_cast<uint32_t>(std::min<uint64_t>(
      uint64_t{fronts.counted} + fronts_counted_at_once_max, population_.size()));
  for (; fronts.counted < end; ++fronts.counted) {
    const ElementId element{fronts.counted};
    if (is_unreached_member(element)) fronts.add_member(population_.last_contact_s(element));
  }
  fronts.complete = fronts.counted == population_.size();
  changed_ = true;
}

void Running::count_reached(ElementId element, bool polled) {
  ++campaign_.wave_reached;
  Fronts& fronts = campaign_.fronts;
  const uint32_t contact_s = population_.last_contact_s(element);
  // What is not counted yet will not be any more. One that never reported joins with this visit.
  if (element.value >= fronts.counted || contact_s == 0) fronts.add_member(contact_s);
  fronts.reach(contact_s, polled);
}

void Running::count_contact(ElementId element, uint32_t now_s) {
  Fronts& fronts = campaign_.fronts;
  if (element.value >= fronts.counted || !is_unreached_member(element)) return;
  fronts.move_member(population_.last_contact_s(element), now_s);
}

std::vector<RuleState> Running::rule_states() const {
  std::vector<RuleState> seen;
  for (const StopRule& rule : policy().stop_rules) {
    // The worse one of the two tallies that the rule looks at.
    const Tally& tally = breaks(rule, run_tally_) ? run_tally_ : wave_tally_;
    seen.push_back({rule, tally.settled, failed_of(rule, tally), breaks(rule, tally)});
  }
  return seen;
}

std::optional<ElementId> Running::candidate() {
  const auto from_ready = [&]() -> std::optional<ElementId> {
    if (ready_.empty()) return std::nullopt;
    const ElementId element = ready_.front();
    ready_.pop_front();
    return element;
  };
  // Turn by turn, so that elements that are off do not hold up the others.
  retry_turn_ = !retry_turn_;
  if (retry_turn_ && !ready_.empty()) return from_ready();
  while (!order_ended_) {
    const std::optional<ElementId> next = order_->next();
    if (!next) {
      order_ended_ = true;
      break;
    }
    // Those that wait come back by themselves.
    const Outcome outcome = outcomes_.get(*next);
    if (outcome.progress == Progress::open ||
        (outcome.progress == Progress::offered && outcome.offers == 0 && outcome.triggers == 0)) {
      return next;
    }
  }
  return from_ready();
}

uint32_t Running::trigger_room(Instant now) {
  if (!is_running() || !is_open(policy(), now)) return 0;
  uint64_t room = UINT32_MAX;
  const uint64_t quota = wave_quota();
  if (quota != UINT64_MAX) {
    // A few more than the wave has room for, since not all come.
    const uint64_t left = quota - std::min(quota, campaign_.wave_reached);
    const uint64_t wanted = left == 0 ? 0 : left + left / 8 + 1;
    room = wanted - std::min(wanted, fresh_in_flight_);
  }
  if (policy().triggers_per_second_max > 0) {
    const double rate = policy().triggers_per_second_max;
    const double elapsed_s =
        bucket_at_.ms == 0 ? 1 : static_cast<double>(now.ms - bucket_at_.ms) / 1000;
    bucket_ = std::min(bucket_ + rate * elapsed_s, rate * 2);
    bucket_at_ = now;
    room = std::min(room, static_cast<uint64_t>(bucket_));
  }
  return static_cast<uint32_t>(std::min<uint64_t>(room, UINT32_MAX));
}

void Running::count_trigger(unsigned number) {
  ++campaign_.counters.triggers;
  if (number == 1) ++fresh_in_flight_;
  bucket_ -= 1;
}

void Running::uncount_trigger(unsigned number) {
  --campaign_.counters.triggers;
  if (number == 1 && fresh_in_flight_ > 0) --fresh_in_flight_;
}

void Running::end_waits(Instant now, FunctionRef<void(ElementId, unsigned number)> timed_out,
                        FunctionRef<void(ElementId, const Outcome&)> changed) {
  const uint32_t now_s = whole_seconds(now);
  receipt_waits_.pop_due(now_s, [&](ElementId element) {
    Outcome outcome = outcomes_.get(element);
    if (!is_offered(outcome) || is_silent(outcome)) return;
    outcome.reason = Reason::silence;
    changed(element, outcome);
  });
  trigger_waits_.pop_due(now_s, [&](ElementId element) {
    Outcome outcome = outcomes_.get(element);
    if (outcome.progress == Progress::waiting) {
      timed_out(element, outcome.triggers);
      if (outcome.triggers >= policy().triggers_max) {
        outcome.progress = Progress::given_up;
        outcome.run = campaign_.run;
        changed(element, outcome);
        return;
      }
      // In memory only: after a restart it waits once more.
      outcome.progress = Progress::open;
      set(element, outcome, now);
    }
    if (wants_trigger(element)) ready_.push_back(element);
  });
}

uint64_t Running::wave_quota() const {
  const std::vector<Wave>& waves = policy().waves;
  if (campaign_.wave >= waves.size()) return UINT64_MAX;
  uint64_t quota = 0;
  for (size_t i = 0; i <= campaign_.wave; ++i) {
    const uint64_t share = (campaign_.total * waves[i].permille + 999) / 1000;
    const uint64_t number = waves[i].elements;
    quota += waves[i].permille == 0 ? number : number == 0 ? share : std::min(number, share);
  }
  return quota;
}

bool Running::needs_total() const {
  const std::vector<Wave>& waves = policy().waves;
  return campaign_.total == 0 && campaign_.wave < waves.size() &&
         waves[campaign_.wave].permille != 0;
}

void Running::advance_wave(Instant now) {
  if (needs_total() && goes_on_counting()) {
    campaign_.total = std::max<uint64_t>(count_.members, 1);
    count_ = {};
  }
  if (campaign_.wave >= policy().waves.size() || campaign_.wave_reached < wave_quota() ||
      unsettled_ > 0) {
    wave_settled_at_ = Instant::never();
    return;
  }
  if (wave_settled_at_ == Instant::never()) wave_settled_at_ = now;
  if (now < wave_settled_at_ + policy().waves[campaign_.wave].soak) return;
  ++campaign_.wave;
  changed_ = true;
  wave_tally_ = {};
  wave_settled_at_ = Instant::never();
}

bool Running::breaks(const StopRule& rule, const Tally& tally) const {
  return tally.settled >= rule.sample_min &&
         failed_of(rule, tally) * 1000 > tally.settled * rule.failed_permille;
}

const StopRule* Running::broken_rule() const {
  for (const StopRule& rule : policy().stop_rules) {
    if (breaks(rule, wave_tally_) || breaks(rule, run_tally_)) return &rule;
  }
  return nullptr;
}

// One piece of the count; true when it is complete.
bool Running::goes_on_counting() {
  const uint32_t end = static_cast<uint32_t>(
      std::min<uint64_t>(uint64_t{count_.place} + counted_at_once_max, population_.size()));
  for (; count_.place < end; ++count_.place) {
    const ElementId element{count_.place};
    if (population_.last_contact_s(element) == 0 || !is_member(element)) continue;
    ++count_.members;
    const Outcome outcome = outcomes_.get(element);
    if (outcome.progress == Progress::open && wants_trigger(element)) ++count_.open;
  }
  count_.complete = count_.place == population_.size();
  return count_.complete;
}

uint64_t Running::count_reported() {
  count_ = {};
  while (!goes_on_counting()) {
  }
  const uint64_t members = count_.members;
  count_ = {};
  return members;
}

bool Running::is_finished(Instant now, bool can_trigger) {
  // Where nobody can be triggered the order never ends, and polls alone settle members.
  const bool idle =
      (order_ended_ || !can_trigger) && ready_.empty() && trigger_waits_.empty() && unsettled_ == 0;
  if (!idle || now < next_count_at_) return false;
  if (!goes_on_counting()) return false;
  const Count counted = count_;
  count_ = {};
  next_count_at_ = now + recount_after;
  campaign_.total = counted.members;
  // Those that polled while the campaign was paused or its wave was full: the order had passed
  // them.
  if (counted.open > 0) restart_order();
  return campaign_.counters.done + campaign_.counters.failed == counted.members;
}

void Running::settle_counters() {
  Counters& counters = campaign_.counters;
  campaign_.total = std::max(count_reported(), counters.done + counters.failed);
  const uint64_t unsettled = campaign_.total - counters.done - counters.failed;
  const uint64_t silent = std::min(counters.silent + unsettled_, unsettled);
  counters.failed_for[static_cast<size_t>(Reason::silence)] += silent;
  counters.failed_for[static_cast<size_t>(Reason::no_contact)] += unsettled - silent;
  counters.failed += unsettled;
  counters.silent = counters.waiting = counters.given_up = 0;
}

size_t Running::memory_octets() const {
  return outcomes_.memory_octets() + listed_.memory_octets() + order_->memory_octets() +
         ready_.size() * sizeof(ElementId) + trigger_waits_.memory_octets() +
         receipt_waits_.memory_octets();
}

}  // namespace simurgh::campaign
