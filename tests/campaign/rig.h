// A small server side for campaign tests: store, population, campaigns; commit and crash.
#pragma once

#include <doctest/doctest.h>

#include <memory>

#include "campaign/campaigns.h"
#include "memory_store/campaign_memory.h"
#include "memory_store/memory_storage.h"

namespace simurgh::test {

using campaign::CampaignId;
using campaign::ElementId;
using campaign::Event;
using campaign::Outcome;
using campaign::Progress;
using campaign::Reason;
using campaign::State;

constexpr Instant campaign_noon{int64_t{1'800'000'000} * 1000};

struct CampaignRig {
  memory_store::MemoryStorage storage{ByteArray<16>{1}};
  memory_store::CampaignMemory rows;
  Instant now = campaign_noon;
  std::unique_ptr<audit::Log> audit;
  std::unique_ptr<campaign::Population> population;
  std::unique_ptr<campaign::Campaigns> campaigns;

  // Elements 0 … count - 1: element i reported i minutes ago (the last `never` have not).
  explicit CampaignRig(uint32_t count, uint32_t never = 0) {
    std::vector<campaign::ElementRow> elements;
    for (uint32_t i = 0; i < count; ++i) {
      campaign::ElementRow row{.element = {i}, .batch = static_cast<uint16_t>(1 + i % 2)};
      if (i < count - never) row.last_contact_s = campaign::whole_seconds(now) - 60 * (i + 1);
      elements.push_back(row);
    }
    REQUIRE(rows.store().apply(elements).has_value());
    rows.commit();
    start();
  }

  void start() {
    campaigns.reset();
    audit = std::make_unique<audit::Log>(storage.audit());
    population = std::make_unique<campaign::Population>(now);
    campaigns = std::make_unique<campaign::Campaigns>(rows.store(), *audit, *population, days(7));
    REQUIRE(campaigns->load(now).has_value());
  }
  void commit() {
    REQUIRE(campaigns->flush().has_value());
    REQUIRE(storage.commit(0).has_value());
    rows.commit();
  }
  // The process dies; what was not committed is gone.
  void crash() {
    storage.crash();
    rows.crash();
    start();
  }

  audit::By by(const char* who = "alice") const { return {who, now}; }

  static campaign::NewCampaign order_of(campaign::Policy policy = {}) {
    campaign::NewCampaign order{.name = "patch 7"};
    order.terms.policy = std::move(policy);
    order.terms.payload.bytes = {0x80, 0xe8};
    return order;
  }
  static campaign::Policy unapproved() {
    campaign::Policy policy;
    policy.needs_approval = false;
    return policy;
  }
  // Created, submitted and begun.
  CampaignId begin(const campaign::NewCampaign& order) {
    const auto id = campaigns->create(order, by());
    REQUIRE(id.has_value());
    REQUIRE(campaigns->submit(*id, by()).has_value());
    if (order.terms.policy.needs_approval) REQUIRE(campaigns->approve(*id, by("bob")).has_value());
    advance(Duration{});
    REQUIRE(state(*id) == State::running);
    return *id;
  }
  void advance(Duration by_time) {
    now = now + by_time;
    REQUIRE(campaigns->advance(now).has_value());
  }
  State state(CampaignId id) const { return campaigns->campaign(id)->state; }
  const campaign::Counters& counters(CampaignId id) const {
    return campaigns->campaign(id)->counters;
  }
  Progress progress(CampaignId id, uint32_t element) {
    return campaigns->outcome(id, {element})->progress;
  }

  std::vector<campaign::Trigger> pick(uint32_t messages) {
    campaign::Budget budget{.arrivals = 1e9, .messages = messages};
    budget.yield.fill(1);
    std::vector<campaign::Trigger> triggers;
    campaigns->pick(now, budget, triggers);
    return triggers;
  }
  // A whole session: what was given to it, in order. `answer` is reported for each.
  std::vector<CampaignId> session(uint32_t element, campaign::Report answer = {.proved = true}) {
    std::vector<CampaignId> given;
    REQUIRE(campaigns->begin_session({element}, now).has_value());
    for (;;) {
      const auto work = campaigns->next_work({element}, now);
      REQUIRE(work.has_value());
      if (!work->has_value()) break;
      given.push_back((*work)->campaign);
      REQUIRE(campaigns->report({element}, (*work)->campaign, answer, now).has_value());
    }
    campaigns->end_session({element}, now);
    return given;
  }
  // Nothing comes back from what was given.
  std::optional<campaign::Work> silent_session(uint32_t element) {
    REQUIRE(campaigns->begin_session({element}, now).has_value());
    const auto work = campaigns->next_work({element}, now);
    REQUIRE(work.has_value());
    campaigns->end_session({element}, now);
    return *work;
  }
};

}  // namespace simurgh::test
