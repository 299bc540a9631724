// The journal of keys (design 4.1): an append-only, sealed record beside the database of every
// epoch that a chip has stored, of every reset, and of every number given out. A database that was
// restored from an older copy is recognised by it, rolled forward where that can be done, and the
// rest is taken out of service with what a reset of the chip needs.
//
// Order of a batch's end, the shell's: KeyJournal::sync, then the database's commit (whose row
// names the journal's sequence), then KeyJournal::committed, then the outbox.
#pragma once

#include <optional>
#include <vector>

#include "base/function_ref.h"
#include "base/numbers.h"
#include "crypto/key_store.h"
#include "fleet/number_pool.h"

namespace simurgh::hlr {

constexpr size_t journal_secret_octets_max = 96;
constexpr size_t journal_command_octets_max = 640;  // personalisation::message_octets_max

struct JournalRecord {
  enum class Kind : uint8_t {
    epoch = 1,  // the chip has stored this epoch (PREPARED verified): secrets are in `sealed`
    reset = 2,  // RESET was given out for this life: its keys are no good any more
    // The first `allocated` numbers of `range` were given out; `iccid` and `imsi` are the first of
    // all, because an older database does not know the range. Both empty in the first journals.
    numbers = 3,
    sold = 4,     // the chip is (again) in service with epoch 0 of this life
    offered = 5,  // M2 of this epoch leaves: the chip may store it, whether or not we hear of it
  };
  Kind kind = Kind::epoch;
  uint64_t sequence = 0;    // 1, 2, 3 …, given by append
  uint64_t generation = 0;  // of the commit that it belongs to, given by append
  Iccid iccid;
  Imsi imsi;
  uint32_t life = 0;
  uint32_t epoch = 0;
  uint64_t range = 0;      // numbers only
  uint64_t allocated = 0;  // numbers only
  // Epoch secret and PUK secret, sealed by their owner, who says with which identity.
  ByteString<journal_secret_octets_max> sealed;
  // reset only: RESET as it was given out. No secret; a chip that took it repeats its receipt for
  // these bytes and no others. At most journal_command_octets_max.
  std::vector<uint8_t> command;
  friend bool operator==(const JournalRecord&, const JournalRecord&) = default;
};

// Which database a journal belongs to, and how far both are.
struct CommitMark {
  ByteArray<16> database{};       // random, made with the database
  uint64_t generation = 0;        // commits so far
  uint64_t journal_sequence = 0;  // last record that a commit was sure of
  friend bool operator==(const CommitMark&, const CommitMark&) = default;
};

class KeyJournal {
 public:
  virtual ~KeyJournal() = default;
  // Adds a record to the batch; durable after sync. Sets sequence and generation of the copy kept.
  virtual Result<void> append(const JournalRecord& record) = 0;
  // Makes the batch durable. `storage` when that failed: the process must end.
  virtual Result<void> sync() = 0;
  // The last sequence appended, for the database's commit.
  virtual uint64_t sequence() const = 0;
  // The commit with this mark is durable. Cheap; its loss in a crash is harmless. Also called once
  // at start-up, after recovery and before the first append. not_allowed for a mark of another
  // database or an earlier one.
  virtual Result<void> committed(const CommitMark& mark) = 0;
  // Every record from the first, in order.
  virtual Result<void> replay(FunctionRef<Result<void>(const JournalRecord&)> visit) = 0;
  // The highest generation of which the journal knows that it was committed, and to which database
  // it belongs (zeros: to none yet).
  virtual Result<CommitMark> mark() = 0;
};

// --- recovery: a pure decision --------------------------------------------------------------

// What the records newer than the database say in the end about one chip.
struct JournalledChip {
  Iccid iccid;
  Imsi imsi;
  uint32_t life = 0;     // of the newest record
  uint32_t epoch = 0;    // of `last`, when that is of kind epoch; else 0
  uint32_t offered = 0;  // the highest epoch offered in this life
  bool sold = false;   // a sale is among the records: the database does not know whose the chip is
  bool reset = false;  // a reset of this life was given out: the chip may be in the next one
  JournalRecord last;  // of kind epoch when there is one in this life; else the newest
  // The epoch before `last` in this life: what the chip answers in until it has heard COMMIT.
  std::optional<JournalRecord> before;
  std::vector<uint8_t> command;  // with `reset`: the last one given out
};

// What the database says about the same chip.
struct StoredChip {
  uint32_t life = 0;
  uint32_t active_epoch = 0;
  bool resetting = false;  // a reset of this life is authorised or done
};

enum class RecoveryAction : uint8_t {
  none,
  roll_forward,  // the database's chip gets the journal's epoch: the chip has stored it
  settle,        // the chip may hold an offered epoch beside its active one: a re-key ends that
  finish_reset,  // the chip was told to forget this life: its entries must go, and the RESET that
                 // it was told by is kept for its receipt
  take_up,       // sold since: nobody knows whose the chip is now. Not served, but taken up in its
                 // present life with its present keys, so that it can be reset and sold again
  fence,         // a contradiction: not served until an operator has decided
};
const char* name_of(RecoveryAction action);

enum class StartCondition : uint8_t {
  clean,           // journal and database agree
  interrupted,     // the last batch reached the journal, not the database: roll forward
  restored,        // the database is older than the journal: roll forward, fence, jump counters
  foreign,         // the journal belongs to another database: do not start
  journal_behind,  // the database is sure of records that the journal lost: do not start
};
const char* name_of(StartCondition condition);

// For one chip whose last record is newer than the database; `stored` is empty when the database
// has no row for it.
RecoveryAction decide(StartCondition condition, const JournalledChip& chip,
                      const std::optional<StoredChip>& stored);

// From both marks and the generation of the journal's last record (0: none).
StartCondition compare(const CommitMark& database, const CommitMark& journal,
                       uint64_t journal_last_sequence, uint64_t journal_last_generation);

struct RecoveryStep {
  RecoveryAction action = RecoveryAction::none;
  JournalledChip chip;
};
struct RecoveryPlan {
  StartCondition condition = StartCondition::clean;
  std::vector<RecoveryStep> steps;       // without those that need nothing, by ICCID
  std::vector<fleet::GivenOut> numbers;  // one for each range, the most of it
  uint64_t generation = 0;               // for Storage::set_generation; 0 when clean
};

// Reads the whole journal and asks `stored` for each chip in it. `storage` as they fail.
Result<RecoveryPlan> plan_recovery(
    KeyJournal& journal, const CommitMark& database,
    FunctionRef<Result<std::optional<StoredChip>>(const Iccid&)> stored);

}  // namespace simurgh::hlr
