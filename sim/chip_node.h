// One chip of a simulated world with its handset, customer and dealer. It goes through its lives by
// what the server and the chip say, not by a script, so that it gets on after any crash: sold,
// personalised, re-keyed, reset, sold again. Its power is cut at any granule of any write.
#pragma once

#include <memory>
#include <optional>

#include "conversations/personalisation/chip_record.h"
#include "network/handset.h"
#include "seeded_random.h"
#include "server_node.h"
#include "uicc/chip_apdus.h"
#include "uicc/fault_nv.h"

namespace simurgh::sim {

// Mistakes planted in a chip, as negative controls (shared/models/keyswitch.pml).
enum class ChipMistake : uint8_t { none, promotes_at_once, ignores_base };

struct ChipPlan {
  uint32_t rekeys = 1;  // in the first life
  uint32_t lives = 2;
  bool power_cuts = false;
  bool double_orders = false;  // re-keying ordered again while one is under way …
  bool impatient = false;      // … and while the chip has not confirmed the last one
  bool thief = false;          // somebody tries PINs, and cuts the power while he does
  personalisation::CodeKind code = personalisation::CodeKind::none;
  personalisation::SuiteSet suites;
  bool server_made = false;
  network::Rat rat = network::Rat::umts;
  ChipMistake mistake = ChipMistake::none;
};

class ChipNode {
 public:
  ChipNode(uint64_t seed, size_t index, const ChipPlan& plan, ServerNode& server,
           network::VisitedNetwork& network, const Instant& now);

  // The factory: pre-personalises the chip with K1 of its version.
  Result<void> make(const fleet::PoolNumber& number, const Key256& k1, const Msisdn& centre);

  // Customer, dealer and battery. Called now and then.
  void turn(bool faults_on);
  bool done() const { return done_; }
  const std::string& waits_for() const { return waits_for_; }

  network::Handset& handset() { return *handset_; }
  uicc::FaultNv& nv() { return nv_; }
  const Iccid& iccid() const { return number_.iccid; }
  const Imsi& imsi() const { return number_.imsi; }
  const Msisdn& msisdn() const { return msisdn_; }
  network::VisitedNetwork& network() { return network_; }
  const ChipPlan& plan() const { return plan_; }

  // What the chip holds, read from a copy of its memory; nothing while that was never made, or
  // while a cut must first be recovered from.
  const std::optional<personalisation::ChipRecord>& record();
  // PIN 1's tries as the chip counts them; -1 when it cannot be asked now.
  int pin_tries();
  // Set when something went wrong that only this node can see.
  const std::string& violation() const { return violation_; }
  const personalisation::ActivationCode& code() const { return code_; }
  struct Figures {
    uint64_t power_cuts = 0, cuts_in_recovery = 0, wrong_pins = 0, unblocked = 0, switched_off = 0;
  };
  const Figures& figures() const { return figures_; }

 private:
  void battery(bool faults_on);
  bool switch_on();
  void unblock_pin();
  void steal();
  bool heeds_advice();
  void sell(uint32_t life);
  void take_to_dealer();
  void plant_mistake();
  Result<std::vector<uint8_t>> command(uint8_t ins, ByteView data);

  SeededRandom random_;
  size_t index_;
  ChipPlan plan_;
  ServerNode& server_;
  network::VisitedNetwork& network_;
  const Instant& now_;
  uicc::MemoryNv memory_;
  uicc::FaultNv nv_;
  ByteArray<16> seal_key_;
  std::unique_ptr<network::Handset> handset_;
  fleet::PoolNumber number_;
  Msisdn msisdn_;
  personalisation::ActivationCode code_;
  std::string order_;
  uint32_t rekeys_ordered_ = 0;
  std::optional<uint32_t> sold_life_;
  bool done_ = false;
  std::string violation_;
  Figures figures_;
  size_t advice_seen_ = 0;
  Instant advice_at_ = Instant::never();
  std::string waits_for_ = "the factory";
  Instant power_back_ = Instant::never();
  uint64_t record_at_ = UINT64_MAX;
  std::optional<personalisation::ChipRecord> record_;
  std::optional<personalisation::ChipRecord> before_;  // for ignores_base
};

}  // namespace simurgh::sim
