#include "campaign/flow_controller.h"

#include <algorithm>
#include <cmath>

namespace simurgh::campaign {

namespace {

constexpr double session_s_min = 0.2, session_s_max = 900;
constexpr double idle_s_first = 3;
constexpr double first_sample = 20;  // observations that the first guesses count for
constexpr double first_yield_min = 0.5, later_yield_min = 0.1;
constexpr double yield_sample = 200;  // triggers that the first guess of the yield counts for
// What is learnt fades with these times.
constexpr double fade_session_s = 600, fade_polls_s = 1800, fade_unannounced_s = 120;
constexpr double fade_rate_s = 20, fade_error_s = 600, fade_yield_s = 3600,
                 fade_delay_samples = 4096;
constexpr double fade_late_samples = 1024;
constexpr uint32_t horizon_s_min = 2, horizon_s_max = 30;
constexpr double horizon_share = 0.9;  // of the arrivals come within the horizon
constexpr double polls_spread = 0.4;   // deviations of the square root of their sessions
constexpr double pace_share = 1.03;    // of the lasting rate, so that a gap is filled in time
constexpr uint32_t segments = 8;       // into which a forecast cuts the time ahead

}  // namespace

FlowController::FlowController(const Settings& settings)
    : settings_(settings),
      working_time_{static_cast<double>(settings.session_time.ms) / 1000 * first_sample,
                    first_sample},
      idle_time_{idle_s_first * first_sample, first_sample},
      horizon_s_(std::clamp(static_cast<uint32_t>(settings.trigger_delay.ms * 2 / 1000),
                            horizon_s_min, horizon_s_max)),
      polls_due_(first_sample),
      polls_come_(first_sample),
      polls_working_(first_sample),
      sent_(delay_bins) {
  sampled_.fill(yield_sample / 4);
  prompt_.fill(yield_sample / 4);
  resolved_.fill(yield_sample);
  arrived_.fill(yield_sample);
  // As if all delays up to twice the mean were equally likely.
  for (uint32_t s = 0; s < horizon_s_; ++s) delays_[s] = 1;
  learn_delays({});
}

void FlowController::learn_delays(const FieldEvents& events) {
  double sum = 0;
  for (const FieldEvents::Delay& delay : events.delays) {
    double& sampled = sampled_[delay.which];
    double& prompt = prompt_[delay.which];
    if (sampled > fade_late_samples) {
      prompt *= fade_late_samples / sampled;
      sampled = fade_late_samples;
    }
    sampled += 1;
    if (delay.seconds >= delay_bins) continue;
    prompt += 1;
    delays_[delay.seconds] += 1;
  }
  for (const double bin : delays_) sum += bin;
  if (sum > fade_delay_samples) {
    for (double& bin : delays_) bin *= fade_delay_samples / sum;
    sum = fade_delay_samples;
  }
  double before = 0;
  horizon_s_ = horizon_s_max;
  for (size_t s = 0; s < delay_bins; ++s) {
    before += delays_[s];
    arrived_by_[s + 1] = before / sum;
    if (arrived_by_[s + 1] >= horizon_share && horizon_s_ == horizon_s_max) {
      horizon_s_ = std::clamp(static_cast<uint32_t>(s + 1), horizon_s_min, horizon_s_max);
    }
  }
}

void FlowController::learn(const FieldEvents& events, double elapsed_s) {
  const auto fade = [&](double time_s) { return std::exp(-elapsed_s / time_s); };
  // Little: sessions present over time, for each one that ended.
  const auto learn_time = [&](SessionTime& time, uint32_t present, uint32_t ended) {
    const double kept = time.ended > first_sample ? fade(fade_session_s) : 1;
    time.seconds = time.seconds * kept + present * elapsed_s;
    time.ended = time.ended * kept + ended;
  };
  learn_time(working_time_, events.present.working, events.ended.working);
  learn_time(idle_time_, events.present.idle, events.ended.idle);
  const double polls_kept = polls_due_ > first_sample ? fade(fade_polls_s) : 1;
  polls_due_ = polls_due_ * polls_kept + polls_per_s_ * elapsed_s;
  polls_come_ = polls_come_ * polls_kept + events.polls.working + events.polls.idle;
  polls_working_ = polls_working_ * polls_kept + events.polls.working;
  const double kept = fade(fade_unannounced_s);
  double unannounced = events.unannounced.working;
  for (size_t i = 0; i < FieldEvents::tries; ++i) {
    unannounced += events.arrived[i] * (1 - prompt_[i] / sampled_[i]);
    // Kept above a floor of samples, so that one answer does not decide.
    const double yield_kept = resolved_[i] > yield_sample ? fade(fade_yield_s) : 1;
    resolved_[i] = resolved_[i] * yield_kept + events.arrived[i] + events.timed_out[i];
    arrived_[i] = arrived_[i] * yield_kept + events.arrived[i];
  }
  working_per_s_ = working_per_s_ * kept + (1 - kept) * unannounced / elapsed_s;
  idle_per_s_ = idle_per_s_ * kept + (1 - kept) * events.unannounced.idle / elapsed_s;
  if (!events.delays.empty()) learn_delays(events);
}

double FlowController::SessionTime::mean() const {
  return std::clamp(seconds / std::max(ended, 1e-9), session_s_min, session_s_max);
}

double FlowController::poll_share() const {
  return std::clamp(polls_come_ / std::max(polls_due_, 1e-9), 0.1, 1.5);
}

double FlowController::yield_of(size_t trigger) const {
  const double prompt = prompt_[trigger] / sampled_[trigger];
  return std::clamp(prompt * arrived_[trigger] / resolved_[trigger],
                    trigger == 0 ? first_yield_min : later_yield_min, 1.0);
}

void FlowController::pass_seconds(uint32_t seconds) {
  for (uint32_t i = 0; i < std::min<uint32_t>(seconds, delay_bins); ++i) {
    sent_place_ = (sent_place_ + 1) % delay_bins;
    sent_[sent_place_] = 0;
  }
}

// Arrivals expected of triggers already sent, from `from_s` to `to_s` ahead.
double FlowController::in_flight(uint32_t from_s, uint32_t to_s) const {
  double sum = 0;
  for (uint32_t age = 0; age < delay_bins; ++age) {
    const double sent = sent_[(sent_place_ + delay_bins - age) % delay_bins];
    if (sent == 0) continue;
    const size_t from = std::min<size_t>(age + from_s, delay_bins);
    const size_t to = std::min<size_t>(age + to_s, delay_bins);
    sum += sent * (arrived_by_[to] - arrived_by_[from]);
  }
  return sum;
}

// Sessions present `ahead_s` from now when nothing more is sent.
double FlowController::forecast(const Load& load, const FieldEvents::Sessions& present,
                                uint32_t ahead_s,
                                FunctionRef<double(uint32_t, uint32_t)> polls_due) const {
  const double working = 1 / working_time_.mean();
  const double idle = 1 / idle_time_.mean();
  const double polls_working = polls_working_ / std::max(polls_come_, 1e-9);
  const uint32_t now_s = whole_seconds(load.now);
  // The front end's number is the truth; the campaigns know what kind they are.
  const double idle_now = std::min(present.idle, load.sessions);
  double sum = (load.sessions - idle_now) * std::exp(-working * ahead_s) +
               idle_now * std::exp(-idle * ahead_s);
  uint32_t from = 0;
  for (uint32_t i = 1; i <= segments; ++i) {
    const uint32_t to = ahead_s * i / segments;
    if (to == from) continue;
    const double polls = polls_due(now_s + from, now_s + to) * poll_share();
    const double work = polls * polls_working + working_per_s_ * (to - from) + in_flight(from, to);
    const double nothing = polls * (1 - polls_working) + idle_per_s_ * (to - from);
    // Mean over the segment of what is left of them then.
    const auto left = [&](double rate) {
      return (std::exp(-rate * (ahead_s - to)) - std::exp(-rate * (ahead_s - from))) /
             (rate * (to - from));
    };
    sum += work * left(working) + nothing * left(idle);
    from = to;
  }
  return sum;
}

void FlowController::judge_forecast(const Load& load, const FieldEvents& events, double elapsed_s) {
  const uint32_t now_s = whole_seconds(load.now);
  // What was sent on the last tick is known only now; it adds to every forecast that is open.
  double arrivals = 0;
  for (size_t i = 0; i < FieldEvents::tries; ++i) arrivals += events.sent[i] * yield_of(i);
  sent_[sent_place_] += arrivals;
  const double kept_rate = std::exp(-elapsed_s / fade_rate_s);
  arrivals_per_s_ = arrivals_per_s_ * kept_rate + arrivals / elapsed_s * (1 - kept_rate);
  for (Forecast& open : forecasts_) {
    if (open.at_s <= last_s_) continue;
    const size_t ahead = std::min<size_t>(open.at_s - last_s_, delay_bins);
    open.sessions += arrivals * arrived_by_[ahead];
  }
  Forecast& due = forecasts_[now_s % forecast_bins];
  // While the front end fills, sessions are all young and none ends: no measure of what comes
  // later.
  if (due.at_s != now_s || now_s - first_s_ < 3 * working_time_.mean()) return;
  const double error = load.sessions - due.sessions;
  const double kept = std::exp(-elapsed_s / fade_error_s);
  error_mean_ = error_mean_ * kept + error * (1 - kept);
  error_square_ = error_square_ * kept + error * error * (1 - kept);
  due = {};
}

double FlowController::margin(uint32_t capacity) const {
  const double variance = std::max(0.0, error_square_ - error_mean_ * error_mean_);
  // Where recurring polls are most of the load, holding triggers back corrects little: then their
  // own spread counts, too.
  const double polls = polls_per_s_ * poll_share() * working_time_.mean() / std::max(capacity, 1u);
  const double spread = polls * polls * polls_spread * std::sqrt(capacity);
  const double wanted = std::max(0.0, error_mean_) +
                        settings_.margin_deviations * std::sqrt(variance + spread * spread);
  return std::min(wanted, settings_.margin_share_max * capacity);
}

uint32_t FlowController::message_room(const Load& load, double elapsed_s) {
  if (load.now >= throttled_until_) rate_share_ = std::min(1.0, rate_share_ + elapsed_s / 120);
  const double rate = settings_.messages_per_second_max * rate_share_;
  bucket_ = std::min(bucket_ + rate * elapsed_s, std::max(rate, 1.0) * 2);
  return std::min(static_cast<uint32_t>(bucket_), load.smsc_room);
}

void FlowController::throttled(Instant now) {
  if (now < throttled_until_) return;  // one window's messages are refused together
  rate_share_ = std::max(rate_share_ / 2, 0.02);
  bucket_ = 0;
  throttled_until_ = now + minutes(1);
}

Budget FlowController::plan(const Load& load, const FieldEvents& events,
                            FunctionRef<double(uint32_t, uint32_t)> polls_due) {
  const uint32_t now_s = whole_seconds(load.now);
  const double elapsed_s =
      last_ms_ == 0 ? 1
                    : std::clamp(static_cast<double>(load.now.ms - last_ms_) / 1000, 0.001, 60.0);
  if (last_ms_ == 0) {
    // Until forecasts have been judged: the spread of independent arrivals.
    error_square_ = load.capacity / 8.0;
    first_s_ = now_s;
  } else {
    judge_forecast(load, events, elapsed_s);
    learn(events, elapsed_s);
    pass_seconds(now_s - last_s_);
  }
  for (const uint32_t sent : events.sent) bucket_ -= sent;
  bucket_ = std::max(bucket_, 0.0);
  last_ms_ = load.now.ms;
  last_s_ = now_s;
  polls_per_s_ = polls_due(now_s, now_s + 10) / 10;

  const double target = load.capacity - margin(load.capacity);
  const double time = working_time_.mean();
  // Triggers of the next ticks that arrive before the horizon, at the rate of the last ones.
  double soon = 0;
  for (uint32_t s = 1; s < horizon_s_; ++s) soon += arrivals_per_s_ * arrived_by_[s];
  // What arrives at the horizon must fit there and for two session times after it, when recurring
  // polls may use more than they do now.
  const uint32_t step_s = std::max(1u, static_cast<uint32_t>(time / 2));
  double room = load.capacity;
  for (uint32_t i = 0; i <= 4; ++i) {
    const uint32_t ahead_s = horizon_s_ + i * step_s;
    const double sessions = forecast(load, events.present, ahead_s, polls_due);
    if (i == 0) forecasts_[(now_s + horizon_s_) % forecast_bins] = {now_s + horizon_s_, sessions};
    const double decay = std::exp(-(i * step_s / time));
    room = std::min(room, (target - sessions - soon * decay) / decay);
  }
  // Fuller than it should be: whatever was forecast, nothing is added.
  if (load.sessions > load.capacity - margin(load.capacity) / 2) room = 0;
  Budget budget;
  // No burst: arrivals in all stay near the rate that keeps the front end full for ever, whatever
  // the session times are like, since a rate times the mean session time is what they add up to.
  const auto session_s = static_cast<uint32_t>(std::max(time, 1.0));
  // Before a peak of polls what arrives with it counts, within one what is due until it ends.
  const double polls_ahead =
      std::max(polls_due(now_s, now_s + horizon_s_) / horizon_s_,
               polls_due(now_s + horizon_s_, now_s + horizon_s_ + session_s) / session_s) *
      poll_share() * polls_working_ / std::max(polls_come_, 1e-9);
  const double pace = (pace_share * target / time - polls_ahead - working_per_s_) * elapsed_s;
  budget.arrivals = std::max(0.0, std::min(room, pace));
  budget.messages = message_room(load, elapsed_s);
  for (size_t i = 0; i < FieldEvents::tries; ++i) budget.yield[i] = yield_of(i);
  budget.delay_s = horizon_s_;
  return budget;
}

FlowController::Learnt FlowController::learnt(uint32_t capacity) const {
  Learnt learnt{.session_s = working_time_.mean(),
                .idle_session_s = idle_time_.mean(),
                .delay_s = static_cast<double>(horizon_s_),
                .poll_share = poll_share(),
                .unannounced_per_s = working_per_s_ + idle_per_s_,
                .margin = margin(capacity)};
  for (size_t i = 0; i < FieldEvents::tries; ++i) learnt.yield[i] = yield_of(i);
  return learnt;
}

}  // namespace simurgh::campaign
