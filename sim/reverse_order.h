// The worked example of the campaign (G7): a fleet that polls once a period, and a campaign that
// must reach all of it. The population, the campaigns and the flow controller are the server's own
// code; what is modelled is the field: chips that poll and answer triggers, an SMSC that delivers,
// a front end that holds so many sessions.
#pragma once

#include <string>
#include <vector>

#include "campaign/campaign.h"

namespace simurgh::sim {

struct ReverseOrderOptions {
  uint32_t elements = 20'000'000;
  uint64_t seed = 1;
  campaign::OrderKind order = campaign::OrderKind::most_recent_first;
  bool noise = false;  // 10 % off, 20 % late, 3 % of the short messages lost
  uint32_t period_s = 7 * 86400;
  uint32_t session_s = 90;  // mean, with the payload
  uint32_t capacity = 0;    // 0: twice what the recurring polls need, as in the document's figure
  // A planted mistake: triggers fill what is free now, whatever is under way or due.
  bool naive_controller = false;
};

struct ReverseOrderFigures {
  uint64_t messages_sent = 0, served = 0, reachable = 0, done = 0, failed = 0, total = 0;
  uint64_t over_capacity = 0, never_reported_contacted = 0, served_contacted = 0, polls = 0;
  uint64_t sessions_max = 0, capacity = 0, store_rows = 0;
  double duration_s = 0, bound_s = 0;
  double state_octets_per_element = 0;  // the most that it was
  double start_s = 0, run_s = 0;        // of this machine's time
  uint64_t peak_memory_octets = 0;      // of the process
  std::vector<uint32_t> batch_order;    // by mean time of service
  std::vector<double> learnt;           // session_s, delay_s, poll_share, yield, margin at the end
  uint64_t hash = 0;
};

struct ReverseOrderOutcome {
  std::string violation;  // empty: everything held
  ReverseOrderFigures figures;
};

ReverseOrderOutcome run_reverse_order(const ReverseOrderOptions& options);

}  // namespace simurgh::sim
