// The fleet: which chips exist, who has them, and in which state they are. Number pool (D1), the
// sold chips with their orders and contracts (D4, D5), alarms, and revoked chip versions.
//
// It knows no keys (hlr and security_centre do) and talks to no network. Every change writes its
// own audit row, so that a caller need not. Nothing is kept between calls but one hint: the
// store is the truth.
// One thread; all changes are in the store's open transaction.
//
// A function checks everything before it writes anything; when one fails after a caller's earlier
// changes, the caller undoes those (Storage's undo point).
#pragma once

#include "audit/log.h"
#include "fleet/store.h"

namespace simurgh::fleet {

constexpr size_t page_rows_max = 1000;
constexpr size_t name_octets_max = 64;  // of manufacturers, contracts, customers, profiles …
constexpr size_t note_octets_max = 256;
constexpr size_t profile_files_octets_max = 64 * 1024;

struct NewRange {
  Iccid first_iccid;  // with its check digit
  Imsi first_imsi;
  uint64_t count = 0;
  std::string note;
};

struct AllocationOrder {
  std::string manufacturer;
  Ver ver{};
  std::string profile;
  uint64_t count = 0;
  uint64_t range = 0;  // 0: the first one with enough room
};

struct Sale {
  Iccid iccid;
  Ver ver{};
  uint32_t life = 0;
  std::string contract;
  Msisdn msisdn;
  std::string order;  // id, new
  CodeKind code_kind = CodeKind::none;
  SealedCode sealed_code;
  bool server_made_key = false;
};

class Fleet : private audit::Marks {
 public:
  // The fleet marks the audit rows of insecure chips from now on, whoever writes them.
  Fleet(Store& store, audit::Log& audit) : store_(store), audit_(audit) { audit.set_marks(this); }
  ~Fleet() override { audit_.set_marks(nullptr); }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // --- number pool (D1) --------------------------------------------------------------------
  // `already_exists` when any number is in another range, `bad_value` when a number would leave
  // its digits or the ICCID's check digit is wrong.
  Result<Range> add_range(const NewRange& range, const audit::By& by);
  // `no_space` when no range (or not the named one) has `count` numbers left in one piece;
  // `not_allowed` when the version is revoked; `not_found` for an unknown range or profile.
  Result<Allocation> allocate(const AllocationOrder& order, const audit::By& by);
  // These numbers count as given out, whatever the database says: after a restore from an old copy
  // (hlr/key_journal.h). Where no range has them, because the copy is older than the range, one is
  // made of just them, so that neither an allocation nor a new range takes one again. Never lowers.
  // `already_exists` when a range has some of them, or pairs them otherwise; `not_found` for a
  // range that is not there when the journal does not say its numbers.
  Result<void> skip_numbers(const GivenOut& given, const audit::By& by);
  // `not_found` when the number was never given out. O(log n) in the allocations.
  Result<PoolNumber> find(const Iccid& iccid);
  Result<PoolNumber> find(const Imsi& imsi);

  Result<void> save_profile(const CardProfile& profile, const audit::By& by);
  Result<CardProfile> profile(std::string_view name);
  // Whether the profile of its batch is legacy-1997, insecure. False for numbers never given out.
  Result<bool> is_legacy_1997(const Iccid& iccid);
  Result<bool> is_legacy_1997(const Allocation& allocation);

  // Chips of a revoked version cannot be sold or allocated any more. Those in service stay.
  Result<void> revoke(const Ver& ver, std::string_view reason, const audit::By& by);
  Result<bool> is_revoked(const Ver& ver);

  // --- chips -------------------------------------------------------------------------------
  // Sells a chip: makes or takes up its row, opens the order (D5). `not_found`: no such number, or
  // VER is not its batch's; `not_allowed`: version revoked, or contract ended; `already_exists`:
  // the chip is under contract, or MSISDN or order id is taken; `bad_state`: its reset is not
  // confirmed; `bad_value`: not the life that the chip is in.
  Result<Chip> sell(const Sale& sale, const audit::By& by);
  // The chip after `event`. `not_found`, `bad_state`. reset_confirmed and sale_cancelled take
  // MSISDN and contract away; the open order follows (done, frozen, cancelled …).
  Result<Chip> change(const Iccid& iccid, ChipEvent event, const audit::By& by);
  // What the key journal proves of a chip that the database does not know, or knows in an earlier
  // life or sale (hlr/key_journal.h): in `life`, and `frozen` or `resetting`. Whose it is nobody
  // knows, so its order is void; contract and MSISDN stay as they are, if any, until the reset.
  Result<Chip> take_up(const PoolNumber& number, uint32_t life, ChipState state,
                       const audit::By& by);
  Result<Chip> chip(const Iccid& iccid);  // not_found when it was never sold
  Result<Chip> chip_of(const Imsi& imsi);
  Result<Chip> chip_of(const Msisdn& msisdn);
  Result<void> set_msisdn(const Iccid& iccid, const Msisdn& msisdn, const audit::By& by);
  Result<void> touch(const Iccid& iccid, Instant at);  // last contact; no audit row
  Result<std::vector<Chip>> chips(const ChipFilter& filter, const Iccid& after, size_t limit);

  // --- orders (D5, D12) --------------------------------------------------------------------
  Result<Order> order(std::string_view id);
  // Counts a wrong activation code; the order after it. At `tries_max` it freezes the order.
  Result<Order> count_wrong_try(std::string_view id, uint32_t tries_max, const audit::By& by);
  // A new code; tries start again. `bad_state` unless open or frozen. A frozen order is open again.
  Result<Order> renew_code(std::string_view id, CodeKind kind, const SealedCode& code,
                           const audit::By& by);

  // --- contracts ---------------------------------------------------------------------------
  Result<void> save_contract(const Contract& contract, const audit::By& by);
  Result<Contract> contract(std::string_view id);

  // --- alarms ------------------------------------------------------------------------------
  struct NewAlarm {
    AlarmKind kind{};
    std::string_view subject;
    std::string_view order;
    std::string_view words;
  };
  Result<Alarm> raise(const NewAlarm& alarm, const audit::By& by);
  Result<void> acknowledge(uint64_t alarm, const audit::By& by);

  // Lists go straight to the store.
  Store& store() { return store_; }

 private:
  Result<void> raise_allocated(const Range& row, uint64_t allocated, const audit::By& by);
  Result<void> move_order(const Chip& chip, ChipEvent event, const audit::By& by);
  Result<std::string_view> mark_of(std::string_view subject) override;

  Store& store_;
  audit::Log& audit_;
  // Whether any profile is insecure, so that an audit row costs no look-ups where none is. Read
  // from the store when it is not known; once true it only saves no work.
  std::optional<bool> any_legacy_1997_;
};

}  // namespace simurgh::fleet
