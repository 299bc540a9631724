#include "uicc/outbox.h"

#include "formats/sms/tpdu.h"

namespace simurgh::uicc {

bool Outbox::push(ByteView packet, sms::PayloadKind kind, const sms::Address& to,
                  uint8_t reference) {
  const auto parts = sms::part_count(packet.size(), kind);
  if (packets_.size() >= packets_max || !parts.has_value()) return false;
  packets_.push_back(
      {{packet.begin(), packet.end()}, kind, to, reference, static_cast<uint8_t>(*parts)});
  if (!sending_ && !waiting_) send_head();
  return true;
}

void Outbox::send_head() {
  sending_ = false;
  while (!packets_.empty() && !sending_) {
    Packet& packet = packets_.front();
    ++packet.tries;
    sending_ = true;
    for (size_t index = packet.parts_sent; index < packet.parts && sending_; ++index) {
      sending_ = push_part(packet, index);
    }
    if (sending_) return;
    queue_.drop(Purpose::message_part);
    packets_.pop_front();
  }
}

bool Outbox::push_part(const Packet& packet, size_t index) {
  uint8_t user_data_octets[sms::user_data_octets_max];
  const auto part =
      sms::write_part(packet.bytes, packet.kind, packet.reference, index, user_data_octets);
  if (!part.has_value()) return false;
  const auto user_data = sms::octet_user_data(part->user_data);
  if (!user_data.has_value()) return false;
  sms::Submit submit;
  submit.has_user_data_header = part->has_header;
  submit.message_reference = message_reference_++;
  submit.destination = packet.to;
  submit.data_coding = sms::dcs_octets;
  submit.user_data = *user_data;
  uint8_t tpdu_octets[sms::tpdu_octets_max];
  const auto tpdu = sms::write_submit(submit, tpdu_octets);
  if (!tpdu.has_value()) return false;
  toolkit::SendShortMessage command;
  command.tpdu = *tpdu;
  return queue_.push(command, Purpose::message_part);
}

bool Outbox::on_part_sent(toolkit::GeneralResult result) {
  if (packets_.empty() || !sending_) return false;
  Packet& packet = packets_.front();
  switch (toolkit::class_of(result)) {
    case toolkit::ResultClass::performed:
      if (++packet.parts_sent < packet.parts) return false;
      packets_.pop_front();
      send_head();
      return false;
    case toolkit::ResultClass::retry:
      queue_.drop(Purpose::message_part);
      sending_ = false;
      if (packet.tries < tries_max) {
        waiting_ = true;
        return true;
      }
      break;
    case toolkit::ResultClass::do_not_repeat: queue_.drop(Purpose::message_part); break;
  }
  packets_.pop_front();
  send_head();
  return false;
}

void Outbox::retry() {
  if (!waiting_) return;
  waiting_ = false;
  send_head();
}

void Outbox::clear() {
  queue_.drop(Purpose::message_part);
  packets_.clear();
  sending_ = false;
  waiting_ = false;
}

}  // namespace simurgh::uicc
