// The whole server's store in memory, with commit and crash as the simulator needs them: crash()
// drops what was not committed, snapshot() and restore() are an operator who puts back an old copy
// of the database. The same constraints as the SQL schema. Not durable, and not for production.
#pragma once

#include <memory>

#include "storage/storage.h"

namespace simurgh::memory_store {

class MemoryStorage final : public storage::Storage {
 public:
  // `database` is the random identity of this database.
  explicit MemoryStorage(const ByteArray<16>& database);
  ~MemoryStorage() override;

  audit::Store& audit() override;
  fleet::Store& fleet() override;
  fleet::ElementStore& elements() override;
  campaign::Store& campaigns() override;
  element_update::Store& element_update() override;
  hlr::Store& hlr() override;
  hlr::RemoteStore& remote_directory() override;
  security_centre::Store& security_centre() override;
  api::AnswerStore& answers() override;
  api::FactoryStore& factory() override;

  bool has_changes() const override;
  Result<hlr::CommitMark> commit(uint64_t journal_sequence) override;
  hlr::CommitMark mark() const override;
  Result<void> set_generation(uint64_t generation) override;
  Result<void> begin_step() override;
  Result<void> keep_step() override;
  Result<void> undo_step() override;
  Result<void> check_integrity() override;

  // --- faults
  // The process died: uncommitted changes are gone. The object goes on as the reopened database.
  void crash();
  // The next commit fails and everything after it, until crash().
  void fail_next_commit();
  // A copy of the database, which must not have open changes; and the database becoming that copy
  // again, as after crash().
  class Snapshot;
  std::shared_ptr<const Snapshot> snapshot() const;
  void restore(const Snapshot& snapshot);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace simurgh::memory_store
