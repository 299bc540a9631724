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
  // Sessions are working when a payload was given in them, idle when there was nothing to do: the
  // latter are short.
  struct Sessions {
    uint32_t working = 0, idle = 0;
  };
  Sessions present;  // now, as far as the campaigns know
  Sessions ended;
  Sessions polls;        // begun at a date that the calendar announced
  Sessions unannounced;  // begun with neither date nor trigger
  std::array<uint32_t, tries> sent{};
  std::array<uint32_t, tries> arrived{};    // sessions that a trigger brought within its wait
  std::array<uint32_t, tries> timed_out{};  // triggers whose wait ended
  struct Delay {
    uint8_t which = 0;  // try, from 0
    uint32_t seconds = 0;
  };
  std::vector<Delay> delays;  // from trigger to session, a sample
};

// What may be sent.
struct Budget {
  double arrivals = 0;    // sessions that the triggers may bring, on average
  uint32_t messages = 0;  // whatever they bring
  std::array<double, FieldEvents::tries> yield{};  // sessions for one trigger
  uint32_t delay_s = 0;                            // by which most arrive
};

struct Settings {
  Duration session_time{30'000};  // with a payload, until learnt
  Duration trigger_delay{8'000};
  uint32_t messages_per_second_max = 1000;  // through the SMSC
  double margin_share_max = 0.25;           // of the capacity
  double margin_deviations = 4;             // of the forecast's error
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
    double session_s, idle_session_s, delay_s, poll_share, unannounced_per_s, margin;
    std::array<double, FieldEvents::tries> yield;
  };
  Learnt learnt(uint32_t capacity) const;

 private:
  static constexpr size_t delay_bins = 128;    // seconds
  static constexpr size_t forecast_bins = 64;  // seconds, above the horizon's limit

  struct Forecast {
    uint32_t at_s = 0;
    double sessions = 0;
  };

  void learn(const FieldEvents& events, double elapsed_s);
  void learn_delays(const FieldEvents& events);
  void judge_forecast(const Load& load, const FieldEvents& events, double elapsed_s);
  void pass_seconds(uint32_t seconds);
  double poll_share() const;
  double yield_of(size_t trigger) const;
  double in_flight(uint32_t from_s, uint32_t to_s) const;
  double forecast(const Load& load, const FieldEvents::Sessions& present, uint32_t ahead_s,
                  FunctionRef<double(uint32_t, uint32_t)> polls_due) const;
  double margin(uint32_t capacity) const;
  uint32_t message_room(const Load& load, double elapsed_s);

  Settings settings_;
  uint32_t first_s_ = 0, last_s_ = 0;
  int64_t last_ms_ = 0;
  // Learnt, as sums that fade.
  struct SessionTime {
    double seconds, ended;
    double mean() const;
  };
  SessionTime working_time_, idle_time_;
  std::array<double, FieldEvents::tries> resolved_{}, arrived_{};
  std::array<double, FieldEvents::tries> sampled_{}, prompt_{};  // delays, and those that fit a bin
  std::array<double, delay_bins> delays_{};
  std::array<double, delay_bins + 1> arrived_by_{};  // share of arrivals within so many seconds
  uint32_t horizon_s_;
  double polls_due_, polls_come_, polls_working_, polls_per_s_ = 0;
  double working_per_s_ = 0, idle_per_s_ = 0;  // unannounced
  double arrivals_per_s_ = 0;                  // that the last triggers will bring
  double error_mean_ = 0, error_square_ = 0;
  // Expected arrivals of the triggers sent so many seconds ago.
  std::vector<double> sent_;
  size_t sent_place_ = 0;
  std::array<Forecast, forecast_bins> forecasts_{};
  // Messages: a bucket, and what the SMSC's throttling leaves of the rate.
  double bucket_ = 0;
  double rate_share_ = 1;
  Instant throttled_until_;
};

}  // namespace simurgh::campaign
