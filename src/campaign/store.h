// What campaigns keep. Small and batch-first: the hot rows come by thousands, keyed by element id.
//
// All writes go to the open transaction; reads see it. `storage` when the store cannot answer. A
// payload leaves for a chip only after the commit that has its `offered` row, and a trigger only
// after the commit that has its `waiting` row, so that after a crash nothing is done that no row
// speaks of.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/function_ref.h"
#include "campaign/campaign.h"

namespace simurgh::campaign {

class Store {
 public:
  virtual ~Store() = default;

  // --- campaigns: few rows, written whole. Back ends keep `terms` as write_terms() gives it.
  virtual Result<void> save(const Campaign& campaign) = 0;
  // Counters, run, wave, wave_reached and total only: written with every batch of outcomes.
  virtual Result<void> save_progress(const Campaign& campaign) = 0;
  virtual Result<std::optional<Campaign>> campaign(CampaignId id) = 0;
  virtual Result<std::vector<Campaign>> campaigns() = 0;  // in order of id
  // One more than the highest id (ids are never used again).
  virtual Result<CampaignId> next_campaign_id() = 0;

  // --- uploaded lists: any size, in any order; a member twice is one member
  virtual Result<void> add_members(CampaignId campaign, std::span<const ElementId> elements) = 0;
  virtual Result<void> load_members(CampaignId campaign, FunctionRef<void(ElementId)> visit) = 0;

  // --- outcomes: one narrow row for each (campaign, element) that something happened to. A later
  // row of the same element replaces the earlier one, within one call too.
  virtual Result<void> apply(std::span<const OutcomeRow> rows) = 0;
  virtual Result<void> load_outcomes(CampaignId campaign,
                                     FunctionRef<void(const OutcomeRow&)> visit) = 0;
  // Up to `limit`, in order of element, from `first` on.
  virtual Result<std::vector<OutcomeRow>> outcomes(CampaignId campaign, ElementId first,
                                                   size_t limit) = 0;
  virtual Result<std::optional<OutcomeRow>> outcome(CampaignId campaign, ElementId element) = 0;

  // --- elements: the population's hot columns (last contact, next poll …), replaced whole
  virtual Result<void> apply(std::span<const ElementRow> rows) = 0;
  virtual Result<std::optional<ElementRow>> element(ElementId element) = 0;
  virtual Result<void> load_elements(FunctionRef<void(const ElementRow&)> visit) = 0;
};

}  // namespace simurgh::campaign
