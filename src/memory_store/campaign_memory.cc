#include "memory_store/campaign_memory.h"
#include "memory_store/table.h"

namespace simurgh::memory_store {

namespace {

class CampaignTables final : public campaign::Store {
 public:
  explicit CampaignTables(ChangeLog& log)
      : campaign_rows(log), member_rows(log), outcome_rows(log), element_rows(log) {}
  Result<void> save(const campaign::Campaign& campaign) override;
  Result<void> save_progress(const campaign::Campaign& campaign) override;
  Result<std::optional<campaign::Campaign>> campaign(campaign::CampaignId id) override;
  Result<std::vector<campaign::Campaign>> campaigns() override;
  Result<campaign::CampaignId> next_campaign_id() override;
  Result<void> add_members(campaign::CampaignId campaign,
                           std::span<const campaign::ElementId> elements) override;
  Result<void> load_members(campaign::CampaignId campaign,
                            FunctionRef<void(campaign::ElementId)> visit) override;
  Result<void> apply(std::span<const campaign::OutcomeRow> rows) override;
  Result<void> load_outcomes(campaign::CampaignId campaign,
                             FunctionRef<void(const campaign::OutcomeRow&)> visit) override;
  Result<std::optional<campaign::OutcomeRow>> outcome(campaign::CampaignId campaign,
                                                      campaign::ElementId element) override;
  Result<void> apply(std::span<const campaign::ElementRow> rows) override;
  Result<void> load_elements(FunctionRef<void(const campaign::ElementRow&)> visit) override;

  using ElementKey = std::pair<campaign::CampaignId, campaign::ElementId>;

  Table<campaign::CampaignId, campaign::Campaign> campaign_rows;
  Table<ElementKey, bool> member_rows;
  Table<ElementKey, campaign::OutcomeRow> outcome_rows;
  Table<campaign::ElementId, campaign::ElementRow> element_rows;
};

// The first possible key of a campaign, and of the next one.
CampaignTables::ElementKey first_of(campaign::CampaignId id) {
  return {id, campaign::ElementId{0}};
}

}  // namespace

struct CampaignMemory::State {
  ChangeLog log;
  CampaignTables tables{log};
};

CampaignMemory::CampaignMemory() : state_(std::make_unique<State>()) {}
CampaignMemory::~CampaignMemory() = default;

campaign::Store& CampaignMemory::store() {
  return state_->tables;
}
void CampaignMemory::commit() {
  state_->log.forget();
}
void CampaignMemory::crash() {
  state_->log.undo_to(0);
}

Result<void> CampaignTables::save(const campaign::Campaign& campaign) {
  campaign_rows.put(campaign.id, campaign);
  return {};
}

Result<void> CampaignTables::save_progress(const campaign::Campaign& campaign) {
  std::optional<campaign::Campaign> row = campaign_rows.get(campaign.id);
  if (!row) return fail(ErrorCode::not_found);
  row->run = campaign.run;
  row->wave = campaign.wave;
  row->wave_reached = campaign.wave_reached;
  row->total = campaign.total;
  row->counters = campaign.counters;
  campaign_rows.put(campaign.id, *row);
  return {};
}

Result<std::optional<campaign::Campaign>> CampaignTables::campaign(campaign::CampaignId id) {
  return campaign_rows.get(id);
}

Result<std::vector<campaign::Campaign>> CampaignTables::campaigns() {
  std::vector<campaign::Campaign> all;
  for (const auto& [id, row] : campaign_rows.rows()) all.push_back(row);
  return all;
}

Result<campaign::CampaignId> CampaignTables::next_campaign_id() {
  if (campaign_rows.rows().empty()) return campaign::CampaignId{1};
  return campaign::CampaignId{campaign_rows.rows().rbegin()->first.value + 1};
}

Result<void> CampaignTables::add_members(campaign::CampaignId campaign,
                                         std::span<const campaign::ElementId> elements) {
  for (const campaign::ElementId element : elements) member_rows.put({campaign, element}, true);
  return {};
}

Result<void> CampaignTables::load_members(campaign::CampaignId campaign,
                                          FunctionRef<void(campaign::ElementId)> visit) {
  for (auto place = member_rows.rows().lower_bound(first_of(campaign));
       place != member_rows.rows().end() && place->first.first == campaign; ++place) {
    visit(place->first.second);
  }
  return {};
}

Result<void> CampaignTables::apply(std::span<const campaign::OutcomeRow> rows) {
  for (const campaign::OutcomeRow& row : rows) {
    outcome_rows.put({row.campaign, row.element}, row);
  }
  return {};
}

Result<void> CampaignTables::load_outcomes(campaign::CampaignId campaign,
                                           FunctionRef<void(const campaign::OutcomeRow&)> visit) {
  for (auto place = outcome_rows.rows().lower_bound(first_of(campaign));
       place != outcome_rows.rows().end() && place->first.first == campaign; ++place) {
    visit(place->second);
  }
  return {};
}

Result<std::optional<campaign::OutcomeRow>> CampaignTables::outcome(campaign::CampaignId campaign,
                                                                    campaign::ElementId element) {
  return outcome_rows.get({campaign, element});
}

Result<void> CampaignTables::apply(std::span<const campaign::ElementRow> rows) {
  for (const campaign::ElementRow& row : rows) element_rows.put(row.element, row);
  return {};
}

Result<void> CampaignTables::load_elements(FunctionRef<void(const campaign::ElementRow&)> visit) {
  for (const auto& [element, row] : element_rows.rows()) visit(row);
  return {};
}

}  // namespace simurgh::memory_store
