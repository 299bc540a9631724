#include <algorithm>
#include <random>
#include <set>

#include "campaign/order.h"
#include "campaign/rig.h"

using namespace simurgh;
using namespace simurgh::test;
using campaign::OrderKind;
using campaign::Population;

namespace {

constexpr uint32_t now_s = campaign::whole_seconds(campaign_noon);

// Elements with contacts over some weeks, some of them never; deterministic.
Population scattered(uint32_t count) {
  Population population(campaign_noon);
  std::mt19937 random(7);
  for (uint32_t i = 0; i < count; ++i) {
    campaign::ElementRow row{.element = {i}};
    if (random() % 10 != 0) {
      row.last_contact_s = now_s - static_cast<uint32_t>(random() % (40 * 86400));
    }
    REQUIRE(population.put(row).has_value());
  }
  return population;
}

std::vector<ElementId> all_of(campaign::Order& order) {
  std::vector<ElementId> out;
  while (const auto element = order.next()) out.push_back(*element);
  return out;
}

}  // namespace

TEST_CASE(
    "G4: the order by last contact is exact to the second, whole, and without those that "
    "never reported") {
  const Population population = scattered(50'000);
  for (const bool newest : {true, false}) {
    const auto order = campaign::make_order(
        newest ? OrderKind::most_recent_first : OrderKind::oldest_first, population, 0);
    const std::vector<ElementId> elements = all_of(*order);
    CHECK(elements.size() == population.reported());
    std::set<ElementId> once(elements.begin(), elements.end());
    CHECK(once.size() == elements.size());
    bool sorted = true, reported = true;
    for (size_t i = 0; i < elements.size(); ++i) {
      const uint32_t contact = population.last_contact_s(elements[i]);
      reported = reported && contact != 0;
      if (i == 0) continue;
      const uint32_t before = population.last_contact_s(elements[i - 1]);
      sorted = sorted && (newest ? before >= contact : before <= contact);
    }
    CHECK(sorted);
    CHECK(reported);
  }
}

TEST_CASE("G4: the order follows contacts made while it is read") {
  Population population = scattered(20'000);
  const auto order = campaign::make_order(OrderKind::most_recent_first, population, 0);
  std::set<ElementId> seen;
  uint32_t time_s = now_s;
  std::mt19937 random(3);
  std::set<ElementId> touched;
  while (const auto element = order->next()) {
    CHECK(seen.insert(*element).second);
    const ElementId other{static_cast<uint32_t>(random() % population.size())};
    population.touch(other, ++time_s);
    touched.insert(other);
  }
  // Whoever was not here meanwhile is in it, if it ever reported.
  for (uint32_t i = 0; i < population.size(); ++i) {
    const ElementId element{i};
    if (population.last_contact_s(element) == 0) CHECK(!seen.contains(element));
    if (population.last_contact_s(element) != 0 && !touched.contains(element)) {
      CHECK(seen.contains(element));
    }
  }
}

TEST_CASE("G4: hash orders visit each element once, differently by campaign only when random") {
  const Population population = scattered(10'000);
  const auto read = [&](OrderKind kind, uint64_t seed) {
    return all_of(*campaign::make_order(kind, population, seed));
  };
  const auto ramp = read(OrderKind::hash_ramp, 1);
  CHECK(ramp.size() == population.reported());
  CHECK(std::set<ElementId>(ramp.begin(), ramp.end()).size() == ramp.size());
  CHECK(ramp == read(OrderKind::hash_ramp, 2));
  CHECK(read(OrderKind::random, 2) != read(OrderKind::random, 4));
  // Neighbours are far apart: the first tenth comes from all of the fleet.
  uint64_t low = 0;
  for (size_t i = 0; i < ramp.size() / 10; ++i) low += ramp[i].value < 5000 ? 1u : 0u;
  CHECK(low > ramp.size() / 10 * 4 / 10);
  CHECK(low < ramp.size() / 10 * 6 / 10);
}

TEST_CASE("G4: the state of an element is 13 octets and its order nothing") {
  Population population(campaign_noon);
  constexpr uint32_t count = 1'000'000;
  population.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    REQUIRE(population.put({.element = {i}, .last_contact_s = now_s - i}).has_value());
  }
  const auto per_element = static_cast<double>(population.memory_octets()) / count;
  CHECK(per_element < 16);  // with the calendar and the hours, which do not grow
  const auto order = campaign::make_order(OrderKind::most_recent_first, population, 0);
  CHECK(order->next() == ElementId{0});
  CHECK(order->memory_octets() < count);
}

TEST_CASE("G1: dates of next polls flatten a calendar with a peak, each in its own second") {
  Population population(campaign_noon);
  constexpr uint32_t count = 20'000;
  // All polled within one hour, a week ago.
  for (uint32_t i = 0; i < count; ++i) {
    REQUIRE(population
                .put({.element = {i},
                      .last_contact_s = now_s - 7 * 86400 + i % 3600,
                      .next_poll_s = now_s + i % 3600})
                .has_value());
  }
  CHECK(population.calendar().due(now_s, now_s + 3600) > count - 700);
  std::vector<uint32_t> dates;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t at = population.calendar().pick(now_s + i % 3600 + 7 * 86400, 86400, i);
    population.set_next_poll({i}, at);
    dates.push_back(at);
  }
  CHECK(population.calendar().due(now_s, now_s + 3600) == 0);
  std::map<uint32_t, uint32_t> by_minute;
  for (const uint32_t at : dates) ++by_minute[at / 60];
  uint32_t most = 0;
  for (const auto& [minute, polls] : by_minute) most = std::max(most, polls);
  // Two days have 2880 minutes: 7 a minute on average.
  CHECK(most <= 12);
  std::sort(dates.begin(), dates.end());
  const auto doubled = static_cast<size_t>(dates.end() - std::unique(dates.begin(), dates.end()));
  CHECK(doubled < count / 50);
}

TEST_CASE("G1: the calendar forgets what is past, and survives a long sleep") {
  campaign::PollCalendar calendar(now_s);
  calendar.add(now_s + 600);
  calendar.add(now_s + 700);
  calendar.remove(now_s + 700);
  CHECK(calendar.due(now_s, now_s + 3600) == doctest::Approx(1));
  calendar.advance(now_s + 1200);
  CHECK(calendar.overdue() == 1);
  CHECK(calendar.due(now_s, now_s + 3600) == 0);
  calendar.remove(now_s + 600);
  CHECK(calendar.overdue() == 0);
  calendar.add(now_s + 10 * 86400);
  calendar.advance(now_s + 400 * 86400);
  CHECK(calendar.due(0, now_s + 500 * 86400) == 0);
  CHECK(calendar.overdue() == 1);
}

TEST_CASE("G1: a session gives the date of the next poll, and it is kept") {
  CampaignRig rig(3);
  REQUIRE(rig.campaigns->begin_session({1}, rig.now).has_value());
  const auto at = rig.campaigns->plan_next_poll({1}, rig.now);
  REQUIRE(at.has_value());
  CHECK(*at > rig.now + days(6));
  CHECK(*at < rig.now + days(8));
  rig.campaigns->end_session({1}, rig.now);
  rig.commit();
  rig.crash();
  CHECK(rig.population->next_poll_s({1}) == campaign::whole_seconds(*at));
  CHECK(rig.population->last_contact_s({1}) == campaign::whole_seconds(rig.now));  // G2
}
