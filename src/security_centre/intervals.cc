// Re-keying that nobody ordered (D11): a key that was in service for the operator's interval is
// renewed, the oldest first, and no faster than the operator lets it.
#include <algorithm>

#include "security_centre/state.h"

namespace simurgh::security_centre {

namespace {

constexpr Duration look_wait_min = seconds(1);
constexpr int64_t credit_of_a_chip_ms = hours(1).ms;

}  // namespace

// As long as one chip may take, so that a look can order one at least.
Duration SecurityCentre::State::look_wait() const {
  const int64_t per_hour = std::max<int64_t>(settings_.rekeys_per_hour_max, 1);
  return std::max(look_wait_min, milliseconds((hours(1).ms + per_hour - 1) / per_hour));
}

// A start begins without credit: the limit holds over restarts, and nothing about it is stored.
void SecurityCentre::State::begin_looking(Instant now) {
  look_credit_ms_ = 0;
  next_look_ = settings_.rekey_interval > Duration() ? now + look_wait() : Instant::never();
}

// Looks come no closer than look_wait(), each gives the credit of that time, and less than one
// chip's is carried on: so in any hour there are no more than rekeys_per_hour_max, and a server
// that slept, or had nothing due for long, does not make up for it at once.
Result<void> SecurityCentre::State::look_for_due(Instant now) {
  if (now < next_look_) return {};
  const Duration wait = look_wait();
  next_look_ = now + wait;
  look_credit_ms_ +=
      wait > look_wait_min ? credit_of_a_chip_ms : wait.ms * int64_t{settings_.rekeys_per_hour_max};
  size_t room = static_cast<size_t>(look_credit_ms_ / credit_of_a_chip_ms);
  look_credit_ms_ %= credit_of_a_chip_ms;
  room = std::min(room, settings_.sessions_max - std::min(settings_.sessions_max, sessions.size()));
  if (room == 0) return {};
  std::vector<ChipKeys> due;
  TRY(parts_.store.each_rekey_due(now - settings_.rekey_interval, room,
                                  [&](const ChipKeys& row) { due.push_back(row); }));
  for (ChipKeys& row : due) TRY(rekey_due(row, now));
  return {};
}

// Everything that rekey() could refuse, asked before it changes anything.
Result<bool> SecurityCentre::State::can_rekey(const ChipKeys& row) {
  if (row.work != Work::none || !row.reset.empty()) return false;
  const auto chip = TRY(parts_.fleet.store().chip(row.iccid));
  if (!chip || !fleet::allows(chip->state, fleet::ChipEvent::rekey_ordered)) return false;
  const auto fenced = parts_.directory.fenced(row.imsi);
  if (!fenced && fenced.error().code != ErrorCode::not_found) return fenced.error();
  if (!fenced || *fenced) return false;
  const auto epoch = active_epoch(row);  // bad_mac: the row is damaged, and the AuC says so
  if (!epoch && epoch.error().code == ErrorCode::storage) return epoch.error();
  return epoch.has_value();
}

// A chip that cannot be re-keyed now is looked at again after an interval, so that it never stands
// in the way of the others; most of them get a new key, or a new life, before.
Result<void> SecurityCentre::State::rekey_due(ChipKeys& row, Instant now) {
  if (!TRY(can_rekey(row))) {
    ++figures.rekeys_postponed;
    row.interval_from = now;
    return parts_.store.save(row);
  }
  ++figures.rekeys_by_interval;
  return rekey(row.iccid, {centre_actor, now});
}

}  // namespace simurgh::security_centre
