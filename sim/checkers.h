// The invariants of design.md 3 that a life world can break, looked at after every event.
#pragma once

#include <map>
#include <set>
#include <string>

#include "chip_node.h"

namespace simurgh::sim {

class Checkers {
 public:
  explicit Checkers(ServerNode& server) : server_(server) {}

  // After an event; the server may be dead. Empty when all holds, else what broke.
  std::string check(ChipNode& chip);
  // The server sent something in the event that just ended: counters of that chip (I2).
  std::string check_counters(ChipNode& chip, bool sent);
  // At the end: at rest one key on both sides (I1), audit whole and without secrets (I6, I10).
  std::string check_rest(ChipNode& chip);
  // D11: no key is in service for longer than the interval (0: none) and what its renewal takes.
  std::string check_age(ChipNode& chip, Duration interval, Duration renewal_wait_max, Instant now);
  std::string check_audit();
  // Effects and audit rows are one to one (I6): the rows of each chip and subscriber, replayed,
  // lead to what the stores hold. Also right after a crash.
  std::string check_ledger();
  // What the fleet reports as done has happened in the chip (I5).
  std::string check_done(ChipNode& chip);
  // A hotlined chip reaches the security centre only (I7).
  std::string check_hotline(ChipNode& chip, const Msisdn& centre);

  // Bytes that left somebody's hands, to be searched for secrets at the end (I10).
  void saw(ByteView bytes);
  void add_secret(ByteView secret);
  std::string check_secrets();

  uint64_t checks = 0;

 private:
  struct Seen {
    uint32_t life = 0;
    uint32_t epoch_max = 0;
    uint32_t attempt = 0;
    uint64_t counter_sent = 0;
    uint32_t counter_life = 0;
    int pin_tries = 3;
    uint64_t checked_granules = UINT64_MAX;
    uint64_t checked_commits = UINT64_MAX;
    std::string fleet_state;
    uint64_t audit_rows = 0;
  };
  void remember_secrets(const personalisation::ChipRecord& record);

  ServerNode& server_;
  std::map<Iccid, Seen> seen_;
  std::set<std::vector<uint8_t>> secrets_;
  std::vector<std::vector<uint8_t>> bytes_;
};

}  // namespace simurgh::sim
