// Class and instruction octets (TS 102 221 10.1.1 and 10.1.2, TS 31.102, GlobalPlatform 2.3).
#pragma once

#include <cstdint>

namespace simurgh::apdu {

// Interindustry class without secure messaging on logical channel 0; ETSI class; SIM of TS 51.011.
constexpr uint8_t cla_interindustry = 0x00;
constexpr uint8_t cla_etsi = 0x80;
constexpr uint8_t cla_gsm = 0xa0;
constexpr uint8_t logical_channels_max = 20;

// The channel that a class octet names (TS 102 221 10.1.1): 0…3 in the first coding (0X, 8X, AX),
// 4…19 in the further one (4X…7X, CX…FX).
constexpr uint8_t logical_channel_of(uint8_t cla) {
  return (cla & 0x40) != 0 ? static_cast<uint8_t>(4 + (cla & 0x0f))
                           : static_cast<uint8_t>(cla & 0x03);
}
// The class octet without its channel: 00 or 80 (A0 stays).
constexpr uint8_t class_without_channel(uint8_t cla) {
  return (cla & 0x40) != 0 ? static_cast<uint8_t>(cla & 0x80) : static_cast<uint8_t>(cla & 0xfc);
}

namespace ins {

constexpr uint8_t deactivate_file = 0x04;
constexpr uint8_t terminal_profile = 0x10;   // class 80
constexpr uint8_t fetch = 0x12;              // class 80
constexpr uint8_t terminal_response = 0x14;  // class 80
constexpr uint8_t verify_pin = 0x20;
constexpr uint8_t change_pin = 0x24;
constexpr uint8_t disable_pin = 0x26;
constexpr uint8_t enable_pin = 0x28;
constexpr uint8_t unblock_pin = 0x2c;
constexpr uint8_t increase = 0x32;
constexpr uint8_t activate_file = 0x44;
constexpr uint8_t manage_channel = 0x70;
constexpr uint8_t manage_secure_channel = 0x73;
constexpr uint8_t transact_data = 0x75;
constexpr uint8_t suspend_uicc = 0x76;  // class 80
constexpr uint8_t get_identity = 0x78;  // class 80
constexpr uint8_t get_challenge = 0x84;
constexpr uint8_t authenticate = 0x88;
constexpr uint8_t authenticate_odd = 0x89;
constexpr uint8_t search_record = 0xa2;
constexpr uint8_t select = 0xa4;
constexpr uint8_t terminal_capability = 0xaa;  // class 80
constexpr uint8_t read_binary = 0xb0;
constexpr uint8_t read_record = 0xb2;
constexpr uint8_t get_response = 0xc0;
constexpr uint8_t envelope = 0xc2;       // class 80
constexpr uint8_t get_data = 0xca;       // class 80, GlobalPlatform
constexpr uint8_t retrieve_data = 0xcb;  // class 80
constexpr uint8_t resize_file = 0xd4;    // class 80
constexpr uint8_t update_binary = 0xd6;
constexpr uint8_t put_key = 0xd8;   // class 80, GlobalPlatform
constexpr uint8_t set_data = 0xdb;  // class 80
constexpr uint8_t update_record = 0xdc;
constexpr uint8_t create_file = 0xe0;
constexpr uint8_t store_data = 0xe2;   // class 80, GlobalPlatform
constexpr uint8_t delete_file = 0xe4;  // class 80: GlobalPlatform DELETE
constexpr uint8_t install = 0xe6;      // class 80, GlobalPlatform
constexpr uint8_t load = 0xe8;         // class 80, GlobalPlatform
constexpr uint8_t set_status = 0xf0;   // class 80, GlobalPlatform
constexpr uint8_t status = 0xf2;       // class 80; GlobalPlatform GET STATUS

}  // namespace ins

}  // namespace simurgh::apdu
