// What `lab life` counts over all chips, and how it says it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "apps/simurgh-lab/chip_kind.h"
#include "formats/json/value.h"

namespace simurgh::lab {

struct LifeFigures {
  uint64_t made = 0, sold = 0, personalised = 0, used = 0, rekeyed = 0, reset = 0, resold = 0,
           stuck = 0, violations = 0,
           frozen = 0;  // orders that two first logons froze, opened again by an operator
  // Misuse that was tried and refused (D12), and tried in all.
  uint64_t misuse_tried = 0, unsold_refused = 0, copy_refused = 0, forged_refused = 0,
           foreign_reset_refused = 0, after_reset_refused = 0;
  // Whole lives, from the factory to the second customer, by kind of chip and of order.
  std::array<uint64_t, chip_kinds.size()> by_kind{};
  std::array<uint64_t, 3> by_code{};  // of enum Code
  uint64_t server_made_keys = 0;      // D9
  // D8: first logons of either life.
  uint64_t pins_chosen = 0, pins_kept = 0, pin_slips = 0, wrong_codes_typed = 0;
  // What was acknowledged and found again after the server was killed, and in the end.
  uint64_t answers_checked = 0, chips_checked = 0, audit_rows_checked = 0;
  std::vector<std::string> violation_words;  // the first few, for people

  void violation(const std::string& words);
  uint64_t misuse_refused() const;
  // Members of the JSON answer; the caller adds what it alone knows.
  json::Value to_json(bool milenage_only) const;
};

}  // namespace simurgh::lab
