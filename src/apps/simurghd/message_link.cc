#include "apps/simurghd/message_link.h"

#include "formats/sms/user_data.h"

namespace simurgh::simurghd {

MessageLink::MessageLink(const Parts& parts, const Msisdn& own_number, Received received)
    : own_number_(own_number),
      received_(std::move(received)),
      log_(parts.log),
      client_(parts.loop, parts.smsc, parts.transport, parts.options, *this, parts.random,
              parts.log) {}

void MessageLink::send_short_message(const Msisdn& to, ByteView user_data) {
  smpp::ShortMessage message;
  message.source = {.ton = 1, .npi = 1, .digits = own_number_.text()};
  message.destination = {.ton = 1, .npi = 1, .digits = to.text()};
  message.esm_class = 0x40;  // UDHI
  message.protocol_id = sms::pid_sim_data_download;
  message.data_coding = sms::dcs_octets_class_2;
  message.short_message = user_data;
  // A full queue drops the message: the centre repeats what is not answered.
  const smpp_session::Token token = ++last_token_;
  if (!client_.submit(message, token)) {
    ++dropped_;
    return;
  }
  unsent_.emplace(token, to.text());
  ++unsent_for_[std::string(to.text())];
}

void MessageLink::on_submit_done(smpp_session::Token token, const smpp_session::SubmitDone& done) {
  if (const auto message = unsent_.find(token); message != unsent_.end()) {
    const auto count = unsent_for_.find(message->second);
    if (--count->second == 0) unsent_for_.erase(count);
    unsent_.erase(message);
  }
  if (done.outcome == smpp_session::SubmitDone::Outcome::rejected) {
    log_.warning("short message rejected", {{"status", name_of(done.status)}});
  }
}

void MessageLink::on_deliver(uint32_t sequence, const smpp::ShortMessage& message) {
  // Delivery receipts are hints (threats 31): nothing is decided by them.
  constexpr uint8_t receipt_types = 0x3c;
  const auto from = Msisdn::parse(message.source.digits);
  if ((message.esm_class & receipt_types) == 0 && from) {
    received_(*from, message.content(), (message.esm_class & 0x40) != 0);
  }
  // Leaves after the commit, as everything does: what the SMSC forgets, we have.
  client_.answer(sequence, smpp::Status::ok);
}

}  // namespace simurgh::simurghd
