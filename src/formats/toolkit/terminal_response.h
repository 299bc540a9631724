// Terminal responses (ETSI TS 102 223 6.8): the terminal writes them, the chip parses them.
//
// One flat struct: what a response carries beside the result depends on the command, and each of
// those objects has one meaning whatever the command.
#pragma once

#include "formats/toolkit/proactive_command.h"

namespace simurgh::toolkit {

constexpr size_t terminal_response_octets_max = 255;

struct TerminalResponse {
  CommandDetails command;
  Device source = Device::terminal;
  GeneralResult result = GeneralResult::performed;
  ByteView additional_information;  // of the result (8.12.1…); of 3A a BearerError

  std::optional<Interval> interval;        // POLL INTERVAL: the one that the terminal took
  std::optional<Text> text;                // GET INKEY, GET INPUT
  std::optional<uint8_t> item_identifier;  // menus
  ByteView location_information;           // MCC MNC LAC CI (8.19)
  ByteView imei;                           // BCD
  ByteView imeisv;
  ByteView network_measurement_results;
  ByteView date_time;  // 7 octets as a service centre time stamp
  ByteView language;   // two characters, ISO 639-1
  ByteView timing_advance;
  std::optional<uint8_t> access_technology;
  std::optional<uint8_t> timer;  // TIMER MANAGEMENT
  std::optional<TimerValue> timer_value;
  std::array<ChannelStatus, channels_max> channels{};  // OPEN CHANNEL, GET CHANNEL STATUS
  uint8_t channel_count = 0;
  std::optional<BearerDescription> bearer;  // OPEN CHANNEL: as modified
  std::optional<uint16_t> buffer_octets;
  std::optional<ByteView> channel_data;        // RECEIVE DATA
  std::optional<uint8_t> channel_data_length;  // RECEIVE DATA: left; SEND DATA: room; FF = more
};

// A response is the body of the TERMINAL RESPONSE APDU. Unknown objects are skipped. not_found
// without command details or result.
Result<TerminalResponse> parse_terminal_response(ByteView bytes);
Result<ByteView> write_terminal_response(const TerminalResponse& response, MutableByteView out);

}  // namespace simurgh::toolkit
