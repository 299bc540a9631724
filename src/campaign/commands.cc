// What the operator does with campaigns; the states' table is in campaign.cc.
#include <algorithm>

#include "campaign/campaigns.h"
#include "campaign/running.h"
#include "campaign/visit.h"

namespace simurgh::campaign {

namespace {

constexpr std::string_view by_itself = "campaign";
// Of one page of outcomes.
constexpr uint32_t outcomes_looked_at_max = 1u << 20;
constexpr size_t rows_looked_at_max = 1u << 14;

// The audit subject of a campaign.
std::string subject_of(const Campaign& campaign) {
  return "campaign " + std::to_string(campaign.id.value);
}

}  // namespace

Campaigns::Campaigns(Store& store, audit::Log& audit, Population& population, Duration poll_period)
    : store_(store), audit_(audit), population_(population), poll_period_(poll_period) {}
Campaigns::~Campaigns() = default;

Result<void> Campaigns::load(Instant now) {
  Result<void> put;
  TRY(store_.load_elements([&](const ElementRow& row) {
    if (put.has_value()) put = population_.put(row);
  }));
  TRY(std::move(put));
  population_.calendar().advance(whole_seconds(now));
  for (Campaign& campaign : TRY(store_.campaigns())) {
    const CampaignId id = campaign.id;
    campaigns_.emplace(id, std::move(campaign));
  }
  for (auto& [id, campaign] : campaigns_) {
    if (campaign.state == State::running || campaign.state == State::paused ||
        campaign.state == State::stopped) {
      TRY(take_up(campaign, now));
    }
  }
  return {};
}

const Campaign* Campaigns::campaign(CampaignId id) const {
  const auto place = campaigns_.find(id);
  return place == campaigns_.end() ? nullptr : &place->second;
}

const Running* Campaigns::running(CampaignId id) const {
  for (const auto& running : running_) {
    if (running->campaign().id == id) return running.get();
  }
  return nullptr;
}

Result<Campaign*> Campaigns::find(CampaignId id) {
  const auto place = campaigns_.find(id);
  if (place == campaigns_.end()) return fail(ErrorCode::not_found);
  return &place->second;
}

Running* Campaigns::running(CampaignId id) {
  for (const auto& running : running_) {
    if (running->campaign().id == id) return running.get();
  }
  return nullptr;
}

Result<CampaignId> Campaigns::create(const NewCampaign& order, const audit::By& by) {
  if (order.name.empty() || order.name.size() > name_octets_max) {
    return fail(ErrorCode::bad_length, 0);
  }
  TRY(check(order.terms));
  Campaign campaign{.id = TRY(store_.next_campaign_id()),
                    .name = order.name,
                    .created_by = std::string(by.actor),
                    .created = by.at,
                    .changed = by.at,
                    .terms = order.terms};
  TRY(store_.save(campaign));
  TRY(audit_.append(by, {.action = "campaign.create",
                         .subject = subject_of(campaign),
                         .detail = audit::Detail()
                                       .add("name", campaign.name)
                                       .add("payload", name_of(campaign.terms.payload.kind))
                                       .add("octets", campaign.terms.payload.bytes.size())}));
  const CampaignId id = campaign.id;
  campaigns_.emplace(id, std::move(campaign));
  return id;
}

Result<void> Campaigns::add_members(CampaignId id, std::span<const ElementId> elements) {
  const Campaign* campaign = TRY(find(id));
  if (campaign->state != State::draft || !campaign->terms.listed) {
    return fail(ErrorCode::bad_state);
  }
  for (const ElementId element : elements) {
    if (!population_.has(element)) return fail(ErrorCode::not_found);
  }
  return store_.add_members(id, elements);
}

// A change of state by a person or by the campaign itself: row, audit row, memory.
Result<void> Campaigns::change(CampaignId id, Event event, const audit::By& by,
                               const StopRule* rule) {
  Campaign& campaign = *TRY(find(id));
  const State to = TRY(after(campaign.state, event));
  const State from = campaign.state;
  campaign.state = to;
  campaign.changed = by.at;
  if (event == Event::begin) campaign.begun = by.at;
  if (event == Event::approve) campaign.approved_by = std::string(by.actor);
  if (event == Event::reject) campaign.approved_by.clear();
  TRY(store_.save(campaign));
  const std::string action = std::string("campaign.") + name_of(event);
  audit::Detail detail;
  detail.add("from", name_of(from)).add("to", name_of(to));
  detail.add("done", campaign.counters.done).add("failed", campaign.counters.failed);
  if (rule != nullptr) {
    detail.add("reason", rule->reason == Reason::none ? "any" : name_of(rule->reason));
    detail.add("failed_permille", rule->failed_permille).add("sample_min", rule->sample_min);
  }
  TRY(audit_.append(by, {.action = action, .subject = subject_of(campaign), .detail = detail}));
  if (to == State::cancelled || to == State::done) {
    std::erase_if(running_, [&](const auto& running) { return running->campaign().id == id; });
  }
  return {};
}

Result<void> Campaigns::submit(CampaignId id, const audit::By& by) {
  const Campaign* campaign = TRY(find(id));
  return change(
      id, campaign->terms.policy.needs_approval ? Event::submit : Event::submit_unapproved, by);
}

Result<void> Campaigns::approve(CampaignId id, const audit::By& by) {
  const Campaign* campaign = TRY(find(id));
  if (campaign->created_by == by.actor) return fail(ErrorCode::not_allowed);
  return change(id, Event::approve, by);
}

Result<void> Campaigns::reject(CampaignId id, const audit::By& by) {
  return change(id, Event::reject, by);
}

Result<void> Campaigns::pause(CampaignId id, const audit::By& by) {
  return change(id, Event::pause, by);
}

Result<void> Campaigns::resume(CampaignId id, const audit::By& by) {
  TRY(change(id, Event::resume, by));
  Running* resumed = running(id);
  SIMURGH_CHECK(resumed != nullptr);
  // A person has looked: the rule starts again with what comes from here on.
  resumed->forgive();
  return {};
}

Result<void> Campaigns::cancel(CampaignId id, const audit::By& by) {
  // Refused before anything is flushed: a caller takes back what a refused command wrote.
  TRY(after(TRY(find(id))->state, Event::cancel));
  TRY(flush());  // nothing of it may come to the store after the row that says it is over
  return change(id, Event::cancel, by);
}

Result<void> Campaigns::retry(CampaignId id, const audit::By& by) {
  Campaign& campaign = *TRY(find(id));
  TRY(after(campaign.state, Event::retry));
  if (campaign.run >= runs_max) return fail(ErrorCode::no_space);
  if (running(id) == nullptr && running_.size() >= running_campaigns_max) {
    return fail(ErrorCode::busy);
  }
  TRY(flush());
  ++campaign.run;
  campaign.begun = by.at;
  if (Running* present = running(id)) {
    present->begin_run(by.at);
  } else {
    TRY(take_up(campaign, by.at));
    running(id)->begin_run(by.at);
  }
  return change(id, Event::retry, by);
}

Result<void> Campaigns::take_up(Campaign& campaign, Instant now) {
  TRY(flush());
  auto running = std::make_unique<Running>(campaign, population_);
  TRY(running->load(store_, now));
  const auto place =
      std::upper_bound(running_.begin(), running_.end(), running, [](const auto& a, const auto& b) {
        return std::pair(a->policy().priority, a->campaign().id) <
               std::pair(b->policy().priority, b->campaign().id);
      });
  running_.insert(place, std::move(running));
  return {};
}

Result<void> Campaigns::begin_scheduled(Instant now) {
  for (auto& [id, campaign] : campaigns_) {
    if (campaign.state != State::scheduled || campaign.terms.policy.begins_at > now) continue;
    if (running_.size() >= running_campaigns_max) return {};
    TRY(take_up(campaign, now));
    TRY(change(id, Event::begin, {by_itself, now}));
  }
  return {};
}

Result<void> Campaigns::obey_stop_rules(Running& running, Instant now) {
  Campaign& campaign = running.campaign();
  if (campaign.state != State::running && campaign.state != State::paused) return {};
  const StopRule* rule = running.broken_rule();
  if (rule == nullptr) return {};
  return change(campaign.id, Event::stop, {by_itself, now}, rule);
}

Result<void> Campaigns::advance(Instant now) {
  population_.calendar().advance(whole_seconds(now));
  TRY(begin_scheduled(now));
  std::vector<CampaignId> over;
  for (const auto& running : running_) {
    running->end_waits(
        now,
        [&](ElementId element, unsigned number) {
          sent_samples_.erase(element);
          if (by_messages(element)) return;
          ++events_.timed_out[std::min<size_t>(number, FieldEvents::tries) - 1];
        },
        [&](ElementId element, const Outcome& outcome) { put(*running, element, outcome, now); });
    TRY(obey_stop_rules(*running, now));
    if (!running->is_running()) continue;
    running->count_fronts();
    running->advance_wave(now);
    if (running->is_finished(now, can_trigger_) || running->is_overdue(now)) {
      over.push_back(running->campaign().id);
    }
  }
  for (const CampaignId id : over) {
    running(id)->settle_counters();
    TRY(flush());
    TRY(change(id, Event::finish, {by_itself, now}));
  }
  return {};
}

std::vector<RuleState> Campaigns::rule_states(CampaignId id) const {
  const Running* present = running(id);
  return present == nullptr ? std::vector<RuleState>{} : present->rule_states();
}

uint64_t Campaigns::wave_quota(CampaignId id) const {
  const Running* present = running(id);
  return present == nullptr ? UINT64_MAX : present->wave_quota();
}

Result<void> Campaigns::flush() {
  if (!outcome_rows_.empty()) {
    TRY(store_.apply(outcome_rows_));
    outcome_rows_.clear();
  }
  if (!element_rows_.empty()) {
    TRY(store_.apply(element_rows_));
    element_rows_.clear();
  }
  for (const auto& running : running_) {
    if (running->take_changed()) TRY(store_.save_progress(running->campaign()));
  }
  return {};
}

// What is stored of a campaign that is not under way, as it counts now.
Outcome Campaigns::settled(const Campaign& campaign, Outcome outcome) {
  if (campaign.state == State::done && outcome.progress != Progress::done &&
      outcome.progress != Progress::failed) {
    outcome.reason = outcome.progress == Progress::offered ? Reason::silence : Reason::no_contact;
    outcome.progress = Progress::failed;
  }
  return outcome;
}

Result<Campaigns::OutcomePage> Campaigns::outcomes(CampaignId id, std::optional<Progress> progress,
                                                   ElementId first, size_t limit) {
  const Campaign* campaign = TRY(find(id));
  OutcomePage page;
  const auto take = [&](ElementId element, const Outcome& outcome) {
    if (outcome == Outcome{} || (progress && outcome.progress != *progress)) return;
    page.items.push_back({element, outcome});
  };
  if (const Running* present = running(id)) {
    const uint64_t end =
        std::min<uint64_t>(uint64_t{first.value} + outcomes_looked_at_max, population_.size());
    uint32_t place = first.value;
    for (; place < end && page.items.size() < limit; ++place) {
      take({place}, present->outcome({place}));
    }
    if (place < population_.size()) page.next = ElementId{place};
    return page;
  }
  TRY(flush());
  for (size_t looked_at = 0; page.items.size() < limit && looked_at < rows_looked_at_max;) {
    const auto rows = TRY(store_.outcomes(id, first, limit));
    for (const OutcomeRow& row : rows) {
      take(row.element, settled(*campaign, row.outcome));
      first = {row.element.value + 1};
      if (page.items.size() == limit) break;
    }
    if (rows.size() < limit && page.items.size() < limit) return page;
    looked_at += rows.size();
  }
  page.next = first;
  return page;
}

Result<Outcome> Campaigns::outcome(CampaignId id, ElementId element) {
  const Campaign* campaign = TRY(find(id));
  if (const Running* present = running(id)) return present->outcome(element);
  TRY(flush());
  const std::optional<OutcomeRow> row = TRY(store_.outcome(id, element));
  return settled(*campaign, row ? row->outcome : Outcome{});
}

size_t Campaigns::memory_octets() const {
  size_t octets = visits_.size() * (sizeof(Visit) + 48);
  for (const auto& running : running_) octets += running->memory_octets();
  return octets;
}

}  // namespace simurgh::campaign
