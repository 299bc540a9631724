// One chip's way through a whole life, played against a running operator: sold, first logon, used,
// re-keyed, reset, sold again (rows D1-D11), with the misuse cases of D12 tried on the way. What
// the chip and the network must and must not do is checked at each step.
#pragma once

#include <string>
#include <vector>

#include "apps/simurgh-lab/lab.h"
#include "apps/simurgh-lab/rest.h"
#include "uicc/chip_apdus.h"

namespace simurgh::lab {

// Counted over all chips; what `lab life` prints.
struct LifeFigures {
  uint64_t made = 0, sold = 0, personalised = 0, used = 0, rekeyed = 0, reset = 0, resold = 0,
           stuck = 0, violations = 0,
           frozen = 0;  // orders that two first logons froze, opened again by an operator
  // Misuse that was tried and refused (D12), and tried in all.
  uint64_t misuse_tried = 0, unsold_refused = 0, copy_refused = 0, forged_refused = 0,
           foreign_reset_refused = 0, after_reset_refused = 0;
  std::vector<std::string> violation_words;  // the first few, for people

  void violation(const std::string& words);
};

// What the runs share.
struct LifeWorld {
  Lab& lab;
  Rest& rest;
  Random& random;
  Msisdn centre_number;
  Duration patience;  // for one step; then the chip is stuck
  LifeFigures& figures;
  std::string salt;  // makes contracts and the like unique per run of the lab
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
    using_it,
    copied,  // a copy of the chip as it left the factory (D12)
    ordering_rekey,
    rekeying,      // D11
    asking_reset,  // D10
    confirming_reset,
    after_reset,  // reset and not sold: must not register
    reselling,
    second_logon,
    checking,  // what the server says in the end
    over,
    stuck,
  };

  void enter(Stage stage);
  void fail(const std::string& words);
  void begin_sale(uint32_t life, Stage next);
  void check_hotlined();
  void check_free();
  void turn_logon(Stage next);
  void turn_forged();
  void look_if_frozen();
  void turn_copied();
  void turn_rekeying();
  void dealer_asks_reset();
  void dealer_resets(const RestAnswer& answer);
  bool try_foreign_resets();
  Result<uicc::ChipData> chip_data();
  Result<std::vector<uint8_t>> command(uint8_t ins, ByteView data);
  std::unique_ptr<network::Handset> make_handset(const uicc::Hardware& chip, size_t network);
  void drop(std::unique_ptr<network::Handset>& handset);

  LifeWorld& world_;
  size_t index_;
  uicc::Hardware chip_;
  bool with_misuse_;
  bool short_code_;
  Stage stage_ = Stage::begin;
  Instant entered_;
  Instant look_again_;
  bool hotline_checked_ = false;
  bool asked_frozen_ = false;
  std::string code_text_;
  std::string order_;
  Iccid iccid_;
  Imsi imsi_;
  Msisdn msisdn_;
  uicc::ChipData data_;
  uint32_t life_ = 0;
  uint32_t epoch_ = 0;
  std::unique_ptr<uicc::MemoryNv> copy_;  // of the chip as the factory made it
  std::unique_ptr<network::Handset> handset_;
  std::unique_ptr<network::Handset> impostor_;
  std::unique_ptr<uicc::Card> reader_;  // the dealer's reader has the chip
};

}  // namespace simurgh::lab
