// Waves, stop rules, windows, rates; the states' table; the stored terms.
#include "campaign/rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

constexpr campaign::Report refusal{
    .answer = campaign::Answer::refused, .proved = true, .reason = Reason::command_failed};

}  // namespace

TEST_CASE("G3: a wave opens when the one before it is settled and has soaked") {
  CampaignRig rig(100);
  campaign::Policy policy = rig.unapproved();
  policy.waves = {{.elements = 10, .soak = hours(1)}, {.permille = 200, .soak = Duration{}}};
  const CampaignId id = rig.begin(rig.order_of(policy));
  CHECK(rig.pick(100).size() <= 12);
  uint32_t served = 0;
  for (uint32_t i = 0; i < 100; ++i) served += static_cast<uint32_t>(rig.session(i).size());
  CHECK(served == 10);  // polls, too
  rig.advance(minutes(59));
  rig.advance(seconds(1));
  CHECK(rig.session(50).empty());
  rig.advance(hours(1));
  rig.advance(seconds(1));
  served = 0;
  for (uint32_t i = 0; i < 100; ++i) served += static_cast<uint32_t>(rig.session(i).size());
  CHECK(served == 20);
  rig.advance(seconds(1));
  rig.advance(seconds(1));
  for (uint32_t i = 0; i < 100; ++i) served += static_cast<uint32_t>(rig.session(i).size());
  CHECK(served == 90);
  CHECK(rig.counters(id).done == 100);
}

TEST_CASE("G3: elements of a full wave that came in vain are reached later") {
  CampaignRig rig(50);
  campaign::Policy policy = rig.unapproved();
  policy.waves = {{.elements = 5, .soak = minutes(1)}};
  const CampaignId id = rig.begin(rig.order_of(policy));
  for (uint32_t i = 0; i < 50; ++i) rig.session(i);
  CHECK(rig.counters(id).done == 5);
  for (int i = 0; i < 10; ++i) rig.advance(minutes(1));
  const auto triggers = rig.pick(100);
  CHECK(triggers.size() == 45);
}

TEST_CASE("G3: a stop rule counts refusals over a minimum sample, by reason") {
  CampaignRig rig(200);
  campaign::Policy policy = rig.unapproved();
  policy.stop_rules = {{.reason = Reason::memory_full, .failed_permille = 0, .sample_min = 1},
                       {.failed_permille = 100, .sample_min = 50}};
  const CampaignId id = rig.begin(rig.order_of(policy));
  for (uint32_t i = 0; i < 40; ++i)
    rig.session(i, i < 8 ? refusal : campaign::Report{.proved = true});
  CHECK(rig.state(id) == State::running);  // 20 %, but of 40
  for (uint32_t i = 40; i < 50; ++i) rig.session(i);
  CHECK(rig.state(id) == State::stopped);
  CHECK(rig.session(60).empty());
  CHECK(rig.pick(10).empty());
  // A person looks and goes on: the rule counts anew.
  REQUIRE(rig.campaigns->resume(id, rig.by()).has_value());
  CHECK(rig.session(60) == std::vector{id});
  rig.session(61,
              {.answer = campaign::Answer::refused, .proved = true, .reason = Reason::memory_full});
  CHECK(rig.state(id) == State::stopped);
}

TEST_CASE("G3: a payload that kills 1 % of the chips stops within the first wave") {
  CampaignRig rig(20'000);
  campaign::Policy policy = rig.unapproved();
  policy.waves = {{.elements = 1000, .soak = minutes(30)}};
  policy.stop_rules = {{.failed_permille = 5, .sample_min = 200}};
  const CampaignId id = rig.begin(rig.order_of(policy));
  for (int i = 0; i < 120; ++i) {
    for (const campaign::Trigger& trigger : rig.pick(100)) {
      const uint32_t element = trigger.element.value;
      if (element % 100 == 7) {
        rig.silent_session(element);  // it will never be heard of again
      } else {
        rig.session(element);
      }
    }
    rig.advance(minutes(1));
  }
  CHECK(rig.state(id) == State::stopped);
  CHECK(rig.campaigns->campaign(id)->wave == 0);
  CHECK(rig.counters(id).offers <= 1000);
  CHECK(rig.counters(id).silent >= 5);
}

TEST_CASE("G3: time windows hold by the operator's clock, over midnight and by weekday") {
  campaign::Policy policy;
  policy.utc_offset_minutes = 60;
  policy.windows = {{.weekdays = 1 << 4, .from_minute = 22 * 60, .to_minute = 2 * 60}};
  // 2027-01-15 was a Friday: 08:00 UTC on it is 1 800 000 000 s.
  const Instant midnight = campaign_noon - hours(8) - hours(1);  // of the operator's Friday
  CHECK_FALSE(campaign::is_open(policy, midnight + hours(1)));   // Thursday's night is not open
  CHECK_FALSE(campaign::is_open(policy, midnight + hours(21)));
  CHECK(campaign::is_open(policy, midnight + hours(22)));
  CHECK(campaign::is_open(policy, midnight + hours(25)));
  CHECK_FALSE(campaign::is_open(policy, midnight + hours(26)));
  CampaignRig rig(10);
  policy.needs_approval = false;
  rig.begin(rig.order_of(policy));
  CHECK(rig.pick(10).empty());
  CHECK(rig.session(3).size() == 1);  // polls are served
  rig.now = midnight + hours(23);
  rig.advance(Duration{});
  CHECK(rig.pick(10).size() == 9);
}

TEST_CASE("G6: a campaign's own rate holds") {
  CampaignRig rig(1000);
  campaign::Policy policy = rig.unapproved();
  policy.triggers_per_second_max = 5;
  rig.begin(rig.order_of(policy));
  size_t sent = 0;
  for (int i = 0; i < 100; ++i) {
    sent += rig.pick(1000).size();
    rig.advance(seconds(1));
  }
  CHECK(sent >= 490);
  CHECK(sent <= 510);
}

TEST_CASE("G3: the states' table has what is meant and nothing else") {
  using campaign::after;
  size_t allowed = 0;
  for (size_t s = 1; s <= campaign::states; ++s) {
    for (size_t e = 0; e < campaign::events; ++e) {
      const auto state = static_cast<State>(s);
      const auto event = static_cast<Event>(e);
      const auto next = after(state, event);
      if (!next) {
        CHECK(next.error().code == ErrorCode::bad_state);
        continue;
      }
      ++allowed;
      CHECK(state != State::cancelled);  // final
      if (event == Event::cancel) CHECK(*next == State::cancelled);
      if (*next == State::running && event == Event::begin) CHECK(state == State::scheduled);
    }
  }
  CHECK(allowed == 20);
  CHECK(*after(State::draft, Event::submit) == State::awaiting_approval);
  CHECK_FALSE(after(State::awaiting_approval, Event::begin).has_value());
  CHECK_FALSE(after(State::draft, Event::begin).has_value());
}

TEST_CASE("G3: stored terms come back as they were, and every truncation is refused") {
  campaign::Terms terms;
  terms.listed = true;
  terms.filter = {.batches = {1, 2, 65535},
                  .profiles = {9},
                  .releases = {3, 4},
                  .releases_excluded = true,
                  .suspended_too = false,
                  .contacted_from_s = 5,
                  .contacted_before_s = 500};
  terms.policy.order = campaign::OrderKind::hash_ramp;
  terms.policy.begins_at = {123'456};
  terms.policy.waves = {{.elements = 10, .soak = hours(1)}, {.permille = 5}};
  terms.policy.stop_rules = {{.reason = Reason::silence, .failed_permille = 3, .sample_min = 9}};
  terms.policy.windows = {{.weekdays = 3, .from_minute = 60, .to_minute = 30}};
  terms.policy.utc_offset_minutes = -210;
  terms.policy.replan_polls = false;
  terms.payload = {.kind = campaign::PayloadKind::os_patch, .bytes = {1, 2, 3}, .release_after = 7};
  REQUIRE(campaign::check(terms).has_value());
  const std::vector<uint8_t> bytes = campaign::write_terms(terms);
  const auto back = campaign::parse_terms(bytes);
  REQUIRE(back.has_value());
  CHECK(*back == terms);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(campaign::parse_terms(ByteView(bytes).first(size)).has_value());
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const uint8_t value : ByteArray<3>{0x00, 0x7f, 0xff}) {
      std::vector<uint8_t> changed = bytes;
      changed[i] = value;
      const auto parsed = campaign::parse_terms(changed);
      if (parsed) CHECK(campaign::write_terms(*parsed) == changed);
    }
  }
}

TEST_CASE("G3: terms that cannot be meant are refused by field") {
  const auto field_of = [](auto change) {
    campaign::Terms terms;
    terms.payload.bytes = {1};
    change(terms);
    const auto result = campaign::check(terms);
    return result ? 0u : result.error().offset;
  };
  CHECK(field_of([](auto&) {}) == 0);
  CHECK(field_of([](auto& t) { t.filter.contacted_before_s = 0; }) == 2);
  CHECK(field_of([](auto& t) { t.payload.bytes.clear(); }) == 3);
  CHECK(field_of([](auto& t) { t.policy.lasts_max = Duration{}; }) == 4);
  CHECK(field_of([](auto& t) { t.policy.waves = {{}}; }) == 5);
  CHECK(field_of([](auto& t) { t.policy.stop_rules = {{.sample_min = 0}}; }) == 6);
  CHECK(field_of([](auto& t) { t.policy.windows = {{.weekdays = 0}}; }) == 7);
  CHECK(field_of([](auto& t) { t.policy.triggers_max = 16; }) == 9);
  CHECK(field_of([](auto& t) { t.policy.wait_factor = 0; }) == 10);
  CHECK(field_of([](auto& t) { t.policy.receipt_wait = Duration{}; }) == 11);
}
