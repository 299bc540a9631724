// One store for the whole server: every actor's store interface over one open transaction, so that
// one event is one atomic change. SQLite (io/store_sqlite), PostgreSQL (io/store_postgres) and the
// simulator's memory (memory_store) are behind it; tests/stores is what they all must pass.
//
// A transaction opens by itself with the first change. Reads see the open changes. When any
// function fails with `storage` the process (or the simulated one) must end: nothing after it can
// be trusted, and every later call fails too. One thread.
#pragma once

#include "api/store.h"
#include "audit/store.h"
#include "campaign/store.h"
#include "element_update/store.h"
#include "fleet/element_store.h"
#include "fleet/store.h"
#include "hlr/key_journal.h"
#include "hlr/remote_directory.h"
#include "hlr/store.h"
#include "security_centre/store.h"

namespace simurgh::storage {

class Storage {
 public:
  virtual ~Storage() = default;

  virtual audit::Store& audit() = 0;
  virtual fleet::Store& fleet() = 0;
  virtual fleet::ElementStore& elements() = 0;
  virtual campaign::Store& campaigns() = 0;
  virtual hlr::Store& hlr() = 0;
  virtual hlr::RemoteStore& remote_directory() = 0;
  virtual security_centre::Store& security_centre() = 0;
  virtual element_update::Store& element_update() = 0;
  virtual api::AnswerStore& answers() = 0;
  virtual api::FactoryStore& factory() = 0;

  // True when something was written since the last commit (even if it came to nothing).
  virtual bool has_changes() const = 0;
  // Makes all changes durable, with the journal's sequence as it is now. Without changes it does
  // nothing. The database's mark afterwards.
  virtual Result<hlr::CommitMark> commit(uint64_t journal_sequence) = 0;
  // Which database this is, and how many commits it has.
  virtual hlr::CommitMark mark() const = 0;
  // After recovery from the journal: the next commit gets this number (never a lower one).
  virtual Result<void> set_generation(uint64_t generation) = 0;

  // A step is a part of the transaction that can be undone alone: begin, then keep or undo. For
  // an event that may fail after its first change (a REST request). Steps do not nest. Undoing
  // raises undo_count() of the stores, which tells caches to forget.
  virtual Result<void> begin_step() = 0;
  virtual Result<void> keep_step() = 0;
  virtual Result<void> undo_step() = 0;

  // Reads everything there is and checks its structure; slow. `storage` names a fault.
  virtual Result<void> check_integrity() = 0;
};

}  // namespace simurgh::storage
