// The SMSC's outer functions and its clock.
#include "network/smsc.h"

#include <charconv>

#include "crypto/primitives.h"
#include "formats/smpp/time.h"
#include "network/smsc_state.h"

namespace simurgh::network {

using smpp::Status;

SmscCentre::State::State(const SmscCentreOptions& its_options, const FaultPlan& its_faults,
                         Terminals& its_terminals, Random& its_random)
    : options(its_options),
      faults(its_faults),
      terminals(its_terminals),
      random(its_random),
      accounts(its_options.accounts.size()) {
  SIMURGH_CHECK(!options.retry_waits.empty());
  // Without a wait an absent terminal would be tried for ever at one instant.
  for (const Duration wait : options.retry_waits) SIMURGH_CHECK(wait.ms > 0);
}

SmscCentre::SmscCentre(const SmscCentreOptions& options, const FaultPlan& faults,
                       Terminals& terminals, Random& random)
    : state_(std::make_unique<State>(options, faults, terminals, random)) {}

SmscCentre::~SmscCentre() = default;

std::string text_of_message_id(uint64_t id) {
  char digits[17];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, id, 16);
  return {digits, end};
}

uint64_t message_id_of_text(std::string_view text) {
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  return error == std::errc{} && end == text.data() + text.size() ? id : 0;
}

// --- time ----------------------------------------------------------------------------------------

void SmscCentre::on_timeout(Instant now) {
  State& s = *state_;
  s.now = std::max(s.now, now);
  s.stamp_arrivals();
  while (!s.due.empty() && s.due.top().at <= s.now) {
    const State::Due due = s.due.top();
    s.due.pop();
    s.handle(due);
    s.stamp_arrivals();
  }
}

Instant SmscCentre::poll_timeout() const {
  if (!state_->arrivals.empty()) return state_->now;
  return state_->due.empty() ? Instant::never() : state_->due.top().at;
}

void SmscCentre::State::push(Instant at, Due::Kind kind, uint64_t key) {
  if (at == Instant::never()) return;
  due.push({at, ++due_pushed, kind, key});
}

void SmscCentre::State::handle(const Due& what) {
  switch (what.kind) {
    case Due::Kind::attempt: attempt(what.key); return;
    case Due::Kind::expiry: expire(what.key); return;
    case Due::Kind::report_wait: report(what.key, {}); return;
    case Due::Kind::esme: pump_esme(what.key); return;
  }
}

// SMPP's handler calls bring no time, so what they accept gets its times here.
void SmscCentre::State::stamp_arrivals() {
  std::vector<MessageId> ids;
  ids.swap(arrivals);
  for (const MessageId id : ids) {
    const auto found = messages.find(id);
    if (found == messages.end()) continue;  // cancelled already
    Message& message = found->second;
    message.submitted = now;
    message.not_before = now + hop();
    const auto scheduled = smpp::parse_time(message.schedule, now);
    if (scheduled.has_value()) message.not_before = std::max(message.not_before, *scheduled);
    const auto validity = smpp::parse_time(message.validity, now);
    const Instant from = std::max(now, message.not_before);
    message.valid_until =
        std::min(validity.has_value() ? *validity : from + options.validity_default,
                 from + options.validity_max);
    store(id);
  }
}

// --- what ESMEs ask ------------------------------------------------------------------------------

Status SmscCentre::on_bind(smpp_session::SmscSession& session, smpp_session::BindKind,
                           const smpp::Bind& bind) {
  State& s = *state_;
  for (size_t i = 0; i < s.options.accounts.size(); ++i) {
    const SmscAccount& account = s.options.accounts[i];
    if (account.system_id != bind.system_id) continue;
    if (!crypto::secure_equal(account.password.view(), bytes_of(bind.password))) {
      return Status::invalid_password;
    }
    s.accounts[i].sessions.push_back(&session);
    s.accounts[i].retry_at = s.now;
    // The session is bound when this returns; what waits goes out then.
    s.push(s.now, State::Due::Kind::esme, i);
    return Status::ok;
  }
  return Status::invalid_system_id;
}

void SmscCentre::on_unbound(smpp_session::SmscSession& session) {
  for (State::Account& account : state_->accounts) std::erase(account.sessions, &session);
}

void SmscCentre::on_submit(smpp_session::SmscSession& session, uint32_t sequence,
                           const smpp::ShortMessage& submitted) {
  State& s = *state_;
  const auto refuse = [&](Status status) {
    ++s.counts.refused;
    session.answer_submit(sequence, status, {});
  };
  if (chance(s.random, s.faults.throttle_ppm)) return refuse(Status::throttled);
  if (chance(s.random, s.faults.queue_full_ppm)) return refuse(Status::queue_full);
  if (s.messages.size() >= s.options.messages_max) return refuse(Status::queue_full);
  const auto known = s.destination_of.find(std::string(submitted.destination.digits));
  if (known != s.destination_of.end() &&
      s.destinations[known->second].waiting.size() >= s.options.messages_per_destination_max) {
    return refuse(Status::queue_full);
  }
  if (!Msisdn::parse(submitted.destination.digits).has_value()) {
    return refuse(Status::invalid_destination);
  }
  const auto originator = air_address_of(submitted.source);
  if (!originator.has_value()) return refuse(Status::invalid_source);
  auto air = air_message_of(submitted);
  if (!air.has_value()) {
    const bool long_message = air.error().code == ErrorCode::too_large;
    return refuse(long_message ? Status::invalid_message_length : Status::submit_failed);
  }
  const auto time_is_good = [&](std::string_view text) {
    return text.empty() || smpp::parse_time(text, s.now).has_value();
  };
  if (!time_is_good(submitted.validity_period)) return refuse(Status::invalid_validity_period);
  if (!time_is_good(submitted.schedule_delivery_time)) {
    return refuse(Status::invalid_schedule_time);
  }
  const State::MessageId id = ++s.last_message;
  State::Message& message = s.messages[id];
  message.account = s.account_of_session(session);
  message.source = SmppAddress::of(submitted.source);
  message.destination = SmppAddress::of(submitted.destination);
  message.originator = *originator;
  message.air = std::move(*air);
  message.registered_delivery = submitted.registered_delivery & smpp::receipt::mask;
  message.schedule = submitted.schedule_delivery_time;
  message.validity = submitted.validity_period;
  message.lie = chance(s.random, s.faults.receipt_lie_ppm);
  message.lost = chance(s.random, s.faults.loss_ppm);
  s.arrivals.push_back(id);
  if (chance(s.random, s.faults.doubling_ppm)) {
    ++s.counts.doubled;
    const State::MessageId twin_id = ++s.last_message;
    State::Message twin = s.messages[id];
    twin.copy = true;
    twin.lie = twin.lost = false;
    s.messages[twin_id] = std::move(twin);
    s.arrivals.push_back(twin_id);
  }
  ++s.counts.submitted;
  session.answer_submit(sequence, Status::ok, text_of_message_id(id));
}

Status SmscCentre::on_query(smpp_session::SmscSession& session, const smpp::QuerySm& query,
                            smpp::QuerySmResp& answer) {
  const State& s = *state_;
  const uint64_t id = message_id_of_text(query.message_id);
  const auto waiting = s.messages.find(id);
  if (waiting != s.messages.end() && waiting->second.account == s.account_of_session(session)) {
    answer.state = smpp::MessageState::en_route;
    return Status::ok;
  }
  const auto done = s.final_states.find(id);
  if (done == s.final_states.end()) return Status::query_failed;
  answer.state = done->second;
  return Status::ok;
}

Status SmscCentre::on_cancel(smpp_session::SmscSession& session, const smpp::CancelSm& cancel) {
  State& s = *state_;
  const size_t account = s.account_of_session(session);
  std::vector<State::MessageId> chosen;
  if (!cancel.message_id.empty()) {
    chosen.push_back(message_id_of_text(cancel.message_id));
  } else {
    const auto found = s.destination_of.find(std::string(cancel.destination.digits));
    if (found != s.destination_of.end()) {
      for (const State::MessageId id : s.destinations[found->second].waiting) chosen.push_back(id);
    }
  }
  bool any = false;
  for (const State::MessageId id : chosen) {
    const auto found = s.messages.find(id);
    if (found == s.messages.end() || found->second.delivering) continue;
    const State::Message& message = found->second;
    if (message.account != account || message.source.digits != cancel.source.digits) continue;
    any = true;
    ++s.counts.cancelled;
    s.finish(id, smpp::MessageState::deleted, 0);
  }
  return any ? Status::ok : Status::cancel_failed;
}

// --- what terminals say --------------------------------------------------------------------------

void SmscCentre::on_delivery_report(DeliveryId id, const DeliveryReport& report, Instant now) {
  state_->now = std::max(state_->now, now);
  state_->report(id, report);
}

void SmscCentre::on_terminal_available(std::string_view destination, Instant now) {
  State& s = *state_;
  s.now = std::max(s.now, now);
  const auto found = s.destination_of.find(std::string(destination));
  if (found == s.destination_of.end()) return;
  State::Destination& known = s.destinations[found->second];
  known.retry_at = s.now;
  known.retries = 0;
  s.push(s.now, State::Due::Kind::attempt, found->second);
}

SmscCentre::MobileOriginated SmscCentre::on_mobile_submit(std::string_view source,
                                                          ByteView submit_tpdu, Instant now) {
  State& s = *state_;
  s.now = std::max(s.now, now);
  const auto submit = sms::parse_submit(submit_tpdu);
  const auto from = Msisdn::parse(source);
  if (!submit.has_value() || !from.has_value()) return MobileOriginated::malformed;
  const auto to = smpp_address_of(submit->destination);
  if (!to.has_value()) return MobileOriginated::no_route;
  AirMessage air{.has_user_data_header = submit->has_user_data_header,
                 .protocol_identifier = submit->protocol_identifier,
                 .data_coding = submit->data_coding,
                 .length = submit->user_data.length,
                 .user_data = {submit->user_data.octets.begin(), submit->user_data.octets.end()}};
  const SmppAddress originator{smpp::ton::international, smpp::npi::isdn,
                               std::string(from->text())};
  const size_t account = s.account_of_number(to->digits);
  if (account != State::no_account) {
    const auto content = smpp_content_of(air);
    if (!content.has_value()) return MobileOriginated::malformed;
    if (s.accounts[account].waiting.size() + s.accounts[account].delayed.size() >=
        s.options.to_esme_max) {
      return MobileOriginated::congested;
    }
    ++s.counts.from_terminals;
    const int copies = chance(s.random, s.faults.mobile_loss_ppm)       ? 0
                       : chance(s.random, s.faults.mobile_doubling_ppm) ? 2
                                                                        : 1;
    for (int i = 0; i < copies; ++i) {
      s.queue_for_esme(account,
                       {.source = originator,
                        .destination = *to,
                        .esm_class = air.has_user_data_header ? smpp::esm_class::udhi : uint8_t{0},
                        .protocol_id = air.protocol_identifier,
                        .data_coding = air.data_coding,
                        .content = *content,
                        .receipted_id = {}},
                       s.now + s.hop());
    }
    return MobileOriginated::accepted;
  }
  if (!Msisdn::parse(to->digits).has_value()) return MobileOriginated::no_route;
  if (s.messages.size() >= s.options.messages_max) return MobileOriginated::congested;
  const State::MessageId id = ++s.last_message;
  State::Message& message = s.messages[id];
  message.source = originator;
  message.destination = *to;
  message.originator = sms::Address::of_msisdn(*from);
  message.air = std::move(air);
  message.lost = chance(s.random, s.faults.mobile_loss_ppm);
  ++s.counts.from_terminals;
  s.arrivals.push_back(id);
  return MobileOriginated::accepted;
}

// --- looking in ----------------------------------------------------------------------------------

size_t SmscCentre::messages() const {
  return state_->messages.size();
}

size_t SmscCentre::waiting_for_esme() const {
  size_t waiting = 0;
  for (const State::Account& account : state_->accounts) {
    waiting += account.delayed.size() + account.waiting.size() + account.in_flight.size();
  }
  return waiting;
}

const SmscCentreCounts& SmscCentre::counts() const {
  return state_->counts;
}

void SmscCentre::set_faults(const FaultPlan& faults) {
  state_->faults = faults;
}

}  // namespace simurgh::network
