#include "uicc/remote.h"

#include <algorithm>

#include "conversations/personalisation/short_message_bearer.h"
#include "uicc/chip.h"

namespace simurgh::uicc {

namespace status = apdu::status;
using secured_packet::ResponseStatus;

namespace {

// A response packet fits one short message, with room for padding and its MAC.
constexpr size_t response_data_octets_max = 96;
constexpr size_t command_header_octets = 5;  // CLA INS P1 P2 P3

// Whether P3 of a command in compact format is the length of data (TS 102 226 5.2.1): those whose
// P3 says what to read have none.
bool brings_data(uint8_t instruction) {
  return instruction != apdu::ins::read_binary && instruction != apdu::ins::read_record &&
         instruction != apdu::ins::status && instruction != apdu::ins::get_response;
}

}  // namespace

Handled Chip::on_sms_pp(const toolkit::SmsPpDownload& download) {
  const auto packet = TRY(ota_.on_short_message(download.tpdu, record_store_));
  if (!packet.has_value()) return status::ok;
  ResponseStatus result = packet->status;
  std::vector<uint8_t> data;
  if (result == ResponseStatus::ok) {
    if (packet->tar == personalisation::short_message_tar) {
      const AppletAnswer answer = TRY(
          applet_.on_message(packet->secured_data, PersonalisationApplet::Bearer::short_message));
      if (answer.new_life) forget_session();
    } else if (packet->tar == tar_rfm_shared) {
      data = TRY(run_script(packet->secured_data, mf_index));
    } else if (packet->tar == tar_rfm_usim || packet->tar == tar_rfm_usim_other) {
      data = TRY(run_script(packet->secured_data, usim_index));
    } else {
      result = ResponseStatus::tar_unknown;
    }
  }
  personalisation::ChipRecord record;
  TRY(record_store_.load(record));
  // Made before a promotion below can retire the keys.
  const auto response = ota_.respond(*packet, result, data, record);
  if (record.pending.has_value() && record.pending->number == packet->epoch) {
    TRY(applet_.confirm_pending(packet->epoch));
  }
  if (response.empty()) return status::ok;
  const bool by_submit = packet->response.response.bearer == secured_packet::ResponseBearer::submit;
  if (by_submit) {
    outbox_.push(response, sms::PayloadKind::response_packet, packet->originator,
                 static_cast<uint8_t>(packet->counter));
    return status::ok;
  }
  uint8_t user_data[sms::user_data_octets_max];
  const auto part = sms::write_part(response, sms::PayloadKind::response_packet, 0, 0, user_data);
  if (!part.has_value() || response.size() > sms::packet_single_octets_max) return status::ok;
  answer_.assign(part->user_data.begin(), part->user_data.end());
  return status::ok;
}

// Compact format (TS 102 226 5.2.1): commands one after the other until the first that fails; the
// answer is how many were executed, the last one's status, and its data.
Result<std::vector<uint8_t>> Chip::run_script(ByteView script, FileIndex start) {
  Channel channel;
  channel.open = channel.remote = true;
  channel.directory = start;
  if (start == usim_index) channel.adf = usim_index;
  Answer fetched_before;
  fetched_before.swap(waiting_);
  uint8_t executed = 0;
  apdu::StatusWord word = status::ok;
  Answer data;
  Reader reader(script);
  while (!reader.at_end() && executed < 0xff) {
    apdu::Command command;
    const auto header = reader.array<command_header_octets>();
    ++executed;
    if (!header.has_value()) {
      word = status::wrong_length;
      break;
    }
    command.cla = (*header)[0];
    command.ins = (*header)[1];
    command.p1 = (*header)[2];
    command.p2 = (*header)[3];
    const uint8_t p3 = (*header)[4];
    if (brings_data(command.ins)) {
      const auto body = reader.bytes(p3);
      if (!body.has_value()) {
        word = status::wrong_length;
        break;
      }
      command.data = *body;
    } else {
      command.le = p3 == 0 ? apdu::short_answer_octets_max : p3;
    }
    answer_.clear();
    if (command.ins == apdu::ins::get_response) {
      word = TRY(get_response(channel, command));
    } else {
      waiting_.clear();
      const Handled handled = execute(channel, command);
      if (!handled.has_value()) {
        if (handled.error().code == ErrorCode::closed) return handled.error();
        word = handled.error().code == ErrorCode::no_space ? status::not_enough_memory
                                                           : status::technical_problem;
        break;
      }
      word = *handled;
    }
    data = answer_;
    if (command.ins != apdu::ins::get_response && !command.data.empty()) {
      waiting_.swap(answer_);  // for a GET RESPONSE that may follow
      data.clear();
    }
    if (word != status::ok && !word.is_warning()) break;
  }
  answer_.clear();
  waiting_.swap(fetched_before);
  if (data.size() > response_data_octets_max) data.resize(response_data_octets_max);
  std::vector<uint8_t> response = {executed, word.sw1(), word.sw2()};
  response.insert(response.end(), data.begin(), data.end());
  return response;
}

}  // namespace simurgh::uicc
