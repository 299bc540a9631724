// The state of the link; what happens to messages is in esme_messages.cc.
#include "conversations/smpp_session/esme.h"

namespace simurgh::smpp_session {
namespace {

// Room for any PDU that the session itself makes; messages are written elsewhere.
constexpr size_t own_pdu_octets_max = 512;

smpp::CommandId command_of(BindKind kind) {
  switch (kind) {
    case BindKind::transmitter: return smpp::CommandId::bind_transmitter;
    case BindKind::receiver: return smpp::CommandId::bind_receiver;
    case BindKind::transceiver: break;
  }
  return smpp::CommandId::bind_transceiver;
}

}  // namespace

Result<void> EsmeSession::check(const EsmeOptions& options) {
  if (options.system_id.size() > smpp::system_id_chars_max ||
      options.system_type.size() > smpp::system_type_chars_max ||
      options.address_range.size() > smpp::address_range_chars_max) {
    return ErrorCode::bad_length;
  }
  if (options.window_max == 0 || options.window_max > EsmeOptions::window_limit ||
      options.queue_max == 0 || options.queue_max > EsmeOptions::queue_limit ||
      options.pdu_octets_max > smpp::pdu_octets_max ||
      options.pdu_octets_max < own_pdu_octets_max) {
    return ErrorCode::too_large;
  }
  return {};
}

EsmeSession::EsmeSession(const EsmeOptions& options, EsmeHandler& handler, Random& random)
    : options_(options), handler_(handler), random_(random), cutter_(options.pdu_octets_max) {
  SIMURGH_CHECK(check(options).has_value());
  // Twice the window at least, so that a free sequence number is near.
  size_t size = 16;
  while (size < size_t{options.window_max} * 2) size *= 2;
  by_sequence_.assign(size, none);
}

EsmeSession::~EsmeSession() = default;

Instant EsmeSession::connect_at() const {
  return state_ == State::closed ? connect_at_ : Instant::never();
}

void EsmeSession::on_connected(Instant now) {
  SIMURGH_CHECK(state_ == State::closed);
  state_ = State::binding;
  wants_close_ = stopped_;
  heard_at_ = now;
  enquire_deadline_ = Instant::never();
  state_deadline_ = now + options_.bind_wait;
  bind_sequence_ = next_sequence();
  const smpp::Bind bind{.system_id = options_.system_id,
                        .password = text_of(options_.password.view()),
                        .system_type = options_.system_type,
                        .address_ton = options_.address_ton,
                        .address_npi = options_.address_npi,
                        .address_range = options_.address_range};
  put({command_of(options_.bind), smpp::Status::ok, bind_sequence_}, bind);
}

void EsmeSession::on_disconnected(Instant now) {
  const bool was_bound = said_bound_;
  state_ = State::closed;
  wants_close_ = false;
  said_bound_ = false;
  cutter_.clear();
  transmit_.clear();
  delivers_.clear();
  connect_at_ = stopped_ ? Instant::never() : now + reconnect_wait();
  ++failed_links_in_a_row_;
  while (flight_.head != none) {
    const uint32_t index = flight_.head;
    leave_flight(index);
    finish(index, {.outcome = SubmitDone::Outcome::link_lost});
  }
  while (!requests_.empty()) {
    const Token token = requests_.front().token;
    requests_.erase(requests_.begin());
    handler_.on_request_done(token, {});
  }
  if (was_bound) handler_.on_unbound(smpp::Status::ok);
}

// Full jitter over the upper half, so that the clients of an SMSC that restarts do not come back
// all at once.
Duration EsmeSession::reconnect_wait() {
  int64_t wait = options_.reconnect_wait_min.ms;
  for (uint32_t i = 0; i < failed_links_in_a_row_ && wait < options_.reconnect_wait_max.ms; ++i) {
    wait *= 2;
  }
  wait = std::min(wait, options_.reconnect_wait_max.ms);
  const ByteArray<4> random = random_.array<4>();
  const int64_t jitter = *Reader(random).u32() % (wait / 2 + 1);
  return milliseconds(wait - jitter);
}

void EsmeSession::on_bytes(ByteView bytes, Instant now) {
  if (state_ == State::closed || wants_close_) return;
  const auto cut = cutter_.cut(bytes, [&](ByteView pdu) { return take_pdu(pdu, now); });
  if (!cut.has_value()) {
    // Nobody knows where the next PDU begins (3.2.1): say so, and end.
    ++counts_.unexpected;
    put({smpp::CommandId::generic_nack, smpp::Status::invalid_command_length, 0}, smpp::NoBody{});
    wants_close_ = true;
  }
  pump(now);
}

// False ends the cutting of what arrived.
bool EsmeSession::take_pdu(ByteView raw, Instant now) {
  const smpp::Header header = *smpp::parse_header(raw);
  heard_at_ = now;
  enquire_deadline_ = Instant::never();
  if (smpp::is_response(header.id)) {
    take_response(raw, header, now);
  } else {
    take_request(raw, header);
  }
  return !wants_close_;
}

void EsmeSession::take_response(ByteView raw, const smpp::Header& header, Instant now) {
  using smpp::CommandId;
  if (state_ == State::binding) {
    take_bind_resp(raw, header, now);
    return;
  }
  // Whatever comes after the bind shows that the link is good.
  failed_links_in_a_row_ = 0;
  switch (header.id) {
    case CommandId::enquire_link_resp: return;
    case CommandId::unbind_resp:
      if (state_ == State::unbinding) {
        wants_close_ = true;
        return;
      }
      break;
    case CommandId::submit_sm_resp:
      if (take_submit_resp(raw, header, now)) return;
      break;
    case CommandId::query_sm_resp:
    case CommandId::cancel_sm_resp:
      if (take_request_resp(raw, header)) return;
      break;
    case CommandId::generic_nack:
      // Of any request of ours; one that we cannot tell says nothing.
      if (take_submit_resp(raw, header, now) || take_request_resp(raw, header)) return;
      break;
    default: break;
  }
  ++counts_.unexpected;
}

void EsmeSession::take_bind_resp(ByteView raw, const smpp::Header& header, Instant now) {
  const bool answers = header.id == smpp::response_to(command_of(options_.bind)) ||
                       header.id == smpp::CommandId::generic_nack;
  if (!answers || header.sequence != bind_sequence_) {
    ++counts_.unexpected;
    return;
  }
  if (header.status != smpp::Status::ok || header.id == smpp::CommandId::generic_nack) {
    refuse_bind(header.status == smpp::Status::ok ? smpp::Status::bind_failed : header.status);
    return;
  }
  // A bind that was accepted is accepted, even with a body that does not parse.
  const auto pdu = smpp::parse_pdu(raw);
  const std::string_view system_id =
      pdu.has_value() ? std::get<smpp::BindResp>(pdu->body).system_id : std::string_view();
  state_ = State::bound;
  said_bound_ = true;
  state_deadline_ = Instant::never();
  window_ = options_.window_max;
  answers_since_growth_ = 0;
  throttled_in_a_row_ = 0;
  send_after_ = now;
  rate_credit_ = 0;
  rate_at_ = now;
  ++counts_.binds;
  handler_.on_bound(system_id);
}

void EsmeSession::refuse_bind(smpp::Status status) {
  wants_close_ = true;
  handler_.on_unbound(status);
}

void EsmeSession::take_request(ByteView raw, const smpp::Header& header) {
  using smpp::CommandId;
  const auto pdu = smpp::parse_pdu(raw);
  if (!pdu.has_value()) {
    ++counts_.unexpected;
    // What is known by its id is answered as itself (4.3).
    const bool known = pdu.error().code != ErrorCode::unsupported;
    const bool answered = header.id == CommandId::deliver_sm || header.id == CommandId::data_sm;
    if (known && !answered) return;
    put({known ? smpp::response_to(header.id) : CommandId::generic_nack,
         smpp::status_for(pdu.error()), header.sequence},
        known ? smpp::Body(smpp::MessageIdBody{}) : smpp::Body(smpp::NoBody{}));
    return;
  }
  switch (header.id) {
    case CommandId::enquire_link:
      put({CommandId::enquire_link_resp, smpp::Status::ok, header.sequence}, smpp::NoBody{});
      return;
    case CommandId::unbind:
      put({CommandId::unbind_resp, smpp::Status::ok, header.sequence}, smpp::NoBody{});
      wants_close_ = true;
      return;
    case CommandId::deliver_sm:
    case CommandId::data_sm: take_deliver(*pdu); return;
    case CommandId::alert_notification:
      handler_.on_alert(std::get<smpp::AlertNotification>(pdu->body));
      return;
    default: break;
  }
  ++counts_.unexpected;
  put({CommandId::generic_nack, smpp::Status::invalid_command_id, header.sequence}, smpp::NoBody{});
}

void EsmeSession::put(const smpp::Header& header, const smpp::Body& body) {
  if (transmit_.size() > options_.transmit_octets_max * 2) {
    wants_close_ = true;  // an SMSC that asks and asks and does not read the answers
    return;
  }
  const MutableByteView room = transmit_.prepare(own_pdu_octets_max);
  const auto written = smpp::write_pdu(header, body, room);
  transmit_.commit(written.has_value() ? written->size() : 0);
  SIMURGH_CHECK(written.has_value());
}

uint32_t EsmeSession::next_sequence() {
  do {
    sequence_ = sequence_ >= smpp::sequence_max ? 1 : sequence_ + 1;
  } while (by_sequence_[sequence_ & (by_sequence_.size() - 1)] != none);
  return sequence_;
}

void EsmeSession::on_timeout(Instant now) {
  expire(now);
  if (state_ != State::closed && !wants_close_) {
    if (state_deadline_ <= now) {
      if (state_ == State::binding) refuse_bind(smpp::Status::bind_failed);
      wants_close_ = true;
    } else if (enquire_deadline_ <= now) {
      wants_close_ = true;
    } else if (state_ == State::bound && enquire_deadline_ == Instant::never() &&
               heard_at_ + options_.enquire_idle <= now) {
      put({smpp::CommandId::enquire_link, smpp::Status::ok, next_sequence()}, smpp::NoBody{});
      enquire_deadline_ = now + options_.answer_wait;
    }
  }
  pump(now);
}

Instant EsmeSession::poll_timeout() const {
  Instant next = Instant::never();
  if (queue_.head != none) next = slots_[queue_.head].queue_deadline;
  if (state_ == State::closed) return earlier(next, connect_at_);
  if (wants_close_) return next;
  next = earlier(next, state_deadline_);
  if (flight_.head != none) next = earlier(next, slots_[flight_.head].answer_deadline);
  if (!requests_.empty()) next = earlier(next, requests_.front().deadline);
  if (state_ != State::bound) return next;
  next = earlier(next, earlier(enquire_deadline_, enquire_deadline_ == Instant::never()
                                                      ? heard_at_ + options_.enquire_idle
                                                      : Instant::never()));
  // Messages that wait for nothing but time.
  if (queue_.head != none && in_flight_ < window_ &&
      transmit_.size() < options_.transmit_octets_max) {
    Instant send_at = send_after_;
    if (options_.submits_per_s_max > 0 && rate_credit_ < 1000) {
      const int64_t rate = options_.submits_per_s_max;
      const Instant credit_at = rate_at_ + milliseconds((1000 - rate_credit_ + rate - 1) / rate);
      send_at = std::max(send_at, credit_at);
    }
    next = earlier(next, send_at);
  }
  return next;
}

void EsmeSession::transmitted(size_t octets, Instant now) {
  transmit_.sent(octets);
  pump(now);
}

void EsmeSession::stop(Instant now) {
  if (stopped_) return;
  stopped_ = true;
  connect_at_ = Instant::never();
  if (state_ == State::binding) wants_close_ = true;
  while (queue_.head != none) {
    const uint32_t index = queue_.head;
    remove(queue_, index);
    --queue_size_;
    finish(index, {.outcome = SubmitDone::Outcome::unsent});
  }
  unbind_when_drained(now);
  tell_outlet();
}

void EsmeSession::unbind_when_drained(Instant now) {
  if (!stopped_ || state_ != State::bound || in_flight_ > 0 || wants_close_) return;
  state_ = State::unbinding;
  state_deadline_ = now + options_.answer_wait;
  put({smpp::CommandId::unbind, smpp::Status::ok, next_sequence()}, smpp::NoBody{});
}

void EsmeSession::tell_outlet() {
  if (outlet_ != nullptr) outlet_->on_output();
}

}  // namespace simurgh::smpp_session
