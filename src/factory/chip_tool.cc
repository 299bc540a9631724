#include "factory/chip_tool.h"

#include <algorithm>

namespace simurgh::factory {
namespace {

namespace ins = apdu::ins;

constexpr uint8_t select_by_name = 0x04;  // TS 102 221 table 11.2
constexpr uint8_t select_without_answer = 0x0c;
constexpr uint8_t pin1_global = 0x01;  // TS 102 221 table 9.3
constexpr uint16_t ef_imsi = 0x6f07;
constexpr size_t ef_imsi_octets = 9;  // TS 31.102 4.2.2
constexpr uint32_t answer_any = 256;
constexpr int followups_max = 4;  // 61xx and 6Cxx for one command
// PIN1 as every chip leaves the factory (D3): 0000, padded (TS 102 221 9.5.1).
constexpr ByteArray<8> pin_factory = {'0', '0', '0', '0', 0xff, 0xff, 0xff, 0xff};
// TS 101 220 annex E: the 3GPP USIM application, without its provider's part.
constexpr ByteArray<7> usim_aid = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

ErrorCode code_of(apdu::StatusWord status) {
  switch (status.sw1()) {
    case 0x67: return ErrorCode::bad_length;
    case 0x69: return ErrorCode::bad_state;
    case 0x6d:
    case 0x6e: return ErrorCode::unsupported;
    case 0x65: return ErrorCode::storage;
    case 0x98: return ErrorCode::bad_mac;
    default: break;
  }
  return status.value == 0x6a82 || status.value == 0x6a88 ? ErrorCode::not_found
                                                          : ErrorCode::bad_value;
}

}  // namespace

Result<ByteView> ChipTool::send(const apdu::Command& command) {
  apdu::Command next = command;
  for (int followups = 0; followups <= followups_max; ++followups) {
    ByteArray<apdu::short_command_octets_max> buffer;
    const ByteView bytes = TRY(apdu::write_command(next, buffer));
    const auto transmitted = channel_.transmit(bytes);
    wipe(buffer);  // a PIN, or K1 in its block
    const auto response = TRY(apdu::parse_response(TRY(transmitted)));
    last_status_ = response.status;
    if (response.status.sw1() == 0x61) {
      next = {.cla = command.cla,
              .ins = ins::get_response,
              .data = {},
              .le = response.status.sw2() == 0 ? answer_any : response.status.sw2()};
      continue;
    }
    if (response.status.sw1() == 0x6c) {
      next.le = response.status.sw2() == 0 ? answer_any : response.status.sw2();
      continue;
    }
    if (!response.status.is_success()) return code_of(response.status);
    std::ranges::copy(response.data, answer_.begin());
    return ByteView(answer_).first(response.data.size());
  }
  return ErrorCode::unsupported;
}

Result<ByteView> ChipTool::send_blocks(uint8_t ins, ByteView data, bool answer_wanted) {
  uint8_t number = 0;
  while (true) {
    const ByteView block = data.first(std::min(data.size(), uicc::block_octets_max));
    data = data.subspan(block.size());
    const bool last = data.empty();
    const auto answer = TRY(send({.cla = apdu::cla_etsi,
                                  .ins = ins,
                                  .p1 = last ? uicc::block_last : uint8_t{0},
                                  .p2 = number++,
                                  .data = block,
                                  .le = last && answer_wanted ? answer_any : 0}));
    if (last) return answer;
  }
}

Result<void> ChipTool::select() {
  TRY(send({.cla = apdu::cla_interindustry,
            .ins = ins::select,
            .p1 = select_by_name,
            .p2 = select_without_answer,
            .data = uicc::personalisation_aid}));
  return {};
}

Result<uicc::ChipData> ChipTool::chip_data() {
  return uicc::parse_chip_data(TRY(send({.cla = apdu::cla_etsi,
                                         .ins = uicc::chip_ins::get_chip_data,
                                         .data = {},
                                         .le = answer_any})));
}

Result<void> ChipTool::pre_personalise(const uicc::PrePersonalisation& data) {
  const uicc::PrePersonalisationBytes bytes = uicc::write_pre_personalisation(data);
  TRY(send_blocks(uicc::chip_ins::pre_personalise, bytes.view(), false));
  return {};
}

Result<Imsi> ChipTool::read_imsi() {
  TRY(send({.cla = apdu::cla_interindustry,
            .ins = ins::select,
            .p1 = select_by_name,
            .p2 = select_without_answer,
            .data = usim_aid}));
  TRY(send({.cla = apdu::cla_interindustry,
            .ins = ins::verify_pin,
            .p2 = pin1_global,
            .data = pin_factory}));
  const ByteArray<2> fid = {ef_imsi >> 8, ef_imsi & 0xff};
  TRY(send({.cla = apdu::cla_interindustry,
            .ins = ins::select,
            .p2 = select_without_answer,
            .data = fid}));
  const ByteView bytes = TRY(send(
      {.cla = apdu::cla_interindustry, .ins = ins::read_binary, .data = {}, .le = ef_imsi_octets}));
  // Length, then digits with the parity in the first half octet (TS 31.102 4.2.2).
  if (bytes.size() != ef_imsi_octets || bytes[0] == 0 || bytes[0] >= ef_imsi_octets) {
    return ErrorCode::bad_length;
  }
  ByteArray<2 * ef_imsi_octets> digits{};
  const auto text = TRY(parse_bcd(bytes.subspan(1, bytes[0]),
                                  {reinterpret_cast<char*>(digits.data()), digits.size()}));
  if (text.empty()) return ErrorCode::bad_length;
  return Imsi::parse(text.substr(1));
}

Result<personalisation::Message> ChipTool::reset_challenge() {
  const ByteView answer = TRY(send({.cla = apdu::cla_etsi,
                                    .ins = uicc::chip_ins::reset_challenge,
                                    .data = {},
                                    .le = answer_any}));
  return personalisation::Message(answer);
}

Result<personalisation::Message> ChipTool::exchange(ByteView message) {
  if (message.empty()) return ErrorCode::bad_length;
  return personalisation::Message(TRY(send_blocks(uicc::chip_ins::exchange, message, true)));
}

}  // namespace simurgh::factory
