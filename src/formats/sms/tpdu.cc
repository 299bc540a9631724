#include "formats/sms/tpdu.h"

namespace simurgh::sms {

namespace {

// First octet (9.2.3.1…9.2.3.7, 9.2.3.17, 9.2.3.23, 9.2.3.25, 9.2.3.26, 9.2.3.28).
constexpr uint8_t type_mask = 0x03;
constexpr uint8_t bit_more_messages = 0x04;      // TP-MMS: 0 for more
constexpr uint8_t bit_reject_duplicates = 0x04;  // TP-RD
constexpr uint8_t bit_loop_prevention = 0x08;    // TP-LP
constexpr uint8_t bit_status_report = 0x20;      // TP-SRI, TP-SRR, TP-SRQ
constexpr uint8_t bit_user_data_header = 0x40;   // TP-UDHI
constexpr uint8_t bit_reply_path = 0x80;         // TP-RP
constexpr uint8_t validity_format_shift = 3;

constexpr uint8_t type_deliver = 0x00;  // and its report
constexpr uint8_t type_submit = 0x01;   // and its report
constexpr uint8_t type_status = 0x02;   // status report and command

// TP-PI (9.2.3.27).
constexpr uint8_t has_protocol_identifier = 0x01;
constexpr uint8_t has_data_coding = 0x02;
constexpr uint8_t has_user_data = 0x04;
constexpr uint8_t has_extension = 0x80;

uint8_t flag(bool set, uint8_t bit) {
  return set ? bit : uint8_t{0};
}

bool is_set(uint8_t octet, uint8_t bit) {
  return (octet & bit) != 0;
}

Result<uint8_t> read_first(Reader& reader, uint8_t type) {
  const uint8_t first = TRY(reader.u8());
  if ((first & type_mask) != type) return fail(ErrorCode::bad_value, 0);
  return first;
}

Result<Timestamp> read_timestamp(Reader& reader) {
  return Timestamp{TRY(reader.array<7>())};
}

// TP-PI; further octets of it are reserved and skipped.
Result<uint8_t> read_indicator(Reader& reader) {
  const uint8_t indicator = TRY(reader.u8());
  for (uint8_t octet = indicator; is_set(octet, has_extension);) octet = TRY(reader.u8());
  return indicator;
}

// What TP-PI announced, which ends every report.
template <typename Report>
Result<void> read_announced(Reader& reader, uint8_t indicator, Report& report) {
  if (is_set(indicator, has_protocol_identifier)) report.protocol_identifier = TRY(reader.u8());
  if (is_set(indicator, has_data_coding)) report.data_coding = TRY(reader.u8());
  if (is_set(indicator, has_user_data)) {
    // Without TP-DCS the default alphabet is meant (9.2.3.27).
    report.user_data =
        TRY(read_user_data(reader, report.data_coding.value_or(dcs_default_alphabet)));
  }
  return reader.expect_end();
}

template <typename Report>
uint8_t indicator_of(const Report& report) {
  return static_cast<uint8_t>(
      flag(report.protocol_identifier.has_value(), has_protocol_identifier) |
      flag(report.data_coding.has_value(), has_data_coding) |
      flag(report.user_data.has_value(), has_user_data));
}

template <typename Report>
void write_announced(const Report& report, Writer& out) {
  if (report.protocol_identifier) out.u8(*report.protocol_identifier);
  if (report.data_coding) out.u8(*report.data_coding);
  if (report.user_data) write_user_data(*report.user_data, out);
}

Result<std::optional<uint8_t>> read_failure_cause(Reader& reader, ReportKind kind) {
  if (kind == ReportKind::acknowledge) return std::optional<uint8_t>();
  return std::optional<uint8_t>(TRY(reader.u8()));
}

}  // namespace

Result<TpduType> peek_type(ByteView tpdu, Direction direction) {
  const uint8_t first = TRY(Reader(tpdu).peek());
  const bool to_mobile = direction == Direction::to_mobile;
  switch (first & type_mask) {
    case type_deliver: return to_mobile ? TpduType::deliver : TpduType::deliver_report;
    case type_submit: return to_mobile ? TpduType::submit_report : TpduType::submit;
    case type_status: return to_mobile ? TpduType::status_report : TpduType::command;
    default: return fail(ErrorCode::bad_value, 0);
  }
}

Result<Deliver> parse_deliver(ByteView tpdu) {
  Reader reader(tpdu);
  Deliver deliver;
  const uint8_t first = TRY(read_first(reader, type_deliver));
  deliver.more_messages_to_send = !is_set(first, bit_more_messages);
  deliver.loop_prevention = is_set(first, bit_loop_prevention);
  deliver.status_report_indication = is_set(first, bit_status_report);
  deliver.has_user_data_header = is_set(first, bit_user_data_header);
  deliver.reply_path = is_set(first, bit_reply_path);
  deliver.originator = TRY(read_address(reader));
  deliver.protocol_identifier = TRY(reader.u8());
  deliver.data_coding = TRY(reader.u8());
  deliver.service_centre_time = TRY(read_timestamp(reader));
  deliver.user_data = TRY(read_user_data(reader, deliver.data_coding));
  return deliver;
}

Result<ByteView> write_deliver(const Deliver& deliver, MutableByteView out) {
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(type_deliver |
                                 flag(!deliver.more_messages_to_send, bit_more_messages) |
                                 flag(deliver.loop_prevention, bit_loop_prevention) |
                                 flag(deliver.status_report_indication, bit_status_report) |
                                 flag(deliver.has_user_data_header, bit_user_data_header) |
                                 flag(deliver.reply_path, bit_reply_path)));
  write_address(deliver.originator, writer);
  writer.u8(deliver.protocol_identifier).u8(deliver.data_coding);
  writer.bytes(deliver.service_centre_time.octets);
  write_user_data(deliver.user_data, writer);
  return writer.finish();
}

// 9.2.3.12.1: 5 minutes up to 12 hours, then half hours, days, weeks.
ValidityPeriod ValidityPeriod::relative(Duration period) {
  ValidityPeriod validity;
  validity.format = ValidityFormat::relative;
  for (unsigned octet = 0; octet <= 0xff; ++octet) {
    validity.octets[0] = static_cast<uint8_t>(octet);
    if (*validity.relative_period() >= period) break;
  }
  return validity;
}

Result<Duration> ValidityPeriod::relative_period() const {
  if (format != ValidityFormat::relative) return ErrorCode::bad_value;
  const uint8_t octet = octets[0];
  if (octet <= 143) return minutes((octet + 1) * 5);
  if (octet <= 167) return hours(12) + minutes((octet - 143) * 30);
  if (octet <= 196) return days(octet - 166);
  return days((octet - 192) * 7);
}

Result<Submit> parse_submit(ByteView tpdu) {
  Reader reader(tpdu);
  Submit submit;
  const uint8_t first = TRY(read_first(reader, type_submit));
  submit.reject_duplicates = is_set(first, bit_reject_duplicates);
  submit.status_report_request = is_set(first, bit_status_report);
  submit.has_user_data_header = is_set(first, bit_user_data_header);
  submit.reply_path = is_set(first, bit_reply_path);
  submit.validity.format = static_cast<ValidityFormat>(first >> validity_format_shift & 0x03);
  submit.message_reference = TRY(reader.u8());
  submit.destination = TRY(read_address(reader));
  submit.protocol_identifier = TRY(reader.u8());
  submit.data_coding = TRY(reader.u8());
  switch (submit.validity.format) {
    case ValidityFormat::none: break;
    case ValidityFormat::relative: submit.validity.octets[0] = TRY(reader.u8()); break;
    case ValidityFormat::enhanced:
    case ValidityFormat::absolute: submit.validity.octets = TRY(reader.array<7>()); break;
  }
  submit.user_data = TRY(read_user_data(reader, submit.data_coding));
  return submit;
}

Result<ByteView> write_submit(const Submit& submit, MutableByteView out) {
  Writer writer(out);
  const auto format = static_cast<uint8_t>(submit.validity.format);
  writer.u8(static_cast<uint8_t>(
      type_submit | flag(submit.reject_duplicates, bit_reject_duplicates) |
      format << validity_format_shift | flag(submit.status_report_request, bit_status_report) |
      flag(submit.has_user_data_header, bit_user_data_header) |
      flag(submit.reply_path, bit_reply_path)));
  writer.u8(submit.message_reference);
  write_address(submit.destination, writer);
  writer.u8(submit.protocol_identifier).u8(submit.data_coding);
  switch (submit.validity.format) {
    case ValidityFormat::none: break;
    case ValidityFormat::relative: writer.u8(submit.validity.octets[0]); break;
    case ValidityFormat::enhanced:
    case ValidityFormat::absolute: writer.bytes(submit.validity.octets); break;
  }
  write_user_data(submit.user_data, writer);
  return writer.finish();
}

Result<DeliverReport> parse_deliver_report(ByteView tpdu, ReportKind kind) {
  Reader reader(tpdu);
  DeliverReport report;
  const uint8_t first = TRY(read_first(reader, type_deliver));
  report.has_user_data_header = is_set(first, bit_user_data_header);
  report.failure_cause = TRY(read_failure_cause(reader, kind));
  const uint8_t indicator = TRY(read_indicator(reader));
  TRY(read_announced(reader, indicator, report));
  return report;
}

Result<ByteView> write_deliver_report(const DeliverReport& report, MutableByteView out) {
  Writer writer(out);
  writer.u8(
      static_cast<uint8_t>(type_deliver | flag(report.has_user_data_header, bit_user_data_header)));
  if (report.failure_cause) writer.u8(*report.failure_cause);
  writer.u8(indicator_of(report));
  write_announced(report, writer);
  return writer.finish();
}

Result<SubmitReport> parse_submit_report(ByteView tpdu, ReportKind kind) {
  Reader reader(tpdu);
  SubmitReport report;
  const uint8_t first = TRY(read_first(reader, type_submit));
  report.has_user_data_header = is_set(first, bit_user_data_header);
  report.failure_cause = TRY(read_failure_cause(reader, kind));
  // TP-PI stands before the time stamp here, and what it announces after it (9.2.2.2a).
  const uint8_t indicator = TRY(read_indicator(reader));
  report.service_centre_time = TRY(read_timestamp(reader));
  TRY(read_announced(reader, indicator, report));
  return report;
}

Result<ByteView> write_submit_report(const SubmitReport& report, MutableByteView out) {
  Writer writer(out);
  writer.u8(
      static_cast<uint8_t>(type_submit | flag(report.has_user_data_header, bit_user_data_header)));
  if (report.failure_cause) writer.u8(*report.failure_cause);
  writer.u8(indicator_of(report)).bytes(report.service_centre_time.octets);
  write_announced(report, writer);
  return writer.finish();
}

Result<StatusReport> parse_status_report(ByteView tpdu) {
  Reader reader(tpdu);
  StatusReport report;
  const uint8_t first = TRY(read_first(reader, type_status));
  report.more_messages_to_send = !is_set(first, bit_more_messages);
  report.loop_prevention = is_set(first, bit_loop_prevention);
  report.status_report_qualifier = is_set(first, bit_status_report);
  report.has_user_data_header = is_set(first, bit_user_data_header);
  report.message_reference = TRY(reader.u8());
  report.recipient = TRY(read_address(reader));
  report.service_centre_time = TRY(read_timestamp(reader));
  report.discharge_time = TRY(read_timestamp(reader));
  report.status = TRY(reader.u8());
  // TP-PI and what follows may be absent altogether (9.2.2.3).
  if (reader.at_end()) return report;
  const uint8_t indicator = TRY(read_indicator(reader));
  TRY(read_announced(reader, indicator, report));
  return report;
}

Result<ByteView> write_status_report(const StatusReport& report, MutableByteView out) {
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(type_status |
                                 flag(!report.more_messages_to_send, bit_more_messages) |
                                 flag(report.loop_prevention, bit_loop_prevention) |
                                 flag(report.status_report_qualifier, bit_status_report) |
                                 flag(report.has_user_data_header, bit_user_data_header)));
  writer.u8(report.message_reference);
  write_address(report.recipient, writer);
  writer.bytes(report.service_centre_time.octets).bytes(report.discharge_time.octets);
  writer.u8(report.status);
  if (const uint8_t indicator = indicator_of(report)) {
    writer.u8(indicator);
    write_announced(report, writer);
  }
  return writer.finish();
}

Result<SmsCommand> parse_command(ByteView tpdu) {
  Reader reader(tpdu);
  SmsCommand command;
  const uint8_t first = TRY(read_first(reader, type_status));
  command.has_user_data_header = is_set(first, bit_user_data_header);
  command.status_report_request = is_set(first, bit_status_report);
  command.message_reference = TRY(reader.u8());
  command.protocol_identifier = TRY(reader.u8());
  command.command_type = TRY(reader.u8());
  command.message_number = TRY(reader.u8());
  command.destination = TRY(read_address(reader));
  command.data = TRY(reader.prefixed8());
  TRY(reader.expect_end());
  return command;
}

Result<ByteView> write_command(const SmsCommand& command, MutableByteView out) {
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(type_status |
                                 flag(command.has_user_data_header, bit_user_data_header) |
                                 flag(command.status_report_request, bit_status_report)));
  writer.u8(command.message_reference).u8(command.protocol_identifier);
  writer.u8(command.command_type).u8(command.message_number);
  write_address(command.destination, writer);
  writer.prefixed8(command.data);
  return writer.finish();
}

}  // namespace simurgh::sms
