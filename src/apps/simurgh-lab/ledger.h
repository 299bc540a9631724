// What the server has acknowledged, kept by the lab to hold it to: after every kill of simurghd,
// and in the end, each acknowledged request is sent again under its key and must get the same
// answer, each chip must be where it was known to be or further, and the audit log must go on from
// the last row that was read, without a gap. In the end the audit log must have one row for each
// effect, no more and no fewer (invariants I5, I6).
//
// One thread, the loop's. It reads answers of the desks through Rest::take_acknowledged().
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/simurgh-lab/life_figures.h"
#include "apps/simurgh-lab/rest.h"
#include "base/numbers.h"

namespace simurgh::lab {

class Ledger {
 public:
  // `auditor` may read chips and the audit log. Everything named outlives the ledger.
  Ledger(Rest& auditor, std::vector<Rest*> desks, LifeFigures& figures);

  // The chip itself was seen to hold an agreed key: the server has said COMMIT, or used the key.
  void personalised(const Iccid& iccid, uint32_t life, uint32_t epoch);
  void rekeyed(const Iccid& iccid, uint32_t life, uint32_t epoch);

  // Reads what is new in the audit log. Now and then, so that there is something to lose.
  void follow();
  // After a restart: all that was acknowledged since the last check.
  void check();
  // In the end: everything, and the audit log against the effects.
  void check_all();
  bool idle() const { return under_way_ == 0; }

 private:
  struct ChipFact {
    uint32_t life = 0;
    uint32_t epoch = 0;
    std::vector<std::string> orders;
    bool changed = true;  // since the last check
  };
  using Effect = std::pair<std::string, std::string>;  // action and subject of an audit row

  void take_answers();
  void learn(const Acknowledged& answer);
  void reach(const Iccid& iccid, uint32_t life, uint32_t epoch);
  void check_answer(Rest& desk, const Acknowledged& answer);
  void check_chip(const std::string& iccid, ChipFact& fact);
  void read_audit();
  void take_row(const json::Value& row);
  void compare_effects();
  void began() { ++under_way_; }
  void ended();

  Rest& auditor_;
  std::vector<Rest*> desks_;
  LifeFigures& figures_;
  std::map<std::string, ChipFact> chips_;  // by ICCID
  std::vector<std::pair<Rest*, Acknowledged>> unchecked_;
  std::map<Effect, int64_t> effects_;  // acknowledged ones, less their audit rows
  int64_t audit_sequence_ = 0;
  std::string audit_hash_ = std::string(64, '0');
  bool reading_audit_ = false;
  bool final_ = false;
  size_t under_way_ = 0;
};

}  // namespace simurgh::lab
