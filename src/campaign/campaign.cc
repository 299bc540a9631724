#include "campaign/campaign.h"

namespace simurgh::campaign {

namespace {

struct Transition {
  State from;
  Event event;
  State to;
};

constexpr Transition transitions[] = {
    {State::draft, Event::submit, State::awaiting_approval},
    {State::draft, Event::submit_unapproved, State::scheduled},
    {State::draft, Event::cancel, State::cancelled},
    {State::awaiting_approval, Event::approve, State::scheduled},
    {State::awaiting_approval, Event::reject, State::draft},
    {State::awaiting_approval, Event::cancel, State::cancelled},
    {State::scheduled, Event::begin, State::running},
    {State::scheduled, Event::cancel, State::cancelled},
    {State::running, Event::pause, State::paused},
    {State::running, Event::stop, State::stopped},
    {State::running, Event::cancel, State::cancelled},
    {State::running, Event::retry, State::running},
    {State::running, Event::finish, State::done},
    {State::paused, Event::resume, State::running},
    {State::paused, Event::stop, State::stopped},  // reports come in after the pause, too
    {State::paused, Event::cancel, State::cancelled},
    {State::stopped, Event::resume, State::running},
    {State::stopped, Event::retry, State::running},
    {State::stopped, Event::cancel, State::cancelled},
    {State::done, Event::retry, State::running},
};

constexpr int64_t day_minutes = 24 * 60;

bool limits_hold(const Filter& filter) {
  return filter.batches.size() <= filter_values_max &&
         filter.profiles.size() <= filter_values_max && filter.releases.size() <= filter_values_max;
}

bool is_sound(const Window& window) {
  return window.weekdays != 0 && window.weekdays < 0x80 && window.from_minute < day_minutes &&
         window.to_minute <= day_minutes && window.from_minute != window.to_minute;
}

}  // namespace

const char* name_of(State state) {
  switch (state) {
    case State::draft: return "draft";
    case State::awaiting_approval: return "awaiting_approval";
    case State::scheduled: return "scheduled";
    case State::running: return "running";
    case State::paused: return "paused";
    case State::stopped: return "stopped";
    case State::cancelled: return "cancelled";
    case State::done: return "done";
  }
  return "?";
}

const char* name_of(Event event) {
  switch (event) {
    case Event::submit:
    case Event::submit_unapproved: return "submit";
    case Event::approve: return "approve";
    case Event::reject: return "reject";
    case Event::begin: return "begin";
    case Event::pause: return "pause";
    case Event::resume: return "resume";
    case Event::stop: return "stop";
    case Event::cancel: return "cancel";
    case Event::retry: return "retry";
    case Event::finish: return "finish";
  }
  return "?";
}

const char* name_of(OrderKind kind) {
  switch (kind) {
    case OrderKind::most_recent_first: return "most_recent_first";
    case OrderKind::oldest_first: return "oldest_first";
    case OrderKind::hash_ramp: return "hash_ramp";
    case OrderKind::random: return "random";
  }
  return "?";
}

const char* name_of(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::script: return "script";
    case PayloadKind::file: return "file";
    case PayloadKind::applet: return "applet";
    case PayloadKind::os_patch: return "os_patch";
    case PayloadKind::key_rotation: return "key_rotation";
    case PayloadKind::next_poll: return "next_poll";
  }
  return "?";
}

Result<State> after(State state, Event event) {
  for (const Transition& transition : transitions) {
    if (transition.from == state && transition.event == event) return transition.to;
  }
  return fail(ErrorCode::bad_state);
}

bool is_open(const Policy& policy, Instant now) {
  if (policy.windows.empty()) return true;
  const int64_t minute = now.ms / 60'000 + policy.utc_offset_minutes;
  const int64_t day = minute / day_minutes;
  const int64_t of_day = minute % day_minutes;
  const int64_t weekday = (day + 3) % 7;  // 1970-01-01 was a Thursday
  const auto on = [](const Window& window, int64_t which) {
    return (window.weekdays >> which & 1) != 0;
  };
  for (const Window& window : policy.windows) {
    if (window.from_minute < window.to_minute) {
      if (on(window, weekday) && of_day >= window.from_minute && of_day < window.to_minute) {
        return true;
      }
      continue;
    }
    if (on(window, weekday) && of_day >= window.from_minute) return true;
    if (on(window, (weekday + 6) % 7) && of_day < window.to_minute) return true;
  }
  return false;
}

Duration wait_after(const Policy& policy, unsigned trigger) {
  Duration wait = policy.first_wait;
  for (unsigned i = 1; i < trigger && wait < policy.wait_max; ++i) {
    wait = wait * policy.wait_factor;
  }
  return wait < policy.wait_max ? wait : policy.wait_max;
}

// Field numbers as docs/operator/campaigns.md has them.
Result<void> check(const Terms& terms) {
  const Policy& policy = terms.policy;
  const auto wrong = [](ErrorCode code, size_t field) { return fail(code, field); };
  if (!limits_hold(terms.filter)) return wrong(ErrorCode::too_large, 1);
  if (terms.filter.contacted_from_s >= terms.filter.contacted_before_s) {
    return wrong(ErrorCode::bad_value, 2);
  }
  if (terms.payload.bytes.size() > payload_octets_max) return wrong(ErrorCode::too_large, 3);
  if (terms.payload.kind != PayloadKind::next_poll && terms.payload.bytes.empty()) {
    return wrong(ErrorCode::bad_value, 3);
  }
  if (policy.lasts_max <= Duration{} || policy.lasts_max > lifetime_max) {
    return wrong(ErrorCode::bad_value, 4);
  }
  if (policy.waves.size() > waves_max) return wrong(ErrorCode::too_large, 5);
  for (const Wave& wave : policy.waves) {
    if ((wave.elements == 0 && wave.permille == 0) || wave.permille > 1000 ||
        wave.soak < Duration{} || wave.soak > lifetime_max) {
      return wrong(ErrorCode::bad_value, 5);
    }
  }
  if (policy.stop_rules.size() > stop_rules_max) return wrong(ErrorCode::too_large, 6);
  for (const StopRule& rule : policy.stop_rules) {
    if (rule.failed_permille > 1000 || rule.sample_min == 0) return wrong(ErrorCode::bad_value, 6);
  }
  if (policy.windows.size() > windows_max) return wrong(ErrorCode::too_large, 7);
  for (const Window& window : policy.windows) {
    if (!is_sound(window)) return wrong(ErrorCode::bad_value, 7);
  }
  if (policy.utc_offset_minutes < -day_minutes || policy.utc_offset_minutes > day_minutes) {
    return wrong(ErrorCode::bad_value, 8);
  }
  if (policy.triggers_max > triggers_max) return wrong(ErrorCode::bad_value, 9);
  if (policy.first_wait < seconds(1) || policy.wait_factor == 0 ||
      policy.wait_max < policy.first_wait || policy.wait_max > days(30)) {
    return wrong(ErrorCode::bad_value, 10);
  }
  if (policy.receipt_wait < seconds(1) || policy.receipt_wait > days(30)) {
    return wrong(ErrorCode::bad_value, 11);
  }
  return {};
}

}  // namespace simurgh::campaign
