// Time fields of SMPP 3.4 (7.1.1): "YYMMDDhhmmsstnnp", 16 characters, absolute (with the offset
// from UTC in quarter hours) or relative to the SMSC's clock (p = R).
#pragma once

#include <array>

#include "base/result.h"
#include "base/time.h"
#include "formats/smpp/pdu.h"

namespace simurgh::smpp {

using TimeText = std::array<char, time_chars>;
inline std::string_view view_of(const TimeText& text) {
  return {text.data(), text.size()};
}

// The instant that `text` names when it is `now`. bad_length unless 16 characters, bad_value with
// the offset of the character. Years are 2000 to 2099; a relative month is 30 days, a year 365.
Result<Instant> parse_time(std::string_view text, Instant now);

// Absolute, in UTC, to the second. bad_value outside of the years 2000 to 2099.
Result<TimeText> write_absolute_time(Instant time);
// Relative, in days and less, rounded up to the second. Negative is 0; more than 99 days goes into
// months of 30 days, at most 99 months.
TimeText write_relative_time(Duration duration);

}  // namespace simurgh::smpp
