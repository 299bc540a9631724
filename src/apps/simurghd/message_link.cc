#include "apps/simurghd/message_link.h"

#include "formats/smpp/time.h"
#include "formats/sms/user_data.h"

namespace simurgh::simurghd {

MessageLink::MessageLink(const Parts& parts, const Msisdn& own_number, Received received)
    : own_number_(own_number),
      received_(std::move(received)),
      log_(parts.log),
      loop_(parts.loop),
      client_(parts.loop, parts.smsc, parts.transport, parts.options, *this, parts.random,
              parts.log) {}

// The token is last_token_ when it returns well.
Result<void> MessageLink::queue(const Msisdn& to, ByteView user_data, smpp::ShortMessage& message) {
  message.source = {.ton = 1, .npi = 1, .digits = own_number_.text()};
  message.destination = {.ton = 1, .npi = 1, .digits = to.text()};
  message.esm_class = 0x40;  // UDHI
  message.protocol_id = sms::pid_sim_data_download;
  message.data_coding = sms::dcs_octets_class_2;
  message.short_message = user_data;
  return client_.submit(message, ++last_token_);
}

void MessageLink::send_short_message(const Msisdn& to, ByteView user_data) {
  smpp::ShortMessage message;
  // A full queue drops the message: the centre repeats what is not answered.
  if (!queue(to, user_data, message)) {
    ++dropped_;
    return;
  }
  unsent_.emplace(last_token_, to.text());
  ++unsent_for_[std::string(to.text())];
}

Result<void> MessageLink::submit(const element_update::MessagePart& part) {
  smpp::ShortMessage message;
  const smpp::TimeText validity = smpp::write_relative_time(part.valid_for);
  message.validity_period = smpp::view_of(validity);
  if (part.wants_receipt) message.registered_delivery = 0x01;
  TRY(queue(part.to, part.user_data, message));
  if (part.token != 0) parts_.emplace(last_token_, part.token);
  return {};
}

uint32_t MessageLink::room() const {
  const smpp_session::EsmeSession& session = client_.session();
  if (!session.bound()) return 0;
  // Asked once a second: a window, and what the SMSC takes in a second, as it did just now.
  const bool lately = loop_.now() < second_began_ + seconds(2);
  const size_t room = session.window() + (lately ? std::max(taken_before_, taken_now_) : 0);
  const size_t ahead = session.in_flight() + session.queued();
  return ahead >= room ? 0 : static_cast<uint32_t>(room - ahead);
}

void MessageLink::count_taken() {
  const Instant now = loop_.now();
  if (now >= second_began_ + seconds(1)) {
    taken_before_ = now < second_began_ + seconds(2) ? taken_now_ : 0;
    taken_now_ = 0;
    second_began_ = now;
  }
  ++taken_now_;
}

void MessageLink::on_submit_done(smpp_session::Token token, const smpp_session::SubmitDone& done) {
  if (done.outcome == smpp_session::SubmitDone::Outcome::accepted) count_taken();
  if (const auto message = unsent_.find(token); message != unsent_.end()) {
    const auto count = unsent_for_.find(message->second);
    if (--count->second == 0) unsent_for_.erase(count);
    unsent_.erase(message);
  }
  if (const auto part = parts_.find(token); part != parts_.end()) {
    const element_update::PartToken told = part->second;
    parts_.erase(part);
    // Refused for good is an answer: its wait goes on, and so no number is tried without end.
    submitted_(told, done.outcome != smpp_session::SubmitDone::Outcome::unsent);
  }
  if (done.outcome == smpp_session::SubmitDone::Outcome::rejected) {
    log_.warning("short message rejected", {{"status", name_of(done.status)}});
  }
}

void MessageLink::on_deliver(uint32_t sequence, const smpp::ShortMessage& message) {
  // Delivery receipts are hints (threats 31): nothing is decided by them. What a card has put into
  // one proves itself.
  constexpr uint8_t receipt_types = 0x3c;
  const auto from = Msisdn::parse(message.source.digits);
  const bool has_header = (message.esm_class & 0x40) != 0;
  const bool report = (message.esm_class & receipt_types) != 0;
  if (from && (has_header || !report)) received_(*from, message.content(), has_header, report);
  // Leaves after the commit, as everything does: what the SMSC forgets, we have.
  client_.answer(sequence, smpp::Status::ok);
}

}  // namespace simurgh::simurghd
