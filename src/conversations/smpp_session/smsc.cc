#include "conversations/smpp_session/smsc.h"

namespace simurgh::smpp_session {
namespace {

// Room for any PDU but a deliver_sm.
constexpr size_t own_pdu_octets_max = 512;
// Everything in a deliver_sm but its TLVs, with all fields at their limits.
constexpr size_t deliver_octets_max = 512;

smpp::ShortMessage message_of(const smpp::DataSm& data) {
  return {.service_type = data.service_type,
          .source = data.source,
          .destination = data.destination,
          .esm_class = data.esm_class,
          .registered_delivery = data.registered_delivery,
          .data_coding = data.data_coding,
          .tlvs = data.tlvs};
}

bool is_bind(smpp::CommandId id) {
  return id == smpp::CommandId::bind_transmitter || id == smpp::CommandId::bind_receiver ||
         id == smpp::CommandId::bind_transceiver;
}

}  // namespace

Result<void> SmscSession::check(const SmscOptions& options) {
  if (options.system_id.size() > smpp::system_id_chars_max) return ErrorCode::bad_length;
  if (options.submits_open_max == 0 || options.submits_open_max > SmscOptions::window_limit ||
      options.delivers_open_max == 0 || options.delivers_open_max > SmscOptions::window_limit ||
      options.pdu_octets_max > smpp::pdu_octets_max ||
      options.pdu_octets_max < own_pdu_octets_max) {
    return ErrorCode::too_large;
  }
  return {};
}

SmscSession::SmscSession(const SmscOptions& options, SmscHandler& handler, Instant now)
    : options_(options),
      handler_(handler),
      cutter_(options.pdu_octets_max),
      bind_deadline_(now + options.bind_wait),
      heard_at_(now) {
  SIMURGH_CHECK(check(options).has_value());
}

SmscSession::~SmscSession() = default;

void SmscSession::on_bytes(ByteView bytes, Instant now) {
  if (state_ == State::closed || wants_close_) return;
  const auto cut = cutter_.cut(bytes, [&](ByteView pdu) { return take_pdu(pdu, now); });
  if (!cut.has_value()) {
    ++counts_.malformed;
    put({smpp::CommandId::generic_nack, smpp::Status::invalid_command_length, 0}, smpp::NoBody{});
    wants_close_ = true;
  }
  pump(now);
}

// False ends the cutting of what arrived.
bool SmscSession::take_pdu(ByteView raw, Instant now) {
  const smpp::Header header = *smpp::parse_header(raw);
  heard_at_ = now;
  enquire_deadline_ = Instant::never();
  if (smpp::is_response(header.id)) {
    take_response(header);
  } else {
    take_request(raw, header);
  }
  return !wants_close_;
}

void SmscSession::take_response(const smpp::Header& header) {
  if (header.id == smpp::CommandId::unbind_resp && state_ == State::unbinding) {
    wants_close_ = true;
    return;
  }
  if (header.id != smpp::CommandId::deliver_sm_resp && header.id != smpp::CommandId::generic_nack) {
    return;
  }
  for (auto it = in_flight_.begin(); it != in_flight_.end(); ++it) {
    if (it->sequence != header.sequence) continue;
    const Token token = it->token;
    in_flight_.erase(it);
    const bool bare_nack =
        header.id == smpp::CommandId::generic_nack && header.status == smpp::Status::ok;
    handler_.on_deliver_done(
        *this, token,
        {.answered = true, .status = bare_nack ? smpp::Status::unknown_error : header.status});
    return;
  }
}

void SmscSession::take_request(ByteView raw, const smpp::Header& header) {
  using smpp::CommandId;
  if (header.id == CommandId::enquire_link) {
    put({CommandId::enquire_link_resp, smpp::Status::ok, header.sequence}, smpp::NoBody{});
    return;
  }
  if (header.id == CommandId::unbind) {
    put({CommandId::unbind_resp, smpp::Status::ok, header.sequence}, smpp::NoBody{});
    wants_close_ = true;
    return;
  }
  if (is_bind(header.id)) {
    take_bind(raw, header);
    return;
  }
  if (state_ != State::bound) {
    // Nothing of the body is looked at.
    ++counts_.refused_unbound;
    refuse(header, smpp::Status::invalid_bind_status);
    return;
  }
  const auto pdu = smpp::parse_pdu(raw);
  if (!pdu.has_value()) {
    ++counts_.malformed;
    refuse(header, smpp::status_for(pdu.error()));
    return;
  }
  take_bound_request(*pdu);
}

// The answer that refuses a request: its own response where it has one.
void SmscSession::refuse(const smpp::Header& header, smpp::Status status) {
  using smpp::CommandId;
  switch (header.id) {
    case CommandId::submit_sm:
    case CommandId::data_sm:
      put({smpp::response_to(header.id), status, header.sequence}, smpp::MessageIdBody{});
      return;
    case CommandId::query_sm:
      put({smpp::response_to(header.id), status, header.sequence}, smpp::QuerySmResp{});
      return;
    case CommandId::cancel_sm:
    case CommandId::replace_sm:
      put({smpp::response_to(header.id), status, header.sequence}, smpp::NoBody{});
      return;
    default: break;
  }
  const bool known = smpp::name_of(header.id) != "unknown";
  put({CommandId::generic_nack, known ? status : smpp::Status::invalid_command_id, header.sequence},
      smpp::NoBody{});
}

void SmscSession::take_bind(ByteView raw, const smpp::Header& header) {
  const smpp::Header answer{smpp::response_to(header.id), smpp::Status::ok, header.sequence};
  if (state_ != State::connected) {
    put({answer.id, smpp::Status::already_bound, answer.sequence}, smpp::BindResp{});
    return;
  }
  const BindKind kind = header.id == smpp::CommandId::bind_transmitter ? BindKind::transmitter
                        : header.id == smpp::CommandId::bind_receiver  ? BindKind::receiver
                                                                       : BindKind::transceiver;
  const auto pdu = smpp::parse_pdu(raw);
  smpp::Status status = smpp::Status::ok;
  if (pdu.has_value()) {
    status = handler_.on_bind(*this, kind, std::get<smpp::Bind>(pdu->body));
  } else {
    ++counts_.malformed;
    status = smpp::status_for(pdu.error());
  }
  if (status != smpp::Status::ok) {
    put({answer.id, status, answer.sequence}, smpp::BindResp{});
    if (++refused_binds_ >= options_.refused_binds_max) wants_close_ = true;
    return;
  }
  const auto& bind = std::get<smpp::Bind>(pdu->body);
  state_ = State::bound;
  kind_ = kind;
  bind_deadline_ = Instant::never();
  esme_system_id_ = bind.system_id;
  address_range_ = bind.address_range;
  uint8_t buffer[8];
  smpp::TlvWriter tlvs(buffer);
  // 5.3.2.25; an ESME of an older version would not know what a TLV is.
  if (bind.interface_version >= smpp::interface_version_34) {
    tlvs.add_u8(smpp::Tag::sc_interface_version, smpp::interface_version_34);
  }
  put(answer, smpp::BindResp{.system_id = options_.system_id, .tlvs = tlvs.tlvs()});
}

void SmscSession::take_bound_request(const smpp::Pdu& pdu) {
  using smpp::CommandId;
  const smpp::Header& header = pdu.header;
  const smpp::Header answer{smpp::response_to(header.id), smpp::Status::ok, header.sequence};
  switch (header.id) {
    case CommandId::submit_sm: take_submit(header, std::get<smpp::ShortMessage>(pdu.body)); return;
    case CommandId::data_sm:
      take_submit(header, message_of(std::get<smpp::DataSm>(pdu.body)));
      return;
    case CommandId::query_sm: {
      const auto& query = std::get<smpp::QuerySm>(pdu.body);
      smpp::QuerySmResp result{.message_id = query.message_id, .final_date = {}};
      const smpp::Status status = handler_.on_query(*this, query, result);
      if (status != smpp::Status::ok) result = {};
      put({answer.id, status, answer.sequence}, result);
      return;
    }
    case CommandId::cancel_sm: {
      const smpp::Status status = handler_.on_cancel(*this, std::get<smpp::CancelSm>(pdu.body));
      put({answer.id, status, answer.sequence}, smpp::NoBody{});
      return;
    }
    case CommandId::replace_sm: refuse(header, smpp::Status::replace_failed); return;
    default: break;
  }
  refuse(header, smpp::Status::invalid_command_id);
}

void SmscSession::take_submit(const smpp::Header& header, const smpp::ShortMessage& message) {
  if (kind_ == BindKind::receiver) {
    refuse(header, smpp::Status::invalid_bind_status);
    return;
  }
  if (open_.size() >= options_.submits_open_max) {
    ++counts_.throttled;
    refuse(header, smpp::Status::throttled);
    return;
  }
  for (const OpenSubmit& open : open_) {
    if (open.sequence != header.sequence) continue;
    // Two requests under one number could not be told apart when they are answered.
    ++counts_.malformed;
    refuse(header, smpp::Status::submit_failed);
    return;
  }
  open_.push_back({header.sequence, header.id});
  ++counts_.submitted;
  handler_.on_submit(*this, header.sequence, message);
}

void SmscSession::answer_submit(uint32_t sequence, smpp::Status status,
                                std::string_view message_id) {
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    if (it->sequence != sequence) continue;
    const smpp::CommandId id = smpp::response_to(it->id);
    open_.erase(it);
    const bool ok = status == smpp::Status::ok;
    put({id, status, sequence},
        smpp::MessageIdBody{.message_id = ok ? message_id : std::string_view(), .tlvs = {}});
    tell_outlet();
    return;
  }
}

Result<void> SmscSession::deliver(const smpp::ShortMessage& message, Token token, Instant now) {
  if (state_ != State::bound || wants_close_) return ErrorCode::bad_state;
  if (kind_ == BindKind::transmitter) return ErrorCode::not_allowed;
  if (queue_.size() >= options_.queue_max) return ErrorCode::busy;
  Deliver deliver{.pdu = {}, .token = token, .sequence = next_sequence(), .deadline = {}};
  deliver.pdu.resize(deliver_octets_max + message.tlvs.raw().size());
  const ByteView written = TRY(smpp::write_pdu(
      {smpp::CommandId::deliver_sm, smpp::Status::ok, deliver.sequence}, message, deliver.pdu));
  if (written.size() > options_.pdu_octets_max) return ErrorCode::too_large;
  deliver.pdu.resize(written.size());
  queue_.push_back(std::move(deliver));
  pump(now);
  tell_outlet();
  return {};
}

void SmscSession::pump(Instant now) {
  while (state_ == State::bound && !wants_close_ && !queue_.empty() &&
         in_flight_.size() < options_.delivers_open_max &&
         transmit_.size() < options_.transmit_octets_max / 2) {
    Deliver deliver = std::move(queue_.front());
    queue_.pop_front();
    transmit_.append(deliver.pdu);
    deliver.pdu = {};
    deliver.deadline = now + options_.answer_wait;
    in_flight_.push_back(std::move(deliver));
    ++counts_.delivered;
  }
}

void SmscSession::finish_front(std::deque<Deliver>& delivers, const DeliverDone& done) {
  const Token token = delivers.front().token;
  delivers.pop_front();
  handler_.on_deliver_done(*this, token, done);
}

void SmscSession::on_disconnected(Instant) {
  if (state_ == State::closed) return;
  const bool was_bound = state_ == State::bound || state_ == State::unbinding;
  state_ = State::closed;
  wants_close_ = true;
  transmit_.clear();
  open_.clear();
  while (!in_flight_.empty()) finish_front(in_flight_, {});
  while (!queue_.empty()) finish_front(queue_, {});
  if (was_bound) handler_.on_unbound(*this);
}

void SmscSession::on_timeout(Instant now) {
  if (state_ == State::closed) return;
  while (!in_flight_.empty() && in_flight_.front().deadline <= now) {
    finish_front(in_flight_, {});
  }
  if (bind_deadline_ <= now || unbind_deadline_ <= now || enquire_deadline_ <= now) {
    wants_close_ = true;
  } else if (state_ == State::bound && enquire_deadline_ == Instant::never() &&
             heard_at_ + options_.enquire_idle <= now) {
    put({smpp::CommandId::enquire_link, smpp::Status::ok, next_sequence()}, smpp::NoBody{});
    enquire_deadline_ = now + options_.answer_wait;
  }
  pump(now);
}

Instant SmscSession::poll_timeout() const {
  if (state_ == State::closed) return Instant::never();
  Instant next = in_flight_.empty() ? Instant::never() : in_flight_.front().deadline;
  if (wants_close_) return next;
  next = earlier(next, earlier(bind_deadline_, unbind_deadline_));
  if (state_ != State::bound) return next;
  const bool asked = enquire_deadline_ != Instant::never();
  return earlier(next, asked ? enquire_deadline_ : heard_at_ + options_.enquire_idle);
}

void SmscSession::transmitted(size_t octets, Instant now) {
  transmit_.sent(octets);
  pump(now);
}

void SmscSession::unbind(Instant now) {
  if (state_ == State::closed || state_ == State::unbinding) return;
  if (state_ == State::connected) {
    wants_close_ = true;
  } else {
    state_ = State::unbinding;
    unbind_deadline_ = now + options_.answer_wait;
    put({smpp::CommandId::unbind, smpp::Status::ok, next_sequence()}, smpp::NoBody{});
  }
  tell_outlet();
}

void SmscSession::put(const smpp::Header& header, const smpp::Body& body) {
  if (transmit_.size() > options_.transmit_octets_max) {
    wants_close_ = true;  // it does not read what it asked for
    return;
  }
  const MutableByteView room = transmit_.prepare(own_pdu_octets_max);
  const auto written = smpp::write_pdu(header, body, room);
  transmit_.commit(written.has_value() ? written->size() : 0);
  SIMURGH_CHECK(written.has_value());
}

uint32_t SmscSession::next_sequence() {
  sequence_ = sequence_ >= smpp::sequence_max ? 1 : sequence_ + 1;
  return sequence_;
}

void SmscSession::tell_outlet() {
  if (outlet_ != nullptr) outlet_->on_output();
}

}  // namespace simurgh::smpp_session
