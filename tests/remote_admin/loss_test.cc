// Exactly once (I5), exhaustively: a session of three scripts whose link breaks at every octet,
// with crashes of either side.
#include "rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

CardProfile profile_of(int form) {
  CardProfile profile;
  profile.script_form = {.chunked = (form & 1) != 0, .chunk_octets = 5};
  profile.response_form = {.chunked = (form & 2) != 0, .chunk_octets = 3};
  return profile;
}

struct Undisturbed {
  size_t octets = 0;
  size_t commits = 0;
};

Undisturbed measure(const CardProfile& profile) {
  Rig rig(profile);
  REQUIRE(rig.run());
  rig.check_exactly_once();
  CHECK(rig.connections == 1);
  return {rig.octets, rig.commits};
}

void check_run(const CardProfile& profile, const Faults& faults) {
  Rig rig(profile);
  REQUIRE(rig.run(faults));
  rig.check_exactly_once();
}

}  // namespace

TEST_CASE("G3 I5: three scripts are executed and counted once, whatever form bodies have") {
  for (int form = 0; form < 4; ++form) measure(profile_of(form));
}

TEST_CASE("G3 I5: the link breaks after every octet, with and without crashes of either side") {
  for (int form = 0; form < 4; ++form) {
    const CardProfile profile = profile_of(form);
    const size_t octets = measure(profile).octets;
    for (size_t cut = 1; cut <= octets; ++cut) {
      CAPTURE(cut);
      for (int who = 0; who < 4; ++who) {
        check_run(
            profile,
            {.cuts = {cut}, .card_crashes = (who & 1) != 0, .server_crashes = (who & 2) != 0});
      }
    }
  }
}

TEST_CASE("G3 I5: octets come one by one, and the link breaks after every one") {
  const size_t octets = measure({}).octets;
  for (size_t cut = 1; cut <= octets; cut += 3) {
    CAPTURE(cut);
    check_run({}, {.cuts = {cut}, .piece = 1});
  }
}

TEST_CASE("G3 I5: what was on its way when the link broke comes after the next session has begun") {
  const size_t octets = measure({}).octets;
  for (size_t cut = 1; cut <= octets; ++cut) {
    CAPTURE(cut);
    check_run({}, {.cuts = {cut}, .piece = 1 + cut % 300, .late = true});
  }
}

TEST_CASE("G3 I5: the link breaks again while the card resumes, everywhere") {
  const size_t octets = measure({}).octets;
  for (size_t first = 1; first <= octets; first += 17) {
    for (size_t second = first + 1; second <= octets + 400; second += 13) {
      CAPTURE(first);
      CAPTURE(second);
      check_run({}, {.cuts = {first, second}, .card_crashes = (second & 1) != 0});
    }
  }
}

TEST_CASE("G3 I5: the server crashes before and after every commit") {
  const size_t commits = measure({}).commits;
  REQUIRE(commits >= 4);
  for (size_t at = 1; at <= commits; ++at) {
    CAPTURE(at);
    check_run({}, {.crash_before_commit = at});
    check_run({}, {.crash_after_commit = at});
    check_run({}, {.piece = 50, .crash_before_commit = at * 3});
  }
}

TEST_CASE(
    "G3 I5: a card that keeps no response has no script executed twice, and none counted "
    "without its response") {
  CardProfile profile;
  profile.keeps_response = false;
  const size_t octets = measure(profile).octets;
  size_t unknown = 0;
  for (size_t cut = 1; cut <= octets; ++cut) {
    CAPTURE(cut);
    Rig rig(profile);
    REQUIRE(rig.run({.cuts = {cut}}));
    CHECK(rig.card.end == AgentEnd::done);
    for (size_t i = 0; i < 3; ++i) {
      const std::string& script = rig.server.scripts[i];
      const auto times = std::count(rig.card.effects.begin(), rig.card.effects.end(), script);
      CHECK(times <= 1);
      // Answered, or noted as unknown; never both, never neither.
      const bool answered = rig.server.durable.answered.contains(i + 1);
      const auto& list = rig.server.durable.unknown;
      const bool doubted = std::find(list.begin(), list.end(), i + 1) != list.end();
      CHECK(answered != doubted);
      if (answered) CHECK(times == 1);
      unknown += doubted;
    }
    if (!rig.server.durable.unknown.empty()) CHECK(rig.server.last_doubt == Doubt::maybe_executed);
  }
  CHECK(unknown > octets / 4);
}

TEST_CASE("G3 I5: a database restored from a copy does not make the card execute a script again") {
  Rig rig({}, 1);
  REQUIRE(rig.run());
  rig.check_exactly_once();
  // As of before the response came: the script is out.
  rig.server.state.answered.clear();
  rig.server.state.responses.clear();
  rig.server.state.record.state = SessionRecord::State::given;
  REQUIRE(rig.run());
  rig.check_exactly_once();
  CHECK(rig.agent->counts().repeated == 1);
}
