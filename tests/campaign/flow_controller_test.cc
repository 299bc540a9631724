#include "campaign/flow_controller.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>

using namespace simurgh;
using namespace simurgh::campaign;

namespace {

constexpr uint32_t begin_s = 1'800'000'000;

// A front end and a field without elements: sessions of a mean time, triggers with delay and yield,
// polls at a rate that the test gives.
struct Field {
  Settings settings{.session_time = seconds(30)};
  FlowController controller{settings};
  std::mt19937 random{1};
  uint32_t now_s = begin_s, sessions = 0, capacity = 2000, most = 0, over = 0, smsc_room = 10'000;
  uint64_t sent = 0, triggered = 0, session_seconds = 0, ticks = 0;
  double yield = 1;
  std::deque<uint32_t> ends = std::deque<uint32_t>(256), arrivals = std::deque<uint32_t>(256);
  FieldEvents events;
  double poll_debt = 0;

  uint32_t dice(uint32_t bound) { return static_cast<uint32_t>(random() % bound); }
  uint32_t between(uint32_t least, uint32_t most_s) { return least + dice(most_s - least + 1); }

  void open() {
    if (sessions >= capacity) {
      ++over;
      return;
    }
    ++sessions;
    most = std::max(most, sessions);
    ++ends[between(15, 45)];
  }

  template <typename PollRate>
  Budget tick(PollRate poll_rate) {
    const uint32_t ended = ends.front();
    ends.pop_front();
    ends.push_back(0);
    sessions -= ended;
    events.ended.working += ended;
    const uint32_t come = arrivals.front();
    arrivals.pop_front();
    arrivals.push_back(0);
    for (uint32_t i = 0; i < come; ++i) {
      open();
      ++triggered;
      ++events.arrived[0];
    }
    for (poll_debt += poll_rate(now_s); poll_debt >= 1; poll_debt -= 1) {
      open();
      ++events.polls.working;
    }
    events.present.working = sessions;
    const Budget budget = controller.plan({.now = instant_of(now_s),
                                           .capacity = capacity,
                                           .sessions = sessions,
                                           .smsc_room = smsc_room},
                                          events, [&](uint32_t from, uint32_t to) {
                                            double sum = 0;
                                            for (uint32_t s = from; s < to; ++s)
                                              sum += poll_rate(s);
                                            return sum;
                                          });
    events = {};
    double left = budget.arrivals;
    for (uint32_t i = 0; i < budget.messages && left > 0; ++i) {
      ++sent;
      ++events.sent[0];
      left -= budget.yield[0];
      if (dice(1000) < yield * 1000) {
        const uint32_t delay = between(2, 10);
        ++arrivals[delay];
        events.delays.push_back({0, delay});
      } else {
        ++events.timed_out[0];
      }
    }
    session_seconds += sessions;
    ++ticks;
    ++now_s;
    return budget;
  }
};

}  // namespace

TEST_CASE("G5: the front end is kept full and never overfull") {
  Field field;
  const auto polls = [](uint32_t) { return 30.0; };
  for (int i = 0; i < 3600; ++i) field.tick(polls);
  field.session_seconds = field.ticks = 0;
  for (int i = 0; i < 6 * 3600; ++i) field.tick(polls);
  CHECK(field.over == 0);
  CHECK(static_cast<double>(field.session_seconds) / static_cast<double>(field.ticks) >
        0.94 * field.capacity);
}

TEST_CASE("G5: room is kept for recurring polls that are still ahead") {
  Field field;
  // Every hour, for five minutes, nearly all that the front end can take.
  const auto polls = [](uint32_t at_s) { return (at_s - begin_s) % 3600 < 300 ? 55.0 : 2.0; };
  for (int i = 0; i < 6 * 3600; ++i) field.tick(polls);
  CHECK(field.over == 0);
  CHECK(field.triggered > 500'000);
}

TEST_CASE("G5: when polls use everything, nothing is sent") {
  Field field;
  const auto polls = [](uint32_t) { return 62.0; };  // of 66.7
  for (int i = 0; i < 600; ++i) field.tick(polls);
  const uint64_t before = field.sent;
  for (int i = 0; i < 3600; ++i) field.tick(polls);
  CHECK(field.over == 0);
  CHECK(static_cast<double>(field.sent - before) / 3600 < 4.7);
}

TEST_CASE("G5: a poor yield is learnt, within its bounds") {
  Field field;
  field.yield = 0.7;
  const auto polls = [](uint32_t) { return 30.0; };
  for (int i = 0; i < 3 * 3600; ++i) field.tick(polls);
  CHECK(field.over == 0);
  CHECK(field.controller.learnt(field.capacity).yield[0] == doctest::Approx(0.7).epsilon(0.05));
  field.yield = 0.01;
  for (int i = 0; i < 3 * 3600; ++i) field.tick(polls);
  CHECK(field.controller.learnt(field.capacity).yield[0] >= 0.5);
  // Everybody answers again.
  field.yield = 1;
  for (int i = 0; i < 3600; ++i) field.tick(polls);
  CHECK(field.over < 1000);
}

TEST_CASE("G5: a smaller capacity is obeyed at once") {
  Field field;
  const auto polls = [](uint32_t) { return 10.0; };
  for (int i = 0; i < 1800; ++i) field.tick(polls);
  field.capacity = 1000;
  const Budget budget = field.tick(polls);
  CHECK(budget.arrivals == 0);
}

TEST_CASE("G6: messages keep to the SMSC's window, its rate, and its throttling") {
  Field field;
  field.settings.messages_per_second_max = 20;
  field.controller = FlowController(field.settings);
  const auto none = [](uint32_t) { return 0.0; };
  for (int i = 0; i < 100; ++i) CHECK(field.tick(none).messages <= 40);
  CHECK(field.sent <= 100 * 20 + 40);
  field.smsc_room = 3;
  for (int i = 0; i < 10; ++i) CHECK(field.tick(none).messages <= 3);
  field.smsc_room = 10'000;
  field.controller.throttled(instant_of(field.now_s));
  uint64_t before = field.sent;
  for (int i = 0; i < 50; ++i) field.tick(none);
  CHECK(field.sent - before <= 50 * 10 + 20);
  for (int i = 0; i < 300; ++i) field.tick(none);
  before = field.sent;
  for (int i = 0; i < 50; ++i) field.tick(none);
  CHECK(field.sent - before >= 900);
}
