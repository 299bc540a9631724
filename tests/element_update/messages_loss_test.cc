// Exactly once over short messages (I5), through a link that loses, doubles, delays and reorders,
// and a server that dies around every commit. The chip is the real one.
#include "message_rig.h"
#include "payloads.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

constexpr LinkFaults bad_link = {
    .lost_percent = 25, .doubled_percent = 25, .delay_max = seconds(90)};
const char* one_part = R"({"bearer": "sms", "sms": {"parts_max": 1, "apdus_max": 2}})";

struct Sum {
  int done = 0, offered = 0, failed = 0;
};

// Cards and seeds; `most` is what the meter may never exceed.
Sum run_worlds(const char* settings, const campaign::Payload& payload, int most) {
  Sum sum;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    MessageRig rig(settings, 2);
    rig.random = SeededRandom(seed);
    rig.faults = bad_link;
    const CampaignId id = rig.begin(payload);
    if (seed % 3 == 0) rig.crash_before_commit = rig.commits + 100 + seed;
    if (seed % 3 == 1) rig.crash_after_commit = rig.commits + 100 + seed;
    rig.finish(id, hours(2));
    for (uint32_t i = 0; i < rig.cards.size(); ++i) {
      const auto outcome = rig.outcome(id, i);
      const int meter = rig.cards[i]->meter();
      CHECK(meter <= most);
      if (outcome.progress == Progress::done) {
        CHECK(meter == most);
        ++sum.done;
      } else if (outcome.progress == Progress::failed) {
        ++sum.failed;
      } else {
        ++sum.offered;
      }
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("I5 G3: packets on a bad link, with a read-back: each effect once, and all are done") {
  for (const char* settings : {by_submit, by_report}) {
    const Sum sum = run_worlds(settings, meter_payload(true), 1);
    CHECK(sum.done == 24);
    CHECK(sum.failed == 0);
  }
}

TEST_CASE("I5 G3: packets on a bad link, without: the very same packet again, never called done") {
  const Sum sum = run_worlds(by_submit, meter_payload(false), 1);
  CHECK(sum.done > 6);
  CHECK(sum.offered > 0);  // the receipt was lost, and nothing can be asked
  CHECK(sum.failed == 0);
}

TEST_CASE("I5 G3: a script of several packets is never executed in part and then again") {
  const Sum sum = run_worlds(one_part, meter_payload(true, 3), 3);
  CHECK(sum.done > 2);
  CHECK(sum.offered > 2);  // a receipt in the middle was lost
  CHECK(sum.failed == 0);
}

TEST_CASE("I5 G3: an applet in many packets on a bad link is there once") {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    MessageRig rig(by_submit);
    rig.random = SeededRandom(seed);
    rig.faults = {.lost_percent = 10, .doubled_percent = 20, .delay_max = seconds(30)};
    const CampaignId id = rig.begin(applet_payload());
    REQUIRE(rig.finish(id, hours(3)));
    CHECK(rig.outcome(id).progress == Progress::done);
  }
}

TEST_CASE("I5 G3: the server dies before and after every commit, with and without a lost receipt") {
  size_t commits = 0;
  {
    MessageRig rig(one_part);
    const CampaignId id = rig.begin(meter_payload(true, 2));
    const size_t before = rig.commits;
    REQUIRE(rig.finish(id, minutes(10)));
    commits = rig.commits - before;
  }
  REQUIRE(commits > 6);
  for (size_t commit = 1; commit <= commits; ++commit) {
    for (const bool before : {true, false}) {
      CAPTURE(commit);
      CAPTURE(before);
      MessageRig rig(one_part);
      const CampaignId id = rig.begin(meter_payload(true, 2));
      (before ? rig.crash_before_commit : rig.crash_after_commit) = rig.commits + commit;
      rig.finish(id, hours(1));
      const auto outcome = rig.outcome(id);
      const int meter = rig.cards[0]->meter();
      CHECK(meter <= 2);
      if (outcome.progress == Progress::done) CHECK(meter == 2);
      // A receipt that a crash lost in the middle leaves a doubt that only the end can settle.
      if (outcome.progress != Progress::done) CHECK(outcome.progress == Progress::offered);
    }
  }
}
