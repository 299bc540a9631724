// The number pool (row D1): ranges of ICCID and IMSI, 1:1 by position, cut into allocations for
// chip manufacturers. Pure computation on numbers; Fleet keeps the rows.
//
// An unsold chip is a position in an allocation and nothing else (row D4).
#pragma once

#include <optional>
#include <string>

#include "base/numbers.h"
#include "base/time.h"
#include "fleet/card_profile.h"

namespace simurgh::fleet {

// Version of the chips' key-agreement parameters (row D2), as personalisation::Ver.
using Ver = ByteArray<8>;

// An ICCID without its check digit, as a number. ITU-T E.118: 18 to 20 digits, the first two 89,
// the last one Luhn's, which is computed and never stored.
struct IccidBody {
  uint8_t digits = 0;   // 17 to 19
  uint64_t number = 0;  // below 9 * 10^18, so it fits every store's 64-bit integer
  friend bool operator==(const IccidBody&, const IccidBody&) = default;
};
// bad_value when the check digit is wrong or it does not begin with 89.
Result<IccidBody> body_of(const Iccid& iccid);
Iccid iccid_of(const IccidBody& body);

// An IMSI as a number with its count of digits.
struct ImsiNumber {
  uint8_t digits = 0;
  uint64_t number = 0;
  friend bool operator==(const ImsiNumber&, const ImsiNumber&) = default;
};
ImsiNumber number_of(const Imsi& imsi);
Imsi imsi_of(const ImsiNumber& number);

// Consecutive numbers: position p has body.number + p and imsi.number + p.
struct Run {
  IccidBody iccid;
  ImsiNumber imsi;
  uint64_t count = 0;

  // Checks that no position leaves its number of digits (or the prefix 89), and count > 0.
  Result<void> check() const;
  Iccid iccid_at(uint64_t position) const;
  Imsi imsi_at(uint64_t position) const;
  std::optional<uint64_t> position_of(const IccidBody& body) const;
  std::optional<uint64_t> position_of(const ImsiNumber& number) const;
  bool overlaps(const Run& other) const;  // in ICCIDs or in IMSIs
  friend bool operator==(const Run&, const Run&) = default;
};

// Numbers that the operator owns. Ranges never overlap.
struct Range {
  uint64_t id = 0;
  Run run;
  uint64_t allocated = 0;  // positions below this one were given out; it only rises
  std::string note;
  Instant created;
  friend bool operator==(const Range&, const Range&) = default;
};

// What the key journal remembers of a range (hlr/key_journal.h): these numbers from its first on
// were given out.
struct GivenOut {
  uint64_t range = 0;  // its id when they were
  Iccid first_iccid;   // with imsi empty in journals from before they were recorded
  Imsi first_imsi;
  uint64_t count = 0;
  friend bool operator==(const GivenOut&, const GivenOut&) = default;
};

// A part of a range, given to a manufacturer for chips of one version: a batch.
struct Allocation {
  uint64_t id = 0;
  uint64_t range = 0;
  Run run;
  std::string manufacturer;
  Ver ver{};
  std::string profile;  // name of a CardProfile
  Instant created;
  friend bool operator==(const Allocation&, const Allocation&) = default;
};

// One number of an allocation.
struct PoolNumber {
  Allocation allocation;
  uint64_t position = 0;
  Iccid iccid;
  Imsi imsi;
};

}  // namespace simurgh::fleet
