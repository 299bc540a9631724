#include "memory_store/memory_journal.h"

namespace simurgh::memory_store {

Result<void> MemoryJournal::append(const hlr::JournalRecord& record) {
  if (dead_) return fail(ErrorCode::storage);
  hlr::JournalRecord kept = record;
  kept.sequence = records_.size() + 1;
  kept.generation = mark_.generation + 1;
  records_.push_back(kept);
  return {};
}

Result<void> MemoryJournal::sync() {
  if (dead_) return fail(ErrorCode::storage);
  if (synced_ == records_.size()) return {};
  if (fail_next_sync_) {
    dead_ = true;
    return fail(ErrorCode::storage);
  }
  synced_ = records_.size();
  return {};
}

Result<void> MemoryJournal::committed(const hlr::CommitMark& mark) {
  if (dead_) return fail(ErrorCode::storage);
  if (mark.database != mark_.database || mark.generation < mark_.generation) {
    return fail(ErrorCode::not_allowed);
  }
  mark_ = mark;
  return {};
}

Result<void> MemoryJournal::replay(FunctionRef<Result<void>(const hlr::JournalRecord&)> visit) {
  for (const hlr::JournalRecord& record : records_) TRY(visit(record));
  return {};
}

void MemoryJournal::crash(size_t kept) {
  const size_t unsynced = records_.size() - synced_;
  records_.resize(synced_ + (kept < unsynced ? kept : unsynced));
  synced_ = records_.size();
  dead_ = fail_next_sync_ = false;
}

}  // namespace simurgh::memory_store
