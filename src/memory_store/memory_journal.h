// The key journal in memory: what was synced survives crash(), what was not is lost, whole or in
// part as the simulator says.
#pragma once

#include "hlr/key_journal.h"

namespace simurgh::memory_store {

class MemoryJournal final : public hlr::KeyJournal {
 public:
  explicit MemoryJournal(const ByteArray<16>& database) { mark_.database = database; }

  Result<void> append(const hlr::JournalRecord& record) override;
  Result<void> sync() override;
  uint64_t sequence() const override { return records_.size(); }
  Result<void> committed(const hlr::CommitMark& mark) override;
  Result<void> replay(FunctionRef<Result<void>(const hlr::JournalRecord&)> visit) override;
  Result<hlr::CommitMark> mark() override { return mark_; }

  // The process died: all but the first `kept` of the records not yet synced are gone.
  void crash(size_t kept = 0);
  void fail_next_sync() { fail_next_sync_ = true; }

 private:
  std::vector<hlr::JournalRecord> records_;
  size_t synced_ = 0;
  hlr::CommitMark mark_;
  bool fail_next_sync_ = false;
  bool dead_ = false;
};

}  // namespace simurgh::memory_store
