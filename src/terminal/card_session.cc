#include "terminal/card_session.h"

namespace simurgh::terminal {

namespace ins = apdu::ins;

Result<CardSession::Answer> CardSession::send_once(const apdu::Command& command) {
  uint8_t octets[apdu::short_command_octets_max];
  const auto bytes = apdu::write_command(command, octets);
  if (!bytes.has_value()) return bytes.error();
  const auto answer = slot_.transmit(*bytes);
  if (!answer.has_value()) return fail(ErrorCode::closed);
  const auto response = apdu::parse_response(*answer);
  if (!response.has_value() || response->data.size() > apdu::short_answer_octets_max) {
    return fail(ErrorCode::closed);
  }
  if (response->status.sw1() == 0x91) {
    announced_ = response->status.sw2() == 0 ? 256u : response->status.sw2();
  }
  return Answer{{response->data.begin(), response->data.end()}, response->status};
}

Result<CardSession::Answer> CardSession::send(const apdu::Command& command) {
  Answer answer = TRY(send_once(command));
  if (answer.status.sw1() == 0x6c) {
    apdu::Command again = command;
    again.le = answer.status.sw2() == 0 ? 256u : answer.status.sw2();
    answer = TRY(send_once(again));
  }
  std::vector<uint8_t> data = std::move(answer.data);
  for (size_t piece = 0; answer.status.sw1() == 0x61 || answer.status.sw1() == 0x9f; ++piece) {
    if (piece == pieces_max) return fail(ErrorCode::closed);
    apdu::Command fetch;
    fetch.cla = command.cla == apdu::cla_gsm ? apdu::cla_gsm : apdu::cla_interindustry;
    fetch.ins = ins::get_response;
    fetch.le = answer.status.sw2() == 0 ? 256u : answer.status.sw2();
    answer = TRY(send_once(fetch));
    data.insert(data.end(), answer.data.begin(), answer.data.end());
  }
  answer.data = std::move(data);
  return answer;
}

size_t CardSession::take_announced() {
  const size_t octets = announced_;
  announced_ = 0;
  return octets;
}

namespace {

// What a status word means to who wanted a file.
Result<void> check(apdu::StatusWord status) {
  if (status.is_success() || status.is_warning()) return {};
  if (status == apdu::status::security_status_not_satisfied) return fail(ErrorCode::not_allowed);
  return fail(ErrorCode::not_found);
}

}  // namespace

Result<void> CardSession::select(std::initializer_list<uint16_t> path) {
  std::vector<uint8_t> octets;
  for (const uint16_t fid : path) {
    octets.push_back(static_cast<uint8_t>(fid >> 8));
    octets.push_back(static_cast<uint8_t>(fid));
  }
  apdu::Command command;
  command.ins = ins::select;
  command.p1 = 0x08;
  command.p2 = 0x0c;
  command.data = octets;
  return check(TRY(send(command)).status);
}

Result<void> CardSession::select_application(ByteView aid) {
  apdu::Command command;
  command.ins = ins::select;
  command.p1 = 0x04;
  command.p2 = 0x0c;
  command.data = aid;
  return check(TRY(send(command)).status);
}

Result<std::vector<uint8_t>> CardSession::read_binary(uint8_t octets) {
  apdu::Command command;
  command.ins = ins::read_binary;
  command.le = octets;
  Answer answer = TRY(send(command));
  TRY(check(answer.status));
  if (answer.data.size() < octets) return fail(ErrorCode::bad_length, answer.data.size());
  return std::move(answer.data);
}

Result<std::vector<uint8_t>> CardSession::read_record(uint8_t number) {
  apdu::Command command;
  command.ins = ins::read_record;
  command.p1 = number;
  command.p2 = 0x04;
  command.le = apdu::short_answer_octets_max;
  Answer answer = TRY(send(command));
  TRY(check(answer.status));
  return std::move(answer.data);
}

Result<void> CardSession::update_binary(ByteView bytes) {
  apdu::Command command;
  command.ins = ins::update_binary;
  command.data = bytes;
  return check(TRY(send(command)).status);
}

Result<void> CardSession::update_record(uint8_t number, ByteView bytes) {
  apdu::Command command;
  command.ins = ins::update_record;
  command.p1 = number;
  command.p2 = 0x04;
  command.data = bytes;
  return check(TRY(send(command)).status);
}

}  // namespace simurgh::terminal
