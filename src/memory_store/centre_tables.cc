#include "memory_store/state.h"

namespace simurgh::memory_store {

using security_centre::ChipKeys;

Result<std::optional<ChipKeys>> CentreTables::load(const Iccid& iccid) {
  TRY(transaction_.alive());
  return rows.get(iccid);
}

Result<std::optional<ChipKeys>> CentreTables::load_by_imsi(const Imsi& imsi) {
  TRY(transaction_.alive());
  const Iccid* iccid = by_imsi.find(imsi);
  if (iccid == nullptr) return std::optional<ChipKeys>();
  return rows.get(*iccid);
}

Result<std::optional<ChipKeys>> CentreTables::load_by_identity(std::string_view identity) {
  TRY(transaction_.alive());
  const std::string key(identity);
  const Iccid* iccid = by_active_identity.find(key);
  if (iccid == nullptr) iccid = by_previous_identity.find(key);
  if (iccid == nullptr) return std::optional<ChipKeys>();
  return rows.get(*iccid);
}

Result<std::vector<ChipKeys>> CentreTables::without_identity(size_t limit) {
  TRY(transaction_.alive());
  std::vector<ChipKeys> out;
  for (const auto& [iccid, row] : rows.rows()) {
    if (row.active_identity.empty() && out.size() < limit) out.push_back(row);
  }
  return out;
}

// Whether another row has the IMSI or one of the identities.
bool CentreTables::clashes(const ChipKeys& row) const {
  const auto taken = [&](const Iccid* holder) { return holder != nullptr && *holder != row.iccid; };
  return taken(by_imsi.find(row.imsi)) || taken(by_active_identity.find(row.active_identity)) ||
         taken(by_previous_identity.find(row.previous_identity));
}

void CentreTables::erase_indexes(const ChipKeys& row) {
  by_imsi.erase(row.imsi);
  if (row.interval_from != Instant()) by_interval.erase({row.interval_from, row.iccid});
  if (!row.active_identity.empty()) by_active_identity.erase(row.active_identity);
  if (!row.previous_identity.empty()) by_previous_identity.erase(row.previous_identity);
}

Result<void> CentreTables::save(const ChipKeys& row) {
  TRY(transaction_.alive());
  if (clashes(row)) return fail(ErrorCode::already_exists);
  if (const ChipKeys* old = rows.find(row.iccid)) erase_indexes(*old);
  by_imsi.put(row.imsi, row.iccid);
  if (row.interval_from != Instant()) by_interval.put({row.interval_from, row.iccid}, true);
  if (!row.active_identity.empty()) by_active_identity.put(row.active_identity, row.iccid);
  if (!row.previous_identity.empty()) by_previous_identity.put(row.previous_identity, row.iccid);
  rows.put(row.iccid, row);
  return {};
}

Result<void> CentreTables::erase(const Iccid& iccid) {
  TRY(transaction_.alive());
  const ChipKeys* old = rows.find(iccid);
  if (old == nullptr) return {};
  erase_indexes(*old);
  rows.erase(iccid);
  return {};
}

Result<void> CentreTables::each_open(FunctionRef<void(const ChipKeys&)> visit) {
  TRY(transaction_.alive());
  for (const auto& [iccid, row] : rows.rows()) {
    if (row.work != security_centre::Work::none || row.commit_unconfirmed || row.directory_behind) {
      visit(row);
    }
  }
  return {};
}

Result<void> CentreTables::each_rekey_due(Instant before, size_t limit,
                                          FunctionRef<void(const ChipKeys&)> visit) {
  TRY(transaction_.alive());
  std::vector<ChipKeys> due;
  for (const auto& [key, present] : by_interval.rows()) {
    if (key.first >= before || due.size() == limit) break;
    due.push_back(*rows.find(key.second));
  }
  for (const ChipKeys& row : due) visit(row);  // which may change rows
  return {};
}

Result<void> CentreTables::raise_counters(uint64_t leap) {
  TRY(transaction_.alive());
  std::vector<ChipKeys> raised;
  for (const auto& [iccid, row] : rows.rows()) raised.push_back(row);
  for (ChipKeys& row : raised) {
    row.counter_to_chip += leap;
    rows.put(row.iccid, row);
  }
  return {};
}

}  // namespace simurgh::memory_store
