// The ESME's messages: queue, window, answers, throttling. The link is in esme.cc.
#include <algorithm>

#include "conversations/smpp_session/esme.h"

namespace simurgh::smpp_session {
namespace {

// Everything in a submit_sm but its TLVs, with all fields at their limits.
constexpr size_t submit_octets_max = 512;
constexpr size_t sequence_offset = 12;

// data_sm says the same as deliver_sm, with the message in a TLV.
smpp::ShortMessage message_of(const smpp::DataSm& data) {
  return {.service_type = data.service_type,
          .source = data.source,
          .destination = data.destination,
          .esm_class = data.esm_class,
          .registered_delivery = data.registered_delivery,
          .data_coding = data.data_coding,
          .tlvs = data.tlvs};
}

}  // namespace

Result<void> EsmeSession::submit(const smpp::ShortMessage& message, Token token, Instant now) {
  if (stopped_) return ErrorCode::bad_state;
  if (queue_size_ >= options_.queue_max) {
    said_busy_ = true;
    return ErrorCode::busy;
  }
  const uint32_t index = take_free_slot();
  Slot& slot = slots_[index];
  const size_t room =
      std::min(submit_octets_max + message.tlvs.raw().size(), options_.pdu_octets_max);
  if (slot.pdu.size() < room) slot.pdu.resize(room);
  const auto written =
      smpp::write_pdu({smpp::CommandId::submit_sm}, message, MutableByteView(slot.pdu).first(room));
  if (!written.has_value()) {
    append(free_, index);
    const bool too_large = written.error().code == ErrorCode::no_space;
    return too_large ? Error{ErrorCode::too_large} : written.error();
  }
  slot.octets = written->size();
  slot.token = token;
  slot.order = ++submits_;
  slot.queue_deadline = now + options_.queue_wait_max;
  slot.throttled_tries = 0;
  slot.place = Slot::Place::queue;
  append(queue_, index);
  ++queue_size_;
  pump(now);
  tell_outlet();
  return {};
}

Result<void> EsmeSession::withdraw(Token token) {
  for (uint32_t index = queue_.head; index != none; index = slots_[index].next) {
    if (slots_[index].token != token) continue;
    remove(queue_, index);
    --queue_size_;
    slots_[index].place = Slot::Place::free;
    append(free_, index);
    return {};
  }
  return ErrorCode::not_found;
}

// --- sending -------------------------------------------------------------------------------------

void EsmeSession::refill_rate(Instant now) {
  if (now <= rate_at_) return;
  const int64_t rate = options_.submits_per_s_max;
  // At most a tenth of a second's worth is saved up.
  const int64_t credit_max = std::max<int64_t>(1000, rate * 100);
  const int64_t elapsed_ms = std::min((now - rate_at_).ms, int64_t{1000});
  rate_credit_ = std::min(rate_credit_ + elapsed_ms * rate, credit_max);
  rate_at_ = now;
}

bool EsmeSession::may_send(Instant now) {
  if (state_ != State::bound || wants_close_ || queue_.head == none) return false;
  if (in_flight_ >= window_ || now < send_after_) return false;
  if (transmit_.size() >= options_.transmit_octets_max) return false;
  return options_.submits_per_s_max == 0 || rate_credit_ >= 1000;
}

void EsmeSession::pump(Instant now) {
  if (pumping_) return;
  pumping_ = true;
  if (options_.submits_per_s_max > 0) refill_rate(now);
  while (may_send(now)) send_head(now);
  unbind_when_drained(now);
  say_ready();
  // The handler may have queued more.
  while (may_send(now)) send_head(now);
  pumping_ = false;
}

// Not at the first free place: a caller that is woken for each message does more work than one
// that fills half a queue at once.
void EsmeSession::say_ready() {
  if (!said_busy_ || queue_size_ > options_.queue_max / 2 || stopped_) return;
  said_busy_ = false;
  handler_.on_ready();
}

void EsmeSession::send_head(Instant now) {
  const uint32_t index = queue_.head;
  remove(queue_, index);
  --queue_size_;
  Slot& slot = slots_[index];
  slot.place = Slot::Place::flight;
  slot.sequence = next_sequence();
  slot.answer_deadline = now + options_.answer_wait;
  Writer(MutableByteView(slot.pdu).subspan(sequence_offset, 4)).u32(slot.sequence);
  by_sequence_[slot.sequence & (by_sequence_.size() - 1)] = index;
  append(flight_, index);
  ++in_flight_;
  transmit_.append(ByteView(slot.pdu).first(slot.octets));
  ++counts_.submitted;
  if (options_.submits_per_s_max > 0) rate_credit_ -= 1000;
}

// --- answers -------------------------------------------------------------------------------------

// Of a submit_sm_resp or generic_nack. False when its sequence number is not in flight.
bool EsmeSession::take_submit_resp(ByteView raw, const smpp::Header& header, Instant now) {
  const uint32_t index = by_sequence_[header.sequence & (by_sequence_.size() - 1)];
  if (index == none || slots_[index].sequence != header.sequence) return false;
  leave_flight(index);
  const bool nack = header.id == smpp::CommandId::generic_nack;
  if (smpp::is_throttling(header.status)) {
    ++counts_.throttled;
    slow_down(now);
    Slot& slot = slots_[index];
    if (++slot.throttled_tries < options_.throttled_tries_max && !stopped_) {
      slot.place = Slot::Place::queue;
      insert_into_queue(index);
      ++queue_size_;
      return true;
    }
  } else {
    speed_up();
  }
  if (header.status != smpp::Status::ok || nack) {
    ++counts_.rejected;
    const smpp::Status status =
        header.status == smpp::Status::ok ? smpp::Status::unknown_error : header.status;
    finish(index, {.outcome = SubmitDone::Outcome::rejected, .status = status});
    return true;
  }
  // The status says that the SMSC has the message; an id that cannot be read changes nothing.
  const auto pdu = smpp::parse_pdu(raw);
  if (!pdu.has_value()) ++counts_.unexpected;
  ++counts_.accepted;
  const auto* body = pdu.has_value() ? std::get_if<smpp::MessageIdBody>(&pdu->body) : nullptr;
  finish(index, {.outcome = SubmitDone::Outcome::accepted,
                 .message_id = body != nullptr ? body->message_id : std::string_view()});
  return true;
}

void EsmeSession::slow_down(Instant now) {
  if (now < send_after_) return;  // one burst of refusals is one reason to wait
  int64_t wait = options_.throttle_wait_min.ms;
  for (uint32_t i = 0; i < throttled_in_a_row_ && wait < options_.throttle_wait_max.ms; ++i) {
    wait *= 2;
  }
  send_after_ = now + milliseconds(std::min(wait, options_.throttle_wait_max.ms));
  ++throttled_in_a_row_;
  window_ = std::max(window_ / 2, 1u);
  answers_since_growth_ = 0;
}

void EsmeSession::speed_up() {
  throttled_in_a_row_ = 0;
  if (window_ >= options_.window_max) return;
  if (++answers_since_growth_ < window_) return;
  answers_since_growth_ = 0;
  ++window_;
}

void EsmeSession::leave_flight(uint32_t index) {
  remove(flight_, index);
  --in_flight_;
  by_sequence_[slots_[index].sequence & (by_sequence_.size() - 1)] = none;
}

// Frees the slot, which is in no list, and tells the handler, which may submit at once.
void EsmeSession::finish(uint32_t index, const SubmitDone& done) {
  const Token token = slots_[index].token;
  slots_[index].place = Slot::Place::free;
  append(free_, index);
  const bool answered = done.outcome == SubmitDone::Outcome::accepted ||
                        done.outcome == SubmitDone::Outcome::rejected;
  if (!answered) ++counts_.given_back;
  handler_.on_submit_done(token, done);
}

void EsmeSession::expire(Instant now) {
  while (flight_.head != none && slots_[flight_.head].answer_deadline <= now) {
    const uint32_t index = flight_.head;
    leave_flight(index);
    finish(index, {.outcome = SubmitDone::Outcome::no_answer});
  }
  while (queue_.head != none && slots_[queue_.head].queue_deadline <= now) {
    const uint32_t index = queue_.head;
    remove(queue_, index);
    --queue_size_;
    finish(index, {.outcome = SubmitDone::Outcome::unsent});
  }
  finish_requests_due(now);
}

// --- query_sm, cancel_sm -------------------------------------------------------------------------

Result<void> EsmeSession::query(const smpp::QuerySm& query, Token token, Instant now) {
  return put_request(smpp::CommandId::query_sm, query, token, now);
}

Result<void> EsmeSession::cancel(const smpp::CancelSm& cancel, Token token, Instant now) {
  return put_request(smpp::CommandId::cancel_sm, cancel, token, now);
}

Result<void> EsmeSession::put_request(smpp::CommandId id, const smpp::Body& body, Token token,
                                      Instant now) {
  if (state_ != State::bound || wants_close_ || stopped_) return ErrorCode::bad_state;
  if (requests_.size() >= requests_open_max) return ErrorCode::busy;
  uint8_t pdu[submit_octets_max];
  const uint32_t sequence = next_sequence();
  transmit_.append(TRY(smpp::write_pdu({id, smpp::Status::ok, sequence}, body, pdu)));
  requests_.push_back({id, sequence, token, now + options_.answer_wait});
  tell_outlet();
  return {};
}

bool EsmeSession::take_request_resp(ByteView raw, const smpp::Header& header) {
  const bool nack = header.id == smpp::CommandId::generic_nack;
  const auto found = std::find_if(requests_.begin(), requests_.end(), [&](const Request& r) {
    return r.sequence == header.sequence && (nack || header.id == smpp::response_to(r.id));
  });
  if (found == requests_.end()) return false;
  const Token token = found->token;
  requests_.erase(found);
  RequestDone done{.answered = true, .status = header.status, .query = {}};
  if (nack && header.status == smpp::Status::ok) done.status = smpp::Status::unknown_error;
  const auto pdu = smpp::parse_pdu(raw);
  if (pdu.has_value() && header.id == smpp::CommandId::query_sm_resp) {
    done.query = std::get<smpp::QuerySmResp>(pdu->body);
  } else if (!pdu.has_value() && done.status == smpp::Status::ok) {
    ++counts_.unexpected;
    done.status = smpp::Status::unknown_error;
  }
  handler_.on_request_done(token, done);
  return true;
}

void EsmeSession::finish_requests_due(Instant now) {
  while (!requests_.empty() && requests_.front().deadline <= now) {
    const Token token = requests_.front().token;
    requests_.erase(requests_.begin());
    handler_.on_request_done(token, {});
  }
}

// --- messages to us ------------------------------------------------------------------------------

void EsmeSession::take_deliver(const smpp::Pdu& pdu) {
  const uint32_t sequence = pdu.header.sequence;
  const auto refuse = [&](smpp::Status status) {
    ++counts_.unexpected;
    put({smpp::response_to(pdu.header.id), status, sequence}, smpp::MessageIdBody{});
  };
  if (state_ != State::bound && state_ != State::unbinding) {
    refuse(smpp::Status::invalid_bind_status);
    return;
  }
  if (delivers_.size() >= delivers_open_max) {
    refuse(smpp::Status::throttled);
    return;
  }
  // A number that is already open cannot be answered twice; the first answer will do for both.
  for (const OpenDeliver& open : delivers_) {
    if (open.sequence != sequence) continue;
    ++counts_.unexpected;
    return;
  }
  delivers_.push_back({sequence, pdu.header.id});
  ++counts_.delivered;
  if (const auto* message = std::get_if<smpp::ShortMessage>(&pdu.body)) {
    handler_.on_deliver(sequence, *message);
  } else {
    handler_.on_deliver(sequence, message_of(std::get<smpp::DataSm>(pdu.body)));
  }
}

void EsmeSession::answer(uint32_t sequence, smpp::Status status) {
  const auto found = std::find_if(delivers_.begin(), delivers_.end(),
                                  [&](const OpenDeliver& d) { return d.sequence == sequence; });
  if (found == delivers_.end()) return;
  const smpp::CommandId id = smpp::response_to(found->id);
  delivers_.erase(found);
  put({id, status, sequence}, smpp::MessageIdBody{});
  tell_outlet();
}

// --- lists ---------------------------------------------------------------------------------------

uint32_t EsmeSession::take_free_slot() {
  if (free_.head == none) {
    slots_.emplace_back();
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t index = free_.head;
  remove(free_, index);
  return index;
}

void EsmeSession::append(List& list, uint32_t index) {
  Slot& slot = slots_[index];
  slot.previous = list.tail;
  slot.next = none;
  (list.tail == none ? list.head : slots_[list.tail].next) = index;
  list.tail = index;
}

// Back to its place in the order of submit(), which is near the head.
void EsmeSession::insert_into_queue(uint32_t index) {
  uint32_t after = none;
  uint32_t before = queue_.head;
  while (before != none && slots_[before].order < slots_[index].order) {
    after = before;
    before = slots_[before].next;
  }
  slots_[index].previous = after;
  slots_[index].next = before;
  (after == none ? queue_.head : slots_[after].next) = index;
  (before == none ? queue_.tail : slots_[before].previous) = index;
}

void EsmeSession::remove(List& list, uint32_t index) {
  Slot& slot = slots_[index];
  (slot.previous == none ? list.head : slots_[slot.previous].next) = slot.next;
  (slot.next == none ? list.tail : slots_[slot.next].previous) = slot.previous;
}

}  // namespace simurgh::smpp_session
