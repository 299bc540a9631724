// Fields that the commands of global_platform.h share. Part of this library's inside.
#pragma once

#include "formats/remote_management/global_platform.h"
#include "formats/tlv/ber_tlv.h"

namespace simurgh::remote_management {

constexpr uint8_t cla_global_platform = 0x80;

// bad_value at the octet that is not of the command.
inline Result<void> expect_command(const apdu::Command& command, uint8_t ins) {
  if ((command.cla & 0xf0) != cla_global_platform) return fail(ErrorCode::bad_value, 0);
  if (command.ins != ins) return fail(ErrorCode::bad_value, 1);
  return {};
}

// An AID behind its length in one octet; of length 0 an empty one.
inline Result<Aid> read_aid(Reader& reader) {
  const size_t start = reader.offset();
  const ByteView octets = TRY(reader.prefixed8());
  if (octets.empty()) return Aid{};
  const auto aid = Aid::of(octets);
  if (!aid.has_value()) return fail(aid.error().code, start);
  return *aid;
}

// A field behind its BER length: one octet, 81 LL or 82 LL LL (11.1.5).
inline Result<ByteView> read_field(Reader& reader) {
  const size_t start = reader.offset();
  const uint8_t first = TRY(reader.u8());
  if (first < 0x80) return reader.bytes(first);
  if (first == 0x81) return reader.prefixed8();
  if (first == 0x82) return reader.prefixed16();
  return fail(ErrorCode::bad_length, start);
}

inline void write_field(ByteView value, Writer& out) {
  if (value.size() >= 0x80) out.u8(value.size() > 0xff ? 0x82 : 0x81);
  if (value.size() > 0xff) {
    out.prefixed16(value);
  } else {
    out.prefixed8(value);
  }
}

// A case 4 command with what was written as its data; no_space above the short form too.
inline Result<apdu::Command> command_of(uint8_t ins, uint8_t p1, uint8_t p2, const Writer& data) {
  const ByteView written = TRY(data.finish());
  if (written.size() > command_data_octets_max) return fail(ErrorCode::no_space, written.size());
  return apdu::Command{.cla = cla_global_platform,
                       .ins = ins,
                       .p1 = p1,
                       .p2 = p2,
                       .data = written,
                       .le = apdu::short_answer_octets_max};
}

}  // namespace simurgh::remote_management
