// What happens when elements show up, and which of them are asked to.
#include <algorithm>

#include "campaign/campaigns.h"
#include "campaign/running.h"
#include "campaign/visit.h"

namespace simurgh::campaign {

namespace {

constexpr uint32_t poll_early_max_s = 60;      // terminals' clocks differ a little
constexpr uint32_t poll_spread_share = 8;      // of the period, to either side of the next date
constexpr size_t delay_samples_max = 4096;     // triggers whose delay is measured, at once
constexpr uint32_t candidates_looked_at = 64;  // for one message sent, so that a tick ends
constexpr uint32_t candidates_max = 1u << 20;  // … and in all

bool is_settled(Progress progress) {
  return progress == Progress::done || progress == Progress::failed;
}

bool working_for(const Visit& visit, CampaignId id) {
  return std::find(visit.served.begin(), visit.served.end(), id) != visit.served.end();
}

size_t try_of(unsigned trigger) {
  return std::min<size_t>(trigger, FieldEvents::tries) - 1;
}

}  // namespace

void Campaigns::put(Running& running, ElementId element, const Outcome& outcome, Instant now) {
  running.set(element, outcome, now);
  outcome_rows_.push_back({running.campaign().id, element, outcome, whole_seconds(now)});
}

Result<void> Campaigns::begin_session(ElementId element, Instant now, Via via) {
  if (!population_.has(element)) return fail(ErrorCode::not_found);
  const auto [place, fresh] = visits_.try_emplace(element);
  // One that comes again before its last session was seen to end is one session.
  if (!fresh) return {};
  Visit& visit = place->second;
  if (via == Via::messages) {
    visit.by_messages = visit.triggered = visit.begun = true;
    sent_samples_.erase(element);
    for (const auto& running : running_) {
      const Outcome outcome = running->outcome(element);
      if (outcome.progress != Progress::waiting || by_messages(element)) continue;
      uint32_t& sent = events_.sent[try_of(outcome.triggers)];
      if (sent > 0) --sent;
    }
    return {};
  }
  const uint32_t now_s = whole_seconds(now);
  const uint32_t poll_s = population_.next_poll_s(element);
  visit.announced = poll_s != 0 && now_s + poll_early_max_s >= poll_s;
  bool triggered = false;
  size_t which = 0;
  for (const auto& running : running_) {
    const Outcome outcome = running->outcome(element);
    if (outcome.triggers == 0 || outcome.progress != Progress::waiting || triggered) continue;
    triggered = true;
    which = try_of(outcome.triggers);
    ++events_.arrived[which];
  }
  const auto sample = sent_samples_.find(element);
  if (sample != sent_samples_.end()) {
    if (triggered) {
      events_.delays.push_back({static_cast<uint8_t>(which), now_s - sample->second});
    }
    sent_samples_.erase(sample);
  }
  visit.triggered = triggered;
  return {};
}

// Once it is known whether there is something to do for it.
void Campaigns::count_begun(Visit& visit, bool working) {
  if (visit.begun) return;
  visit.begun = true;
  const auto count = [working](FieldEvents::Sessions& sessions) {
    ++(working ? sessions.working : sessions.idle);
  };
  count(present_);
  if (visit.announced) {
    count(events_.polls);
  } else if (!visit.triggered) {
    count(events_.unannounced);
  }
}

Result<std::optional<Work>> Campaigns::next_work(ElementId element, Instant now) {
  const auto place = visits_.find(element);
  if (place == visits_.end()) return fail(ErrorCode::not_found);
  Visit& visit = place->second;
  for (const auto& running : running_) {
    Campaign& campaign = running->campaign();
    if (working_for(visit, campaign.id) || !running->may_offer(element)) continue;
    Outcome outcome = running->outcome(element);
    if (outcome.progress != Progress::offered) outcome.run = campaign.run;
    if (outcome.offers == 0) running->count_reached(element, visit.announced);
    outcome.progress = Progress::offered;
    outcome.reason = Reason::none;
    // One that never polls is triggered as often as the policy allows, whatever was offered.
    const unsigned counted_max = visit.by_messages ? offers_max - 1 : offers_max;
    outcome.offers = static_cast<uint8_t>(
        std::max<unsigned>(outcome.offers, std::min(outcome.offers + 1u, counted_max)));
    ++campaign.counters.offers;
    put(*running, element, outcome, now);
    visit.served.push_back(campaign.id);
    count_begun(visit, true);
    return std::optional<Work>({campaign.id, outcome.run, &campaign.terms.payload});
  }
  count_begun(visit, false);
  return std::optional<Work>();
}

Result<void> Campaigns::report(ElementId element, CampaignId campaign, const Report& report,
                               Instant now) {
  const Campaign* known = TRY(find(campaign));
  Running* present = running(campaign);
  Outcome outcome;
  if (present != nullptr) {
    outcome = present->outcome(element);
  } else {
    // The campaign is over; what its chips have done is still recorded.
    TRY(flush());
    const std::optional<OutcomeRow> row = TRY(store_.outcome(campaign, element));
    if (row) outcome = row->outcome;
  }
  const bool unproved =
      outcome.progress == Progress::offered ||
      (outcome.progress == Progress::failed &&
       (outcome.reason == Reason::silence || outcome.reason == Reason::status_only));
  if (!unproved) {
    if (is_settled(outcome.progress)) return {};
    return fail(ErrorCode::not_found);
  }
  if (!report.proved) {
    if (outcome.progress == Progress::failed) return {};
    outcome.reason = Reason::status_only;
  } else if (report.answer == Answer::executed) {
    outcome.progress = Progress::done;
    outcome.reason = Reason::none;
  } else {
    outcome.progress = Progress::failed;
    outcome.reason = report.reason == Reason::none ? Reason::other : report.reason;
  }
  if (is_settled(outcome.progress) && outcome.progress == Progress::done &&
      known->terms.payload.release_after != 0) {
    population_.set_release(element, known->terms.payload.release_after);
    element_changed(element);
  }
  if (present == nullptr) {
    outcome_rows_.push_back({campaign, element, outcome, whole_seconds(now)});
    return {};
  }
  if (is_settled(outcome.progress)) {
    const auto visit = visits_.find(element);
    const bool polled = visit != visits_.end() ? visit->second.announced : outcome.triggers == 0;
    ++(polled ? present->campaign().counters.polled : present->campaign().counters.triggered);
  }
  put(*present, element, outcome, now);
  return obey_stop_rules(*present, now);
}

Result<Instant> Campaigns::plan_next_poll(ElementId element, Instant now) {
  if (!population_.has(element)) return fail(ErrorCode::not_found);
  const auto period_s = static_cast<uint32_t>(poll_period_.ms / 1000);
  const uint32_t at_s = population_.calendar().pick(whole_seconds(now) + period_s,
                                                    period_s / poll_spread_share, element.value);
  set_next_poll(element, instant_of(at_s));
  return instant_of(at_s);
}

void Campaigns::set_next_poll(ElementId element, Instant at) {
  population_.set_next_poll(element, whole_seconds(at));
  element_changed(element);
}

void Campaigns::end_session(ElementId element, Instant now, bool seen) {
  const auto place = visits_.find(element);
  if (place == visits_.end()) return;
  const Visit& visit = place->second;
  if (!visit.by_messages) {
    count_begun(place->second, false);
    const bool working = !visit.served.empty();
    --(working ? present_.working : present_.idle);
    ++(working ? events_.ended.working : events_.ended.idle);
  }
  if (seen) note_contact(element, now);
  for (const auto& running : running_) {
    if (!working_for(visit, running->campaign().id)) {
      leave_open(*running, element, now);
    } else if (visit.by_messages) {
      leave_silent(*running, element, now);
    }
  }
  visits_.erase(place);
}

void Campaigns::note_contact(ElementId element, Instant now) {
  const uint32_t now_s = whole_seconds(now);
  // A date that has passed and was not replaced: its terminal starts the next period by itself.
  const uint32_t poll_s = population_.next_poll_s(element);
  if (poll_s != 0 && poll_s <= now_s) {
    population_.set_next_poll(element, now_s + static_cast<uint32_t>(poll_period_.ms / 1000));
  }
  for (const auto& running : running_) running->count_contact(element, now_s);
  population_.touch(element, now_s);
  element_changed(element);
}

// What was given by messages and is not proved: it is given again, and nothing else brings it.
void Campaigns::leave_silent(Running& running, ElementId element, Instant now) {
  Outcome outcome = running.outcome(element);
  if (outcome.progress != Progress::offered) return;
  if (outcome.reason == Reason::none) {
    outcome.reason = Reason::silence;
    put(running, element, outcome, now);  // waits, too
  } else {
    running.wait_until(element, whole_seconds(now + running.policy().first_wait));
  }
}

// It came and could not be served: the campaign was paused, its wave was full, or it began while
// the element was here. The order has passed it, so it is asked again later.
void Campaigns::leave_open(Running& running, ElementId element, Instant now) {
  Outcome outcome = running.outcome(element);
  if (outcome.progress == Progress::waiting) {
    outcome.progress = Progress::open;
    put(running, element, outcome, now);
  }
  if (outcome.progress == Progress::open && running.wants_trigger(element)) {
    running.wait_until(element, whole_seconds(now + running.policy().first_wait));
  }
}

void Campaigns::element_changed(ElementId element) {
  // Several changes in one session are one row.
  if (!element_rows_.empty() && element_rows_.back().element == element) {
    element_rows_.back() = population_.row(element);
  } else {
    element_rows_.push_back(population_.row(element));
  }
}

// Whether another campaign waits for this element, which serves this one too.
bool Campaigns::waits_elsewhere(const Running& running, ElementId element) const {
  for (const auto& other : running_) {
    if (other.get() != &running && other->is_running() &&
        other->outcome(element).progress == Progress::waiting) {
      return true;
    }
  }
  return false;
}

bool Campaigns::is_trigger_useful(Running& running, ElementId element, uint32_t now_s,
                                  uint32_t delay_s) {
  if (!running.wants_trigger(element) || visits_.contains(element)) return false;
  const auto later_s = static_cast<uint32_t>(running.policy().first_wait.ms / 1000);
  if (waits_elsewhere(running, element)) {
    running.wait_until(element, now_s + later_s);
    return false;
  }
  // Its own poll comes as soon as a trigger would bring it.
  const uint32_t poll_s = population_.next_poll_s(element);
  if (poll_s >= now_s && poll_s <= now_s + delay_s) {
    running.wait_until(element, poll_s + later_s);
    return false;
  }
  return true;
}

void Campaigns::pick(Instant now, const Budget& budget, std::vector<Trigger>& out) {
  const uint32_t now_s = whole_seconds(now);
  double arrivals = budget.arrivals;
  uint32_t messages = budget.messages;
  for (const auto& running : running_) {
    uint32_t room = std::min(running->trigger_room(now), messages);
    uint32_t looked_at = 0;
    const uint32_t looked_at_max = static_cast<uint32_t>(
        std::min<uint64_t>(uint64_t{room} * candidates_looked_at + 4096, candidates_max));
    while (room > 0 && (arrivals > 0 || !message_batches_.empty()) && looked_at++ < looked_at_max) {
      const std::optional<ElementId> element = running->candidate();
      if (!element) break;
      const bool by_message = by_messages(*element);
      if (!by_message && arrivals <= 0) {
        running->put_back(*element);
        break;
      }
      if (!is_trigger_useful(*running, *element, now_s, budget.delay_s)) continue;
      Outcome outcome = running->outcome(*element);
      ++outcome.triggers;
      if (outcome.progress == Progress::open) outcome.progress = Progress::waiting;
      if (outcome.progress == Progress::waiting) outcome.run = running->campaign().run;
      running->count_trigger(outcome.triggers);
      put(*running, *element, outcome, now);
      if (outcome.progress == Progress::offered) {
        running->wait_until(*element,
                            whole_seconds(now + wait_after(running->policy(), outcome.triggers)));
      }
      out.push_back({*element, running->campaign().id, outcome.triggers});
      if (!by_message) {
        ++events_.sent[try_of(outcome.triggers)];
        if (sent_samples_.size() < delay_samples_max) sent_samples_[*element] = now_s;
        arrivals -= budget.yield[try_of(outcome.triggers)];
      }
      --room;
      --messages;
    }
  }
}

// The outcome as it was before the trigger; nullopt when something has happened since.
std::optional<Outcome> Campaigns::take_back(Running& running, const Trigger& trigger) {
  Outcome outcome = running.outcome(trigger.element);
  if (outcome.triggers != trigger.number || is_settled(outcome.progress)) return std::nullopt;
  const size_t which = try_of(trigger.number);
  if (!by_messages(trigger.element) && events_.sent[which] > 0) --events_.sent[which];
  sent_samples_.erase(trigger.element);
  running.uncount_trigger(trigger.number);
  --outcome.triggers;
  if (outcome.progress == Progress::waiting) outcome.progress = Progress::open;
  return outcome;
}

void Campaigns::not_sent(const Trigger& trigger, Instant now) {
  Running* present = running(trigger.campaign);
  if (present == nullptr) return;
  const auto outcome = take_back(*present, trigger);
  if (!outcome) return;
  put(*present, trigger.element, *outcome, now);
  present->put_back(trigger.element);
}

void Campaigns::cannot_send(const Trigger& trigger, Instant now) {
  Running* present = running(trigger.campaign);
  if (present == nullptr) return;
  auto outcome = take_back(*present, trigger);
  if (!outcome) return;
  // What was offered stays so: only the same execution may come after it.
  if (outcome->progress == Progress::open) outcome->progress = Progress::given_up;
  outcome->run = outcome->progress == Progress::given_up ? present->campaign().run : outcome->run;
  outcome->triggers = present->policy().triggers_max;
  put(*present, trigger.element, *outcome, now);
}

void Campaigns::set_by_messages(uint16_t batch, bool by_messages) {
  if (by_messages) {
    message_batches_.insert(batch);
  } else {
    message_batches_.erase(batch);
  }
}

bool Campaigns::by_messages(ElementId element) const {
  return !message_batches_.empty() && message_batches_.contains(population_.row(element).batch);
}

FieldEvents Campaigns::take_events() {
  FieldEvents taken = std::move(events_);
  taken.present = present_;
  events_ = {};
  return taken;
}

double Campaigns::polls_due(uint32_t from_s, uint32_t to_s) const {
  return population_.calendar().due(from_s, to_s);
}

}  // namespace simurgh::campaign
