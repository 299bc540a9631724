// When a chip looks at the server by itself (G1): the content of EF.POLL, and the decision that a
// chip makes from it and the terminal's clock. docs/protocols/poll-schedule.md is the agreement
// with the server, which reads and writes the file by remote file management.
//
// The clock is the terminal's, and may be wrong or jump: whatever it says, a chip polls at most
// once each poll_gap_s_min, and at least once in a period as long as it is switched on. No I/O.
#pragma once

#include <optional>

#include "base/numbers.h"
#include "base/result.h"

namespace simurgh::uicc {

constexpr uint16_t poll_schedule_octets = 20;
constexpr uint16_t administration_octets = 200;  // of EF.ADMIN, session parameters

constexpr uint32_t poll_period_s_min = 60;
constexpr uint32_t poll_period_s_max = 180 * 86400;
constexpr uint32_t poll_gap_s_min = 60;          // between two polls, whatever the clock does
constexpr uint32_t poll_step_s_max = 4 * 3600;   // then the clock is looked at again
constexpr uint32_t poll_spread_s_max = 15 * 60;  // over which chips that are late come

struct PollSchedule {
  bool enabled = false;
  bool logon_by_session = false;  // the first logon is an administration session (D6, HTTPS)
  uint32_t period_s = 86400;
  // Second of the period (counted from 1970) at which this chip polls; none: own_slot().
  std::optional<uint32_t> slot_s;
  uint64_t next_at = 0;  // seconds since 1970 UTC; the server's word for one poll; 0: none
  uint64_t last_at = 0;  // when the last session was completed, written by the chip; 0: never
  friend bool operator==(const PollSchedule&, const PollSchedule&) = default;
};

// bad_length, bad_value (another format, a flag that is not known, a period out of bounds). A file
// of zeros, as it leaves the factory, is a schedule that is not enabled.
Result<PollSchedule> parse_poll_schedule(ByteView bytes);
ByteArray<poll_schedule_octets> write_poll_schedule(const PollSchedule& schedule);

// The slot that a chip takes by itself: equally distributed over the period, the same at each
// reckoning, and known to the server.
uint32_t own_slot(const Iccid& iccid, uint32_t period_s);

struct PollDecision {
  bool now = false;
  bool begin =
      false;  // last_at says nothing (never, or a clock that was set back): write it as now
  uint32_t wait_s = poll_step_s_max;  // else: look again after so many seconds
};

// `now_s`: the terminal's clock, seconds since 1970 UTC; none when it has none. `waited_s`: seconds
// that the chip has counted itself since its last poll or since it has had power.
PollDecision decide_poll(const PollSchedule& schedule, const Iccid& iccid,
                         std::optional<uint64_t> now_s, uint64_t waited_s);

// The terminal's date and time (TS 102 223 8.39: as a service centre time stamp). bad_length,
// bad_value.
Result<uint64_t> seconds_of_date(ByteView date_time);

}  // namespace simurgh::uicc
