// Data objects that toolkit messages are made of (ETSI TS 102 223 8 and 9, 3GPP TS 31.111 8).
//
// Plain structs over views; the messages are in proactive_command.h, terminal_response.h and
// envelope.h. The terminal's use of them and the chip's are not here.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/tlv/comprehension_tlv.h"

namespace simurgh::toolkit {

// TS 102 223 9.3, without the comprehension bit.
namespace tag {
constexpr tlv::ComprehensionTag command_details = 0x01;
constexpr tlv::ComprehensionTag device_identities = 0x02;
constexpr tlv::ComprehensionTag result = 0x03;
constexpr tlv::ComprehensionTag duration = 0x04;
constexpr tlv::ComprehensionTag alpha_identifier = 0x05;
constexpr tlv::ComprehensionTag address = 0x06;
constexpr tlv::ComprehensionTag capability_configuration = 0x07;
constexpr tlv::ComprehensionTag subaddress = 0x08;
constexpr tlv::ComprehensionTag ss_string = 0x09;
constexpr tlv::ComprehensionTag ussd_string = 0x0a;
constexpr tlv::ComprehensionTag sms_tpdu = 0x0b;
constexpr tlv::ComprehensionTag text_string = 0x0d;
constexpr tlv::ComprehensionTag item = 0x0f;
constexpr tlv::ComprehensionTag item_identifier = 0x10;
constexpr tlv::ComprehensionTag response_length = 0x11;
constexpr tlv::ComprehensionTag file_list = 0x12;
constexpr tlv::ComprehensionTag location_information = 0x13;
constexpr tlv::ComprehensionTag imei = 0x14;
constexpr tlv::ComprehensionTag help_request = 0x15;
constexpr tlv::ComprehensionTag network_measurement_results = 0x16;
constexpr tlv::ComprehensionTag default_text = 0x17;
constexpr tlv::ComprehensionTag next_action_indicator = 0x18;
constexpr tlv::ComprehensionTag event_list = 0x19;
constexpr tlv::ComprehensionTag location_status = 0x1b;
constexpr tlv::ComprehensionTag icon_identifier = 0x1e;
constexpr tlv::ComprehensionTag item_icon_identifiers = 0x1f;
constexpr tlv::ComprehensionTag timer_identifier = 0x24;
constexpr tlv::ComprehensionTag timer_value = 0x25;
constexpr tlv::ComprehensionTag date_time = 0x26;
constexpr tlv::ComprehensionTag immediate_response = 0x2b;
constexpr tlv::ComprehensionTag language = 0x2d;
constexpr tlv::ComprehensionTag timing_advance = 0x2e;
constexpr tlv::ComprehensionTag aid = 0x2f;
constexpr tlv::ComprehensionTag bearer_description = 0x35;
constexpr tlv::ComprehensionTag channel_data = 0x36;
constexpr tlv::ComprehensionTag channel_data_length = 0x37;
constexpr tlv::ComprehensionTag channel_status = 0x38;
constexpr tlv::ComprehensionTag buffer_size = 0x39;
constexpr tlv::ComprehensionTag transport_level = 0x3c;
constexpr tlv::ComprehensionTag other_address = 0x3e;
constexpr tlv::ComprehensionTag access_technology = 0x3f;
constexpr tlv::ComprehensionTag network_access_name = 0x47;
constexpr tlv::ComprehensionTag text_attribute = 0x50;
constexpr tlv::ComprehensionTag item_text_attributes = 0x51;
constexpr tlv::ComprehensionTag imeisv = 0x62;
constexpr tlv::ComprehensionTag frame_identifier = 0x68;
}  // namespace tag

// Type of command (9.4), the octet of Command details.
enum class CommandType : uint8_t {
  refresh = 0x01,
  more_time = 0x02,
  poll_interval = 0x03,
  polling_off = 0x04,
  set_up_event_list = 0x05,
  set_up_call = 0x10,
  send_short_message = 0x13,
  display_text = 0x21,
  get_inkey = 0x22,
  get_input = 0x23,
  set_up_menu = 0x25,
  provide_local_information = 0x26,
  timer_management = 0x27,
  open_channel = 0x40,
  close_channel = 0x41,
  receive_data = 0x42,
  send_data = 0x43,
  get_channel_status = 0x44,
};

// Device identities (8.7).
enum class Device : uint8_t {
  keypad = 0x01,
  display = 0x02,
  earpiece = 0x03,
  channel_1 = 0x21,  // 0x21…0x27
  channel_7 = 0x27,
  uicc = 0x81,
  terminal = 0x82,
  network = 0x83,
};
constexpr uint8_t channels_max = 7;
constexpr uint8_t timers_max = 8;
constexpr Device device_of_channel(uint8_t channel) {
  return static_cast<Device>(0x20 + channel);
}
// 1…7, or 0 when the device is no channel.
constexpr uint8_t channel_of_device(Device device) {
  const auto octet = static_cast<uint8_t>(device);
  return octet >= 0x21 && octet <= 0x27 ? static_cast<uint8_t>(octet - 0x20) : uint8_t{0};
}

// General result (8.12).
enum class GeneralResult : uint8_t {
  performed = 0x00,
  performed_partial_comprehension = 0x01,
  performed_missing_information = 0x02,
  refresh_with_additional_files = 0x03,
  performed_item_not_displayed = 0x04,
  performed_modified_by_call_control = 0x05,
  performed_limited_service = 0x06,
  performed_with_modification = 0x07,
  refresh_application_not_active = 0x08,
  performed_tone_not_played = 0x09,
  session_ended_by_user = 0x10,
  backward_move = 0x11,
  no_response_from_user = 0x12,
  help_requested = 0x13,
  terminal_unable = 0x20,
  network_unable = 0x21,
  user_refused = 0x22,
  user_cleared_down = 0x23,
  contradiction_with_timer = 0x24,
  call_control_temporary = 0x25,
  beyond_terminal_capabilities = 0x30,
  type_not_understood = 0x31,
  data_not_understood = 0x32,
  number_not_known = 0x33,
  ss_error = 0x34,
  sms_error = 0x35,
  required_values_missing = 0x36,
  call_control_permanent = 0x39,
  bearer_independent_protocol_error = 0x3a,
};
// What to do next, by the class of the result: 0x and 1x done, 2x worth a retry, 3x do not repeat
// the identical command.
enum class ResultClass : uint8_t { performed, retry, do_not_repeat };
constexpr ResultClass class_of(GeneralResult result) {
  const auto octet = static_cast<uint8_t>(result);
  return octet < 0x20   ? ResultClass::performed
         : octet < 0x30 ? ResultClass::retry
                        : ResultClass::do_not_repeat;
}

// Additional information of result 3A (8.12.11).
enum class BearerError : uint8_t {
  no_cause = 0x00,
  no_channel_available = 0x01,
  channel_closed = 0x02,
  channel_not_valid = 0x03,
  buffer_size_not_available = 0x04,
  security_error = 0x05,
  transport_not_available = 0x06,
  remote_not_reachable = 0x07,
  service_error = 0x08,
  service_not_known = 0x09,
};
// Additional information of result 20 (8.12.2).
namespace terminal_unable_cause {
constexpr uint8_t no_cause = 0x00;
constexpr uint8_t screen_busy = 0x01;
constexpr uint8_t busy_on_call = 0x02;
constexpr uint8_t no_service = 0x04;
}  // namespace terminal_unable_cause

// Duration (8.8): interval of 1…255 units.
enum class TimeUnit : uint8_t { minutes = 0x00, seconds = 0x01, tenths = 0x02 };
struct Interval {
  TimeUnit unit = TimeUnit::seconds;
  uint8_t count = 1;
  constexpr uint32_t tenths() const {
    return count * (unit == TimeUnit::minutes ? 600u : unit == TimeUnit::seconds ? 10u : 1u);
  }
  friend bool operator==(const Interval&, const Interval&) = default;
};

// Text string (8.15): data coding scheme (00 packed septets, 04 octets, 08 UCS-2) and text. An
// empty text has no coding octet.
struct Text {
  uint8_t data_coding = 0x04;
  ByteView text;
};

// Event list (8.25).
enum class Event : uint8_t {
  mt_call = 0x00,
  call_connected = 0x01,
  call_disconnected = 0x02,
  location_status = 0x03,
  user_activity = 0x04,
  idle_screen_available = 0x05,
  card_reader_status = 0x06,
  language_selection = 0x07,
  browser_termination = 0x08,
  data_available = 0x09,
  channel_status = 0x0a,
  access_technology_change = 0x0b,
};

enum class LocationStatus : uint8_t { normal = 0x00, limited = 0x01, no_service = 0x02 };

// Timer value (8.38) and its like: hours, minutes, seconds in swapped BCD.
struct TimerValue {
  uint8_t hours = 0;
  uint8_t minutes = 0;
  uint8_t seconds = 0;
  constexpr uint32_t total_seconds() const { return hours * 3600u + minutes * 60u + seconds; }
  // At most 23:59:59.
  static constexpr TimerValue of_seconds(uint32_t total) {
    if (total > 86399) total = 86399;
    return {static_cast<uint8_t>(total / 3600), static_cast<uint8_t>(total / 60 % 60),
            static_cast<uint8_t>(total % 60)};
  }
  friend bool operator==(const TimerValue&, const TimerValue&) = default;
};

// Bearer description (8.52).
struct BearerDescription {
  uint8_t type = 0x03;  // 03 default bearer, 02 GPRS, 0B E-UTRAN …
  ByteView parameters;
};

// UICC/terminal interface transport level (8.59).
enum class TransportProtocol : uint8_t {
  udp_client_remote = 0x01,
  tcp_client_remote = 0x02,
  tcp_server = 0x03,
  udp_client_local = 0x04,
  tcp_client_local = 0x05,
};
struct TransportLevel {
  TransportProtocol protocol = TransportProtocol::tcp_client_remote;
  uint16_t port = 0;
  friend bool operator==(const TransportLevel&, const TransportLevel&) = default;
};

// Other address (8.58): IPv4 (4 octets), IPv6 (16), or no address at all (dynamic).
struct OtherAddress {
  static constexpr uint8_t ipv4 = 0x21;
  static constexpr uint8_t ipv6 = 0x57;
  uint8_t type = 0;  // 0: empty object
  ByteView address;
};

// Channel status (8.56). `established` is also "link up" of a client.
enum class ChannelState : uint8_t { closed = 0, listening = 1, established = 2 };
struct ChannelStatus {
  uint8_t channel = 0;  // 0: no channel
  ChannelState state = ChannelState::closed;
  uint8_t further = 0;  // octet 2: 00 no more information, 05 link dropped
  static constexpr uint8_t link_dropped = 0x05;
  friend bool operator==(const ChannelStatus&, const ChannelStatus&) = default;
};

}  // namespace simurgh::toolkit
