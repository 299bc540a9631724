// All campaigns of a server: what the operator does with them, what happens when an element shows
// up, and which elements are triggered next.
//
// The caller (simurghd's shell, or a simulated world) brings events and time, and carries out what
// is answered, always in this order: handle a batch of events, flush(), commit the store's
// transaction, and only then let triggers and payloads out. A crash at any moment loses uncommitted
// events and nothing else; load() takes up all campaigns where they were.
//
// Not here: messages, TLS, keys, ICCIDs. The population and the store are the caller's and must
// outlive this. One thread. Every command writes its own audit row.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>

#include "audit/log.h"
#include "campaign/flow_controller.h"
#include "campaign/population.h"
#include "campaign/store.h"

namespace simurgh::campaign {

class Running;
struct Visit;

struct NewCampaign {
  std::string name;
  Terms terms;
};

// A message to be sent to wake an element. The parameters of the session are the caller's.
struct Trigger {
  ElementId element;
  CampaignId campaign;
  uint8_t number = 1;  // which one in this run
};

// A payload to be given to the element that is here now. Everything that identifies this execution
// to the chip is derived from (campaign, run), so that it executes once however often it is
// offered.
struct Work {
  CampaignId campaign;
  uint8_t run = 0;
  const Payload* payload = nullptr;  // until the next call
};

// What an element answered.
enum class Answer : uint8_t {
  executed,
  refused,  // it was not executed, or a command of it failed
};
// How an element is here. What goes by messages holds no session of the front end, and so counts
// for nothing in what the flow controller learns.
enum class Via : uint8_t { session, messages };

struct Report {
  Answer answer = Answer::executed;
  // A receipt with a MAC that verified, or the end of a script in a TLS session that the chip's key
  // opened. Without it (a bare status, a delivery report) nothing is settled.
  bool proved = false;
  Reason reason = Reason::none;  // of a refusal
};

class Campaigns {
 public:
  Campaigns(Store& store, audit::Log& audit, Population& population, Duration poll_period);
  ~Campaigns();

  // Reads elements and campaigns; once, before anything else.
  Result<void> load(Instant now);

  // --- commands. not_found; bad_state where the table has no such change; bad_value and too_large
  // from check(). Effects are in the open transaction when they return.
  Result<CampaignId> create(const NewCampaign& order, const audit::By& by);
  // Adds to the list of a draft. not_found for an element that the population does not have.
  Result<void> add_members(CampaignId id, std::span<const ElementId> elements);
  Result<void> submit(CampaignId id, const audit::By& by);
  Result<void> approve(CampaignId id, const audit::By& by);  // not_allowed for who created it
  Result<void> reject(CampaignId id, const audit::By& by);
  Result<void> pause(CampaignId id, const audit::By& by);
  Result<void> resume(CampaignId id, const audit::By& by);  // after a pause or a stop rule
  Result<void> cancel(CampaignId id, const audit::By& by);
  Result<void> retry(CampaignId id, const audit::By& by);  // what failed; no_space: runs_max

  const std::map<CampaignId, Campaign>& all() const { return campaigns_; }
  const Campaign* campaign(CampaignId id) const;  // nullptr: there is none; until the next call
  // The stop rules of one that is under way, with what they see; none of another one.
  std::vector<RuleState> rule_states(CampaignId id) const;
  // How many elements may be reached until the present wave ends; UINT64_MAX: no limit.
  uint64_t wave_quota(CampaignId id) const;
  Duration poll_period() const { return poll_period_; }

  // Outcomes that are not open, in order of element from `first` on, those with `progress` if it is
  // said. One call looks at a bounded number of rows: a page may have fewer than `limit` and yet
  // `next` (where to go on; nullopt: that was all).
  struct OutcomePage {
    struct Item {
      ElementId element;
      Outcome outcome;
    };
    std::vector<Item> items;
    std::optional<ElementId> next;
  };
  Result<OutcomePage> outcomes(CampaignId id, std::optional<Progress> progress, ElementId first,
                               size_t limit);
  // What has come of it at this element. Of a campaign that is over, what is not settled has
  // failed.
  Result<Outcome> outcome(CampaignId id, ElementId element);

  // --- the field
  // An element has opened an authenticated session, or is served by messages from now on, whether
  // it hears them or not. not_found for one unknown.
  Result<void> begin_session(ElementId element, Instant now, Via via = Via::session);
  // The next thing to give it, in order of the campaigns' priorities; nullopt: nothing (more).
  // The same campaign is not given twice in one session. What is given counts as offered.
  Result<std::optional<Work>> next_work(ElementId element, Instant now);
  // not_found: this campaign was not offered to it. A report that comes again changes nothing.
  Result<void> report(ElementId element, CampaignId campaign, const Report& report, Instant now);
  // The date of its next poll, to be given to it in this session (G1).
  Result<Instant> plan_next_poll(ElementId element, Instant now);
  // … and what the chip confirmed, when it took another one or none.
  void set_next_poll(ElementId element, Instant at);
  // `seen`: it was really here; one served by messages may have been silent.
  void end_session(ElementId element, Instant now, bool seen = true);
  // It was heard of without a session, and proved who it is. Of an element that the population has.
  void note_contact(ElementId element, Instant now);

  // --- the clock
  // Begins, ends and finishes campaigns, opens waves, ends waits. Every second or so.
  Result<void> advance(Instant now);
  // Up to `budget` triggers, appended to `out`; they count as sent. Best after advance().
  void pick(Instant now, const Budget& budget, std::vector<Trigger>& out);
  // The SMSC did not take it: the element is next in line again, and nothing was counted.
  void not_sent(const Trigger& trigger, Instant now);
  // It has no number or no key that a message could go to: left to its recurring poll.
  void cannot_send(const Trigger& trigger, Instant now);
  // Elements of this batch are served by messages: their triggers need no room in the front end.
  void set_by_messages(uint16_t batch, bool by_messages);
  // Whether triggers can be sent at all: where they cannot, a campaign is over when polls have
  // settled all its members.
  void set_can_trigger(bool can) { can_trigger_ = can; }
  // For the flow controller: what happened since the last call.
  FieldEvents take_events();
  // Recurring polls due in [from_s, to_s), for the flow controller.
  double polls_due(uint32_t from_s, uint32_t to_s) const;

  // Hands all hot rows to the store; before every commit.
  Result<void> flush();

  // Beside the population: outcomes, lists, waits, orders.
  size_t memory_octets() const;

 private:
  static Outcome settled(const Campaign& campaign, Outcome outcome);
  Result<Campaign*> find(CampaignId id);
  Running* running(CampaignId id);
  const Running* running(CampaignId id) const;
  Result<void> change(CampaignId id, Event event, const audit::By& by,
                      const StopRule* rule = nullptr);
  Result<void> take_up(Campaign& campaign, Instant now);
  Result<void> begin_scheduled(Instant now);
  Result<void> obey_stop_rules(Running& running, Instant now);
  void put(Running& running, ElementId element, const Outcome& outcome, Instant now);
  void element_changed(ElementId element);
  void count_begun(Visit& visit, bool working);
  void leave_open(Running& running, ElementId element, Instant now);
  void leave_silent(Running& running, ElementId element, Instant now);
  bool by_messages(ElementId element) const;
  std::optional<Outcome> take_back(Running& running, const Trigger& trigger);
  bool waits_elsewhere(const Running& running, ElementId element) const;
  bool is_trigger_useful(Running& running, ElementId element, uint32_t now_s, uint32_t delay_s);

  Store& store_;
  audit::Log& audit_;
  Population& population_;
  Duration poll_period_;
  std::map<CampaignId, Campaign> campaigns_;
  std::vector<std::unique_ptr<Running>> running_;  // in order of priority
  std::map<ElementId, Visit> visits_;              // those that are here
  std::map<ElementId, uint32_t> sent_samples_;     // when some of the triggers were sent
  std::set<uint16_t> message_batches_;
  bool can_trigger_ = true;
  FieldEvents events_;
  FieldEvents::Sessions present_;
  std::vector<OutcomeRow> outcome_rows_;
  std::vector<ElementRow> element_rows_;
};

}  // namespace simurgh::campaign
