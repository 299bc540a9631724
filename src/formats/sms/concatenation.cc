#include "formats/sms/concatenation.h"

#include <algorithm>

namespace simurgh::sms {

namespace {

constexpr size_t single_octets_max(PayloadKind kind) {
  return kind == PayloadKind::plain ? user_data_octets_max : packet_single_octets_max;
}

constexpr size_t first_octets_max(PayloadKind kind) {
  return kind == PayloadKind::plain ? part_following_octets_max : packet_first_octets_max;
}

}  // namespace

Result<size_t> part_count(size_t payload_octets, PayloadKind kind) {
  if (payload_octets <= single_octets_max(kind)) return size_t{1};
  const size_t after_first = payload_octets - first_octets_max(kind);
  const size_t count =
      1 + (after_first + part_following_octets_max - 1) / part_following_octets_max;
  if (count > parts_max) return ErrorCode::too_large;
  return count;
}

Result<Part> write_part(ByteView payload, PayloadKind kind, uint8_t reference, size_t index,
                        MutableByteView out) {
  const size_t count = TRY(part_count(payload.size(), kind));
  SIMURGH_CHECK(index < count);
  UserDataHeader header;
  header.command_packet = index == 0 && kind == PayloadKind::command_packet;
  header.response_packet = index == 0 && kind == PayloadKind::response_packet;
  size_t begin = 0;
  size_t room = single_octets_max(kind);
  if (count > 1) {
    header.concatenation = Concatenation{reference, false, static_cast<uint8_t>(count),
                                         static_cast<uint8_t>(index + 1)};
    begin = index == 0 ? 0 : first_octets_max(kind) + (index - 1) * part_following_octets_max;
    room = index == 0 ? first_octets_max(kind) : part_following_octets_max;
  }
  const bool has_header = count > 1 || kind != PayloadKind::plain;
  Writer writer(out);
  if (has_header) {
    ByteArray<16> header_octets;
    writer.bytes(TRY(write_user_data_header(header, header_octets)));
  }
  writer.bytes(payload.subspan(begin, std::min(room, payload.size() - begin)));
  return Part{TRY(writer.finish()), has_header};
}

}  // namespace simurgh::sms
