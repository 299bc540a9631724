// Links that break: at every octet, and in storms drawn from seeds.
#include <doctest/doctest.h>

#include <set>

#include "smpp_session/rig.h"

namespace simurgh::smpp_session {
namespace {

using Outcome = SubmitDone::Outcome;

// Bind, five messages one way and two the other; the link breaks when `budget` octets have gone
// one way. Returns how many octets went that way without a break.
struct Break {
  size_t to_smsc = SIZE_MAX;
  size_t to_esme = SIZE_MAX;
};

void run_with(Rig& rig, const Break& budget) {
  for (Token token = 0; token < 5; ++token) {
    REQUIRE(rig.esme.submit(message_with("m" + std::to_string(token)), token, rig.now));
  }
  rig.connect();
  bool delivered = false;
  size_t up = 0, down = 0;
  while (true) {
    if (!delivered && rig.smsc->bound()) {
      delivered = true;
      REQUIRE(rig.smsc->deliver(message_with("d0"), 100, rig.now).has_value());
      REQUIRE(rig.smsc->deliver(message_with("d1"), 101, rig.now).has_value());
    }
    bool moved = false;
    if (up < budget.to_smsc && rig.move_to_smsc(1)) ++up, moved = true;
    if (down < budget.to_esme && rig.move_to_esme(1)) ++down, moved = true;
    if (!moved) break;
  }
  if (up >= budget.to_smsc || down >= budget.to_esme) rig.disconnect();
}

TEST_CASE(
    "a link that breaks at any octet gives every message exactly one outcome, and a true one") {
  size_t up_total = 0, down_total = 0;
  {
    Rig whole;
    run_with(whole, {});
    CHECK(whole.esme_said.count(Outcome::accepted) == 5);
    CHECK(whole.esme_said.delivered.size() == 2);
    up_total = whole.to_smsc.size();
    down_total = whole.to_esme.size();
  }
  CHECK(up_total > 300);
  std::vector<Break> breaks;
  for (size_t at = 0; at <= up_total; ++at) breaks.push_back({.to_smsc = at});
  for (size_t at = 0; at <= down_total; ++at) breaks.push_back({.to_esme = at});
  size_t link_lost = 0;
  for (const Break& at : breaks) {
    CAPTURE(at.to_smsc);
    CAPTURE(at.to_esme);
    Rig rig;
    run_with(rig, at);
    // What is not done is still in the queue: it never left.
    std::map<Token, Outcome> first;
    for (const auto& done : rig.esme_said.done) {
      REQUIRE(first.emplace(done.token, done.outcome).second);
      REQUIRE((done.outcome == Outcome::accepted || done.outcome == Outcome::link_lost));
    }
    link_lost += rig.esme_said.count(Outcome::link_lost);
    REQUIRE(first.size() + rig.esme.queued() + rig.esme.in_flight() == 5);
    // Accepted means that the SMSC has it.
    const std::set<std::string> held(rig.smsc_said.submitted.begin(),
                                     rig.smsc_said.submitted.end());
    for (const auto& [token, outcome] : first) {
      if (outcome == Outcome::accepted) REQUIRE(held.contains("m" + std::to_string(token)));
    }
    if (rig.connected()) continue;
    // The SMSC, too, has exactly one outcome for each deliver_sm that it was given.
    REQUIRE((rig.smsc_said.deliver_done.size() == 0 || rig.smsc_said.deliver_done.size() == 2));
    // Sent again, everything arrives.
    for (const Token token : rig.esme_said.again) {
      REQUIRE(rig.esme.submit(message_with("m" + std::to_string(token)), token, rig.now));
    }
    rig.run_until(rig.now + seconds(5));
    REQUIRE(rig.esme_said.count(Outcome::accepted) == 5);
    const std::set<std::string> all(rig.smsc_said.submitted.begin(), rig.smsc_said.submitted.end());
    REQUIRE(all.size() == 5);
  }
  CHECK(link_lost > 100);  // or the breaks were not where they hurt
}

// A world of one seed: throttling, held answers, silence, broken links, small pieces.
void storm(uint64_t seed) {
  CAPTURE(seed);
  EsmeOptions options = esme_options();
  SeededRandom random(seed);
  options.window_max = static_cast<uint32_t>(1 + random.below(8));
  options.submits_per_s_max = random.chance(30) ? 200 : 0;
  Rig rig(options, seed);
  constexpr Token messages = 60;
  Token next = 0;
  std::map<Token, int> open;  // submitted and not done
  size_t seen = 0;
  std::set<Token> accepted;
  const auto collect = [&] {
    for (; seen < rig.esme_said.done.size(); ++seen) {
      const auto& done = rig.esme_said.done[seen];
      REQUIRE(open.erase(done.token) == 1);
      if (done.outcome == Outcome::accepted) accepted.insert(done.token);
    }
    std::vector<Token> again;
    again.swap(rig.esme_said.again);
    for (const Token token : again) {
      if (rig.esme.submit(message_with(std::to_string(token)), token, rig.now).has_value()) {
        open[token] = 1;
      } else {
        rig.esme_said.again.push_back(token);
      }
    }
  };
  for (int step = 0; step < 1'500; ++step) {
    const bool calm = step > 1'000;  // faults stop: all must end well
    switch (random.below(8)) {
      case 0:
        if (next < messages &&
            rig.esme.submit(message_with(std::to_string(next)), next, rig.now).has_value()) {
          open[next++] = 1;
        }
        break;
      case 1:
        if (!calm && rig.connected() && random.chance(10)) rig.disconnect();
        break;
      case 2:
        if (!calm && random.chance(20)) rig.smsc_said.throttle_next += 3;
        break;
      case 3: rig.smsc_said.hold = !calm && random.chance(30); break;
      case 4:
        while (rig.connected() && !rig.smsc_said.held.empty()) {
          rig.smsc->answer_submit(rig.smsc_said.held.back(), smpp::Status::ok, "h");
          rig.smsc_said.held.pop_back();
        }
        break;
      case 5:
        if (rig.connected() && rig.smsc->may_deliver()) {
          REQUIRE(rig.smsc->deliver(message_with("d"), 1, rig.now).has_value());
        }
        break;
      default: break;
    }
    if (rig.connected()) {
      for (int i = 0; i < 3; ++i) {
        rig.move_to_smsc(1 + random.below(200));
        rig.move_to_esme(1 + random.below(200));
      }
      if (rig.esme.wants_close() || rig.smsc->wants_close()) rig.disconnect();
    }
    if (!rig.connected()) rig.smsc_said.held.clear();
    if (random.chance(calm ? 50 : 10)) {
      rig.now = rig.now + milliseconds(static_cast<int64_t>(random.below(2'000)));
      rig.esme.on_timeout(rig.now);
      if (rig.connected()) rig.smsc->on_timeout(rig.now);
      if (!rig.connected() && rig.esme.connect_at() <= rig.now) rig.connect();
    }
    collect();
    REQUIRE(rig.esme.in_flight() <= options.window_max);
    REQUIRE(rig.esme.queued() + rig.esme.in_flight() == open.size());
  }
  rig.smsc_said.hold = false;
  rig.smsc_said.throttle_next = 0;
  for (int round = 0; round < 20 && accepted.size() < next; ++round) {
    rig.run_until(rig.now + minutes(1));
    collect();
  }
  CHECK(accepted.size() == next);
  CHECK(open.empty());
  CHECK(next > 20);
}

TEST_CASE("storms: every message has one outcome at a time, and in calm weather all are accepted") {
  for (uint64_t seed = 1; seed <= 200; ++seed) storm(seed);
}

}  // namespace
}  // namespace simurgh::smpp_session
