#include "uicc/poll_schedule.h"

#include <doctest/doctest.h>

#include <set>

#include "formats/sms/timestamp.h"
#include "hex.h"
#include "test_random.h"

using namespace simurgh;
using namespace simurgh::uicc;

namespace {

const Iccid iccid = *Iccid::parse("89882110000004300106");
constexpr uint64_t noon_s = 1'800'000'000;

PollSchedule daily() {
  PollSchedule schedule;
  schedule.enabled = true;
  schedule.period_s = 86400;
  return schedule;
}

}  // namespace

TEST_CASE("G1: EF.POLL reads back as it was written, and every other form is refused") {
  PollSchedule schedule = daily();
  schedule.slot_s = 1234;
  schedule.next_at = noon_s;
  schedule.last_at = noon_s - 7;
  const auto bytes = write_poll_schedule(schedule);
  CHECK(test::to_hex(bytes) ==
        "0101"
        "00015180"
        "000004d2"
        "006b49d200"
        "006b49d1f9");
  CHECK(*parse_poll_schedule(bytes) == schedule);
  CHECK_FALSE(parse_poll_schedule(ByteArray<poll_schedule_octets>{})->enabled);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(parse_poll_schedule(ByteView(bytes).first(size)).has_value());
  }
  const auto refused = [&](size_t at, uint8_t octet) {
    auto changed = bytes;
    changed[at] = octet;
    return !parse_poll_schedule(changed).has_value();
  };
  CHECK(refused(0, 2));
  CHECK(refused(1, 4));
  CHECK(refused(2, 0xff));  // a period of more than half a year
  CHECK(refused(6, 0x01));  // a slot outside the period
}

TEST_CASE("G1: each chip has its own slot, spread evenly over the period") {
  std::set<uint32_t> slots;
  size_t quarters[4] = {};
  for (int i = 0; i < 4000; ++i) {
    const auto chip = *Iccid::parse("8988211" + std::to_string(100000000000 + i));
    const uint32_t slot = own_slot(chip, 86400);
    CHECK(slot < 86400);
    CHECK(slot == own_slot(chip, 86400));
    ++quarters[slot / 21600];
    slots.insert(slot);
  }
  CHECK(slots.size() > 3800);
  for (const size_t quarter : quarters) CHECK(quarter > 900);
  // Written down for who writes a server from the page: SHA-256 of label and ICCID, 8 octets.
  CHECK(own_slot(iccid, 86400) == 23627);
}

TEST_CASE("G1: a chip polls once a period, in its slot, whatever it is asked in between") {
  PollSchedule schedule = daily();
  uint64_t polls = 0;
  for (uint64_t now = noon_s; now < noon_s + 30 * 86400;) {
    const PollDecision decision = decide_poll(schedule, iccid, now, 0);
    if (decision.begin) schedule.last_at = now;
    if (!decision.now) {
      CHECK(decision.wait_s > 0);
      CHECK(decision.wait_s <= poll_step_s_max);
      now += decision.wait_s;
      continue;
    }
    CHECK(now % 86400 == own_slot(iccid, 86400));
    ++polls;
    schedule.last_at = now;
  }
  CHECK(polls == 30);
}

TEST_CASE("G1: the server's date is obeyed once; a date in the past or too far is bounded") {
  PollSchedule schedule = daily();
  schedule.last_at = noon_s - 1000;
  schedule.next_at = noon_s + 100;
  CHECK(decide_poll(schedule, iccid, noon_s, 0).wait_s == 100);
  CHECK(decide_poll(schedule, iccid, noon_s + 100, 0).now);
  schedule.next_at = 1;  // long ago: now, but not sooner than the gap
  CHECK(decide_poll(schedule, iccid, noon_s, 0).now);
  schedule.last_at = noon_s - 5;
  CHECK_FALSE(decide_poll(schedule, iccid, noon_s, 0).now);
  CHECK(decide_poll(schedule, iccid, noon_s, 0).wait_s == poll_gap_s_min - 5);
  schedule.next_at = noon_s + 2 * 86400;  // later than a period is the server's right
  CHECK_FALSE(decide_poll(schedule, iccid, noon_s + 86400 + 3600, 0).now);
  schedule.next_at = noon_s + 100 * 86400;  // nobody means that: the own slot counts
  uint64_t now = noon_s;
  while (!decide_poll(schedule, iccid, now, 0).now)
    now += decide_poll(schedule, iccid, now, 0).wait_s;
  CHECK(now <= noon_s + 86400);
  schedule.enabled = false;
  CHECK_FALSE(decide_poll(schedule, iccid, noon_s + 500 * 86400, 0).now);
}

TEST_CASE("G1: a clock that jumps neither silences a chip nor makes it a nuisance") {
  test::SeededRandom random(5);
  PollSchedule schedule = daily();
  uint64_t truth = noon_s;  // real time
  int64_t error = 0;        // of the terminal's clock
  uint64_t last_real = noon_s;
  uint64_t waited = 0;
  uint64_t polls = 0;
  uint64_t jumps = 0;
  while (truth < noon_s + 200 * 86400) {
    const auto dice = random.array<4>();
    if (dice[0] < 40) {  // up to 20 years wrong, either way; or right again
      ++jumps;
      error = dice[1] < 100 ? 0 : (int64_t{dice[2]} - 128) * 5'000'000;
    }
    const auto clock = static_cast<uint64_t>(static_cast<int64_t>(truth) + error);
    const bool has_clock = dice[1] < 250;
    const PollDecision decision =
        decide_poll(schedule, iccid, has_clock ? std::optional(clock) : std::nullopt, waited);
    if (decision.now) {
      ++polls;
      schedule.last_at = has_clock ? clock : schedule.last_at;
      schedule.next_at = dice[1] < 64 ? clock + dice[2] * 3600u : 0;
      last_real = truth;
      waited = 0;
      truth += 1;
      continue;
    }
    if (decision.begin) schedule.last_at = clock;
    REQUIRE(decision.wait_s > 0);
    truth += decision.wait_s;
    waited += decision.wait_s;
    CHECK(truth - last_real <= 2 * 86400 + 2 * poll_step_s_max);
  }
  CHECK(jumps > 100);
  CHECK(polls > 100);
  CHECK(polls < 200 + 2 * jumps);
}

TEST_CASE("G1: a terminal without a clock: the chip counts, and polls once a period") {
  const PollSchedule schedule = daily();
  uint64_t waited = 0;
  while (!decide_poll(schedule, iccid, std::nullopt, waited).now) {
    const uint32_t wait = decide_poll(schedule, iccid, std::nullopt, waited).wait_s;
    REQUIRE(wait > 0);
    waited += wait;
  }
  CHECK(waited == 86400 + poll_step_s_max);
}

TEST_CASE("G1: the terminal's date and time, with its time zone or without") {
  const auto stamp = *sms::Timestamp::of(Instant{static_cast<int64_t>(noon_s) * 1000}, 8);
  CHECK(*seconds_of_date(stamp.octets) == noon_s);
  auto unknown = *sms::Timestamp::of(Instant{static_cast<int64_t>(noon_s) * 1000});
  unknown.octets[6] = 0xff;
  CHECK(*seconds_of_date(unknown.octets) == noon_s);
  CHECK_FALSE(seconds_of_date(ByteArray<6>{}).has_value());
  CHECK_FALSE(seconds_of_date(ByteArray<7>{0x62, 0x31, 0x01}).has_value());
}
