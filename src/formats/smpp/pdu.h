// Protocol data units of the Short Message Peer to Peer protocol (SMPP 3.4, issue 1.2): bytes to
// plain structs and back.
//
// A parsed PDU is views into the parsed bytes and lives no longer than they; nothing is allocated.
// Every length is checked against the PDU and against the limit of its field, so that no text or
// message longer than the limits below comes out. Nothing here knows of sessions or sockets.
#pragma once

#include <array>
#include <variant>

#include "base/reader.h"
#include "formats/smpp/status.h"
#include "formats/smpp/tlv.h"

namespace simurgh::smpp {

// Table 5-1. Values between are reserved or belong to vendors.
enum class CommandId : uint32_t {
  bind_receiver = 0x01,
  bind_transmitter = 0x02,
  query_sm = 0x03,
  submit_sm = 0x04,
  deliver_sm = 0x05,
  unbind = 0x06,
  replace_sm = 0x07,
  cancel_sm = 0x08,
  bind_transceiver = 0x09,
  outbind = 0x0b,
  enquire_link = 0x15,
  alert_notification = 0x102,
  data_sm = 0x103,
  generic_nack = 0x80000000,
  bind_receiver_resp = 0x80000001,
  bind_transmitter_resp = 0x80000002,
  query_sm_resp = 0x80000003,
  submit_sm_resp = 0x80000004,
  deliver_sm_resp = 0x80000005,
  unbind_resp = 0x80000006,
  replace_sm_resp = 0x80000007,
  cancel_sm_resp = 0x80000008,
  bind_transceiver_resp = 0x80000009,
  enquire_link_resp = 0x80000015,
  data_sm_resp = 0x80000103,
};

constexpr uint32_t response_bit = 0x80000000;
constexpr CommandId response_to(CommandId id) {
  return static_cast<CommandId>(static_cast<uint32_t>(id) | response_bit);
}
constexpr bool is_response(CommandId id) {
  return (static_cast<uint32_t>(id) & response_bit) != 0;
}
// "submit_sm"; "unknown" for an id that is not in the list above.
std::string_view name_of(CommandId id);

constexpr size_t header_octets = 16;
// A message_payload of 65,535 octets with everything else that a PDU can carry beside it.
constexpr size_t pdu_octets_max = 66'560;
// Characters without the NUL (5.2).
constexpr size_t system_id_chars_max = 15;
constexpr size_t password_chars_max = 8;
constexpr size_t system_type_chars_max = 12;
constexpr size_t address_range_chars_max = 40;
constexpr size_t service_type_chars_max = 5;
constexpr size_t address_chars_max = 20;
constexpr size_t data_address_chars_max = 64;  // data_sm and alert_notification
constexpr size_t time_chars = 16;              // absolute or relative time, or empty
constexpr size_t message_id_chars_max = 64;
constexpr size_t short_message_octets_max = 254;
constexpr size_t message_payload_octets_max = 65'535;
constexpr uint32_t sequence_max = 0x7fffffff;  // 3.2; 0 is for a generic_nack to nothing legible

constexpr uint8_t interface_version_34 = 0x34;

// Type of number and numbering plan (5.2.5, 5.2.6).
namespace ton {
constexpr uint8_t unknown = 0, international = 1, national = 2, alphanumeric = 5;
}
namespace npi {
constexpr uint8_t unknown = 0, isdn = 1, land_mobile = 6, national = 8, internet = 14;
}

// esm_class (5.2.12): message mode in bits 1-0, type in bits 5-2, features in bits 7-6.
namespace esm_class {
constexpr uint8_t default_mode = 0x00;
constexpr uint8_t type_mask = 0x3c;
constexpr uint8_t delivery_receipt = 0x04;      // type, in deliver_sm
constexpr uint8_t delivery_acknowledge = 0x08;  // type: from the terminal
constexpr uint8_t user_acknowledge = 0x10;      // type
constexpr uint8_t intermediate_notice = 0x20;   // type
constexpr uint8_t udhi = 0x40;                  // short_message begins with a user data header
constexpr uint8_t reply_path = 0x80;
}  // namespace esm_class

// registered_delivery (5.2.17), bits 1-0.
namespace receipt {
constexpr uint8_t none = 0, always = 1, on_failure = 2, mask = 3;
}

struct Header {
  CommandId id{};
  Status status = Status::ok;
  uint32_t sequence = 0;
};

struct Address {
  uint8_t ton = 0;
  uint8_t npi = 0;
  std::string_view digits = {};
};

struct NoBody {};  // unbind, enquire_link and their responses, generic_nack, cancel_sm_resp …

// bind_receiver, bind_transmitter, bind_transceiver (4.1). `password` is a secret.
struct Bind {
  std::string_view system_id = {};
  std::string_view password = {};
  std::string_view system_type = {};
  uint8_t interface_version = interface_version_34;
  uint8_t address_ton = 0;
  uint8_t address_npi = 0;
  std::string_view address_range = {};
};

struct BindResp {
  std::string_view system_id = {};
  Tlvs tlvs = {};  // sc_interface_version
};

// 4.1.7
struct Outbind {
  std::string_view system_id = {};
  std::string_view password = {};
};

// submit_sm (4.4.1) and deliver_sm (4.6.1), which have the same fields.
struct ShortMessage {
  std::string_view service_type = {};
  Address source = {};
  Address destination = {};
  uint8_t esm_class = 0;
  uint8_t protocol_id = 0;
  uint8_t priority = 0;
  std::string_view schedule_delivery_time = {};  // empty: at once
  std::string_view validity_period = {};         // empty: the SMSC's
  uint8_t registered_delivery = 0;
  uint8_t replace_if_present = 0;
  uint8_t data_coding = 0;
  uint8_t default_message_id = 0;
  ByteView short_message = {};
  Tlvs tlvs = {};

  // short_message, or the message_payload where there is one (5.3.2.32).
  ByteView content() const;
};

// submit_sm_resp, deliver_sm_resp, data_sm_resp: the body is left out when the status is an error
// (4.4.2), then message_id is empty.
struct MessageIdBody {
  std::string_view message_id = {};
  Tlvs tlvs = {};  // data_sm_resp
};

// 4.7.1
struct DataSm {
  std::string_view service_type = {};
  Address source = {};
  Address destination = {};
  uint8_t esm_class = 0;
  uint8_t registered_delivery = 0;
  uint8_t data_coding = 0;
  Tlvs tlvs = {};  // message_payload
};

// 4.8.1
struct QuerySm {
  std::string_view message_id = {};
  Address source = {};
};
struct QuerySmResp {
  std::string_view message_id = {};
  std::string_view final_date = {};  // absolute time; empty when not final
  MessageState state{};
  uint8_t error_code = 0;
};

// 4.9.1: one message by its id, or with an empty id all from source to destination.
struct CancelSm {
  std::string_view service_type = {};
  std::string_view message_id = {};
  Address source = {};
  Address destination = {};
};

// 4.10.1
struct ReplaceSm {
  std::string_view message_id = {};
  Address source = {};
  std::string_view schedule_delivery_time = {};
  std::string_view validity_period = {};
  uint8_t registered_delivery = 0;
  uint8_t default_message_id = 0;
  ByteView short_message = {};
};

// 4.12.1: the terminal is reachable again.
struct AlertNotification {
  Address source = {};
  Address esme = {};
  Tlvs tlvs = {};  // ms_availability_status
};

using Body = std::variant<NoBody, Bind, BindResp, Outbind, ShortMessage, MessageIdBody, DataSm,
                          QuerySm, QuerySmResp, CancelSm, ReplaceSm, AlertNotification>;

struct Pdu {
  Header header;
  Body body;
};

// command_length of the PDU at the start of `buffer`, which may hold less than the whole of it:
// truncated when not even the length is there, bad_length below 16, too_large above
// `octets_max`; the stream cannot be followed after the last two.
Result<size_t> parse_length(ByteView buffer, size_t octets_max = pdu_octets_max);

// The header at the start of `pdu` (its 16 octets must be there).
Result<Header> parse_header(ByteView pdu);

// One whole PDU; `pdu.size()` must be its command_length (bad_length otherwise). unsupported for a
// command id that is not in the list; truncated, bad_length, bad_value and trailing_bytes with the
// offset of the field.
Result<Pdu> parse_pdu(ByteView pdu);

// Writes the PDU into `out` and returns it. no_space when it does not fit, bad_length when a field
// is longer than its limit. The body must be the one of the command (checked).
Result<ByteView> write_pdu(const Header& header, const Body& body, MutableByteView out);
// The same for the one that is written most, without the variant.
Result<ByteView> write_pdu(const Header& header, const ShortMessage& body, MutableByteView out);

// The status with which a request is answered that parse_pdu refused for `error`.
Status status_for(const Error& error);

}  // namespace simurgh::smpp
