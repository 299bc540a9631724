// One simulated world of campaigns under faults: an operator who makes, pauses, resumes, cancels
// and retries them, a server that dies at any step, triggers that are lost and doubled, sessions
// that break before and after the chip has executed, answers that prove nothing, chips that are
// off, that refuse, and a payload that kills some. The campaigns, their store and the flow
// controller are the server's own code.
#pragma once

#include <cstdint>
#include <string>

namespace simurgh::sim {

struct CampaignWorldOptions {
  uint64_t seed = 1;
  uint32_t elements = 600;
  // A planted mistake: a status without receipt is taken for a proof.
  bool believes_status = false;
};

struct CampaignWorldFigures {
  uint64_t sessions = 0, triggers = 0, crashes = 0, lost = 0, doubled = 0, executed = 0, done = 0,
           failed = 0, commands = 0, stopped = 0, killed = 0, checks = 0, hash = 0xcbf29ce484222325;
  int64_t simulated_s = 0;
};

struct CampaignWorldOutcome {
  std::string violation;  // empty: everything held
  CampaignWorldFigures figures;
};

CampaignWorldOutcome run_campaign_world(const CampaignWorldOptions& options);

}  // namespace simurgh::sim
