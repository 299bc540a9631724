// `simurgh-lab campaign`: a campaign over a fleet of chips on a real simurghd, over real SMPP, TCP,
// TLS and REST, and a comparison of what the server says with what is in every chip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace simurgh::lab {

struct CampaignOptions {
  size_t chips = 1000;
  uint64_t seed = 1;
  size_t capacity = 0;  // sessions of the front end; 0: by the number of chips
  uint32_t poll_period_s = 300;
  int64_t warm_up_s = 0;        // phones are on so long before the campaign is ordered
  std::string faults = "none";  // of the short-message network
  size_t smsc_queue = 100'000;  // messages that the SMSC holds; more are refused
  size_t kills = 0;             // of simurghd, by SIGKILL, at random moments
  // Shares of the chips, in permille.
  uint32_t sms_only = 50, unnumbered = 20, off = 20, wrong_keys = 10, away = 100, weak = 100;
  uint32_t payload_kills = 0;  // chips that the payload kills: the campaign must stop by itself
  int64_t latency_ms = 250;    // of the radio, on average, in one direction
  int64_t lasts_s = 0;         // 0: until every reachable chip is done, then it is cancelled
  int64_t patience_s = 1800;   // for the whole campaign
  std::string store = "sqlite";
  std::string programs;
  std::string work_dir;
  bool json = false;
  bool quiet = false;
};

// The exit status: 0 when every reachable chip was served once and nothing else was said; with
// payload_kills, when the campaign has stopped by itself in its first wave.
int run_campaign(const CampaignOptions& options);

}  // namespace simurgh::lab
