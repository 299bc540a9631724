// A campaign store for worlds that are too large to keep rows: it counts them. There is no crash in
// such a world, so nothing is ever read back.
#pragma once

#include "campaign/store.h"

namespace simurgh::sim {

class RowCounter final : public campaign::Store {
 public:
  uint64_t rows = 0, calls = 0;

  Result<void> save(const campaign::Campaign&) override { return {}; }
  Result<void> save_progress(const campaign::Campaign&) override { return {}; }
  Result<std::optional<campaign::Campaign>> campaign(campaign::CampaignId) override {
    return std::optional<campaign::Campaign>();
  }
  Result<std::vector<campaign::Campaign>> campaigns() override {
    return std::vector<campaign::Campaign>();
  }
  Result<campaign::CampaignId> next_campaign_id() override { return campaign::CampaignId{++last_}; }
  Result<void> add_members(campaign::CampaignId, std::span<const campaign::ElementId>) override {
    return {};
  }
  Result<void> load_members(campaign::CampaignId, FunctionRef<void(campaign::ElementId)>) override {
    return {};
  }
  Result<void> apply(std::span<const campaign::OutcomeRow> batch) override { return count(batch); }
  Result<void> load_outcomes(campaign::CampaignId,
                             FunctionRef<void(const campaign::OutcomeRow&)>) override {
    return {};
  }
  Result<std::vector<campaign::OutcomeRow>> outcomes(campaign::CampaignId, campaign::ElementId,
                                                     size_t) override {
    return std::vector<campaign::OutcomeRow>();
  }
  Result<std::optional<campaign::OutcomeRow>> outcome(campaign::CampaignId,
                                                      campaign::ElementId) override {
    return std::optional<campaign::OutcomeRow>();
  }
  Result<void> apply(std::span<const campaign::ElementRow> batch) override { return count(batch); }
  Result<std::optional<campaign::ElementRow>> element(campaign::ElementId) override {
    return std::optional<campaign::ElementRow>();
  }
  Result<void> load_elements(FunctionRef<void(const campaign::ElementRow&)>) override { return {}; }

 private:
  template <typename Row>
  Result<void> count(std::span<const Row> batch) {
    rows += batch.size();
    ++calls;
    return {};
  }
  uint32_t last_ = 0;
};

}  // namespace simurgh::sim
