#include "uicc/alarms.h"

#include <algorithm>

namespace simurgh::uicc {

void Alarms::set(Alarm alarm, uint32_t seconds) {
  stop(alarm);
  State& wanted = state(alarm);
  wanted = {true, std::min(seconds, wait_s_max), 0};
  if (!queue_.profile().has(toolkit::Facility::timer_start_stop)) return count_polls(wanted);
  toolkit::TimerManagement command;
  command.timer = static_cast<uint8_t>(alarm);
  command.value = toolkit::TimerValue::of_seconds(std::max(wanted.seconds, 1u));
  queue_.push(command, Purpose::wait, static_cast<uint8_t>(alarm));
}

void Alarms::stop(Alarm alarm) {
  state(alarm) = {};
  queue_.drop(Purpose::wait, static_cast<uint8_t>(alarm));
}

void Alarms::count_polls(State& wanted) {
  wanted.polls_left = wanted.seconds / poll_period_s + 1;
  if (polls_asked_) return;
  polls_asked_ = true;
  queue_.push(toolkit::PollInterval{{toolkit::TimeUnit::seconds, poll_period_s}}, Purpose::nothing);
}

std::optional<Alarm> Alarms::on_timer(uint8_t timer) {
  if (timer < 1 || timer > alarms_count) return std::nullopt;
  const auto alarm = static_cast<Alarm>(timer);
  if (!state(alarm).set) return std::nullopt;
  state(alarm) = {};
  return alarm;
}

bool Alarms::on_status_poll(Alarm alarm) {
  State& waiting = state(alarm);
  if (waiting.polls_left == 0 || --waiting.polls_left > 0) return false;
  waiting = {};
  return true;
}

void Alarms::on_response(const ProactiveQueue::Finished& finished) {
  if (finished.purpose != Purpose::wait) return;
  State& waiting = state(static_cast<Alarm>(finished.argument));
  const bool done = toolkit::class_of(finished.response.result) == toolkit::ResultClass::performed;
  if (!done && waiting.set && waiting.polls_left == 0) count_polls(waiting);
}

void Alarms::release_polls() {
  const bool counting = std::any_of(states_, states_ + alarms_count,
                                    [](const State& one) { return one.polls_left > 0; });
  if (!polls_asked_ || counting) return;
  polls_asked_ = false;
  queue_.push(toolkit::PollingOff{}, Purpose::nothing);
}

}  // namespace simurgh::uicc
