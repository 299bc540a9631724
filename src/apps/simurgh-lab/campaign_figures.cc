#include "apps/simurgh-lab/campaign_figures.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace simurgh::lab {

namespace {

constexpr size_t violation_words_max = 20;

}  // namespace

void CampaignFigures::violation(const std::string& words) {
  ++violations;
  if (violation_words.size() < violation_words_max) violation_words.push_back(words);
}

void CampaignFigures::compare(const Field::Phone& phone, const std::string& outcome,
                              uint32_t executions) {
  const bool says_done = outcome == "done";
  const auto complain = [&](const char* what) {
    violation(fmt::format("chip {}{}{}: {} (the server says {}, executed {} times)",
                          phone.chip.iccid.text(), phone.chip.short_messages_only ? ", SMS" : "",
                          phone.weak ? ", weak" : "", what, outcome, executions));
  };
  ++(says_done ? done : outcome == "failed" ? failed : open);
  if (executions > 1) {
    ++doubled;
    complain("executed more than once");
  }
  if (says_done && executions == 1) ++receipts_verified;
  if (says_done && executions == 0) {
    ++done_without_effect;
    complain("done, and nothing happened");
  }
  if (!says_done && executions > 0 && !phone.dead) {
    ++effect_without_done;
    complain("executed, and not done");
  }
  if (says_done && (!phone.reachable() || phone.dead)) {
    ++unreachable_done;
    complain("done, and it cannot be reached");
  }
}

json::Value CampaignFigures::to_json() const {
  json::Value out = json::Value::object();
  out.set("done", done).set("failed", failed).set("open", open);
  out.set("receipts_verified", receipts_verified).set("doubled", doubled).set("lost", lost);
  out.set("done_without_effect", done_without_effect);
  out.set("effect_without_done", effect_without_done).set("unreachable_done", unreachable_done);
  out.set("stuck", stuck).set("violations", violations).set("kills", kills);
  out.set("octets_per_chip", octets_per_chip).set("import_ms", import_ms);
  return out;
}

uint64_t memory_octets() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  unsigned long long all = 0, resident = 0;
  const int read = std::fscanf(file, "%llu %llu", &all, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace simurgh::lab
