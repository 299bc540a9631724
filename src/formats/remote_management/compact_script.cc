#include "formats/remote_management/script.h"

namespace simurgh::remote_management {

namespace {

// What P3 means: Le of an answer, or Lc of data that follows.
enum class P3 : uint8_t { answer, data, unknown };

P3 meaning_of_p3(uint8_t ins, uint8_t p2) {
  namespace ins_of = apdu::ins;
  switch (ins) {
    case ins_of::read_binary:
    case ins_of::read_record:
    case ins_of::get_response:
    case ins_of::get_data: return P3::answer;
    // TS 102 221 11.3.1: only the first block names the object.
    case ins_of::retrieve_data: return (p2 & 0x80) != 0 ? P3::data : P3::answer;
    case ins_of::select:
    case ins_of::update_binary:
    case ins_of::update_record:
    case ins_of::search_record:
    case ins_of::increase:
    case ins_of::verify_pin:
    case ins_of::change_pin:
    case ins_of::disable_pin:
    case ins_of::enable_pin:
    case ins_of::unblock_pin:
    case ins_of::deactivate_file:
    case ins_of::activate_file:
    case ins_of::create_file:
    case ins_of::delete_file:
    case ins_of::resize_file:
    case ins_of::set_data:
    case ins_of::install:
    case ins_of::load:
    case ins_of::set_status:
    case ins_of::status:  // GET STATUS of GlobalPlatform: RFM has no STATUS
    case ins_of::put_key:
    case ins_of::store_data: return P3::data;
    default: return P3::unknown;
  }
}

constexpr size_t ins_offset = 1;

}  // namespace

Result<apdu::Command> CompactCommands::next() {
  if (commands_ == apdus_per_script_max) return reader_.error(ErrorCode::too_large);
  const size_t start = reader_.offset();
  apdu::Command command;
  command.cla = TRY(reader_.u8());
  command.ins = TRY(reader_.u8());
  command.p1 = TRY(reader_.u8());
  command.p2 = TRY(reader_.u8());
  const uint8_t p3 = TRY(reader_.u8());
  switch (meaning_of_p3(command.ins, command.p2)) {
    case P3::unknown: return fail(ErrorCode::unsupported, start + ins_offset);
    case P3::answer: command.le = p3 == 0 ? apdu::short_answer_octets_max : p3; break;
    case P3::data: command.data = TRY(reader_.bytes(p3)); break;
  }
  ++commands_;
  return command;
}

Result<void> append_compact(const apdu::Command& command, Writer& out) {
  const P3 meaning = meaning_of_p3(command.ins, command.p2);
  if (meaning == P3::unknown) return fail(ErrorCode::bad_value, ins_offset);
  if (meaning == P3::answer
          ? !command.data.empty() || command.le == 0 || command.le > apdu::short_answer_octets_max
          : command.data.size() > apdu::short_data_octets_max) {
    return ErrorCode::bad_value;
  }
  out.u8(command.cla).u8(command.ins).u8(command.p1).u8(command.p2);
  if (meaning == P3::answer) {
    out.u8(static_cast<uint8_t>(command.le));  // 256 is 00
  } else {
    out.prefixed8(command.data);
  }
  TRY(out.finish());
  return {};
}

Result<CompactResponse> parse_compact_response(ByteView bytes) {
  Reader reader(bytes);
  CompactResponse response;
  response.executed = TRY(reader.u8());
  response.status.value = TRY(reader.u16());
  response.data = reader.rest();
  return response;
}

Result<ByteView> write_compact_response(const CompactResponse& response, MutableByteView out) {
  Writer writer(out);
  writer.u8(response.executed).u16(response.status.value).bytes(response.data);
  return writer.finish();
}

}  // namespace simurgh::remote_management
