#include "memory_store/state.h"

namespace simurgh::memory_store {

Result<std::optional<audit::Row>> AuditTable::last() {
  TRY(transaction_.alive());
  if (rows.rows().empty()) return std::optional<audit::Row>();
  return std::optional(rows.rows().rbegin()->second);
}

Result<void> AuditTable::append(const audit::Row& row) {
  TRY(transaction_.alive());
  if (rows.find(row.sequence) != nullptr) return fail(ErrorCode::already_exists);
  rows.put(row.sequence, row);
  return {};
}

Result<std::vector<audit::Row>> AuditTable::page(uint64_t first, size_t limit) {
  TRY(transaction_.alive());
  std::vector<audit::Row> page;
  for (auto row = rows.rows().lower_bound(first); row != rows.rows().end(); ++row) {
    if (page.size() == limit) break;
    page.push_back(row->second);
  }
  return page;
}

Result<std::vector<audit::Row>> AuditTable::page_of_subject(std::string_view subject,
                                                            uint64_t before, size_t limit) {
  TRY(transaction_.alive());
  std::vector<audit::Row> page;
  auto row = rows.rows().lower_bound(before);
  while (row != rows.rows().begin() && page.size() < limit) {
    --row;
    if (row->second.subject == subject) page.push_back(row->second);
  }
  return page;
}

}  // namespace simurgh::memory_store
