#include "campaign/poll_calendar.h"

#include <algorithm>

namespace simurgh::campaign {

void PollCalendar::advance(uint32_t now_s) {
  const uint32_t slot = now_s / slot_s;
  if (slot <= first_slot_) return;
  // Once through the ring at most, however long it was.
  const uint32_t passed = std::min(slot - first_slot_, slots);
  for (uint32_t i = 0; i < passed; ++i) {
    uint32_t& count = counts_[(first_slot_ + i) % slots];
    overdue_ += count;
    count = 0;
  }
  first_slot_ = slot;
  announced_now_ = counts_[slot % slots];
}

void PollCalendar::add(uint32_t at_s) {
  const uint32_t slot = at_s / slot_s;
  if (at_s == 0) return;
  if (slot < first_slot_) {
    ++overdue_;
  } else if (counted(slot)) {
    ++counts_[slot % slots];
  }
}

void PollCalendar::remove(uint32_t at_s) {
  const uint32_t slot = at_s / slot_s;
  if (at_s == 0) return;
  uint32_t* count = counted(slot) ? &counts_[slot % slots] : nullptr;
  if (slot < first_slot_) {
    if (overdue_ > 0) --overdue_;
  } else if (count != nullptr && *count > 0) {
    --*count;
  }
}

double PollCalendar::due(uint32_t from_s, uint32_t to_s) const {
  double sum = 0;
  for (uint32_t at = std::max(from_s, first_slot_ * slot_s); at < to_s;) {
    const uint32_t slot = at / slot_s;
    if (!counted(slot)) break;
    const uint32_t end = std::min(to_s, (slot + 1) * slot_s);
    // Those of the present slot that have come are no longer in its count, so its rate is what was
    // announced when it began.
    const uint32_t count = slot == first_slot_ ? announced_now_ : counts_[slot % slots];
    sum += static_cast<double>(count) * (end - at) / slot_s;
    at = end;
  }
  return sum;
}

uint32_t PollCalendar::pick(uint32_t around_s, uint32_t spread_s, uint32_t salt) const {
  constexpr uint32_t tries = 8;
  const uint32_t first =
      std::max((around_s - std::min(spread_s, around_s)) / slot_s, first_slot_ + 1);
  const uint32_t last = std::max(first, (around_s + spread_s) / slot_s);
  const uint32_t range = last - first + 1;
  uint32_t best = first;
  uint32_t best_count = UINT32_MAX;
  uint64_t mixed = (uint64_t{salt} + 1) * 0x9e3779b97f4a7c15;
  for (uint32_t i = 0; i < tries; ++i) {
    mixed ^= mixed >> 29;
    mixed *= 0xbf58476d1ce4e5b9;
    const uint32_t slot = first + static_cast<uint32_t>((mixed >> 32) % range);
    const uint32_t count = counted(slot) ? counts_[slot % slots] : UINT32_MAX - 1;
    if (count < best_count) {
      best = slot;
      best_count = count;
    }
  }
  // 37 and 60 have no common divisor: sixty dates take all the seconds of a slot.
  return best * slot_s + (best_count % slot_s) * 37 % slot_s;
}

}  // namespace simurgh::campaign
