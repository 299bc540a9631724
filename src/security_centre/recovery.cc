// Start-up: the stores put right by what the key journal knows (hlr/key_journal.h). Every step is
// audited in the name of the actor `recovery`.
#include <algorithm>

#include "security_centre/state.h"

namespace simurgh::security_centre {

using personalisation::Epoch;

namespace {

constexpr std::string_view recovery_actor = "recovery";
// The database forgot counters that have been used since its copy was made (I2).
constexpr uint64_t counters_leap = uint64_t{1} << 20;

bool has_epoch(const hlr::JournalledChip& chip) {
  return chip.last.kind == hlr::JournalRecord::Kind::epoch;
}

// A subscriber that the directory does not have is out of service already.
Result<void> unless_absent(Result<void> done) {
  if (!done && done.error().code == ErrorCode::not_found) return {};
  return done;
}

}  // namespace

Result<std::optional<hlr::StoredChip>> SecurityCentre::State::stored(const Iccid& iccid) {
  const auto row = TRY(parts_.store.load(iccid));
  if (!row) return std::optional<hlr::StoredChip>();
  const auto chip = TRY(parts_.fleet.store().chip(iccid));
  hlr::StoredChip out;
  out.life = row->life;
  out.active_epoch = row->active_epoch;
  out.resetting = !row->reset.empty() || (chip && chip->state == fleet::ChipState::returned);
  return std::optional<hlr::StoredChip>(out);
}

Result<void> SecurityCentre::State::recover(const hlr::RecoveryPlan& plan, Instant now) {
  const audit::By by{recovery_actor, now};
  if (plan.condition == hlr::StartCondition::restored) {
    TRY(parts_.store.raise_counters(counters_leap));
    TRY(parts_.elements.store().raise_counters(counters_leap));
  }
  for (const hlr::RecoveryStep& step : plan.steps) {
    auto row = TRY(parts_.store.load(step.chip.iccid));
    auto action = step.action;
    if (!row && action != hlr::RecoveryAction::take_up) action = hlr::RecoveryAction::fence;
    switch (action) {
      case hlr::RecoveryAction::none: break;
      case hlr::RecoveryAction::roll_forward:
        if (row) TRY(roll_forward(*row, step.chip, by));
        break;
      case hlr::RecoveryAction::settle:
        if (row) TRY(settle(*row, step.chip, by));
        break;
      case hlr::RecoveryAction::finish_reset:
        if (row) TRY(finish_reset(*row, step.chip, by));
        break;
      case hlr::RecoveryAction::take_up: TRY(take_up(row, step.chip, by)); break;
      case hlr::RecoveryAction::fence: TRY(fence(step.chip, by)); break;
    }
  }
  return {};
}

Result<void> SecurityCentre::State::warn(const hlr::JournalledChip& chip, std::string_view words,
                                         const audit::By& by) {
  TRY(parts_.fleet.raise({fleet::AlarmKind::restore_fenced, chip.iccid.text(), "", words}, by));
  return {};
}

Result<void> SecurityCentre::State::fence(const hlr::JournalledChip& chip, const audit::By& by) {
  ++figures.fenced;
  TRY(unless_absent(parts_.directory.fence(chip.imsi, by)));
  return warn(chip,
              "database and key journal contradict each other about this chip: restore a newer "
              "database",
              by);
}

// The epochs that the journal has of the row's life, newer than the row's own: the chip may be in
// either. What does not open is an error of this chip's only.
Result<void> SecurityCentre::State::take_epochs(ChipKeys& row, const hlr::JournalledChip& chip) {
  if (!has_epoch(chip) || (!row.active_secret.empty() && chip.epoch <= row.active_epoch)) return {};
  const Epoch active = TRY(open_journalled(row, chip.last));
  const Epoch before =
      chip.before ? TRY(open_journalled(row, *chip.before)) : TRY(active_epoch(row));
  TRY(set_previous(row, before));
  return set_active(row, active);
}

Result<void> SecurityCentre::State::roll_forward(ChipKeys& row, const hlr::JournalledChip& chip,
                                                 const audit::By& by) {
  const auto epoch = open_journalled(row, chip.last);
  const auto before = chip.before ? open_journalled(row, *chip.before) : active_epoch(row);
  if (!epoch || !before) return fence(chip, by);
  const bool first = row.work == Work::first_logon;
  TRY(put_in_service(row, *epoch, by));
  TRY(set_previous(row, *before));
  TRY(parts_.store.save(row));
  const auto event = first ? fleet::ChipEvent::personalised : fleet::ChipEvent::rekeyed;
  const auto sold = TRY(parts_.fleet.chip(row.iccid));
  if (fleet::allows(sold.state, event)) TRY(parts_.fleet.change(row.iccid, event, by));
  return settle(row, chip, by);
}

// An epoch was offered and never confirmed, and the order for it is forgotten with the rest. The
// chip may hold two keys, and would for ever: it is re-keyed, by which it comes to rest with one.
Result<void> SecurityCentre::State::settle(ChipKeys& row, const hlr::JournalledChip& chip,
                                           const audit::By& by) {
  if (chip.offered <= row.active_epoch) return {};
  row.epoch_max = std::max(row.epoch_max, chip.offered);
  const auto sold = TRY(parts_.fleet.chip(row.iccid));
  if (row.work == Work::none && fleet::allows(sold.state, fleet::ChipEvent::rekey_ordered)) {
    TRY(parts_.fleet.change(row.iccid, fleet::ChipEvent::rekey_ordered, by));
    TRY(parts_.directory.set_hotline(row.imsi, true, by));
    row.work = Work::rekey;
    row.interval_from = {};
  }
  if (row.work != Work::none) row.work_attempts = std::max(row.work_attempts, 1u);
  return parts_.store.save(row);
}

// RESET of this life left the server. Whether the chip took it only the chip can tell, at a
// dealer's: in this life still it gets another RESET, in the next one it repeats its receipt.
Result<void> SecurityCentre::State::finish_reset(ChipKeys& row, const hlr::JournalledChip& chip,
                                                 const audit::By& by) {
  if (!take_epochs(row, chip)) return fence(chip, by);
  TRY(parts_.directory.remove(row.imsi, by));
  row.work = Work::none;
  row.interval_from = {};
  row.commit_unconfirmed = false;
  row.reset.clear();
  if (!row.reset.try_append(chip.command)) return fence(chip, by);
  TRY(parts_.store.save(row));
  const auto sold = TRY(parts_.fleet.chip(row.iccid));
  if (fleet::allows(sold.state, fleet::ChipEvent::reset_authorised)) {
    TRY(parts_.fleet.change(row.iccid, fleet::ChipEvent::reset_authorised, by));
  }
  return warn(chip, "the database forgot that this chip was reset: take it to a dealer's again",
              by);
}

// The chip was sold after the copy was made, perhaps in later lives and to other customers. Every
// life between was ended by a RESET of this centre whose receipt was verified, or the sale would
// not be in the journal. So the life and its keys are sure; the customer is not.
Result<void> SecurityCentre::State::take_up(const std::optional<ChipKeys>& found,
                                            const hlr::JournalledChip& chip, const audit::By& by) {
  ++figures.fenced;
  const auto number = parts_.fleet.find(chip.iccid);
  if (!number) {
    if (number.error().code == ErrorCode::storage) return number.error();
    return warn(chip,
                "the database forgot to whom this chip's numbers were given: restore a newer one",
                by);
  }
  const auto profile = TRY(parts_.fleet.profile(number->allocation.profile));
  ChipKeys row;
  row.iccid = chip.iccid;
  row.imsi = number->imsi;
  row.life = chip.life;
  row.ver = number->allocation.ver;
  row.suites_allowed = found ? found->suites_allowed : profile.suites;
  row.chip_suites = profile.suites;
  row.counter_to_chip = found ? found->counter_to_chip : counters_leap;
  const Epoch initial = personalisation::initial_epoch(TRY(chip_key(identity_of(row))), row.life);
  TRY(set_active(row, initial));
  if (!take_epochs(row, chip)) return fence(chip, by);
  row.reset.clear();
  if (!row.reset.try_append(chip.command)) return fence(chip, by);
  TRY(parts_.store.save(row));
  TRY(chip.reset ? parts_.directory.remove(row.imsi, by)
                 : unless_absent(parts_.directory.fence(row.imsi, by)));
  TRY(parts_.fleet.take_up(
      *number, chip.life, chip.reset ? fleet::ChipState::resetting : fleet::ChipState::frozen, by));
  return warn(chip,
              "the database forgot a sale of this chip: reset it at a dealer's and sell it again, "
              "or restore a newer database",
              by);
}

}  // namespace simurgh::security_centre
