// One campaign that is under way: its outcomes in memory, who waits for what, the wave it is in,
// and the counts that its stop rules look at. Part of Campaigns, and used by nothing else.
#pragma once

#include <deque>
#include <utility>

#include "campaign/order.h"
#include "campaign/store.h"
#include "campaign/waits.h"

namespace simurgh::campaign {

// How many elements have answered one way or the other, for stop rules.
struct Tally {
  uint64_t settled = 0;  // done, failed, and offered elements that stay silent
  std::array<uint64_t, reasons> failed{};
};

class Running {
 public:
  Running(Campaign& campaign, const Population& population);

  // Takes up what the store has: of this run or, to be carried over, of an earlier one.
  Result<void> load(Store& store, Instant now);
  // A new run: what failed is open again.
  void begin_run(Instant now);
  void begin_fronts(Instant now);

  Campaign& campaign() { return campaign_; }
  const Policy& policy() const { return campaign_.terms.policy; }
  bool is_running() const { return campaign_.state == State::running; }

  Outcome outcome(ElementId element) const { return outcomes_.get(element); }
  // Keeps counters, tallies and waits in step with the change.
  void set(ElementId element, const Outcome& outcome, Instant now);
  bool is_member(ElementId element) const;
  // Whether the payload may be given to this element now: it is not settled, and the wave has room.
  bool may_offer(ElementId element) const;
  // Whether a trigger makes sense for it.
  bool wants_trigger(ElementId element) const;

  // The next candidate for a trigger; nullopt: none now.
  std::optional<ElementId> candidate();
  void put_back(ElementId element) { ready_.push_front(element); }
  void wait_until(ElementId element, uint32_t at_s) { trigger_waits_.add(element, at_s); }
  // Triggers that the wave, the windows and the campaign's own rate allow now.
  uint32_t trigger_room(Instant now);
  void count_trigger(unsigned number);
  void uncount_trigger(unsigned number);

  // What the clock does. `timed_out` is called for each trigger whose wait ended unanswered, and
  // `changed` for each element with its new outcome.
  void end_waits(Instant now, FunctionRef<void(ElementId, unsigned number)> timed_out,
                 FunctionRef<void(ElementId, const Outcome&)> changed);
  void advance_wave(Instant now);
  // The fronts: a piece of the count; the payload goes to this element for the first time; one that
  // was here was not reached.
  void count_fronts();
  void count_reached(ElementId element, bool polled);
  void count_contact(ElementId element, uint32_t now_s);
  // Stop rules begin to count anew.
  void forgive() { run_tally_ = wave_tally_ = {}; }
  // Whether counters changed since the last call.
  bool take_changed() { return std::exchange(changed_, false); }
  // The rule that is broken, if any.
  const StopRule* broken_rule() const;
  std::vector<RuleState> rule_states() const;
  uint64_t wave_quota() const;  // elements up to the end of the present wave; UINT64_MAX: all
  // Counts members a piece at a time, once the campaign has nothing left to do by itself or a wave
  // needs the total. True when every member that has reported is settled.
  bool is_finished(Instant now, bool can_trigger);
  // The campaign is over: what is not settled has failed.
  void settle_counters();
  bool is_overdue(Instant now) const { return now >= campaign_.begun + policy().lasts_max; }
  uint64_t count_reported();

  size_t memory_octets() const;

 private:
  bool goes_on_counting();
  bool is_unreached_member(ElementId element) const;
  bool needs_total() const;
  void count(const Outcome& outcome, int by);
  void restart_order();
  bool breaks(const StopRule& rule, const Tally& tally) const;

  Campaign& campaign_;
  const Population& population_;
  OutcomeTable outcomes_;
  ElementSet listed_;
  std::unique_ptr<Order> order_;
  bool order_ended_ = false;
  std::deque<ElementId> ready_;  // due for a trigger, before the order's next
  Waits trigger_waits_;
  Waits receipt_waits_;
  bool retry_turn_ = true;
  bool changed_ = true;

  // The wave.
  Tally run_tally_, wave_tally_;
  uint64_t unsettled_ = 0;        // offered in this run, neither settled nor silent
  uint64_t fresh_in_flight_ = 0;  // first triggers whose wait is not over
  Instant wave_settled_at_ = Instant::never();

  // Counting members.
  struct Count {
    uint32_t place = 0;
    uint64_t members = 0;  // that have reported
    uint64_t open = 0;     // … and could be triggered
    bool complete = false;
  };
  Count count_;
  Instant next_count_at_;

  double bucket_ = 0;
  Instant bucket_at_;
};

}  // namespace simurgh::campaign
