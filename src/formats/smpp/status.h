// command_status of SMPP 3.4 (5.1.3) and message_state (5.2.28).
#pragma once

#include <cstdint>
#include <string_view>

namespace simurgh::smpp {

// Vendors use 0x400 to 0x4ff, and some any other value: a Status may hold one without a name here.
enum class Status : uint32_t {
  ok = 0x00,
  invalid_message_length = 0x01,
  invalid_command_length = 0x02,
  invalid_command_id = 0x03,
  invalid_bind_status = 0x04,  // the PDU does not fit the state of the session
  already_bound = 0x05,
  invalid_priority = 0x06,
  invalid_registered_delivery = 0x07,
  system_error = 0x08,
  invalid_source = 0x0a,
  invalid_destination = 0x0b,
  invalid_message_id = 0x0c,
  bind_failed = 0x0d,
  invalid_password = 0x0e,
  invalid_system_id = 0x0f,
  cancel_failed = 0x11,
  replace_failed = 0x13,
  queue_full = 0x14,
  invalid_service_type = 0x15,
  invalid_esm_class = 0x43,
  submit_failed = 0x45,
  invalid_source_ton = 0x48,
  invalid_source_npi = 0x49,
  invalid_destination_ton = 0x50,
  invalid_destination_npi = 0x51,
  invalid_system_type = 0x53,
  throttled = 0x58,
  invalid_schedule_time = 0x61,
  invalid_validity_period = 0x62,
  invalid_default_message_id = 0x63,
  receiver_temporary = 0x64,  // ESME receiver: temporary error
  receiver_permanent = 0x65,
  receiver_rejected = 0x66,
  query_failed = 0x67,
  invalid_tlv_stream = 0xc0,
  tlv_not_allowed = 0xc1,
  invalid_tlv_length = 0xc2,
  missing_tlv = 0xc3,
  invalid_tlv_value = 0xc4,
  delivery_failure = 0xfe,
  unknown_error = 0xff,
};

// "ESME_RTHROTTLED"; "vendor" for 0x400 to 0x4ff, "reserved" for the rest.
std::string_view name_of(Status status);

// The sender may offer the same message again later: throttled, queue full, system error,
// temporary error of a receiver.
bool is_temporary(Status status);
// The sender is too fast (ESME_RTHROTTLED, ESME_RMSGQFUL).
bool is_throttling(Status status);

enum class MessageState : uint8_t {
  en_route = 1,
  delivered = 2,
  expired = 3,
  deleted = 4,
  undeliverable = 5,
  accepted = 6,
  unknown = 7,
  rejected = 8,
};

// The word of the `stat:` field of a receipt, "DELIVRD" (appendix B); "UNKNOWN" for a value that
// has none.
std::string_view receipt_word(MessageState state);
bool is_final(MessageState state);

}  // namespace simurgh::smpp
