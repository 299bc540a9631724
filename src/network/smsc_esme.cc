// The SMSC towards ESMEs: receipts, answers of cards, messages of terminals.
#include "formats/smpp/receipt.h"
#include "formats/smpp/time.h"
#include "network/smsc_state.h"

namespace simurgh::network {
namespace {

// "YYMMDDhhmm" of a receipt.
std::string receipt_date(Instant time) {
  const auto text = smpp::write_absolute_time(time);
  return text.has_value() ? std::string(smpp::view_of(*text).substr(0, 10)) : "0000000000";
}

std::string three_digits(uint8_t value) {
  std::string text(3, '0');
  for (size_t i = 0; i < 3; ++i, value /= 10) text[2 - i] = static_cast<char>('0' + value % 10);
  return text;
}

}  // namespace

size_t SmscCentre::State::account_of_number(std::string_view digits) const {
  for (size_t i = 0; i < options.accounts.size(); ++i) {
    for (const std::string& number : options.accounts[i].numbers) {
      if (number == digits) return i;
    }
  }
  return no_account;
}

size_t SmscCentre::State::account_of_session(const smpp_session::SmscSession& session) const {
  for (size_t i = 0; i < accounts.size(); ++i) {
    for (const smpp_session::SmscSession* bound : accounts[i].sessions) {
      if (bound == &session) return i;
    }
  }
  return no_account;
}

void SmscCentre::State::send_receipt(const Message& message, MessageId id, smpp::MessageState state,
                                     uint8_t error) {
  if (message.account == no_account) return;
  const bool good = state == smpp::MessageState::delivered;
  const bool wanted = message.registered_delivery == smpp::receipt::always ||
                      (message.registered_delivery == smpp::receipt::on_failure && !good);
  if (!wanted || chance(random, faults.receipt_loss_ppm)) return;
  const std::string id_text = text_of_message_id(id);
  const std::string submitted = receipt_date(message.submitted), done = receipt_date(now),
                    error_text = three_digits(error);
  char buffer[smpp::receipt_text_octets_max];
  const auto text = smpp::write_receipt_text({.message_id = id_text,
                                              .submitted = 1,
                                              .delivered = static_cast<uint16_t>(good ? 1 : 0),
                                              .submit_date = submitted,
                                              .done_date = done,
                                              .state = state,
                                              .error = error_text,
                                              .text = {}},
                                             buffer);
  SIMURGH_CHECK(text.has_value());
  ++counts.receipts;
  const ByteView content = bytes_of(*text);
  queue_for_esme(message.account,
                 {.source = message.destination,
                  .destination = message.source,
                  .esm_class = smpp::esm_class::delivery_receipt,
                  .content = {content.begin(), content.end()},
                  .receipted_id = id_text,
                  .state = state},
                 now + hop());
}

// The card's answer in the SMS-DELIVER-REPORT; its header says what it is (02 71 00).
void SmscCentre::State::send_report_data(const Message& message, ByteView user_data) {
  if (message.account == no_account) return;
  if (user_data.size() > sms::user_data_octets_max) return;
  queue_for_esme(message.account,
                 {.source = message.destination,
                  .destination = message.source,
                  .esm_class = static_cast<uint8_t>(smpp::esm_class::udhi |
                                                    smpp::esm_class::delivery_acknowledge),
                  .protocol_id = message.air.protocol_identifier,
                  .data_coding = sms::dcs_octets_class_2,
                  .content = {user_data.begin(), user_data.end()},
                  .receipted_id = {}},
                 now + hop());
}

void SmscCentre::State::queue_for_esme(size_t account, ToEsme item, Instant not_before) {
  Account& to = accounts[account];
  if (to.waiting.size() + to.delayed.size() >= options.to_esme_max) {
    ++counts.to_esme_dropped;
    return;
  }
  item.drop_at = now + options.validity_default;
  push(not_before, Due::Kind::esme, account);
  to.delayed.emplace(not_before, std::move(item));
}

// Gives it to one of the account's sessions, in turn.
bool SmscCentre::State::offer(Account& account, const ToEsme& item, smpp_session::Token token) {
  uint8_t buffer[2 * smpp::message_id_chars_max];
  smpp::TlvWriter tlvs(buffer);
  if (!item.receipted_id.empty()) {
    tlvs.add_text(smpp::Tag::receipted_message_id, item.receipted_id);
    tlvs.add_u8(smpp::Tag::message_state, static_cast<uint8_t>(item.state));
  }
  const smpp::ShortMessage message{.service_type = {},
                                   .source = item.source.view(),
                                   .destination = item.destination.view(),
                                   .esm_class = item.esm_class,
                                   .protocol_id = item.protocol_id,
                                   .data_coding = item.data_coding,
                                   .short_message = item.content,
                                   .tlvs = tlvs.tlvs()};
  for (size_t tries = 0; tries < account.sessions.size(); ++tries) {
    account.next_session = (account.next_session + 1) % account.sessions.size();
    smpp_session::SmscSession& session = *account.sessions[account.next_session];
    if (session.may_deliver() && session.deliver(message, token, now).has_value()) return true;
  }
  return false;
}

void SmscCentre::State::pump_esme(size_t index) {
  Account& account = accounts[index];
  while (!account.delayed.empty() && account.delayed.begin()->first <= now) {
    account.waiting.push_back(std::move(account.delayed.begin()->second));
    account.delayed.erase(account.delayed.begin());
  }
  while (!account.waiting.empty() && account.retry_at <= now) {
    if (account.waiting.front().drop_at <= now) {
      ++counts.to_esme_dropped;
      account.waiting.pop_front();
      continue;
    }
    const smpp_session::Token token = ++last_token;
    if (!offer(account, account.waiting.front(), token)) {
      // Nobody is bound, or all windows are full: an answer or a bind brings us back, or this.
      account.retry_at = now + esme_retry_wait;
      push(account.retry_at, Due::Kind::esme, index);
      return;
    }
    account.in_flight.emplace(token, std::move(account.waiting.front()));
    account.waiting.pop_front();
  }
}

void SmscCentre::on_deliver_done(smpp_session::SmscSession&, smpp_session::Token token,
                                 const smpp_session::DeliverDone& done) {
  State& s = *state_;
  for (size_t i = 0; i < s.accounts.size(); ++i) {
    State::Account& account = s.accounts[i];
    const auto found = account.in_flight.find(token);
    if (found == account.in_flight.end()) continue;
    State::ToEsme item = std::move(found->second);
    account.in_flight.erase(found);
    const bool again = !done.answered || smpp::is_temporary(done.status);
    if (again) {
      const Instant not_before = s.now + State::esme_retry_wait;
      s.push(not_before, State::Due::Kind::esme, i);
      account.delayed.emplace(not_before, std::move(item));
    } else if (done.status == smpp::Status::ok) {
      ++s.counts.to_esme;
    } else {
      ++s.counts.to_esme_dropped;
    }
    if (account.retry_at > s.now) {
      account.retry_at = s.now;  // the window has moved
      s.push(s.now, State::Due::Kind::esme, i);
    }
    return;
  }
}

}  // namespace simurgh::network
