// Transfer-layer PDUs of short messages (3GPP TS 23.040 9.2.2): plain structs, and both
// directions for each. Views point into the bytes that were parsed.
//
// The TP-MTI does not say the direction, so the caller picks the parser for the side it is on:
// `peek_type` tells which one.
#pragma once

#include <optional>

#include "formats/sms/address.h"
#include "formats/sms/timestamp.h"
#include "formats/sms/user_data.h"

namespace simurgh::sms {

constexpr size_t tpdu_octets_max = 184;  // SMS-COMMAND and reports with all fields stay below

enum class Direction : uint8_t { to_mobile, from_mobile };
enum class TpduType : uint8_t {
  deliver,         // 00 to mobile
  deliver_report,  // 00 from mobile
  submit,          // 01 from mobile
  submit_report,   // 01 to mobile
  status_report,   // 10 to mobile
  command,         // 10 from mobile
};

// truncated when empty; bad_value for the reserved type 11.
Result<TpduType> peek_type(ByteView tpdu, Direction direction);

// 9.2.2.1: service centre to mobile.
struct Deliver {
  bool more_messages_to_send = false;  // TP-MMS, which is 0 for "more"
  bool loop_prevention = false;
  bool status_report_indication = false;
  bool has_user_data_header = false;  // TP-UDHI
  bool reply_path = false;
  Address originator;
  uint8_t protocol_identifier = pid_default;
  uint8_t data_coding = dcs_default_alphabet;
  Timestamp service_centre_time;
  UserData user_data;
};
Result<Deliver> parse_deliver(ByteView tpdu);
Result<ByteView> write_deliver(const Deliver& deliver, MutableByteView out);

enum class ValidityFormat : uint8_t { none = 0, enhanced = 1, relative = 2, absolute = 3 };

// TP-VP as sent: one octet when relative, seven when absolute or enhanced.
struct ValidityPeriod {
  ValidityFormat format = ValidityFormat::none;
  ByteArray<7> octets{};

  // Shortest relative period that is at least `period`; the longest (63 weeks) if it is longer.
  static ValidityPeriod relative(Duration period);
  // Of the relative format (9.2.3.12.1); bad_value for the others.
  Result<Duration> relative_period() const;
  friend bool operator==(const ValidityPeriod&, const ValidityPeriod&) = default;
};

// 9.2.2.2: mobile to service centre.
struct Submit {
  bool reject_duplicates = false;
  bool status_report_request = false;
  bool has_user_data_header = false;
  bool reply_path = false;
  uint8_t message_reference = 0;
  Address destination;
  uint8_t protocol_identifier = pid_default;
  uint8_t data_coding = dcs_default_alphabet;
  ValidityPeriod validity;
  UserData user_data;
};
Result<Submit> parse_submit(ByteView tpdu);
Result<ByteView> write_submit(const Submit& submit, MutableByteView out);

// TP-FCS values (9.2.3.22) that a SIM causes; the octet may be any of 80…FF.
namespace failure_cause {
constexpr uint8_t sim_storage_full = 0xd0;
constexpr uint8_t memory_capacity_exceeded = 0xd3;
constexpr uint8_t toolkit_busy = 0xd4;
constexpr uint8_t data_download_error = 0xd5;
constexpr uint8_t unspecified = 0xff;
}  // namespace failure_cause

// Whether a report travels in an RP-ACK or in an RP-ERROR; only the latter has a TP-FCS.
enum class ReportKind : uint8_t { acknowledge, error };

// 9.2.2.1a: the mobile's answer to a DELIVER; carries the chip's response packet.
struct DeliverReport {
  bool has_user_data_header = false;
  std::optional<uint8_t> failure_cause;  // of ReportKind::error
  std::optional<uint8_t> protocol_identifier;
  std::optional<uint8_t> data_coding;
  std::optional<UserData> user_data;
};
Result<DeliverReport> parse_deliver_report(ByteView tpdu, ReportKind kind);
Result<ByteView> write_deliver_report(const DeliverReport& report, MutableByteView out);

// 9.2.2.2a: the service centre's answer to a SUBMIT.
struct SubmitReport {
  bool has_user_data_header = false;
  std::optional<uint8_t> failure_cause;
  Timestamp service_centre_time;
  std::optional<uint8_t> protocol_identifier;
  std::optional<uint8_t> data_coding;
  std::optional<UserData> user_data;
};
Result<SubmitReport> parse_submit_report(ByteView tpdu, ReportKind kind);
Result<ByteView> write_submit_report(const SubmitReport& report, MutableByteView out);

// 9.2.2.3: what became of a SUBMIT or COMMAND.
struct StatusReport {
  bool more_messages_to_send = false;
  bool loop_prevention = false;
  bool status_report_qualifier = false;  // TP-SRQ: the answer to a COMMAND
  bool has_user_data_header = false;
  uint8_t message_reference = 0;
  Address recipient;
  Timestamp service_centre_time;
  Timestamp discharge_time;
  uint8_t status = 0;  // TP-ST, 9.2.3.15: 00 received by the recipient
  std::optional<uint8_t> protocol_identifier;
  std::optional<uint8_t> data_coding;
  std::optional<UserData> user_data;
};
Result<StatusReport> parse_status_report(ByteView tpdu);
Result<ByteView> write_status_report(const StatusReport& report, MutableByteView out);

// 9.2.2.4: mobile to service centre, about an earlier SUBMIT.
struct SmsCommand {
  bool has_user_data_header = false;
  bool status_report_request = false;
  uint8_t message_reference = 0;
  uint8_t protocol_identifier = pid_default;
  uint8_t command_type = 0;  // 9.2.3.19: 00 enquiry, 02 delete
  uint8_t message_number = 0;
  Address destination;
  ByteView data;  // TP-CD
};
Result<SmsCommand> parse_command(ByteView tpdu);
Result<ByteView> write_command(const SmsCommand& command, MutableByteView out);

}  // namespace simurgh::sms
