// The terminal profile (ETSI TS 102 223 5.2): what a terminal tells the chip that it can do.
#pragma once

#include <algorithm>

#include "base/bytes.h"

namespace simurgh::toolkit {

constexpr size_t terminal_profile_octets_max = 64;

// Octet (1 is the first) and bit (1 is the lowest) of a facility: value = octet * 8 + bit - 1.
constexpr uint16_t facility(uint16_t octet, uint16_t bit) {
  return static_cast<uint16_t>(octet * 8 + bit - 1);
}
enum class Facility : uint16_t {
  profile_download = facility(1, 1),
  sms_pp_download = facility(1, 2),
  menu_selection = facility(1, 4),
  sms_pp_download_uicc = facility(1, 5),
  timer_expiration = facility(1, 6),
  call_control = facility(1, 8),
  command_result = facility(2, 1),
  short_message_control = facility(2, 4),
  display_text = facility(3, 1),
  get_inkey = facility(3, 2),
  get_input = facility(3, 3),
  more_time = facility(3, 4),
  play_tone = facility(3, 5),
  poll_interval = facility(3, 6),
  polling_off = facility(3, 7),
  refresh = facility(3, 8),
  select_item = facility(4, 1),
  send_short_message = facility(4, 2),
  set_up_call = facility(4, 5),
  set_up_menu = facility(4, 6),
  local_information_location_imei = facility(4, 7),
  local_information_nmr = facility(4, 8),
  set_up_event_list = facility(5, 1),
  event_location_status = facility(5, 5),
  event_data_available = facility(6, 3),
  event_channel_status = facility(6, 4),
  timer_start_stop = facility(8, 1),
  timer_get_value = facility(8, 2),
  local_information_date_time = facility(8, 3),
  local_information_language = facility(9, 4),
  open_channel = facility(12, 1),
  close_channel = facility(12, 2),
  receive_data = facility(12, 3),
  send_data = facility(12, 4),
  get_channel_status = facility(12, 5),
  bearer_csd = facility(13, 1),
  bearer_gprs = facility(13, 2),
  tcp_client_remote = facility(17, 1),
  udp_client_remote = facility(17, 2),
};

class TerminalProfile {
 public:
  TerminalProfile() = default;
  // Octets beyond terminal_profile_octets_max say nothing to us and are left away.
  explicit TerminalProfile(ByteView bytes)
      : octets_(bytes.first(std::min(bytes.size(), terminal_profile_octets_max))) {}

  bool has(Facility facility) const;
  void set(Facility facility);
  // Octet 13, b6…b8: channels that the terminal can hold open.
  uint8_t channel_count() const;
  void set_channel_count(uint8_t channels);
  ByteView view() const { return octets_; }

 private:
  ByteString<terminal_profile_octets_max> octets_;
};

}  // namespace simurgh::toolkit
