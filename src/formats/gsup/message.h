// GSUP, the Generic Subscriber Update Protocol between an HLR and the visited network (MSC/VLR,
// SGSN, SMSC), as osmo-hlr and libosmocore speak it: bytes to a plain struct and back.
//
// A parsed message is views into the parsed bytes for whatever varies in length, and copies of
// what is small. Information elements (IE) without a name here are kept in `unknown` up to
// unknown_ies_max and skipped beyond, as every GSUP speaker does. Message types are not
// restricted: a message of an unknown type parses, and its receiver decides.
//
// Ours, and only ours: IE F0 `hotline` in INSERT DATA (see Message::hotline).
#pragma once

#include <optional>

#include "base/fixed_vector.h"
#include "base/numbers.h"
#include "base/reader.h"

namespace simurgh::gsup {

enum class MessageType : uint8_t {
  update_location_request = 0x04,
  update_location_error = 0x05,
  update_location_result = 0x06,
  send_auth_info_request = 0x08,
  send_auth_info_error = 0x09,
  send_auth_info_result = 0x0a,
  auth_fail_report = 0x0b,
  purge_ms_request = 0x0c,
  purge_ms_error = 0x0d,
  purge_ms_result = 0x0e,
  insert_data_request = 0x10,
  insert_data_error = 0x11,
  insert_data_result = 0x12,
  delete_data_request = 0x14,
  delete_data_error = 0x15,
  delete_data_result = 0x16,
  location_cancel_request = 0x1c,
  location_cancel_error = 0x1d,
  location_cancel_result = 0x1e,
  proc_ss_request = 0x20,
  proc_ss_error = 0x21,
  proc_ss_result = 0x22,
  mo_forward_sm_request = 0x24,
  mo_forward_sm_error = 0x25,
  mo_forward_sm_result = 0x26,
  mt_forward_sm_request = 0x28,
  mt_forward_sm_error = 0x29,
  mt_forward_sm_result = 0x2a,
  ready_for_sm_request = 0x2c,
  ready_for_sm_error = 0x2d,
  ready_for_sm_result = 0x2e,
  check_imei_request = 0x30,
  check_imei_error = 0x31,
  check_imei_result = 0x32,
  e_prepare_handover_request = 0x34,
  e_prepare_handover_error = 0x35,
  e_prepare_handover_result = 0x36,
  e_prepare_subsequent_handover_request = 0x38,
  e_prepare_subsequent_handover_error = 0x39,
  e_prepare_subsequent_handover_result = 0x3a,
  e_send_end_signal_request = 0x3c,
  e_send_end_signal_error = 0x3d,
  e_send_end_signal_result = 0x3e,
  e_process_access_signalling_request = 0x40,
  e_forward_access_signalling_request = 0x44,
  e_close = 0x47,
  e_abort = 0x4b,
  routing_error = 0x4e,
  epdg_tunnel_request = 0x50,
  epdg_tunnel_error = 0x51,
  epdg_tunnel_result = 0x52,
};
// "send_auth_info_request"; "unknown" for a value that is not in the list.
std::string_view name_of(MessageType type);
// The low two bits say what a message is: 0 request, 1 error, 2 result, 3 sent one way.
constexpr bool is_request(MessageType type) {
  return (static_cast<uint8_t>(type) & 3) == 0;
}
constexpr MessageType error_of(MessageType request) {
  return static_cast<MessageType>(static_cast<uint8_t>(request) | 1);
}
constexpr MessageType result_of(MessageType request) {
  return static_cast<MessageType>(static_cast<uint8_t>(request) | 2);
}

enum class Iei : uint8_t {
  imsi = 0x01,
  cause = 0x02,
  auth_tuple = 0x03,
  pdp_info_complete = 0x04,
  pdp_info = 0x05,
  cancel_type = 0x06,
  freeze_ptmsi = 0x07,
  msisdn = 0x08,
  hlr_number = 0x09,
  message_class = 0x0a,
  pdp_context_id = 0x10,  // inside pdp_info
  pdp_address = 0x11,     // inside pdp_info
  access_point_name = 0x12,
  pdp_qos = 0x13,
  charging_characteristics = 0x14,  // inside pdp_info and beside it
  pco = 0x15,
  rand = 0x20,  // inside auth_tuple, and beside AUTS
  sres = 0x21,
  kc = 0x22,
  ik = 0x23,
  ck = 0x24,
  autn = 0x25,
  auts = 0x26,
  res = 0x27,
  cn_domain = 0x28,
  supported_rat_types = 0x29,
  current_rat_type = 0x2a,
  session_id = 0x30,
  session_state = 0x31,
  ss_info = 0x35,
  sm_rp_mr = 0x40,
  sm_rp_da = 0x41,
  sm_rp_oa = 0x42,
  sm_rp_ui = 0x43,
  sm_rp_cause = 0x44,
  sm_rp_mms = 0x45,
  sm_alert_reason = 0x46,
  imei = 0x50,
  imei_result = 0x51,
  num_vectors_requested = 0x52,
  source_name = 0x60,
  destination_name = 0x61,
  an_apdu = 0x62,
  cause_rr = 0x63,
  cause_bssap = 0x64,
  cause_sm = 0x65,
  hotline = 0xf0,  // Simurgh's own
};

// GMM cause values (3GPP TS 24.008 10.5.5.14), as the cause IE carries them.
namespace cause {
constexpr uint8_t imsi_unknown_in_hlr = 2;
constexpr uint8_t illegal_ms = 3;
constexpr uint8_t illegal_me = 6;
constexpr uint8_t plmn_not_allowed = 11;
constexpr uint8_t roaming_not_allowed = 13;
constexpr uint8_t network_failure = 17;
constexpr uint8_t congestion = 22;
constexpr uint8_t invalid_mandatory_information = 96;
constexpr uint8_t message_type_unknown = 97;
constexpr uint8_t protocol_error = 111;
}  // namespace cause

enum class CnDomain : uint8_t { ps = 1, cs = 2 };
enum class CancelType : uint8_t { update_procedure = 0, subscription_withdrawn = 1 };
enum class MessageClass : uint8_t {
  unset = 0,
  subscriber_management = 1,
  sms = 2,
  ussd = 3,
  inter_msc = 4,
  ipsec_epdg = 5,
};
enum class SessionState : uint8_t { begin = 1, proceed = 2, end = 3 };

constexpr size_t message_octets_max = 4096;  // what we send and take; osmo-hlr stays below 1,024
constexpr size_t auth_tuples_max = 5;        // OSMO_GSUP_MAX_NUM_AUTH_INFO
constexpr size_t pdp_infos_max = 10;         // OSMO_GSUP_MAX_NUM_PDP_INFO
constexpr size_t unknown_ies_max = 8;
constexpr size_t res_octets_max = 16;
constexpr size_t number_octets_max = 10;  // length octet and BCD of 18 digits
constexpr size_t peer_name_octets_max = 64;

// One authentication vector. A 2G one has RAND, SRES, Kc; a 3G one also IK, CK, AUTN, RES.
struct AuthTuple {
  ByteArray<16> rand{};
  ByteArray<4> sres{};
  ByteArray<8> kc{};
  std::optional<ByteArray<16>> ik;
  std::optional<ByteArray<16>> ck;
  std::optional<ByteArray<16>> autn;
  ByteString<res_octets_max> res;  // empty when absent
};

struct PdpInfo {
  std::optional<uint8_t> context_id = {};
  ByteView address = {};            // type (2 octets), and the address where there is one
  ByteView access_point_name = {};  // labels preceded by their length (TS 23.003 9.1); 01 2a is "*"
  ByteView qos = {};
  ByteView charging_characteristics = {};
};

struct UnknownIe {
  uint8_t tag = 0;
  ByteView value;
};

struct Message {
  MessageType type{};
  Imsi imsi;  // mandatory in every message
  std::optional<uint8_t> cause;
  std::optional<CancelType> cancel_type;
  // As sent: the length of the BCD digits in one octet before them is osmo-hlr's form; type of
  // number and plan before them is the other in use. parse_number reads both.
  ByteView msisdn;
  ByteView hlr_number;
  bool pdp_info_complete = false;  // the PDP contexts listed are all there are
  bool freeze_ptmsi = false;
  FixedVector<PdpInfo, pdp_infos_max> pdp_infos;
  ByteView charging_characteristics;
  ByteView pco;
  FixedVector<AuthTuple, auth_tuples_max> auth_tuples;
  std::optional<ByteArray<14>> auts;  // resynchronisation: with the RAND it answers
  std::optional<ByteArray<16>> rand;
  std::optional<CnDomain> cn_domain;
  ByteView supported_rat_types;
  std::optional<uint8_t> current_rat_type;
  std::optional<uint32_t> session_id;
  std::optional<SessionState> session_state;
  ByteView ss_info;
  std::optional<uint8_t> sm_rp_mr;
  std::optional<ByteView> sm_rp_da;  // type octet and address; present and empty is not absent
  std::optional<ByteView> sm_rp_oa;
  ByteView sm_rp_ui;  // the TPDU
  std::optional<uint8_t> sm_rp_cause;
  std::optional<uint8_t> sm_rp_mms;
  std::optional<uint8_t> sm_alert_reason;
  ByteView imei;
  std::optional<uint8_t> imei_result;
  std::optional<uint8_t> num_vectors_requested;
  std::optional<MessageClass> message_class;
  ByteView source_name;
  ByteView destination_name;
  ByteView an_apdu;
  std::optional<uint8_t> cause_rr;
  std::optional<uint8_t> cause_bssap;
  std::optional<uint8_t> cause_sm;
  // Simurgh's, in INSERT DATA: the number of the security centre (in the form of msisdn) to which
  // every call, message and session of this subscriber must go, and nowhere else, until an INSERT
  // DATA without it. A visited network that does not know the IE ignores it; what limits such a
  // network is the HLR: no MSISDN given out, one PDP context to the hotline APN, and no vectors
  // but for the security centre's own use (the HLR's policy).
  ByteView hotline;
  FixedVector<UnknownIe, unknown_ies_max> unknown;
  uint16_t unknown_skipped = 0;
};

// bad_value when the IMSI is absent, bad_length for an IE of a wrong size, too_large for more
// vectors or contexts than the limits; offsets as usual. Of an IE that may come once, the last
// one counts, as in libosmocore.
Result<Message> parse_message(ByteView bytes);

// In libosmocore's order of IEs; unknown ones last. no_space, or bad_length when a value is longer
// than 255 octets.
Result<ByteView> write_message(const Message& message, MutableByteView out);

// Numbers as in msisdn, hlr_number and hotline.
Result<Msisdn> parse_number(ByteView value);
Result<ByteView> write_number(const Msisdn& number, MutableByteView out);

// SM-RP-DA and SM-RP-OA (TS 29.002 via GSUP): type octet, then BCD.
enum class SmAddressType : uint8_t {
  imsi = 0x01,
  msisdn = 0x02,
  service_centre = 0x03,
  none = 0xff,
};

// An access point name between "internet.simurgh" and its labels with lengths. 63 octets a label.
Result<ByteView> write_access_point_name(std::string_view name, MutableByteView out);
Result<std::string_view> parse_access_point_name(ByteView value, std::span<char> out);

}  // namespace simurgh::gsup
