#include "memory_store/campaign_memory.h"
#include "memory_store/state.h"

namespace simurgh::memory_store {

namespace {

// The first possible key of a campaign.
CampaignTables::ElementKey first_of(campaign::CampaignId id) {
  return {id, campaign::ElementId{0}};
}

}  // namespace

struct CampaignMemory::State {
  Transaction transaction;
  CampaignTables tables{transaction};
};

CampaignMemory::CampaignMemory() : state_(std::make_unique<State>()) {}
CampaignMemory::~CampaignMemory() = default;

campaign::Store& CampaignMemory::store() {
  return state_->tables;
}
void CampaignMemory::commit() {
  state_->transaction.log.forget();
}
void CampaignMemory::crash() {
  state_->transaction.log.undo_to(0);
}

Result<void> CampaignTables::save(const campaign::Campaign& campaign) {
  TRY(transaction_.alive());
  campaign_rows.put(campaign.id, campaign);
  return {};
}

Result<void> CampaignTables::save_progress(const campaign::Campaign& campaign) {
  TRY(transaction_.alive());
  std::optional<campaign::Campaign> row = campaign_rows.get(campaign.id);
  if (!row) return fail(ErrorCode::not_found);
  row->run = campaign.run;
  row->wave = campaign.wave;
  row->wave_reached = campaign.wave_reached;
  row->total = campaign.total;
  row->counters = campaign.counters;
  row->fronts = campaign.fronts;
  campaign_rows.put(campaign.id, *row);
  return {};
}

Result<std::optional<campaign::Campaign>> CampaignTables::campaign(campaign::CampaignId id) {
  TRY(transaction_.alive());
  return campaign_rows.get(id);
}

Result<std::vector<campaign::Campaign>> CampaignTables::campaigns() {
  TRY(transaction_.alive());
  std::vector<campaign::Campaign> all;
  for (const auto& [id, row] : campaign_rows.rows()) all.push_back(row);
  return all;
}

Result<campaign::CampaignId> CampaignTables::next_campaign_id() {
  TRY(transaction_.alive());
  if (campaign_rows.rows().empty()) return campaign::CampaignId{1};
  return campaign::CampaignId{campaign_rows.rows().rbegin()->first.value + 1};
}

Result<void> CampaignTables::add_members(campaign::CampaignId campaign,
                                         std::span<const campaign::ElementId> elements) {
  TRY(transaction_.alive());
  for (const campaign::ElementId element : elements) member_rows.put({campaign, element}, true);
  return {};
}

Result<void> CampaignTables::load_members(campaign::CampaignId campaign,
                                          FunctionRef<void(campaign::ElementId)> visit) {
  TRY(transaction_.alive());
  for (auto place = member_rows.rows().lower_bound(first_of(campaign));
       place != member_rows.rows().end() && place->first.first == campaign; ++place) {
    visit(place->first.second);
  }
  return {};
}

Result<void> CampaignTables::apply(std::span<const campaign::OutcomeRow> rows) {
  TRY(transaction_.alive());
  for (const campaign::OutcomeRow& row : rows) {
    outcome_rows.put({row.campaign, row.element}, row);
  }
  return {};
}

Result<void> CampaignTables::load_outcomes(campaign::CampaignId campaign,
                                           FunctionRef<void(const campaign::OutcomeRow&)> visit) {
  TRY(transaction_.alive());
  for (auto place = outcome_rows.rows().lower_bound(first_of(campaign));
       place != outcome_rows.rows().end() && place->first.first == campaign; ++place) {
    visit(place->second);
  }
  return {};
}

Result<std::vector<campaign::OutcomeRow>> CampaignTables::outcomes(campaign::CampaignId campaign,
                                                                   campaign::ElementId first,
                                                                   size_t limit) {
  TRY(transaction_.alive());
  std::vector<campaign::OutcomeRow> page;
  for (auto place = outcome_rows.rows().lower_bound({campaign, first});
       place != outcome_rows.rows().end() && place->first.first == campaign && page.size() < limit;
       ++place) {
    page.push_back(place->second);
  }
  return page;
}

Result<std::optional<campaign::OutcomeRow>> CampaignTables::outcome(campaign::CampaignId campaign,
                                                                    campaign::ElementId element) {
  TRY(transaction_.alive());
  return outcome_rows.get({campaign, element});
}

Result<void> CampaignTables::apply(std::span<const campaign::ElementRow> rows) {
  TRY(transaction_.alive());
  for (const campaign::ElementRow& row : rows) element_rows.put(row.element, row);
  return {};
}

Result<std::optional<campaign::ElementRow>> CampaignTables::element(campaign::ElementId element) {
  TRY(transaction_.alive());
  return element_rows.get(element);
}

Result<void> CampaignTables::load_elements(FunctionRef<void(const campaign::ElementRow&)> visit) {
  TRY(transaction_.alive());
  for (const auto& [element, row] : element_rows.rows()) visit(row);
  return {};
}

}  // namespace simurgh::memory_store
