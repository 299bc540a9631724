// One chip's way through a whole life, played against a running operator: sold, first logon, used,
// re-keyed, reset, sold again (rows D1-D11), with the misuse cases of D12 tried on the way. What
// the chip and the network must and must not do is checked at each step.
#pragma once

#include <string>
#include <vector>

#include "apps/simurgh-lab/chip_access.h"
#include "apps/simurgh-lab/lab.h"
#include "apps/simurgh-lab/ledger.h"
#include "apps/simurgh-lab/life_figures.h"
#include "conversations/personalisation/activation_code.h"
#include "uicc/chip_apdus.h"

namespace simurgh::lab {

// What the runs share.
struct LifeWorld {
  Lab& lab;
  Rest& desk;    // an operator's
  Rest& dealer;  // and a dealer's, each with the token of that role
  Random& random;
  Msisdn centre_number;
  Duration patience;   // for one step; then the chip is stuck
  Duration look_wait;  // between two looks at one chip
  bool hotlining;      // the network's HLR has it (D6); osmo-hlr has not
  LifeFigures& figures;
  Ledger& ledger;
};

class ChipRun {
 public:
  // `nv` holds the chip as the factory made it.
  ChipRun(LifeWorld& world, size_t index, const uicc::Hardware& chip, bool with_misuse);
  ~ChipRun();

  // Does what can be done now. Called every few milliseconds.
  void turn();
  bool over() const { return stage_ == Stage::over || stage_ == Stage::stuck; }
  bool stuck() const { return stage_ == Stage::stuck; }
  const char* stage_name() const;

 private:
  enum class Stage : uint8_t {
    begin,
    unsold,       // not sold: must not register (D4, D12)
    selling,      // the dealer's order is on its way
    forged,       // a forged chip without the code goes first (D12)
    first_logon,  // D6-D8
    first_use,    // with the agreed key
    copied,       // a copy of the chip as it left the factory (D12)
    ordering_rekey,
    rekeying,  // D11
    rekeyed_use,
    asking_reset,  // D10
    confirming_reset,
    after_reset,  // reset and not sold: must not register
    reselling,
    second_logon,
    second_use,
    checking,  // what the server says in the end
    over,
    stuck,
  };

  void enter(Stage stage);
  void fail(const std::string& words);
  void fail_answer(const char* what, const RestAnswer& answer);
  void get_stuck();

  // chip_run.cc: the way, stage by stage.
  void turn_begin();
  void turn_unsold(uint64_t& refused, Stage next_stage, uint32_t life, Stage next);
  void begin_sale(uint32_t life, Stage next);
  void turn_logon(Stage next);
  void turn_use(Stage next);
  void order_rekey();
  void turn_rekeying();
  void dealer_asks_reset();
  void dealer_resets(const RestAnswer& answer);
  void dealer_confirms(const RestAnswer& answer);
  void check_end();
  void switch_on();
  std::unique_ptr<network::Handset> make_handset(const uicc::Hardware& chip, size_t network);
  void drop(std::unique_ptr<network::Handset>& handset);
  network::VisitedNetwork& home_network();
  personalisation::ActivationCode new_code();
  Result<uicc::ChipInspection> look() { return inspect_chip(chip_.nv, chip_.seal_key); }

  // chip_checks.cc: what must and must not be possible on the way.
  void check_hotlined();
  void check_free();
  bool was_told(std::string_view text) const;
  bool check_customer();
  void turn_forged();
  void look_if_frozen(Instant now);
  void unfreeze();
  void turn_copied();
  bool try_foreign_reset();

  LifeWorld& world_;
  size_t index_;
  uicc::Hardware chip_;
  bool with_misuse_;
  Stage stage_ = Stage::begin;
  Instant entered_;
  Instant look_again_;
  bool hotline_checked_ = false;
  Instant look_if_frozen_at_;
  std::string code_text_;
  std::string wrong_code_text_;  // what the customer types first
  std::string pin_ = "0000";     // in force
  std::string new_pin_;          // that the customer will choose; empty: none
  std::string order_;
  Iccid iccid_;
  Imsi imsi_;
  Msisdn msisdn_;
  personalisation::Ver ver_{};
  uint32_t life_ = 0;
  uint32_t epoch_ = 0;
  std::unique_ptr<uicc::MemoryNv> copy_;  // of the chip as the factory made it
  std::unique_ptr<network::Handset> handset_;
  std::unique_ptr<network::Handset> impostor_;
  std::unique_ptr<uicc::Card> reader_;  // the dealer's reader has the chip
};

}  // namespace simurgh::lab
