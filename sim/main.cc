// simurgh-sim: runs simulated worlds and says which seeds broke which promise.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "campaign_line.h"
#include "world.h"

namespace simurgh {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace simurgh

namespace {

using namespace simurgh::sim;

// One line that repeats a failure.
void print_failure(const std::string& scenario, uint64_t seed, const std::string& violation) {
  std::printf("FAILED scenario=%s seed=%llu: %s\n  again: ./dev sim --scenario %s --seed %llu\n",
              scenario.c_str(), static_cast<unsigned long long>(seed), violation.c_str(),
              scenario.c_str(), static_cast<unsigned long long>(seed));
}

struct Scenario {
  const char* name;
  const char* what;
  bool must_fail;  // a canary: a planted mistake that the checkers must see
  WorldOptions options;
};

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = [] {
    std::vector<Scenario> out;
    out.push_back({"life", "a chip's whole life under every fault (D1-D12)", false, {}});
    WorldOptions options;
    options.chip_mistake = ChipMistake::promotes_at_once;
    out.push_back({"life-naive-chip", "canary: the chip switches when it has computed the key",
                   true, options});
    options = {};
    out.push_back({"life-restored",
                   "as life, and every world's database is put back once",
                   false,
                   {.always_restore = true}});
    out.push_back(
        {"life-hasty", "re-keyed again before the chip has confirmed", false, {.hasty = true}});
    out.push_back({"life-interval",
                   "as life, and every key is renewed at intervals (D11)",
                   false,
                   {.always_interval = true}});
    out.push_back({"life-ffdhe2048",
                   "as life, with chips that have plain Diffie-Hellman and RSA only",
                   false,
                   {.always_ffdhe2048 = true}});
    options.hasty = true;
    options.chip_mistake = ChipMistake::ignores_base;
    out.push_back({"life-no-base", "canary: the chip prepares without regard to the base epoch",
                   true, options});
    options = {};
    options.server_mistakes.auc_switches_early = true;
    out.push_back(
        {"life-naive-auc", "canary: the AuC switches when it has computed the key", true, options});
    options = {};
    options.server_mistakes.journal_unread = true;
    options.always_restore = true;
    out.push_back({"life-restore", "canary: an old database comes back, nobody reads the journal",
                   true, options});
    return out;
  }();
  return all;
}

void print_sum(const std::string& name, uint64_t worlds, uint64_t failed, const WorldFigures& sum,
               bool json) {
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(json ? "{\"scenario\":\"%s\",\"worlds\":%llu,\"failed\":%llu"
                   : "%s: %llu worlds, %llu failed",
              name.c_str(), number(worlds), number(failed));
  auto counts = sum.counts;
  counts["simulated_hours"] = static_cast<uint64_t>(sum.simulated_ms / 3'600'000);
  for (const auto& [what, times] : counts) {
    std::printf(json ? ",\"%s\":%llu" : ", %s %llu", what.c_str(), number(times));
  }
  std::printf(json ? "}\n" : "\n");
}

}  // namespace

// Long: options, the loop over seeds and the summary belong together and to nobody else.
int main(int argc, char** argv) {
  CLI::App app("Simulated worlds: one seed is one world.");
  std::string name = "life";
  uint64_t worlds = 20, seed = 1;
  bool json = false, twice = false, verbose = false;
  std::string list = "Scenarios:\n";
  for (const Scenario& scenario : scenarios()) {
    list += std::string("  ") + scenario.name + ": " + scenario.what + "\n";
  }
  list += CampaignLine::help();
  CampaignLine campaign_line;
  campaign_line.add_options(app);
  app.footer(list);
  app.add_option("--scenario", name, "Which scenario (below)");
  auto* worlds_option = app.add_option("--worlds", worlds, "How many seeds, from --seed on");
  auto* seed_option = app.add_option("--seed", seed, "First seed; alone: this one");
  app.add_flag("--json", json, "One JSON object in the end");
  app.add_flag("--twice", twice, "Run each world twice and compare the event hashes");
  app.add_flag("--verbose", verbose, "What everybody holds at the end of each world");
  CLI11_PARSE(app, argc, argv);
  if (seed_option->count() > 0 && worlds_option->count() == 0) worlds = 1;
  if (CampaignLine::knows(name)) return campaign_line.run({name, seed, worlds, json, twice});
  const Scenario* scenario = nullptr;
  for (const Scenario& known : scenarios()) {
    if (name == known.name) scenario = &known;
  }
  if (!scenario) {
    std::fprintf(stderr, "simurgh-sim: no scenario is called %s\n%s", name.c_str(), list.c_str());
    return 2;
  }
  uint64_t failed = 0;
  WorldFigures sum;
  for (uint64_t i = 0; i < worlds; ++i) {
    WorldOptions options = scenario->options;
    options.seed = seed + i;
    options.verbose = verbose;
    WorldOutcome outcome = run_life_world(options);
    if (twice && outcome.violation.empty()) {
      const WorldOutcome again = run_life_world(options);
      if (again.figures.hash != outcome.figures.hash) outcome.violation = "not deterministic";
    }
    const WorldFigures& figures = outcome.figures;
    for (const auto& [what, times] : figures.counts) sum.counts[what] += times;
    sum.simulated_ms += figures.simulated_ms;
    if (!outcome.violation.empty()) {
      ++failed;
      if (!json && !scenario->must_fail) print_failure(name, options.seed, outcome.violation);
      if (scenario->must_fail) {
        if (!json)
          std::printf("caught at seed %llu: %s\n", static_cast<unsigned long long>(options.seed),
                      outcome.violation.c_str());
        break;
      }
    } else if (!json && worlds > 1 && (i + 1) % 20 == 0) {
      std::fprintf(stderr, "%llu of %llu worlds\n", static_cast<unsigned long long>(i + 1),
                   static_cast<unsigned long long>(worlds));
    }
  }
  print_sum(name, worlds, failed, sum, json);
  if (scenario->must_fail) return failed > 0 ? 0 : 1;
  return failed == 0 ? 0 : 1;
}
