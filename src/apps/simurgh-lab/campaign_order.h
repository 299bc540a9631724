// A campaign as people order it, over REST: an operator creates and submits it, another person
// approves it, and both can look (docs/operator/campaigns.md).
//
// One at a time, on the loop. Requests are repeated while the server is away.
#pragma once

#include <functional>
#include <string>

#include "apps/simurgh-lab/rest.h"

namespace simurgh::lab {

struct CampaignTerms {
  size_t first_wave_chips = 0;
  uint16_t stop_permille = 0;  // failed, of a sample of
  size_t stop_sample = 0;
  int64_t lasts_s = 0;
  int64_t receipt_wait_s = 0;
  int64_t first_wait_s = 0;  // for what a trigger brings
  int triggers_max = 0;
};

// What the server says of it.
struct CampaignState {
  std::string state;
  std::string stop_reason;
  int64_t total = 0, done = 0, failed = 0, silent = 0;
  int64_t triggers = 0, triggered = 0, polled = 0;
  int64_t wave = 0, reached = 0;
};

class CampaignOrder {
 public:
  // `problem` is empty when all went well.
  using Done = std::function<void(const std::string& problem)>;
  using Seen = std::function<void(const std::string& problem, const CampaignState& state)>;
  // One chip of the outcomes; `outcome` as the API names it.
  using Outcome = std::function<void(const std::string& iccid, const std::string& outcome)>;

  // Both outlive it.
  CampaignOrder(Rest& operator_desk, Rest& approver) : desk_(operator_desk), approver_(approver) {}

  void order(const CampaignTerms& terms, const Done& done);
  void look(const Seen& seen);
  void cancel(const Done& done);
  // Every outcome, page after page.
  void outcomes(const Outcome& each, const Done& done);

 private:
  void step(Rest& rest, const char* command, const Done& done);
  void next_page(const std::string& after, const Outcome& each, const Done& done);
  std::string path(std::string_view rest = {}) const;

  Rest& desk_;
  Rest& approver_;
  int64_t id_ = 0;
};

}  // namespace simurgh::lab
