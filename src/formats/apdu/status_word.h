// Status words SW1 SW2 that end every answer of a card (TS 102 221 10.2, TS 31.102 7.3).
#pragma once

#include <cstdint>

namespace simurgh::apdu {

struct StatusWord {
  uint16_t value = 0;

  constexpr uint8_t sw1() const { return static_cast<uint8_t>(value >> 8); }
  constexpr uint8_t sw2() const { return static_cast<uint8_t>(value); }

  // Normal ending: 9000, 91xx, 92xx or 9Fxx, and 61xx which has more to fetch.
  constexpr bool is_success() const {
    return value == 0x9000 || sw1() == 0x91 || sw1() == 0x92 || sw1() == 0x9f || sw1() == 0x61;
  }
  constexpr bool is_warning() const { return sw1() == 0x62 || sw1() == 0x63; }

  // The meaning as in the clause's tables, in lower case; never null.
  const char* meaning() const;

  friend constexpr bool operator==(const StatusWord&, const StatusWord&) = default;
};

namespace status {

constexpr StatusWord ok{0x9000};
// 91xx: normal ending, a proactive command of that many octets waits (00 means 256).
constexpr StatusWord proactive_command(uint8_t octets) {
  return {static_cast<uint16_t>(0x9100 | octets)};
}
// 61xx: that many octets of answer can be fetched with GET RESPONSE (T=0).
constexpr StatusWord response_available(uint8_t octets) {
  return {static_cast<uint16_t>(0x6100 | octets)};
}
// 6Cxx: repeat with this Le.
constexpr StatusWord wrong_le(uint8_t le) {
  return {static_cast<uint16_t>(0x6c00 | le)};
}
// 63Cx: verification failed, x tries left.
constexpr StatusWord tries_left(uint8_t tries) {
  return {static_cast<uint16_t>(0x63c0 | (tries & 0x0f))};
}

constexpr StatusWord toolkit_busy{0x9300};
constexpr StatusWord no_information_nv_unchanged{0x6200};
constexpr StatusWord data_may_be_corrupted{0x6281};
constexpr StatusWord end_of_file_reached{0x6282};  // fewer octets than Le, or search without hit
constexpr StatusWord selected_file_invalidated{0x6283};
constexpr StatusWord selected_file_terminated{0x6285};
constexpr StatusWord more_data_available{0x62f1};
constexpr StatusWord more_data_and_proactive{0x62f2};
constexpr StatusWord response_data_available{0x62f3};
constexpr StatusWord more_data_expected{0x63f1};
constexpr StatusWord no_information_nv_unchanged_error{0x6400};
constexpr StatusWord no_information_nv_changed{0x6500};
constexpr StatusWord memory_problem{0x6581};
constexpr StatusWord wrong_length{0x6700};
constexpr StatusWord functions_in_cla_not_supported{0x6800};
constexpr StatusWord logical_channel_not_supported{0x6881};
constexpr StatusWord secure_messaging_not_supported{0x6882};
constexpr StatusWord command_not_allowed{0x6900};
constexpr StatusWord command_incompatible_with_file{0x6981};
constexpr StatusWord security_status_not_satisfied{0x6982};
constexpr StatusWord pin_blocked{0x6983};
constexpr StatusWord referenced_data_invalidated{0x6984};
constexpr StatusWord conditions_not_satisfied{0x6985};
constexpr StatusWord no_ef_selected{0x6986};
constexpr StatusWord incorrect_data{0x6a80};
constexpr StatusWord function_not_supported{0x6a81};
constexpr StatusWord file_not_found{0x6a82};
constexpr StatusWord record_not_found{0x6a83};
constexpr StatusWord not_enough_memory{0x6a84};
constexpr StatusWord incorrect_p1_p2{0x6a86};
constexpr StatusWord lc_inconsistent_with_p1_p2{0x6a87};
constexpr StatusWord referenced_data_not_found{0x6a88};
constexpr StatusWord file_exists{0x6a89};
constexpr StatusWord wrong_p1_p2{0x6b00};
constexpr StatusWord ins_not_supported{0x6d00};
constexpr StatusWord cla_not_supported{0x6e00};
constexpr StatusWord technical_problem{0x6f00};
constexpr StatusWord increase_max_value{0x9850};
constexpr StatusWord authentication_mac_failure{0x9862};
constexpr StatusWord authentication_context_not_supported{0x9864};
constexpr StatusWord key_freshness_failure{0x9865};

}  // namespace status

}  // namespace simurgh::apdu
