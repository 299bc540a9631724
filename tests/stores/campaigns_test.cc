// What campaigns keep, in every back end, as in conformance_test.cc.
#include "stores/conformance.h"

using namespace simurgh;
using namespace simurgh::test;
using campaign::CampaignId;
using campaign::ElementId;
using campaign::ElementRow;
using campaign::OutcomeRow;

namespace {

// A different value in every column.
campaign::Campaign some_campaign(uint32_t id) {
  campaign::Campaign row;
  row.id = {id};
  row.name = "campaign " + std::to_string(id);
  row.state = campaign::State::paused;
  row.created_by = "token:one";
  row.approved_by = "token:two";
  row.created = Instant{100 + id};
  row.begun = Instant{200 + id};
  row.changed = Instant{300 + id};
  row.run = 3;
  row.wave = 4;
  row.wave_reached = uint64_t{5} << 32;
  row.total = uint64_t{6} << 32;
  row.counters = {11, 12, 13, 14, 15, 16, 17, 18, 19, {}};
  for (size_t i = 0; i < campaign::reasons; ++i) row.counters.failed_for[i] = 100 * id + i;
  row.fronts.buckets = {{100 + id, 2, 3, 4}, {UINT32_MAX, 5, 6, 7}};
  row.fronts.counted = 8 + id;
  row.fronts.complete = id % 2 == 0;
  row.terms.listed = id % 2 == 0;
  row.terms.filter.batches = {7, 9};
  row.terms.payload.bytes.assign(3000 + id, static_cast<uint8_t>(id));
  return row;
}

OutcomeRow outcome_row(uint32_t campaign, uint32_t element) {
  OutcomeRow row;
  row.campaign = {campaign};
  row.element = {element};
  row.outcome.progress = static_cast<campaign::Progress>(element % 6);
  row.outcome.triggers = static_cast<uint8_t>(element % 16);
  row.outcome.offers = static_cast<uint8_t>(element % 4);
  row.outcome.reason = static_cast<campaign::Reason>(element % campaign::reasons);
  row.outcome.run = static_cast<uint8_t>(element % 8);
  row.at_s = UINT32_MAX - element;
  return row;
}

ElementRow element_row(uint32_t element) {
  return {{element},
          UINT32_MAX - element,
          2'000'000'000 + element,
          static_cast<uint16_t>(UINT16_MAX - element % 7),
          static_cast<uint16_t>(40'000 + element % 11),
          static_cast<campaign::Life>(element % 3)};
}

std::vector<ElementId> members_of(campaign::Store& store, uint32_t campaign) {
  std::vector<ElementId> out;
  REQUIRE(store.load_members({campaign}, [&](ElementId element) { out.push_back(element); })
              .has_value());
  return out;
}

std::vector<OutcomeRow> outcomes_of(campaign::Store& store, uint32_t campaign) {
  std::vector<OutcomeRow> out;
  REQUIRE(store.load_outcomes({campaign}, [&](const OutcomeRow& row) { out.push_back(row); })
              .has_value());
  return out;
}

std::vector<ElementRow> elements_of(campaign::Store& store) {
  std::vector<ElementRow> out;
  REQUIRE(store.load_elements([&](const ElementRow& row) { out.push_back(row); }).has_value());
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("campaigns, whole and their progress (G2)", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  campaign::Store& store = back_end.storage().campaigns();
  CHECK(*store.next_campaign_id() == CampaignId{1});
  campaign::Campaign one = some_campaign(1);
  campaign::Campaign two = some_campaign(2);
  two.terms.payload.bytes.assign(campaign::payload_octets_max, 0xd5);
  REQUIRE(store.save(two).has_value());
  REQUIRE(store.save(one).has_value());
  CHECK(*store.next_campaign_id() == CampaignId{3});
  CHECK(refused(store.save_progress(some_campaign(3)), ErrorCode::not_found));
  // What save_progress does not write stays as it is.
  campaign::Campaign progress = some_campaign(5);
  progress.id = {1};
  progress.run = 6;
  progress.wave = 7;
  progress.wave_reached = 8;
  progress.total = 9;
  progress.counters.done = 10;
  REQUIRE(store.save_progress(progress).has_value());
  one.run = progress.run;
  one.wave = progress.wave;
  one.wave_reached = progress.wave_reached;
  one.total = progress.total;
  one.counters = progress.counters;
  one.fronts = progress.fronts;
  two.state = campaign::State::cancelled;
  two.approved_by = "token:three";
  two.terms.policy.priority = 3;
  REQUIRE(store.save(two).has_value());
  three_times(back_end, [&] {
    campaign::Store& now = back_end.storage().campaigns();
    CHECK(**now.campaign({1}) == one);
    CHECK(**now.campaign({2}) == two);
    CHECK(!now.campaign({3})->has_value());
    CHECK(*now.campaigns() == std::vector{one, two});
    CHECK(*now.next_campaign_id() == CampaignId{3});
  });
}

TEST_CASE_TEMPLATE("members and outcomes of a campaign are its own (G2, I5)", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  campaign::Store& store = back_end.storage().campaigns();
  const ElementId list[] = {{7}, {campaign::elements_max - 1}, {0}, {7}, {300}};
  REQUIRE(store.add_members({1}, list).has_value());
  REQUIRE(store.add_members({1}, std::span(list).first(2)).has_value());
  REQUIRE(store.add_members({2}, std::span(list).first(1)).has_value());
  OutcomeRow first = outcome_row(1, 7);
  OutcomeRow second = first;
  second.outcome = {campaign::Progress::done, 2, 1, campaign::Reason::none, 7};
  const OutcomeRow rows[] = {first, outcome_row(2, 7), second,
                             outcome_row(1, campaign::elements_max - 1), outcome_row(1, 0)};
  REQUIRE(store.apply(rows).has_value());
  three_times(back_end, [&] {
    campaign::Store& now = back_end.storage().campaigns();
    CHECK(members_of(now, 1) ==
          std::vector<ElementId>{{0}, {7}, {300}, {campaign::elements_max - 1}});
    CHECK(members_of(now, 2) == std::vector<ElementId>{{7}});
    CHECK(members_of(now, 3).empty());
    CHECK(outcomes_of(now, 1) == std::vector{rows[4], second, rows[3]});
    CHECK(outcomes_of(now, 2) == std::vector{rows[1]});
    CHECK(*now.outcomes({1}, {0}, 2) == std::vector{rows[4], second});
    CHECK(*now.outcomes({1}, {8}, 2) == std::vector{rows[3]});
    CHECK(**now.outcome({1}, {7}) == second);
    CHECK(**now.outcome({2}, {7}) == rows[1]);
    CHECK(!now.outcome({2}, {0})->has_value());
  });
}

TEST_CASE_TEMPLATE("hot rows by thousands, over many pages; a crash loses what was open (G2, G8)",
                   BackEnd, SIMURGH_BACK_ENDS) {
  constexpr uint32_t count = 20'000;
  BackEnd back_end;
  campaign::Store& store = back_end.storage().campaigns();
  std::vector<ElementRow> elements;
  std::vector<OutcomeRow> outcomes;
  std::vector<ElementId> members;
  for (uint32_t i = 0; i < count; ++i) {
    elements.push_back(element_row(3 * i));
    outcomes.push_back(outcome_row(4, 3 * i));
    members.push_back({3 * i});
  }
  REQUIRE(store.apply(elements).has_value());
  REQUIRE(store.apply(outcomes).has_value());
  REQUIRE(store.add_members({4}, members).has_value());
  three_times(back_end, [&] {
    campaign::Store& now = back_end.storage().campaigns();
    CHECK(elements_of(now) == elements);
    CHECK(**now.element({6}) == elements[2]);
    CHECK(!now.element({7})->has_value());
    CHECK(outcomes_of(now, 4) == outcomes);
    CHECK(members_of(now, 4) == members);
  });
  // Never committed, so never there: neither a replaced row nor a new one.
  campaign::Store& again = back_end.storage().campaigns();
  ElementRow changed = elements[1];
  changed.last_contact_s = 5;
  const ElementRow open_rows[] = {changed, element_row(1)};
  REQUIRE(again.apply(open_rows).has_value());
  const OutcomeRow open_outcomes[] = {outcome_row(4, 1), outcome_row(5, 3)};
  REQUIRE(again.apply(open_outcomes).has_value());
  REQUIRE(again.add_members({4}, {{ElementId{1}}}).has_value());
  REQUIRE(again.save(some_campaign(4)).has_value());
  CHECK(elements_of(again).size() == count + 1);
  back_end.kill();
  campaign::Store& after = back_end.storage().campaigns();
  CHECK(elements_of(after) == elements);
  CHECK(outcomes_of(after, 4) == outcomes);
  CHECK(outcomes_of(after, 5).empty());
  CHECK(members_of(after, 4) == members);
  CHECK(after.campaigns()->empty());
  // The same in a step that is undone.
  const auto undone = with_step(back_end, [&]() -> Result<void> {
    TRY(back_end.storage().campaigns().apply(open_rows));
    return fail(ErrorCode::bad_state);
  });
  CHECK(refused(undone, ErrorCode::bad_state));
  CHECK(elements_of(back_end.storage().campaigns()) == elements);
}
