// Waking up later: the chip has no clock, the terminal has timers (TIMER MANAGEMENT, TS 102 223
// 6.4.27) or at least sends STATUS in a rhythm that the chip asks for (POLL INTERVAL, 6.4.4).
//
// Each user has one alarm, which is the terminal's timer of that number. It is lost with the RAM:
// what must outlive that is somebody else's. One thread.
#pragma once

#include <optional>

#include "uicc/proactive.h"

namespace simurgh::uicc {

enum class Alarm : uint8_t { personalisation = 1, administration = 2 };
constexpr size_t alarms_count = 2;

class Alarms {
 public:
  // In which terminals without timers send STATUS (TS 102 221 14.5.1).
  static constexpr uint8_t poll_period_s = 30;
  static constexpr uint32_t wait_s_max = 86399;  // 23:59:59, what a timer takes

  explicit Alarms(ProactiveQueue& queue) : queue_(queue) {}

  // Goes off once, after so many seconds; replaces what the alarm was set to before.
  void set(Alarm alarm, uint32_t seconds);
  void stop(Alarm alarm);
  bool is_set(Alarm alarm) const { return state(alarm).set; }

  // TIMER EXPIRATION: the alarm that goes off; none when nobody waits for it any more.
  std::optional<Alarm> on_timer(uint8_t timer);
  // A STATUS command: whether this alarm goes off by it. To be asked once for each alarm.
  bool on_status_poll(Alarm alarm);
  // The response to TIMER MANAGEMENT: a terminal that has timers and refuses one is counted.
  void on_response(const ProactiveQueue::Finished& finished);
  // POLLING OFF when no alarm counts STATUS commands.
  void release_polls();

 private:
  struct State {
    bool set = false;
    uint32_t seconds = 0;
    uint32_t polls_left = 0;  // STATUS commands to wait for; 0: it is by timer
  };
  State& state(Alarm alarm) { return states_[static_cast<size_t>(alarm) - 1]; }
  const State& state(Alarm alarm) const { return states_[static_cast<size_t>(alarm) - 1]; }
  void count_polls(State& state);

  ProactiveQueue& queue_;
  State states_[alarms_count];
  bool polls_asked_ = false;
};

}  // namespace simurgh::uicc
