// TP-Service-Centre-Time-Stamp and its like (TS 23.040 9.2.3.11): seven octets of swapped digits.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace simurgh::sms {

// Kept as sent, because service centres send dates that do not exist; `instant` checks.
struct Timestamp {
  ByteArray<7> octets{};

  // `zone_quarters`: local time less UTC in quarters of an hour, -79…79. Years 2000…2099;
  // milliseconds are cut off. bad_value outside.
  static Result<Timestamp> of(Instant when, int zone_quarters = 0);
  // bad_value when a field is not a digit pair in its range.
  Result<Instant> instant() const;

  friend bool operator==(const Timestamp&, const Timestamp&) = default;
};

}  // namespace simurgh::sms
