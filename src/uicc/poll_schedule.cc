#include "uicc/poll_schedule.h"

#include <algorithm>

#include "base/reader.h"
#include "crypto/primitives.h"
#include "formats/sms/timestamp.h"

namespace simurgh::uicc {

namespace {

constexpr uint8_t format_1 = 0x01;
constexpr uint8_t flag_enabled = 0x01;
constexpr uint8_t flag_logon_by_session = 0x02;
constexpr uint32_t slot_of_iccid = 0xffffffff;
constexpr std::string_view slot_label = "simurgh/poll/1/slot";

// The first moment after `from` that lies in the slot.
uint64_t next_slot(uint64_t from, uint32_t period_s, uint32_t slot_s) {
  const uint64_t begin = from / period_s * period_s + slot_s;
  return begin > from ? begin : begin + period_s;
}

}  // namespace

Result<PollSchedule> parse_poll_schedule(ByteView bytes) {
  if (bytes.size() != poll_schedule_octets) return fail(ErrorCode::bad_length);
  PollSchedule schedule;
  if (std::all_of(bytes.begin(), bytes.end(), [](uint8_t octet) { return octet == 0; })) {
    return schedule;
  }
  Reader reader(bytes);
  if (TRY(reader.u8()) != format_1) return fail(ErrorCode::bad_value, 0);
  const uint8_t flags = TRY(reader.u8());
  if ((flags & ~(flag_enabled | flag_logon_by_session)) != 0) return fail(ErrorCode::bad_value, 1);
  schedule.enabled = (flags & flag_enabled) != 0;
  schedule.logon_by_session = (flags & flag_logon_by_session) != 0;
  schedule.period_s = TRY(reader.u32());
  if (schedule.period_s < poll_period_s_min || schedule.period_s > poll_period_s_max) {
    return fail(ErrorCode::bad_value, 2);
  }
  const uint32_t slot = TRY(reader.u32());
  if (slot != slot_of_iccid) {
    if (slot >= schedule.period_s) return fail(ErrorCode::bad_value, 6);
    schedule.slot_s = slot;
  }
  schedule.next_at = TRY(reader.u40());
  schedule.last_at = TRY(reader.u40());
  return schedule;
}

ByteArray<poll_schedule_octets> write_poll_schedule(const PollSchedule& schedule) {
  ByteArray<poll_schedule_octets> octets;
  Writer writer(octets);
  const uint8_t flags = (schedule.enabled ? flag_enabled : 0) |
                        (schedule.logon_by_session ? flag_logon_by_session : 0);
  writer.u8(format_1).u8(flags).u32(schedule.period_s);
  writer.u32(schedule.slot_s.value_or(slot_of_iccid));
  writer.u40(schedule.next_at).u40(schedule.last_at);
  SIMURGH_CHECK(!writer.failed() && writer.size() == octets.size());
  return octets;
}

uint32_t own_slot(const Iccid& iccid, uint32_t period_s) {
  const crypto::Digest digest = crypto::sha256({bytes_of(slot_label), iccid.bytes()});
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | digest[i];
  return static_cast<uint32_t>(number % period_s);
}

PollDecision decide_poll(const PollSchedule& schedule, const Iccid& iccid,
                         std::optional<uint64_t> now_s, uint64_t waited_s) {
  PollDecision decision;
  if (!schedule.enabled) return decision;
  const uint32_t period = schedule.period_s;
  const uint64_t now = now_s.value_or(0);
  // The server's date counts once (the chip clears it), and not when it is further away than any
  // server plans: then the clock is wrong, or the date.
  const bool dated =
      now_s.has_value() && schedule.next_at != 0 && schedule.next_at <= now + 2 * uint64_t{period};
  // Whatever the clock does: no chip that is switched on waits longer than this.
  const uint64_t waited_s_max = (dated ? 2 : 1) * uint64_t{period} + poll_step_s_max;
  const uint64_t patience = waited_s_max - std::min(waited_s_max, waited_s);
  if (patience == 0) {
    decision.now = true;
    return decision;
  }
  uint64_t wait = patience;
  if (now_s.has_value()) {
    decision.begin = schedule.last_at == 0 || schedule.last_at > now;
    const uint64_t last = decision.begin ? now : schedule.last_at;
    const uint32_t slot = schedule.slot_s.value_or(own_slot(iccid, period));
    const uint64_t due = std::max(dated ? schedule.next_at : next_slot(last, period, slot),
                                  last + (decision.begin ? 0 : poll_gap_s_min));
    decision.now = due <= now;
    wait = due - std::min(due, now);
  }
  decision.wait_s = static_cast<uint32_t>(std::min({wait, patience, uint64_t{poll_step_s_max}}));
  return decision;
}

Result<uint64_t> seconds_of_date(ByteView date_time) {
  if (date_time.size() != 7) return fail(ErrorCode::bad_length);
  sms::Timestamp stamp;
  std::copy(date_time.begin(), date_time.end(), stamp.octets.begin());
  if (stamp.octets[6] == 0xff) stamp.octets[6] = 0;  // the terminal does not know its time zone
  const Instant instant = TRY(stamp.instant());
  if (instant.ms < 0) return fail(ErrorCode::bad_value);
  return static_cast<uint64_t>(instant.ms / 1000);
}

}  // namespace simurgh::uicc
