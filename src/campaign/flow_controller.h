// How many triggers to send now, so that the front end is full and never overfull (G5).
//
// It knows the capacity, the present sessions and the recurring polls ahead, and learns from what
// it sees: mean session time, how long a trigger takes to bring a session and how often it does,
// how many of the due polls come, what comes unannounced, and how wrong its own forecasts are,
// which is the margin it keeps. Everything learnt is bounded. No I/O, no clock; which elements are
// triggered is not decided here (campaigns.h).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/function_ref.h"
#include "campaign/element.h"

namespace simurgh::campaign {

// What is known at a tick.
struct Load {
  Instant now;
  uint32_t capacity = 0;   // sessions that the front end may hold
  uint32_t sessions = 0;   // that it holds
  uint32_t smsc_room = 0;  // messages that the SMSC's window takes now
};

// What happened since the last tick.
struct FieldEvents {
  static constexpr size_t tries = 4;  // a trigger is the first, second, third or a later one
  uint32_t sessions_ended = 0;
  uint32_t polls_begun = 0;        // sessions that a date of the calendar announced
  uint32_t unannounced_begun = 0;  // neither date nor trigger
  std::array<uint32_t, tries> sent{};
  std::array<uint32_t, tries> arrived{};    // sessions that a trigger brought within its wait
  std::array<uint32_t, tries> timed_out{};  // triggers whose wait ended
  std::vector<uint16_t> delays_s;           // from trigger to session, a sample
};

// What may be sent.
struct Budget {
  double arrivals = 0;    // sessions that the triggers may bring, on average
  uint32_t messages = 0;  // whatever they bring
  std::array<double, FieldEvents::tries> yield{};  // sessions for one trigger
  uint32_t delay_s = 0;                            // by which most arrive
};

struct Settings {
  Duration session_time{30'000};  // until learnt
  Duration trigger_delay{8'000};
  uint32_t messages_per_second_max = 1000;  // through the SMSC
  double margin_share_max = 0.25;           // of the capacity
  double margin_deviations = 5;             // of the forecast's error
};

class FlowController {
 public:
  explicit FlowController(const Settings& settings);

  // Called every second or so. `polls_due` gives the recurring polls due in [from_s, to_s).
  Budget plan(const Load& load, const FieldEvents& events,
              FunctionRef<double(uint32_t from_s, uint32_t to_s)> polls_due);
  // The SMSC asked for less (ESME_RTHROTTLED): half the rate for a minute, then slowly more.
  void throttled(Instant now);

  // What was learnt, for people and metrics.
  struct Learnt {
    double session_s, delay_s, poll_share, unannounced_per_s, margin;
    std::array<double, FieldEvents::tries> yield;
  };
  Learnt learnt() const;

 private:
  static constexpr size_t delay_bins = 128;    // seconds
  static constexpr size_t forecast_bins = 64;  // seconds

  void learn(const Load& load, const FieldEvents& events, double polls_were_due, double elapsed_s);
  void learn_delays(const FieldEvents& events);
  void judge_forecast(const Load& load);
  double in_flight(uint32_t within_s) const;
  double forecast(const Load& load, uint32_t ahead_s,
                  FunctionRef<double(uint32_t, uint32_t)> polls_due) const;
  uint32_t message_room(const Load& load, double elapsed_s);
  void pass_seconds(uint32_t seconds);

  Settings settings_;
  uint32_t last_s_ = 0;
  int64_t last_ms_ = 0;
  // Learnt, as sums that fade.
  double session_seconds_, sessions_ended_;
  std::array<double, FieldEvents::tries> resolved_{}, arrived_{};
  std::array<double, delay_bins> delays_{};
  std::array<double, delay_bins + 1> arrived_by_{};  // share of arrivals within so many seconds
  uint32_t horizon_s_;
  double polls_due_, polls_come_;
  double unannounced_per_s_ = 0;
  double error_mean_ = 0, error_square_ = 0;
  // Expected arrivals of the triggers sent so many seconds ago.
  std::vector<double> sent_;
  size_t sent_place_ = 0;
  struct Forecast {
    uint32_t at_s = 0;
    double sessions = 0;
  };
  std::array<Forecast, forecast_bins> forecasts_{};
  // Messages: a bucket, and what the SMSC's throttling leaves of the rate.
  double bucket_ = 0;
  double rate_share_ = 1;
  Instant throttled_until_;
};

}  // namespace simurgh::campaign
