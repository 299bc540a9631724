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

Result<void> CentreTables::save(const ChipKeys& row) {
  TRY(transaction_.alive());
  const Iccid* other = by_imsi.find(row.imsi);
  if (other != nullptr && *other != row.iccid) return fail(ErrorCode::already_exists);
  const ChipKeys* old = rows.find(row.iccid);
  if (old != nullptr && old->imsi != row.imsi) by_imsi.erase(old->imsi);
  by_imsi.put(row.imsi, row.iccid);
  if (old != nullptr && old->interval_from != row.interval_from) {
    by_interval.erase({old->interval_from, row.iccid});
  }
  if (row.interval_from != Instant()) by_interval.put({row.interval_from, row.iccid}, true);
  rows.put(row.iccid, row);
  return {};
}

Result<void> CentreTables::erase(const Iccid& iccid) {
  TRY(transaction_.alive());
  const ChipKeys* old = rows.find(iccid);
  if (old == nullptr) return {};
  by_imsi.erase(old->imsi);
  by_interval.erase({old->interval_from, iccid});
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
