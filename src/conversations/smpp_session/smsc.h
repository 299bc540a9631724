// The SMSC's half of an SMPP 3.4 session, one object a connection: what ESMEs bind to. No I/O:
// bytes and time go in, bytes and a deadline come out.
//
// Before a bind was accepted only bind_*, enquire_link, unbind and generic_nack are taken; anything
// else is answered with ESME_RINVBNDSTS without its body being parsed (threats 30). A session that
// does not bind within bind_wait ends. A transmitter gets nothing delivered, a receiver may submit
// nothing. One thread; the handler may call back into the session.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/time.h"
#include "conversations/smpp_session/esme.h"
#include "conversations/smpp_session/link.h"
#include "formats/smpp/pdu.h"

namespace simurgh::smpp_session {

struct SmscOptions {
  static constexpr uint32_t window_limit = 10'000;

  std::string system_id = "simurgh";
  uint32_t submits_open_max = 1'000;  // without our answer; more are answered ESME_RTHROTTLED
  uint32_t delivers_open_max = 100;   // our window towards the ESME
  size_t queue_max = 10'000;          // delivers waiting for the window
  size_t pdu_octets_max = smpp::pdu_octets_max;
  size_t transmit_octets_max = 1 << 20;  // an ESME that does not read is cut off above it
  uint32_t refused_binds_max = 3;        // then the session ends

  Duration bind_wait = seconds(30);
  Duration answer_wait = seconds(30);
  Duration enquire_idle = minutes(1);
};

struct DeliverDone {
  bool answered = false;  // false: the link died or no answer came; the ESME may have it or not
  smpp::Status status = smpp::Status::ok;
};

class SmscSession;

class SmscHandler {
 public:
  // ESME_ROK accepts. The password is a secret: compare it in constant time, and do not log it.
  virtual smpp::Status on_bind(SmscSession& session, BindKind kind, const smpp::Bind& bind) = 0;
  virtual void on_unbound(SmscSession& session) = 0;
  // submit_sm, or data_sm as one. To be answered by answer_submit(sequence, …), now or later.
  // Views are valid during the call.
  virtual void on_submit(SmscSession& session, uint32_t sequence,
                         const smpp::ShortMessage& message) = 0;
  virtual void on_deliver_done(SmscSession& session, Token token, const DeliverDone& done) = 0;
  // ESME_RQUERYFAIL and ESME_RCANCELFAIL unless overridden; answered at once.
  virtual smpp::Status on_query(SmscSession&, const smpp::QuerySm&, smpp::QuerySmResp&) {
    return smpp::Status::query_failed;
  }
  virtual smpp::Status on_cancel(SmscSession&, const smpp::CancelSm&) {
    return smpp::Status::cancel_failed;
  }

 protected:
  ~SmscHandler() = default;
};

struct SmscCounts {
  uint64_t submitted = 0;
  uint64_t throttled = 0;  // refused for submits_open_max
  uint64_t delivered = 0;  // deliver_sm sent
  uint64_t refused_unbound = 0;
  uint64_t malformed = 0;
};

class SmscSession {
 public:
  enum class State : uint8_t { connected, bound, unbinding, closed };

  // too_large when an option breaks its limit.
  static Result<void> check(const SmscOptions& options);
  // The connection is there. The handler outlives the session.
  SmscSession(const SmscOptions& options, SmscHandler& handler, Instant now);
  ~SmscSession();
  SmscSession(const SmscSession&) = delete;
  SmscSession& operator=(const SmscSession&) = delete;

  void on_bytes(ByteView bytes, Instant now);
  void on_disconnected(Instant now);
  void on_timeout(Instant now);
  Instant poll_timeout() const;
  ByteView poll_transmit() const { return transmit_.pending(); }
  void transmitted(size_t octets, Instant now);
  bool wants_close() const { return wants_close_; }
  // Told of output that arises outside of the calls above; may be null, outlives the session.
  void set_outlet(Outlet* outlet) { outlet_ = outlet; }

  // Answers a submitted message; `message_id` (at most 64 characters) is left out with an error.
  // A sequence number that is not open is ignored, so that an answer may be given late or twice.
  void answer_submit(uint32_t sequence, smpp::Status status, std::string_view message_id);
  // Queues a deliver_sm; it is copied. not_allowed for a transmitter, busy when the queue is full,
  // bad_state when not bound.
  Result<void> deliver(const smpp::ShortMessage& message, Token token, Instant now);
  // Ends the session from this side.
  void unbind(Instant now);

  State state() const { return state_; }
  bool bound() const { return state_ == State::bound; }
  bool may_deliver() const { return bound() && kind_ != BindKind::transmitter; }
  BindKind kind() const { return kind_; }
  const std::string& esme_system_id() const { return esme_system_id_; }
  const std::string& address_range() const { return address_range_; }
  const SmscCounts& counts() const { return counts_; }

 private:
  struct Deliver {
    std::vector<uint8_t> pdu = {};  // until it is sent
    Token token = 0;
    uint32_t sequence = 0;
    Instant deadline = {};
  };
  struct OpenSubmit {  // waiting for our answer
    uint32_t sequence = 0;
    smpp::CommandId id{};
  };

  bool take_pdu(ByteView raw, Instant now);
  void take_response(const smpp::Header& header);
  void take_request(ByteView raw, const smpp::Header& header);
  void take_bind(ByteView raw, const smpp::Header& header);
  void take_bound_request(const smpp::Pdu& pdu);
  void take_submit(const smpp::Header& header, const smpp::ShortMessage& message);
  void refuse(const smpp::Header& header, smpp::Status status);
  void put(const smpp::Header& header, const smpp::Body& body);
  void pump(Instant now);
  void finish_front(std::deque<Deliver>& delivers, const DeliverDone& done);
  uint32_t next_sequence();
  void tell_outlet();

  SmscOptions options_;
  SmscHandler& handler_;
  State state_ = State::connected;
  BindKind kind_ = BindKind::transceiver;
  bool wants_close_ = false;
  uint32_t refused_binds_ = 0;
  std::string esme_system_id_;
  std::string address_range_;
  PduCutter cutter_;
  TransmitBuffer transmit_;
  Outlet* outlet_ = nullptr;
  std::vector<OpenSubmit> open_;
  std::deque<Deliver> queue_;
  std::deque<Deliver> in_flight_;  // by deadline
  uint32_t sequence_ = 0;
  Instant bind_deadline_;
  Instant heard_at_;
  Instant enquire_deadline_ = Instant::never();
  Instant unbind_deadline_ = Instant::never();
  SmscCounts counts_;
};

}  // namespace simurgh::smpp_session
