// What start-up puts right, before anybody can ask.
#include <fmt/format.h>

#include "apps/simurghd/server_on_loop.h"

namespace simurgh::simurghd {

// Threats row 3: no published key, and no key twice.
bool ServerOnLoop::check_imported_keys(std::string& problem) {
  const auto faults = hlr_->check_imported_keys();
  if (!faults) {
    problem = fmt::format("the imported subscribers cannot be read: {}", storage_->problem());
    return false;
  }
  if (faults->known_test_keys == 0 && faults->shared_keys == 0) return true;
  const std::string words =
      fmt::format("imported subscribers: {} with a published test key, {} with the Ki of another",
                  faults->known_test_keys, faults->shared_keys);
  if (!config_.production) {
    log_.warning(words, {{"example", faults->example.text()}});
    return true;
  }
  problem = fmt::format(
      "{} (IMSI {} is one): production does not start with these; remove them with "
      "production = false, by simurgh subscribers remove, and give them new chips",
      words, faults->example.text());
  return false;
}

void ServerOnLoop::warn_of_legacy_1997() {
  if (config_.allow_legacy_1997) {
    log_.warning("legacy-1997 is switched on", {{"mark", "INSECURE"}});
  }
  const auto profiles = storage_->fleet().profiles();
  if (!profiles) return;
  for (const fleet::CardProfile& profile : *profiles) {
    if (!profile.legacy_1997) continue;
    log_.warning("card profile legacy-1997", {{"profile", profile.name}, {"mark", "INSECURE"}});
  }
}

// D1: what was given out stays given out; on failure `why` says which numbers and what to do.
Result<void> ServerOnLoop::skip_numbers(const std::vector<fleet::GivenOut>& all,
                                        const audit::By& by, std::string& why) {
  for (const fleet::GivenOut& given : all) {
    const auto done = fleet_->skip_numbers(given, by);
    if (done.has_value()) continue;
    why = fmt::format(
        "{} numbers of range {} (first ICCID {}) were given out, says the key journal, and the "
        "database has no such range, or another in its place: restore a newer copy of it",
        given.count, given.range,
        given.first_iccid.empty() ? "not recorded" : given.first_iccid.text());
    return done.error();
  }
  return {};
}

// Puts the stores right by the journal, in one commit, before anybody can ask.
bool ServerOnLoop::recover(std::string& problem) {
  now_ = loop_->now();
  const auto plan = hlr::plan_recovery(
      *journal_, storage_->mark(), [this](const Iccid& iccid) { return centre_->stored(iccid); });
  if (!plan) {
    problem = fmt::format("the key journal cannot be read: {}", name_of(plan.error().code));
    return false;
  }
  using Condition = hlr::StartCondition;
  if (plan->condition == Condition::foreign || plan->condition == Condition::journal_behind) {
    problem = fmt::format(
        "{}: database and key journal do not belong together ({}): restore both from the same "
        "backup, or the newer journal; keys that chips hold may be missing otherwise",
        config_.data_dir, name_of(plan->condition));
    return false;
  }
  const audit::By by{"simurghd", now_};
  std::string why;
  const auto done = [&]() -> Result<void> {
    TRY(centre_->recover(*plan, now_));
    TRY(skip_numbers(plan->numbers, by, why));
    if (plan->condition == Condition::restored) TRY(hlr_->after_restore(by));
    if (plan->condition != Condition::clean) TRY(storage_->set_generation(plan->generation));
    TRY(journal_->sync());
    TRY(storage_->commit(journal_->sequence()));
    TRY(gsup_->resume(now_));
    return centre_->resume(now_);
  }();
  if (!done) {
    problem = fmt::format("recovery failed: {}: {}", name_of(done.error().code),
                          why.empty() ? storage_->problem() : why);
    return false;
  }
  if (!check_imported_keys(problem)) return false;
  if (plan->condition != Condition::clean) {
    log_.warning("recovered",
                 {{"condition", name_of(plan->condition)}, {"steps", plan->steps.size()}});
  }
  return true;
}

// Once, after an upgrade: chips that were sold before there were elements get theirs, a piece and a
// commit at a time, so that a start that is interrupted goes on where it was.
bool ServerOnLoop::take_up_chips(std::string& problem) {
  constexpr size_t said_every = 10'000;
  size_t taken = 0;
  for (;;) {
    const auto some = take_up_some({"simurghd", now_});
    if (!some) {
      problem = fmt::format("chips of an older database cannot be taken up: {}: {}",
                            name_of(some.error().code), storage_->problem());
      return false;
    }
    const bool is_over = *some == 0;
    const bool is_round = (taken + *some) / said_every != taken / said_every;
    taken += *some;
    if (taken > 0 && (is_over || is_round)) {
      log_.info("chips of an older database taken up", {{"chips", taken}, {"over", is_over}});
    }
    if (is_over) return true;
  }
}

// How many of the list were dealt with.
Result<size_t> ServerOnLoop::take_up_some(const audit::By& by) {
  constexpr size_t in_one_commit = 1000;
  const auto iccids = TRY(storage_->elements().without_element(in_one_commit));
  std::vector<campaign::ElementRow> rows;
  for (const Iccid& iccid : iccids) {
    const auto chip = TRY(storage_->fleet().chip(iccid));
    const auto number = fleet_->find(iccid);
    if (!chip || !number) continue;
    const std::string made_in = fmt::format("allocation {}", number->allocation.id);
    const auto element = elements_->take_up(iccid, made_in, by);
    if (!element && element.error().code == ErrorCode::already_exists) continue;  // imported, too
    if (!element) return element.error();
    // What it said to the security centre counts as having reported (G4).
    rows.push_back({.element = {element->id},
                    .last_contact_s = campaign::whole_seconds(chip->last_contact),
                    .batch = element->batch});
  }
  TRY(storage_->campaigns().apply(rows));
  TRY(storage_->elements().drop_without_element(iccids));
  if (!iccids.empty()) TRY(commit());
  return iccids.size();
}

// The population and every campaign, where they were.
bool ServerOnLoop::load_campaigns(std::string& problem) {
  const Instant begun = loop_->now();
  if (const auto loaded = campaigns_->load(begun); !loaded) {
    problem = fmt::format("the campaigns cannot be read: {}: {}", name_of(loaded.error().code),
                          storage_->problem());
    return false;
  }
  log_.info("campaigns loaded", {{"elements", population_->size()},
                                 {"reported", population_->reported()},
                                 {"campaigns", campaigns_->all().size()}});
  return true;
}

}  // namespace simurgh::simurghd
