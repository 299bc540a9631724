// A campaign as a plain row: whom it concerns, what is done, how carefully; and the table of its
// states. No behaviour: that is in campaigns.h.
//
// A campaign is a set described (a filter over the population, an uploaded list, or a list and a
// filter) and a policy. No row per element is made beforehand: whether an element belongs is
// decided when it shows up or is picked.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "campaign/fronts.h"
#include "campaign/outcome.h"

namespace simurgh::campaign {

constexpr size_t running_campaigns_max = 8;  // running or paused at once
constexpr size_t name_octets_max = 64;
constexpr size_t payload_octets_max = 4 * 1024 * 1024;
constexpr size_t filter_values_max = 1024;  // in one list of a filter
constexpr size_t waves_max = 16;
constexpr size_t stop_rules_max = 16;
constexpr size_t windows_max = 32;
constexpr Duration lifetime_max = days(400);

// --- states ------------------------------------------------------------------------------------

// The numbers are stored.
enum class State : uint8_t {
  draft = 1,
  awaiting_approval = 2,  // by a second person
  scheduled = 3,          // begins when its time comes
  running = 4,
  paused = 5,     // by a person
  stopped = 6,    // by a stop rule
  cancelled = 7,  // final: nothing is offered any more, whatever comes
  done = 8,       // done + failed = total
};
constexpr size_t states = 8;
const char* name_of(State state);

enum class Event : uint8_t {
  submit,             // the policy asks for approval
  submit_unapproved,  // the policy does not
  approve,
  reject,
  begin,
  pause,
  resume,
  stop,
  cancel,
  retry,  // what failed is tried again, in a new run
  finish,
};
constexpr size_t events = 11;
const char* name_of(Event event);

// The state after `event`; bad_state when the table does not have it.
Result<State> after(State state, Event event);

// --- whom it concerns --------------------------------------------------------------------------

// What an empty list names is "any".
struct Filter {
  std::vector<uint16_t> batches;
  std::vector<uint16_t> profiles;  // card profiles, by the population's number for them
  std::vector<uint16_t> releases;
  bool releases_excluded = false;  // the releases named are those that do not need it
  bool suspended_too = true;       // suspended elements are served when they poll
  uint32_t contacted_from_s = 0;   // last contact at or after; 0: any, never reported included
  uint32_t contacted_before_s = UINT32_MAX;
  friend bool operator==(const Filter&, const Filter&) = default;
};

// --- how ---------------------------------------------------------------------------------------

// The numbers are stored.
enum class OrderKind : uint8_t {
  most_recent_first = 1,  // G4: meets the recurring polls, which serve the other end
  oldest_first = 2,
  hash_ramp = 3,  // by a hash of the element: the same element is early in every campaign
  random = 4,     // by a hash of element and campaign
};
const char* name_of(OrderKind kind);

// How many elements may be reached before the next wave opens: a number, a share of the total, or
// the smaller one of both.
struct Wave {
  uint32_t elements = 0;  // 0: `permille` counts
  uint16_t permille = 0;  // 0: `elements` counts
  Duration soak;          // after the last element of the wave is settled
  friend bool operator==(const Wave&, const Wave&) = default;
};

// Stops the campaign when more than `failed_permille` of at least `sample_min` elements failed, in
// the present wave or in the whole run. Offered elements that stay silent count as failed.
struct StopRule {
  Reason reason = Reason::none;  // none: all reasons together
  uint16_t failed_permille = 0;
  uint32_t sample_min = 100;
  friend bool operator==(const StopRule&, const StopRule&) = default;
};

// A stop rule and what it sees now.
struct RuleState {
  StopRule rule;
  uint64_t settled = 0, failed = 0;
  bool broken = false;
};

// When triggers may be sent, by the operator's clock. Polls are served at all times.
struct Window {
  uint8_t weekdays = 0x7f;  // bit 0 Monday … bit 6 Sunday, the day that the window begins on
  uint16_t from_minute = 0;
  uint16_t to_minute = 24 * 60;  // not included; below `from_minute`: ends on the next day
  friend bool operator==(const Window&, const Window&) = default;
};

struct Policy {
  OrderKind order = OrderKind::most_recent_first;
  uint8_t priority = 100;  // the smaller one is served first
  bool needs_approval = true;
  Instant begins_at;                     // ms 0: at once
  Duration lasts_max = days(60);         // what is not settled then has failed: no_contact
  uint32_t triggers_per_second_max = 0;  // 0: what capacity and SMSC allow
  std::vector<Wave> waves;               // after the last one: everybody
  std::vector<StopRule> stop_rules;
  std::vector<Window> windows;       // empty: always
  int16_t utc_offset_minutes = 0;    // of the operator's clock
  uint8_t triggers_max = 4;          // of an element, in one run
  Duration first_wait = minutes(3);  // for an answer to the first trigger
  uint8_t wait_factor = 6;           // each wait is so many times the one before
  Duration wait_max = days(1);
  Duration receipt_wait = minutes(10);  // an offered element is silent after that
  bool replan_polls = true;             // served elements get the date of their next poll (G1)
  friend bool operator==(const Policy&, const Policy&) = default;
};

// Whether triggers may be sent at `now`.
bool is_open(const Policy& policy, Instant now);
// How long to wait for an answer to the `trigger`th trigger (1, 2 …).
Duration wait_after(const Policy& policy, unsigned trigger);

// --- what --------------------------------------------------------------------------------------

// The numbers are stored. Bytes are for the conversation that carries them, not for this folder.
enum class PayloadKind : uint8_t {
  script = 1,  // APDUs
  file = 2,
  applet = 3,
  os_patch = 4,
  key_rotation = 5,
  next_poll = 6,  // nothing but a new date (G1)
};
const char* name_of(PayloadKind kind);

struct Payload {
  PayloadKind kind = PayloadKind::script;
  std::vector<uint8_t> bytes;
  uint16_t release_after = 0;  // an element that is done has this release; 0: unchanged
  friend bool operator==(const Payload&, const Payload&) = default;
};

// What the operator says, as one stored value.
struct Terms {
  bool listed = false;  // the set is an uploaded list (and the filter)
  Filter filter;
  Policy policy;
  Payload payload;
  friend bool operator==(const Terms&, const Terms&) = default;
};
// bad_value or too_large when a limit or a relation does not hold; the offset is the field's number
// in docs/operator/campaigns.md.
Result<void> check(const Terms& terms);
// One stored value and back. The encoding has a version; parse_terms refuses what it does not know.
std::vector<uint8_t> write_terms(const Terms& terms);
Result<Terms> parse_terms(ByteView bytes);

// --- the row -----------------------------------------------------------------------------------

struct Counters {
  uint64_t triggers = 0;  // messages sent
  uint64_t offers = 0;
  uint64_t done = 0;
  uint64_t failed = 0;  // sum over the reasons
  uint64_t silent = 0;  // offered, and nothing proved yet although the wait is over
  uint64_t waiting = 0;
  uint64_t given_up = 0;
  uint64_t polled = 0;     // done or failed after a recurring poll
  uint64_t triggered = 0;  // … after a trigger
  std::array<uint64_t, reasons> failed_for{};
  friend bool operator==(const Counters&, const Counters&) = default;
};

struct Campaign {
  CampaignId id;
  std::string name;
  State state = State::draft;
  std::string created_by;   // token of the person
  std::string approved_by;  // never the same
  Instant created;
  Instant begun;              // ms 0: not yet
  Instant changed;            // last change of state
  uint8_t run = 0;            // of runs_max
  uint8_t wave = 0;           // waves finished, in this run
  uint64_t wave_reached = 0;  // elements offered to, in all waves of this run
  uint64_t total = 0;         // members that have reported; 0: not counted yet
  Counters counters;          // of this run, but for `triggers` and `offers`: of all
  Fronts fronts;              // of this run
  Terms terms;
  friend bool operator==(const Campaign&, const Campaign&) = default;
};

}  // namespace simurgh::campaign
