// The command line of the campaign scenarios: reverse-order (one large world and its
// figures) and campaign (many small worlds with faults).
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace simurgh::sim {

struct CampaignLine {
  uint32_t elements = 0;  // 0: the scenario's own number
  std::string order = "most_recent_first";
  bool noise = false;
  uint32_t period_hours = 7 * 24;
  uint32_t session_s = 90;
  uint32_t capacity = 0;
  double messages_share_min = 0, messages_share_max = 0, duration_share_max = 0,
         bound_share_max = 0;

  void add_options(CLI::App& app);
  // Names and meanings, a line each.
  static std::string help();
  static bool knows(const std::string& scenario);
  struct Call {
    std::string scenario;
    uint64_t seed, worlds;
    bool json, twice;
  };
  // The exit code.
  int run(const Call& call) const;

 private:
  int run_reverse(const Call& call) const;
  int run_worlds(const Call& call) const;
};

}  // namespace simurgh::sim
