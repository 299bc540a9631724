#include "memory_store/state.h"

namespace simurgh::memory_store {

using element_update::Cursor;

Result<remote_admin::SessionRecord> UpdateTables::session(uint32_t element) {
  TRY(transaction_.alive());
  return sessions.get(element).value_or(remote_admin::SessionRecord{});
}

Result<void> UpdateTables::save_session(uint32_t element,
                                        const remote_admin::SessionRecord& record) {
  TRY(transaction_.alive());
  sessions.put(element, record);
  return {};
}

Result<std::optional<Cursor>> UpdateTables::cursor(uint32_t element,
                                                   campaign::CampaignId campaign) {
  TRY(transaction_.alive());
  return cursors.get({element, campaign.value});
}

Result<std::vector<Cursor>> UpdateTables::cursors_of(uint32_t element) {
  TRY(transaction_.alive());
  std::vector<Cursor> out;
  for (auto place = cursors.rows().lower_bound({element, 0});
       place != cursors.rows().end() && place->first.first == element; ++place) {
    out.push_back(place->second);
  }
  return out;
}

Result<void> UpdateTables::save(const Cursor& cursor) {
  TRY(transaction_.alive());
  cursors.put({cursor.element, cursor.campaign.value}, cursor);
  return {};
}

Result<void> UpdateTables::erase_cursor(uint32_t element, campaign::CampaignId campaign) {
  TRY(transaction_.alive());
  if (cursors.find({element, campaign.value}) != nullptr) {
    cursors.erase({element, campaign.value});
  }
  return {};
}

}  // namespace simurgh::memory_store
