// Campaigns over short messages: the triggers that ask an element for a session, and all of a
// campaign for cards that open none, as secured packets with a proof of receipt (PoR).
//
//   campaign::Dispatcher ─Trigger→ Messages ─parts→ MessageOutlet (the SMSC)
//                          PoR of a card → on_short_message
//
// Exactly once (I5). A card executes a packet when its counter is higher than all before, so at
// most once. Of a card one packet is out at a time. Its counter stands in the cursor, durable with
// all else before the packet leaves, and as long as the step is not proved the very same packet is
// sent again. Where the payload has a read-back or does no harm twice, a packet with a higher
// counter finds out: when its PoR is here, the one before can no longer be executed. Only a PoR
// whose MAC verifies, for the counter that is out, settles anything. A status without MAC and
// delivery receipts are hints.
//
// No sockets, no clock. One thread. What is submitted leaves after the commit (the outlet's queue
// sees to it); Campaigns::flush() comes before that. Visits are in memory: after a crash the
// campaign core finds the element silent and triggers it again.
#pragma once

#include <set>

#include "campaign/dispatcher.h"
#include "element_update/element_update.h"
#include "formats/secured_packet/response_packet.h"
#include "formats/sms/reassembly.h"

namespace simurgh::element_update {

using PartToken = uint64_t;

struct MessagePart {
  Msisdn to;
  ByteView user_data;          // TP-UD with its header
  Duration valid_for;          // after that the SMSC need not try any more
  bool wants_receipt = false;  // the PoR comes in the delivery report
  PartToken token = 0;         // 0: nobody wants to know what becomes of it
};

// The SMSC, as far as one has to know. Implemented by the shell.
class MessageOutlet {
 public:
  // Queues one part; nothing is taken on an error (busy: the queue is full).
  virtual Result<void> submit(const MessagePart& part) = 0;
  // Parts that leave without waiting behind others; 0 while there is no link.
  virtual uint32_t room() const = 0;
  virtual uint64_t throttled() const = 0;  // how often the SMSC asked for less

 protected:
  ~MessageOutlet() = default;
};

class Messages final : public campaign::TriggerSender {
 public:
  struct Settings {
    SessionSettings session;  // of the front end; what a batch says comes before it
    size_t visits_max = 100'000;
    // For a card that has answered in this visit. The first packet waits as the policy says.
    Duration answer_wait = seconds(60);
    uint8_t sends_max = 3;  // of a packet to such a card
  };
  struct Parts {
    Store& store;
    campaign::Campaigns& campaigns;
    fleet::Elements& elements;
    crypto::KeyStore& keys;
    OwnKeys& own_keys;
    MessageOutlet& outlet;
  };
  Messages(const Settings& settings, const Parts& parts);
  ~Messages();

  // --- campaign::TriggerSender
  uint32_t room() override { return parts_.outlet.room(); }
  Result<bool> send(const campaign::Trigger& trigger, Instant now) override;
  uint64_t throttled() const override { return parts_.outlet.throttled(); }

  // What became of a part. `taken` is false only when the SMSC certainly has not got it and never
  // said no: then its trigger is due again.
  void on_submitted(PartToken token, bool taken, Instant now);
  // A short message from `from`: TP-UD, `has_header` as TP-UDHI says; of a delivery report too.
  // False: it is not from an element with keys of its own, and not ours. Only `storage` comes back.
  Result<bool> on_short_message(const Msisdn& from, ByteView user_data, bool has_header,
                                Instant now);
  // Once before the first tick and then at next_deadline().
  Result<void> on_time(Instant now);
  Instant next_deadline() const;

  struct Figures {
    uint64_t triggers = 0, packets = 0, repetitions = 0, receipts = 0, refused_receipts = 0,
             bare_statuses = 0, executed = 0, refused = 0, unproved = 0, read_backs = 0,
             counters_low = 0, unreachable = 0;
  };
  const Figures& figures() const { return figures_; }
  size_t visits() const { return visits_.size(); }

 private:
  // An element that is being served: one packet is out.
  struct Visit {
    Instant deadline;
    Duration first_wait;
    bool seen = false;         // it has answered
    bool bare_status = false;  // something without MAC has, in its name
    uint8_t sends = 0;         // of the packet that is out
    campaign::CampaignId campaign;
    std::vector<campaign::Work> offered;  // in this visit, not yet over
  };
  struct Target;  // an element, its card and its keys, while it is dealt with
  using Visits = std::map<uint32_t, Visit>;

  // messages.cc
  Result<const Card*> card_of(const fleet::Element& element);
  Result<void> read_batches(Instant now);
  Result<Target> open(const fleet::Element& element, const Card& card);
  bool cannot_send(const campaign::Trigger& trigger, Instant now);
  Result<bool> send_trigger(const campaign::Trigger& trigger, const fleet::Element& element,
                            const Card& card, Instant now);
  Result<bool> submit_trigger(const campaign::Trigger& trigger, const Msisdn& to, ByteView packet,
                              uint64_t counter, Instant now);
  Duration wait_of(const campaign::Trigger& trigger) const;
  Result<void> on_response(const fleet::Element& element, MutableByteView packet, Instant now);

  // packet_visit.cc
  Result<bool> begin(const campaign::Trigger& trigger, const Target& target, Instant now);
  Result<Visit*> visit_of(uint32_t element, Instant now);
  Result<void> end(uint32_t element, Instant now);
  void schedule(uint32_t element, Visit& visit, Instant at);
  Result<void> serve(const Target& target, Instant now);
  Result<std::optional<campaign::Work>> take_work(uint32_t element, Visit& visit, Instant now);
  Result<bool> give(const Target& target, Visit& visit, const campaign::Work& work, Instant now);
  Result<void> send_packet(const Target& target, Visit& visit, const Cursor& cursor,
                           const ScriptText& script, Instant now);
  Result<bool> send_again(const fleet::Element& element, Visit& visit, Instant now);
  Result<void> take_receipt(const Target& target, Cursor& cursor, const Prepared& prepared,
                            const secured_packet::Response& response, Instant now);
  Result<void> take_answer(uint32_t element, Visit& visit, Cursor& cursor, const Prepared& prepared,
                           ByteView body, Instant now);
  Result<void> take_status(const Target& target, Visit& visit, Cursor& cursor,
                           const Prepared& prepared, const secured_packet::Response& response,
                           Instant now);
  Result<void> take_counter_low(const Target& target, Visit& visit, Cursor& cursor,
                                const Prepared& prepared, uint64_t counter, Instant now);
  Result<void> doubt_it(Cursor& cursor, const Prepared& prepared);
  Result<void> settle(uint32_t element, Visit& visit, campaign::CampaignId campaign,
                      campaign::Answer answer, campaign::Reason reason, Instant now);
  Result<void> leave_unproved(uint32_t element, Visit& visit, campaign::CampaignId campaign,
                              Instant now);

  // As many half-received receipts as a busy centre has; older ones give way.
  using Reassembler = sms::Reassembler<1024, 5, 670>;

  Settings settings_;
  Parts parts_;
  PreparedPayloads payloads_;
  std::unique_ptr<Reassembler> reassembler_ = std::make_unique<Reassembler>(hours(1));
  std::map<std::pair<uint16_t, fleet::ElementKeySource>, std::optional<Card>> cards_;
  Instant next_look_;  // at the settings of batches
  Visits visits_;
  std::set<std::pair<Instant, uint32_t>> agenda_;
  PartToken last_token_ = 0;
  std::map<PartToken, campaign::Trigger> triggers_;  // bounded by the outlet's queue
  Figures figures_;
};

}  // namespace simurgh::element_update
