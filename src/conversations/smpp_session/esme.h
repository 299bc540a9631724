// The ESME's half of an SMPP 3.4 session: what submits short messages to an SMSC and takes those
// that it delivers. No I/O: bytes and time go in, bytes and a deadline come out.
//
//   on_connected → bind → bound ⇄ enquire_link → (unbind) → closed → connect again, later and later
//
// Messages wait in a bounded queue, go out within a window, and each ends in exactly one
// on_submit_done: accepted with the SMSC's id, rejected with its status, or given back because
// the link died, the answer stayed out, or the queue wait was over. Given back in flight means
// that the SMSC may have the message or not; whoever sends it again sends identical bytes.
// Throttling answers (ESME_RTHROTTLED, ESME_RMSGQFUL) are not the end of a message: it goes back
// to the head of the queue, the window halves, and sending pauses with growing waits; answers
// without throttling let the window grow again, one by one.
//
// Delivery receipts are handed up as what they are, hints (threats 31). Cutting long messages into
// parts is the caller's work. One thread; the handler may call back into the session.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "base/time.h"
#include "conversations/smpp_session/link.h"
#include "formats/smpp/pdu.h"

namespace simurgh::smpp_session {

// Of the caller's; 0 is as good as any other.
using Token = uint64_t;

enum class BindKind : uint8_t { transmitter, receiver, transceiver };

struct EsmeOptions {
  static constexpr uint32_t window_limit = 10'000;
  static constexpr size_t queue_limit = 1'000'000;

  BindKind bind = BindKind::transceiver;
  std::string system_id = {};  // at most 15 characters
  Secret<smpp::password_chars_max> password = {};
  std::string system_type = {};    // at most 12
  std::string address_range = {};  // at most 40; the messages that it wants delivered
  uint8_t address_ton = 0;
  uint8_t address_npi = 0;

  uint32_t window_max = 100;       // submits without an answer
  size_t queue_max = 10'000;       // messages waiting for the window
  uint32_t submits_per_s_max = 0;  // what the SMSC allows; 0: as fast as the window
  size_t pdu_octets_max = smpp::pdu_octets_max;
  size_t transmit_octets_max = 1 << 18;  // bytes waiting for the socket; submits wait above

  Duration bind_wait = seconds(15);
  Duration answer_wait = seconds(30);     // for a submit, an enquire_link, an unbind
  Duration enquire_idle = seconds(30);    // silence before an enquire_link
  Duration queue_wait_max = minutes(10);  // then a message that never left is given back
  Duration throttle_wait_min = milliseconds(200);
  Duration throttle_wait_max = seconds(30);
  uint32_t throttled_tries_max = 50;  // of one message; then its throttling is its answer
  Duration reconnect_wait_min = seconds(1);
  Duration reconnect_wait_max = minutes(2);
};

struct SubmitDone {
  enum class Outcome : uint8_t {
    accepted,   // message_id
    rejected,   // status
    link_lost,  // in flight when the link died: taken or not, nobody knows
    no_answer,  // in flight for answer_wait: the same
    unsent,     // certainly not taken: waited too long in the queue, or cancelled there
  };
  Outcome outcome = Outcome::unsent;
  smpp::Status status = smpp::Status::ok;
  std::string_view message_id = {};  // valid during the call
};

// What became of a query_sm or cancel_sm.
struct RequestDone {
  bool answered = false;  // false: the link died, or no answer came
  smpp::Status status = smpp::Status::ok;
  smpp::QuerySmResp query = {};  // of a query_sm with status ok
};

class EsmeHandler {
 public:
  virtual void on_bound(std::string_view smsc_system_id) = 0;
  // The link is down or the bind was refused (`status`); messages in flight were given back.
  virtual void on_unbound(smpp::Status status) = 0;
  virtual void on_submit_done(Token token, const SubmitDone& done) = 0;
  // A message or receipt from the SMSC (deliver_sm; data_sm comes as one too). Must be answered
  // by EsmeSession::answer(sequence, …), now or later. Views are valid during the call.
  virtual void on_deliver(uint32_t sequence, const smpp::ShortMessage& message) = 0;
  // submit() would take messages again after it had said busy.
  virtual void on_ready() {}
  virtual void on_request_done(Token, const RequestDone&) {}
  virtual void on_alert(const smpp::AlertNotification&) {}

 protected:
  ~EsmeHandler() = default;
};

struct EsmeCounts {
  uint64_t submitted = 0;  // PDUs sent, repetitions included
  uint64_t accepted = 0;
  uint64_t rejected = 0;
  uint64_t throttled = 0;
  uint64_t given_back = 0;  // link_lost, no_answer, unsent
  uint64_t delivered = 0;   // deliver_sm and data_sm taken
  uint64_t unexpected = 0;  // answers to nothing, PDUs that do not fit or parse
  uint64_t binds = 0;
};

class EsmeSession {
 public:
  static constexpr uint32_t delivers_open_max = 10'000;  // deliver_sm without our answer
  static constexpr uint32_t requests_open_max = 100;     // query_sm and cancel_sm

  enum class State : uint8_t { closed, binding, bound, unbinding };

  // bad_length or too_large when an option breaks its limit.
  static Result<void> check(const EsmeOptions& options);
  // `options` must have passed check(). The handler and the random source outlive the session.
  EsmeSession(const EsmeOptions& options, EsmeHandler& handler, Random& random);
  ~EsmeSession();
  EsmeSession(const EsmeSession&) = delete;
  EsmeSession& operator=(const EsmeSession&) = delete;

  // --- the link -------------------------------------------------------------------------------
  // When the transport shall connect (again): never() while there is a link or after stop().
  Instant connect_at() const;
  void on_connected(Instant now);
  // The transport ended, or never came up.
  void on_disconnected(Instant now);
  void on_bytes(ByteView bytes, Instant now);
  // Due at poll_timeout(); calling it more often does no harm.
  void on_timeout(Instant now);
  // The next deadline of a connected session; connect_at() of a closed one.
  Instant poll_timeout() const;
  // Bytes for the transport, and how many of them it took. May make room for more: call again.
  ByteView poll_transmit() const { return transmit_.pending(); }
  void transmitted(size_t octets, Instant now);
  // The session is over (protocol error, time-out, refused bind, unbind done): send what
  // poll_transmit() has, then disconnect and say on_disconnected().
  bool wants_close() const { return wants_close_; }
  // Told of output that arises outside of the calls above; may be null, outlives the session.
  void set_outlet(Outlet* outlet) { outlet_ = outlet; }

  // --- messages -------------------------------------------------------------------------------
  // Queues a message; it is copied. busy when the queue is full (on_ready follows), bad_length
  // when a field breaks its limit, bad_state after stop(). Bound or not does not matter.
  Result<void> submit(const smpp::ShortMessage& message, Token token, Instant now);
  // Takes a message out of the queue that has not been sent, without on_submit_done. not_found
  // when it is in flight or unknown. Looks through the queue.
  Result<void> withdraw(Token token);
  // Answers a delivered message. Unknown sequence numbers (of a former link) are ignored.
  void answer(uint32_t sequence, smpp::Status status);
  Result<void> query(const smpp::QuerySm& query, Token token, Instant now);
  Result<void> cancel(const smpp::CancelSm& cancel, Token token, Instant now);

  // Unbinds when nothing is in flight any more, gives back what is queued, and connects no more.
  void stop(Instant now);

  State state() const { return state_; }
  bool bound() const { return state_ == State::bound; }
  size_t queued() const { return queue_size_; }
  uint32_t in_flight() const { return in_flight_; }
  // The window as throttling has left it.
  uint32_t window() const { return window_; }
  const EsmeCounts& counts() const { return counts_; }

 private:
  static constexpr uint32_t none = UINT32_MAX;
  // A message in the queue or in flight. Slots are used again with their memory.
  struct Slot {
    std::vector<uint8_t> pdu =
        {};  // its first `octets`; the sequence number is patched in when sent
    size_t octets = 0;
    Token token = 0;
    uint64_t order = 0;           // of submit(): the queue is kept in it
    Instant queue_deadline = {};  // rises with the order
    Instant answer_deadline = {};
    uint32_t sequence = 0;
    uint32_t throttled_tries = 0;
    uint32_t next = none;  // in the queue, in flight by deadline, or free
    uint32_t previous = none;
    enum class Place : uint8_t { free, queue, flight } place = Place::free;
  };
  struct List {
    uint32_t head = none;
    uint32_t tail = none;
  };
  struct Request {
    smpp::CommandId id{};
    uint32_t sequence = 0;
    Token token = 0;
    Instant deadline = {};
  };
  struct OpenDeliver {
    uint32_t sequence = 0;
    smpp::CommandId id{};
  };

  bool take_pdu(ByteView raw, Instant now);
  void take_response(ByteView raw, const smpp::Header& header, Instant now);
  void take_bind_resp(ByteView raw, const smpp::Header& header, Instant now);
  bool take_submit_resp(ByteView raw, const smpp::Header& header, Instant now);
  bool take_request_resp(ByteView raw, const smpp::Header& header);
  void take_request(ByteView raw, const smpp::Header& header);
  void take_deliver(const smpp::Pdu& pdu);
  void slow_down(Instant now);
  void speed_up();
  bool may_send(Instant now);
  void refill_rate(Instant now);
  void pump(Instant now);
  void say_ready();
  void send_head(Instant now);
  void finish(uint32_t index, const SubmitDone& done);
  void finish_requests_due(Instant now);
  void expire(Instant now);
  void refuse_bind(smpp::Status status);
  void unbind_when_drained(Instant now);
  void put(const smpp::Header& header, const smpp::Body& body);
  Result<void> put_request(smpp::CommandId id, const smpp::Body& body, Token token, Instant now);
  uint32_t next_sequence();
  uint32_t take_free_slot();
  void leave_flight(uint32_t index);
  void append(List& list, uint32_t index);
  void insert_into_queue(uint32_t index);
  void remove(List& list, uint32_t index);
  Duration reconnect_wait();
  void tell_outlet();

  EsmeOptions options_;
  EsmeHandler& handler_;
  Random& random_;
  State state_ = State::closed;
  bool wants_close_ = false;
  bool stopped_ = false;
  bool said_bound_ = false;
  bool said_busy_ = false;
  bool pumping_ = false;
  PduCutter cutter_;
  TransmitBuffer transmit_;
  Outlet* outlet_ = nullptr;

  std::vector<Slot> slots_;
  List free_, queue_, flight_;
  size_t queue_size_ = 0;
  uint32_t in_flight_ = 0;
  uint64_t submits_ = 0;
  std::vector<uint32_t> by_sequence_;  // slot in flight under a sequence number, masked
  std::vector<Request> requests_;      // by deadline
  std::vector<OpenDeliver> delivers_;  // waiting for our answer

  uint32_t sequence_ = 0;
  uint32_t window_ = 0;
  uint32_t answers_since_growth_ = 0;
  uint32_t throttled_in_a_row_ = 0;
  Instant send_after_;       // the pause that throttling imposes
  int64_t rate_credit_ = 0;  // thousandths of a submit
  Instant rate_at_;
  Instant state_deadline_ = Instant::never();    // of bind, unbind
  Instant heard_at_;                             // anything from the SMSC
  Instant enquire_deadline_ = Instant::never();  // of the enquire_link that is out
  uint32_t bind_sequence_ = 0;
  Instant connect_at_;
  uint32_t failed_links_in_a_row_ = 0;
  EsmeCounts counts_;
};

}  // namespace simurgh::smpp_session
