// How many recurring polls are due when: counts by the minute, for the weeks ahead. It gives each
// served chip the date of its next poll so that the load flattens and each has its own slot (G1),
// and tells the flow controller what the polls will use (G5).
//
// Counts only: which element polls when is in the population's column. One thread.
#pragma once

#include <vector>

#include "campaign/element.h"

namespace simurgh::campaign {

class PollCalendar {
 public:
  static constexpr uint32_t slot_s = 60;
  static constexpr uint32_t slots = 1u << 16;  // 45 days
  static constexpr uint32_t ahead_max_s = (slots - 2) * slot_s;

  // Dates before `now_s` are overdue from the beginning.
  explicit PollCalendar(uint32_t now_s) : counts_(slots), first_slot_(now_s / slot_s) {}

  // Time has come to `now_s`; what was due before and did not come is overdue from here on.
  void advance(uint32_t now_s);
  // A date was given, or is no longer awaited. Dates more than ahead_max_s ahead are not counted.
  void add(uint32_t at_s);
  void remove(uint32_t at_s);

  // Polls due in [from_s, to_s), with parts of slots counted in proportion.
  double due(uint32_t from_s, uint32_t to_s) const;
  uint64_t overdue() const { return overdue_; }

  // A date within `spread_s` of `around_s`, in the emptiest of a few slots tried; the seconds
  // within a slot are handed out in turn. `salt` makes elements try different slots.
  uint32_t pick(uint32_t around_s, uint32_t spread_s, uint32_t salt) const;

 private:
  bool counted(uint32_t slot) const { return slot >= first_slot_ && slot - first_slot_ < slots; }

  std::vector<uint32_t> counts_;  // ring: slot modulo slots
  uint32_t first_slot_;           // the present one
  uint32_t announced_now_ = 0;    // count of the present slot when it began
  uint64_t overdue_ = 0;
};

}  // namespace simurgh::campaign
