#include "hlr/key_journal.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace simurgh::hlr {

namespace {

void apply(const JournalRecord& record, JournalledChip& chip) {
  if (chip.last.sequence == 0 || chip.life != record.life) {
    const bool sold = chip.sold;
    chip = JournalledChip();
    chip.iccid = record.iccid;
    chip.imsi = record.imsi;
    chip.life = record.life;
    chip.sold = sold;
  }
  const bool has_epoch = chip.last.kind == JournalRecord::Kind::epoch && chip.last.sequence != 0;
  switch (record.kind) {
    case JournalRecord::Kind::epoch:
      if (has_epoch && chip.last.epoch < record.epoch) chip.before = chip.last;
      chip.epoch = record.epoch;
      chip.reset = false;
      chip.last = record;
      return;
    case JournalRecord::Kind::sold:
      chip.epoch = chip.offered = 0;
      chip.sold = true;
      chip.reset = false;
      chip.before.reset();
      chip.last = record;
      return;
    case JournalRecord::Kind::reset:
      chip.reset = true;
      chip.command = record.command;
      break;
    case JournalRecord::Kind::offered:
      chip.offered = std::max(chip.offered, record.epoch);
      chip.reset = false;
      break;
    case JournalRecord::Kind::numbers: return;
  }
  if (!has_epoch) chip.last = record;  // else the record with the secret stays
}

}  // namespace

const char* name_of(RecoveryAction action) {
  switch (action) {
    case RecoveryAction::none: return "none";
    case RecoveryAction::roll_forward: return "roll_forward";
    case RecoveryAction::settle: return "settle";
    case RecoveryAction::finish_reset: return "finish_reset";
    case RecoveryAction::take_up: return "take_up";
    case RecoveryAction::fence: return "fence";
  }
  return "unknown";
}

const char* name_of(StartCondition condition) {
  switch (condition) {
    case StartCondition::clean: return "clean";
    case StartCondition::interrupted: return "interrupted";
    case StartCondition::restored: return "restored";
    case StartCondition::foreign: return "foreign";
    case StartCondition::journal_behind: return "journal_behind";
  }
  return "unknown";
}

StartCondition compare(const CommitMark& database, const CommitMark& journal,
                       uint64_t journal_last_sequence, uint64_t journal_last_generation) {
  const ByteArray<16> unbound{};
  if (journal.database != unbound && journal.database != database.database) {
    return StartCondition::foreign;
  }
  if (database.journal_sequence > journal_last_sequence) return StartCondition::journal_behind;
  if (journal.generation > database.generation ||
      journal_last_generation > database.generation + 1) {
    return StartCondition::restored;
  }
  if (journal_last_generation == database.generation + 1) return StartCondition::interrupted;
  return StartCondition::clean;
}

RecoveryAction decide(StartCondition condition, const JournalledChip& chip,
                      const std::optional<StoredChip>& stored) {
  const bool has_epoch = chip.last.kind == JournalRecord::Kind::epoch;
  if (condition == StartCondition::interrupted) {
    // Nothing of the last batch left the server. An epoch may count all the same, because the chip
    // has stored it and accepts both; a sale or a reset that nobody was told of did not happen.
    const bool newer = stored && stored->life == chip.life && !chip.reset && !stored->resetting &&
                       has_epoch && stored->active_epoch < chip.epoch;
    return newer ? RecoveryAction::roll_forward : RecoveryAction::none;
  }
  if (condition != StartCondition::restored) return RecoveryAction::none;
  if (!stored || stored->life < chip.life) return RecoveryAction::take_up;
  if (stored->life > chip.life) return RecoveryAction::none;
  if (chip.sold) return RecoveryAction::take_up;  // sold again within this life
  // Also of a chip that the database has in a reset: it may have taken a later RESET.
  if (chip.reset) return RecoveryAction::finish_reset;
  if (stored->resetting) return RecoveryAction::none;  // it is on its way out of this life
  if (has_epoch && stored->active_epoch < chip.epoch) return RecoveryAction::roll_forward;
  if (has_epoch && stored->active_epoch > chip.epoch) return RecoveryAction::fence;
  return stored->active_epoch < chip.offered ? RecoveryAction::settle : RecoveryAction::none;
}

Result<RecoveryPlan> plan_recovery(
    KeyJournal& journal, const CommitMark& database,
    FunctionRef<Result<std::optional<StoredChip>>(const Iccid&)> stored) {
  std::map<Iccid, JournalledChip> chips;  // those with a record newer than the database
  // An id alone does not name a range: after a restore a new one may have it.
  std::map<std::tuple<uint64_t, Iccid, Imsi>, uint64_t> numbers;
  uint64_t last_sequence = 0;
  uint64_t last_generation = 0;
  TRY(journal.replay([&](const JournalRecord& record) -> Result<void> {
    last_sequence = record.sequence;
    last_generation = std::max(last_generation, record.generation);
    if (record.generation <= database.generation) return {};
    if (record.kind == JournalRecord::Kind::numbers) {
      uint64_t& allocated = numbers[{record.range, record.iccid, record.imsi}];
      allocated = std::max(allocated, record.allocated);
      return {};
    }
    apply(record, chips[record.iccid]);
    return {};
  }));
  const CommitMark mark = TRY(journal.mark());
  RecoveryPlan plan;
  plan.condition = compare(database, mark, last_sequence, last_generation);
  if (plan.condition != StartCondition::restored && plan.condition != StartCondition::interrupted) {
    return plan;
  }
  plan.generation = std::max({database.generation, mark.generation, last_generation}) + 1;
  if (plan.condition == StartCondition::restored) {
    for (const auto& [range, allocated] : numbers) {
      const auto& [id, iccid, imsi] = range;
      plan.numbers.push_back({id, iccid, imsi, allocated});
    }
  }
  for (const auto& [iccid, chip] : chips) {
    const auto action = decide(plan.condition, chip, TRY(stored(iccid)));
    if (action != RecoveryAction::none) plan.steps.push_back({action, chip});
  }
  return plan;
}

}  // namespace simurgh::hlr
