#include "formats/toolkit/terminal_response.h"

#include "formats/toolkit/object_list.h"

namespace simurgh::toolkit {

namespace {

using tlv::Comprehension;
using tlv::ComprehensionWriter;

Result<void> parse_head(ObjectList& objects, TerminalResponse& response) {
  const ByteView details = TRY(objects.require(tag::command_details));
  if (details.size() != 3) return ErrorCode::bad_length;
  response.command = {details[0], details[1], details[2]};
  // Some terminals leave the device identities away in short answers.
  if (const auto devices = objects.take(tag::device_identities)) {
    response.source = TRY(parse_devices(*devices)).source;
  }
  const ByteView result = TRY(objects.require(tag::result));
  if (result.empty()) return ErrorCode::bad_length;
  response.result = static_cast<GeneralResult>(result[0]);
  response.additional_information = result.subspan(1);
  return {};
}

Result<void> parse_local_information(ObjectList& objects, TerminalResponse& response) {
  response.location_information = objects.take_or_empty(tag::location_information);
  response.imei = objects.take_or_empty(tag::imei);
  response.imeisv = objects.take_or_empty(tag::imeisv);
  response.network_measurement_results = objects.take_or_empty(tag::network_measurement_results);
  response.date_time = objects.take_or_empty(tag::date_time);
  response.language = objects.take_or_empty(tag::language);
  response.timing_advance = objects.take_or_empty(tag::timing_advance);
  if (const auto value = objects.take(tag::access_technology)) {
    response.access_technology = TRY(parse_octet(*value));
  }
  return {};
}

Result<void> parse_user_and_timer(ObjectList& objects, TerminalResponse& response) {
  if (const auto value = objects.take(tag::duration)) {
    response.interval = TRY(parse_interval(*value));
  }
  if (const auto value = objects.take(tag::text_string)) response.text = TRY(parse_text(*value));
  if (const auto value = objects.take(tag::item_identifier)) {
    response.item_identifier = TRY(parse_octet(*value));
  }
  if (const auto value = objects.take(tag::timer_identifier)) {
    response.timer = TRY(parse_timer(*value));
  }
  if (const auto value = objects.take(tag::timer_value)) {
    response.timer_value = TRY(parse_timer_value(*value));
  }
  return {};
}

Result<void> parse_channels(ObjectList& objects, TerminalResponse& response) {
  while (const auto value = objects.take(tag::channel_status)) {
    if (response.channel_count == channels_max) return ErrorCode::too_large;
    response.channels[response.channel_count++] = TRY(parse_channel_status(*value));
  }
  if (const auto value = objects.take(tag::bearer_description)) {
    response.bearer = TRY(parse_bearer(*value));
  }
  if (const auto value = objects.take(tag::buffer_size)) {
    response.buffer_octets = TRY(parse_u16(*value));
  }
  response.channel_data = objects.take(tag::channel_data);
  if (const auto value = objects.take(tag::channel_data_length)) {
    response.channel_data_length = TRY(parse_octet(*value));
  }
  return {};
}

void write_local_information(const TerminalResponse& response, ComprehensionWriter& out) {
  write_unless_empty(tag::location_information, response.location_information, out);
  write_unless_empty(tag::imei, response.imei, out);
  write_unless_empty(tag::network_measurement_results, response.network_measurement_results, out);
  write_unless_empty(tag::date_time, response.date_time, out);
  write_unless_empty(tag::language, response.language, out);
  write_unless_empty(tag::timing_advance, response.timing_advance, out);
  if (response.access_technology) out.u8(tag::access_technology, *response.access_technology);
  write_unless_empty(tag::imeisv, response.imeisv, out);
}

void write_channels(const TerminalResponse& response, ComprehensionWriter& out) {
  if (response.channel_data) out.element(tag::channel_data, *response.channel_data);
  if (response.channel_data_length) {
    out.u8(tag::channel_data_length, *response.channel_data_length);
  }
  for (size_t i = 0; i < response.channel_count; ++i) {
    write_channel_status(response.channels[i], out);
  }
  if (response.bearer) write_bearer(*response.bearer, out);
  if (response.buffer_octets) out.u16(tag::buffer_size, *response.buffer_octets);
}

}  // namespace

Result<TerminalResponse> parse_terminal_response(ByteView bytes) {
  ObjectList objects = TRY(ObjectList::parse(bytes));
  TerminalResponse response;
  TRY(parse_head(objects, response));
  TRY(parse_user_and_timer(objects, response));
  TRY(parse_local_information(objects, response));
  TRY(parse_channels(objects, response));
  return response;
}

// The order of 6.8.
Result<ByteView> write_terminal_response(const TerminalResponse& response, MutableByteView out) {
  if (response.channel_count > channels_max) return ErrorCode::bad_value;
  Writer writer(out);
  ComprehensionWriter objects(writer);
  const CommandDetails& command = response.command;
  const uint8_t details[] = {command.number, command.type, command.qualifier};
  objects.element(tag::command_details, details);
  write_devices({response.source, Device::uicc}, objects);
  objects.element(tag::result, static_cast<uint8_t>(response.result),
                  response.additional_information);
  if (response.interval) write_interval(*response.interval, objects);
  if (response.text) {
    write_text(*response.text, tag::text_string, Comprehension::required, objects);
  }
  if (response.item_identifier) objects.u8(tag::item_identifier, *response.item_identifier);
  write_local_information(response, objects);
  if (response.timer) objects.u8(tag::timer_identifier, *response.timer);
  if (response.timer_value) write_timer_value(*response.timer_value, objects);
  write_channels(response, objects);
  const ByteView bytes = TRY(writer.finish());
  if (bytes.size() > terminal_response_octets_max) return ErrorCode::too_large;
  return bytes;
}

}  // namespace simurgh::toolkit
