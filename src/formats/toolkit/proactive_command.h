// Proactive commands (ETSI TS 102 223 6.6, SEND SHORT MESSAGE in 3GPP TS 31.111 6.6.9): the chip
// writes them, the terminal parses them.
//
// One struct a command, with the data objects that this project uses; others are skipped when
// their comprehension bit allows it and make the command `unsupported` when it does not. Icons,
// text attributes and frames are skipped in any case, as a terminal without them does (6.5.4).
// Views point into the bytes parsed, or must live until written.
#pragma once

#include <variant>

#include "formats/toolkit/data_objects.h"

namespace simurgh::toolkit {

// FETCH gives at most 256 octets, and D0 with its length takes up to three.
constexpr size_t proactive_command_octets_max = 256;
constexpr size_t menu_items_max = 32;
constexpr size_t events_max = 32;

// 6.6.13. Command qualifier as in 8.6.
enum class RefreshMode : uint8_t {
  init_full_file_change = 0x00,
  file_change = 0x01,
  init_file_change = 0x02,
  init = 0x03,
  uicc_reset = 0x04,
  application_reset = 0x05,
  session_reset = 0x06,
};
struct Refresh {
  RefreshMode mode = RefreshMode::uicc_reset;
  ByteView file_list;  // number of files, then paths (8.18); empty: no object
  ByteView aid;
};
struct MoreTime {};    // 6.6.4
struct PollInterval {  // 6.6.6
  Interval interval;
};
struct PollingOff {};    // 6.6.14
struct SetUpEventList {  // 6.6.16
  std::array<Event, events_max> events{};
  uint8_t count = 0;  // 0 removes the list
};
struct SetUpCall {           // 6.6.12
  uint8_t qualifier = 0x00;  // 00 only if idle, 02 putting others on hold, 04 disconnecting them
  ByteView alpha;
  ByteView address;  // TON/NPI and BCD (8.1)
};
struct SendShortMessage {  // TS 31.111 6.6.9
  bool pack_by_terminal = false;
  ByteView alpha;
  ByteView address;  // of the service centre; empty: the terminal's own
  ByteView tpdu;     // SMS-SUBMIT or SMS-COMMAND
};
struct DisplayText {  // 6.6.1
  bool high_priority = false;
  bool wait_for_user = false;  // else cleared after a delay
  bool immediate_response = false;
  Text text;
  std::optional<Interval> duration;  // how long it is shown
};
struct GetInkey {            // 6.6.2
  uint8_t qualifier = 0x00;  // b1 alphabet instead of digits, b2 UCS-2, b3 yes/no, b8 help
  Text text;
};
struct GetInput {            // 6.6.3
  uint8_t qualifier = 0x00;  // b1 alphabet, b2 UCS-2, b3 hidden entry, b4 packed, b8 help
  Text text;
  uint8_t length_min = 0;
  uint8_t length_max = 0xff;
  std::optional<Text> default_text;
};
// 6.6.15, qualifier of 8.6.
enum class LocalInformation : uint8_t {
  location = 0x00,
  imei = 0x01,
  network_measurement_results = 0x02,
  date_time = 0x03,
  language = 0x04,
  timing_advance = 0x05,
  access_technology = 0x06,
  imeisv = 0x08,
};
struct ProvideLocalInformation {
  LocalInformation what = LocalInformation::location;
};
struct TimerManagement {  // 6.6.21
  enum class Action : uint8_t { start = 0x00, deactivate = 0x01, get_value = 0x02 };
  Action action = Action::start;
  uint8_t timer = 1;                // 1…8
  std::optional<TimerValue> value;  // of start
};
struct MenuItem {
  uint8_t identifier = 1;  // 1…255
  ByteView text;           // alpha coding
};
struct SetUpMenu {           // 6.6.7
  uint8_t qualifier = 0x00;  // b1 soft key preferred, b8 help available
  ByteView title;
  std::array<MenuItem, menu_items_max> items{};
  uint8_t count = 0;  // 0: removes the menu (an empty item is sent)
};
struct OpenChannel {      // 6.6.27, packet data and default bearer
  bool immediate = true;  // link now, not on demand
  bool automatic_reconnection = false;
  bool background = false;
  ByteView alpha;
  std::optional<BearerDescription> bearer;
  uint16_t buffer_octets = 1400;
  ByteView network_access_name;
  std::optional<OtherAddress> local_address;
  std::optional<Text> user_login;
  std::optional<Text> user_password;
  std::optional<TransportLevel> transport;
  std::optional<OtherAddress> destination;
};
struct CloseChannel {  // 6.6.28
  uint8_t channel = 1;
  uint8_t qualifier = 0x00;  // TCP server: 01 back to listening
  ByteView alpha;
};
struct ReceiveData {  // 6.6.29
  uint8_t channel = 1;
  uint8_t octets_max = 0xff;
};
struct SendData {  // 6.6.30
  uint8_t channel = 1;
  bool immediately = true;  // else stored in the terminal's buffer
  ByteView data;
};
struct GetChannelStatus {};  // 6.6.31

using CommandBody = std::variant<Refresh, MoreTime, PollInterval, PollingOff, SetUpEventList,
                                 SetUpCall, SendShortMessage, DisplayText, GetInkey, GetInput,
                                 ProvideLocalInformation, TimerManagement, SetUpMenu, OpenChannel,
                                 CloseChannel, ReceiveData, SendData, GetChannelStatus>;

struct ProactiveCommand {
  uint8_t number = 1;  // 1…254, chosen by the chip, repeated in the terminal response
  CommandBody body;
};

CommandType type_of(const CommandBody& body);
// Qualifier octet that stands in Command details, for the terminal's copy of it.
uint8_t qualifier_of(const CommandBody& body);

// Command details alone, which a terminal needs to answer what it does not understand.
struct CommandDetails {
  uint8_t number = 0;
  uint8_t type = 0;
  uint8_t qualifier = 0;
  friend bool operator==(const CommandDetails&, const CommandDetails&) = default;
};
// From the bytes of a whole command, D0 first.
Result<CommandDetails> parse_command_details(ByteView bytes);
CommandDetails details_of(const ProactiveCommand& command);

// unsupported: a type that is not above, or an unknown object whose comprehension is required;
// not_found: a mandatory object is missing; bad_value, bad_length, truncated, trailing_bytes.
Result<ProactiveCommand> parse_proactive_command(ByteView bytes);
// too_large above proactive_command_octets_max; bad_value for fields out of range; no_space.
Result<ByteView> write_proactive_command(const ProactiveCommand& command, MutableByteView out);

}  // namespace simurgh::toolkit
