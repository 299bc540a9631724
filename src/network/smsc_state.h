// What is inside of an SmscCentre; for smsc*.cc only.
#pragma once

#include <deque>
#include <map>
#include <queue>
#include <unordered_map>

#include "network/smsc.h"
#include "network/smsc_tpdu.h"

namespace simurgh::network {

struct SmscCentre::State {
  static constexpr size_t final_states_max = 10'000;  // that query_sm can still ask for
  static constexpr Duration esme_retry_wait = seconds(10);
  static constexpr size_t no_account = SIZE_MAX;

  using MessageId = uint64_t;

  // A message on its way to a terminal.
  struct Message {
    size_t account = no_account;  // whose it is; none of a terminal's
    SmppAddress source = {};
    SmppAddress destination = {};  // as submitted, for receipts; may differ from where it goes
    AirMessage air = {};
    sms::Address originator = {};  // TP-OA
    uint8_t registered_delivery = 0;
    std::string schedule = {};  // of the submit_sm, until the time is known
    std::string validity = {};
    bool lie = false;   // the receipt says delivered, and nothing is
    bool lost = false;  // vanishes without a trace
    bool copy = false;  // a double: no receipt, no PoR to speak of
    Instant submitted = {};
    Instant not_before = {};
    Instant valid_until = Instant::never();
    size_t waits_at = SIZE_MAX;  // destination in whose queue it is
    bool delivering = false;
    bool expired = false;  // while delivering
  };

  struct Destination {
    std::string digits = {};
    std::deque<MessageId> waiting;  // in the order of submission
    DeliveryId delivery = 0;        // of the attempt that is out; 0: none
    Instant retry_at = {};
    size_t retries = 0;
  };

  struct Delivery {
    size_t destination = 0;
    MessageId message = 0;
  };

  // What an ESME has to take: a receipt, a PoR, a terminal's message.
  struct ToEsme {
    SmppAddress source = {};
    SmppAddress destination = {};
    uint8_t esm_class = 0;
    uint8_t protocol_id = 0;
    uint8_t data_coding = 0;
    std::vector<uint8_t> content = {};
    std::string receipted_id = {};  // of receipts
    smpp::MessageState state{};
    Instant drop_at = {};
  };
  struct Account {
    std::multimap<Instant, ToEsme> delayed;  // by not_before; equal ones in their order
    std::deque<ToEsme> waiting;              // their time has come
    std::unordered_map<smpp_session::Token, ToEsme> in_flight;
    std::vector<smpp_session::SmscSession*> sessions = {};
    size_t next_session = 0;
    Instant retry_at = {};
  };

  struct Due {
    enum class Kind : uint8_t { attempt, expiry, report_wait, esme };
    Instant at = {};
    uint64_t order = 0;
    Kind kind{};
    uint64_t key = 0;
    friend bool operator>(const Due& a, const Due& b) {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  State(const SmscCentreOptions& its_options, const FaultPlan& its_faults, Terminals& its_terminals,
        Random& its_random);

  // --- time ---------------------------------------------------------------------------------
  void push(Instant at, Due::Kind kind, uint64_t key);
  void handle(const Due& due);
  void stamp_arrivals();
  Duration hop() { return uniform(random, faults.delay_min, faults.delay_max); }

  // --- to terminals (smsc_delivery.cc) ------------------------------------------------------
  void store(MessageId id);
  void attempt(size_t index);
  // Position in `waiting` of the message to try, or its size.
  size_t choose(const Destination& destination);
  void deliver(size_t index, MessageId id);
  void report(DeliveryId id, const DeliveryReport& report);
  void retry_later(size_t index);
  void expire(MessageId id);
  void finish(MessageId id, smpp::MessageState state, uint8_t error);
  size_t destination_index(std::string_view digits);
  void forget_if_idle(size_t index);

  // --- to ESMEs (smsc_esme.cc) --------------------------------------------------------------
  void send_receipt(const Message& message, MessageId id, smpp::MessageState state, uint8_t error);
  void send_report_data(const Message& message, ByteView user_data);
  void queue_for_esme(size_t account, ToEsme item, Instant not_before);
  bool offer(Account& account, const ToEsme& item, smpp_session::Token token);
  void pump_esme(size_t account);
  size_t account_of_number(std::string_view digits) const;
  size_t account_of_session(const smpp_session::SmscSession& session) const;

  const SmscCentreOptions options;
  FaultPlan faults;
  Terminals& terminals;
  Random& random;
  SmscCentreCounts counts;
  Instant now = {};

  std::unordered_map<MessageId, Message> messages;
  std::vector<MessageId> arrivals = {};  // accepted since the last on_timeout
  std::vector<Destination> destinations = {};
  std::vector<size_t> free_destinations = {};
  std::unordered_map<std::string, size_t> destination_of;
  std::unordered_map<DeliveryId, Delivery> deliveries;
  std::vector<Account> accounts = {};
  std::unordered_map<MessageId, smpp::MessageState> final_states;
  std::deque<MessageId> final_order;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due;
  uint64_t due_pushed = 0;
  MessageId last_message = 0;
  DeliveryId last_delivery = 0;
  smpp_session::Token last_token = 0;
};

// The id that ESMEs see, and back; 0 for a text that is none of ours.
std::string text_of_message_id(uint64_t id);
uint64_t message_id_of_text(std::string_view text);

}  // namespace simurgh::network
