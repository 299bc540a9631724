// What the HTTP agent keeps beyond a session: the last script's outcome, and the schedule of polls.
#include <algorithm>

#include "uicc/http_agent.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {

using remote_admin::AgentRecord;
using remote_admin::ScriptOutcome;

namespace {

constexpr uint8_t unsettled_flag = 0x01;

}  // namespace

// --- the executor's half: what is durable ------------------------------------------------------

AgentRecord HttpAgent::recall() {
  AgentRecord record;
  ByteArray<NvStore::record_octets_max> room;
  const auto stored = parts_.store.read(nv_key::agent_record, room);
  if (!stored.has_value()) {
    if (stored.error().code != ErrorCode::not_found) fault_ = stored.error();
    return record;
  }
  Reader reader(*stored);
  const auto flags = reader.u8();
  const auto status = reader.u8();
  const auto kind = reader.u8();
  const auto uri = reader.prefixed8();
  if (!uri.has_value()) return record;
  record.unsettled = (*flags & unsettled_flag) != 0;
  record.outcome.status = static_cast<remote_admin::ScriptStatus>(*status);
  record.outcome.kind = static_cast<remote_admin::ScriptKind>(*kind);
  record.response_uri = std::string(text_of(*uri));
  record.outcome.body.assign(reader.rest().begin(), reader.rest().end());
  return record;
}

namespace {

// no_space: an outcome that is too long to be kept.
Result<void> put_record(std::string_view uri, const ScriptOutcome& outcome, bool unsettled,
                        NvTransaction& transaction) {
  ByteArray<NvStore::record_octets_max> room;
  Writer writer(room);
  writer.u8(unsettled ? unsettled_flag : uint8_t{0}).u8(static_cast<uint8_t>(outcome.status));
  writer.u8(static_cast<uint8_t>(outcome.kind)).prefixed8(bytes_of(uri)).bytes(outcome.body);
  transaction.put(nv_key::agent_record, TRY(writer.finish()));
  return {};
}

}  // namespace

Result<ScriptOutcome> HttpAgent::execute(const remote_admin::ReceivedScript& script) {
  const auto record_of = [this, &script](const ScriptOutcome& outcome,
                                         NvTransaction& transaction) -> Result<void> {
    if (!script.response_uri.empty()) {
      return put_record(script.response_uri, outcome, true, transaction);
    }
    const AgentRecord record = recall();
    return put_record(record.response_uri, {}, false, transaction);
  };
  auto outcome = parts_.host.execute_script(script, record_of);
  if (!outcome.has_value() && outcome.error().code == ErrorCode::closed) fault_ = outcome.error();
  return outcome;
}

void HttpAgent::settle() {
  const AgentRecord record = recall();
  if (!record.unsettled) return;
  NvTransaction transaction;
  auto done = put_record(record.response_uri, {}, false, transaction);
  if (done.has_value()) done = parts_.store.commit(transaction);
  if (!done.has_value()) fault_ = done.error();
}

// --- recurring polls ---------------------------------------------------------------------------

Result<PollSchedule> HttpAgent::schedule() const {
  uint8_t file[poll_schedule_octets];
  return parse_poll_schedule(TRY(parts_.files.read(content_of(Known::poll_schedule), 0, file)));
}

Result<void> HttpAgent::store_schedule(const PollSchedule& schedule) {
  NvTransaction transaction;
  TRY(parts_.files.write(transaction, content_of(Known::poll_schedule), 0,
                         write_poll_schedule(schedule)));
  return parts_.store.commit(transaction);
}

// PROVIDE LOCAL INFORMATION, date and time: its answer decides. A chip whose schedule is off has
// nothing to ask; a script that switches it on ends with a session's end, which comes here.
void HttpAgent::ask_clock() {
  const auto poll = schedule();
  if (poll.has_value() && poll->enabled && able()) push_clock_question();
}

void HttpAgent::push_clock_question() {
  if (clock_asked_) return;
  clock_asked_ = parts_.queue.push(
      toolkit::ProvideLocalInformation{toolkit::LocalInformation::date_time}, Purpose::agent_clock);
}

Result<void> HttpAgent::on_clock(const toolkit::TerminalResponse& response) {
  clock_asked_ = false;
  const bool done = toolkit::class_of(response.result) == toolkit::ResultClass::performed;
  const auto date =
      done ? seconds_of_date(response.date_time) : Result<uint64_t>(ErrorCode::not_found);
  clock_s_ = date.has_value() ? std::optional(*date) : std::nullopt;
  clock_at_s_ = counted_s_;
  if (under_way()) return {};
  auto poll = schedule();
  if (!poll.has_value()) return poll.error().code == ErrorCode::closed ? poll.error() : fault_;
  const PollDecision decision = decide_poll(*poll, TRY(iccid()), clock_s_, counted_s_ - polled_s_);
  if (decision.begin) {
    poll->last_at = *clock_s_;
    TRY(store_schedule(*poll));
  }
  if (decision.now) {
    if (TRY(begin({}, true))) return pump();
    polled_s_ = counted_s_;  // no parameters to go by: nothing to do for a period
    if (clock_s_.has_value()) {
      poll->last_at = *clock_s_;
      poll->next_at = 0;
      TRY(store_schedule(*poll));
    }
  }
  if (!poll->enabled) return {};
  alarm_s_ = std::clamp(decision.wait_s, poll_gap_s_min / 2, poll_step_s_max);
  if (decision.now) alarm_s_ = poll_gap_s_min;
  parts_.alarms.set(Alarm::administration, alarm_s_);
  return {};
}

Result<Iccid> HttpAgent::iccid() const {
  personalisation::ChipRecord record;
  TRY(parts_.record_store.load(record));
  return record.chip.iccid;
}

}  // namespace simurgh::uicc
