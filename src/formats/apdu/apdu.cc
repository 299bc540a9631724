#include "formats/apdu/apdu.h"

namespace simurgh::apdu {

namespace {

uint32_t short_le(uint8_t octet) {
  return octet == 0 ? short_answer_octets_max : octet;
}

uint32_t extended_le(uint16_t value) {
  return value == 0 ? extended_answer_octets_max : value;
}

// After the header and the 00 that marks the extended form (ISO 7816-4 5.1 table 1).
Result<void> read_extended(Reader& reader, Command& command) {
  command.extended = true;
  const size_t start = reader.offset();
  const uint16_t length = TRY(reader.u16());
  if (reader.at_end()) {  // case 2E
    command.le = extended_le(length);
    return {};
  }
  if (length == 0) return fail(ErrorCode::bad_length, start);
  command.data = TRY(reader.bytes(length));
  if (!reader.at_end()) command.le = extended_le(TRY(reader.u16()));
  return {};
}

}  // namespace

Result<Command> parse_command(ByteView bytes) {
  Reader reader(bytes);
  Command command;
  command.cla = TRY(reader.u8());
  command.ins = TRY(reader.u8());
  command.p1 = TRY(reader.u8());
  command.p2 = TRY(reader.u8());
  if (reader.at_end()) return command;  // case 1
  const uint8_t p3 = TRY(reader.u8());
  if (reader.at_end()) {  // case 2
    command.le = short_le(p3);
    return command;
  }
  if (p3 == 0) {
    TRY(read_extended(reader, command));
  } else {
    command.data = TRY(reader.bytes(p3));
    if (!reader.at_end()) command.le = short_le(TRY(reader.u8()));
  }
  TRY(reader.expect_end());
  return command;
}

Result<ByteView> write_command(const Command& command, MutableByteView out) {
  const bool extended = command.extended && (!command.data.empty() || command.le != 0);
  if (command.data.size() > (extended ? extended_data_octets_max : short_data_octets_max) ||
      command.le > (extended ? extended_answer_octets_max : short_answer_octets_max)) {
    return fail(ErrorCode::too_large, 4);
  }
  Writer writer(out);
  writer.u8(command.cla).u8(command.ins).u8(command.p1).u8(command.p2);
  if (extended) writer.u8(0);
  if (!command.data.empty()) {
    if (extended) {
      writer.prefixed16(command.data);
    } else {
      writer.prefixed8(command.data);
    }
  }
  // The largest Ne is written as zeros.
  if (command.le != 0) {
    if (extended) {
      writer.u16(static_cast<uint16_t>(command.le));
    } else {
      writer.u8(static_cast<uint8_t>(command.le));
    }
  }
  return writer.finish();
}

Result<Response> parse_response(ByteView bytes) {
  if (bytes.size() < 2) return fail(ErrorCode::truncated, bytes.size());
  const ByteView status = bytes.last(2);
  return Response{bytes.first(bytes.size() - 2),
                  {static_cast<uint16_t>(status[0] << 8 | status[1])}};
}

Result<ByteView> write_response(const Response& response, MutableByteView out) {
  Writer writer(out);
  writer.bytes(response.data).u16(response.status.value);
  return writer.finish();
}

}  // namespace simurgh::apdu
