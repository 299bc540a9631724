#include "formats/cap_file/cap_file.h"

#include "base/reader.h"

namespace simurgh::cap_file {

namespace {

constexpr uint8_t header_tag = 1, applet_tag = 3;
constexpr uint8_t tag_max = 10;    // loaded ones
constexpr uint8_t debug_tag = 12;  // it and the descriptor stay outside
constexpr uint32_t magic = 0xdecaffed;
constexpr size_t aid_octets_min = 5, aid_octets_max = 16;

Result<std::vector<uint8_t>> read_aid(Reader& in) {
  const ByteView aid = TRY(in.prefixed8());
  if (aid.size() < aid_octets_min || aid.size() > aid_octets_max) {
    return in.error(ErrorCode::bad_length);
  }
  return std::vector<uint8_t>(aid.begin(), aid.end());
}

// 6.4; what follows the package's AID is not looked at.
Result<void> read_header(ByteView info, LoadFile& out) {
  Reader in(info);
  if (TRY(in.u32()) != magic) return fail(ErrorCode::bad_value, 0);
  TRY(in.bytes(5));  // versions of the format and the package, flags
  out.package = TRY(read_aid(in));
  return {};
}

// 6.6
Result<void> read_applets(ByteView info, LoadFile& out) {
  Reader in(info);
  const uint8_t count = TRY(in.u8());
  if (count > applets_max) return in.error(ErrorCode::too_large);
  for (uint8_t i = 0; i < count; ++i) {
    out.applets.push_back(TRY(read_aid(in)));
    TRY(in.u16());  // its install method
  }
  return in.expect_end();
}

}  // namespace

Result<LoadFile> parse_components(ByteView octets) {
  LoadFile out;
  Reader in(octets);
  uint32_t seen = 0;
  while (in.remaining() > 0) {
    const size_t begin = octets.size() - in.remaining();
    const uint8_t tag = TRY(in.u8());
    const ByteView info = TRY(in.bytes(TRY(in.u16())));
    if (tag == 0 || tag > debug_tag) return fail(ErrorCode::bad_value, begin);
    if ((seen >> tag & 1) != 0) return fail(ErrorCode::already_exists, begin);
    if ((seen == 0) != (tag == header_tag)) return fail(ErrorCode::bad_value, begin);
    seen |= 1u << tag;
    Result<void> read;
    if (tag == header_tag) read = read_header(info, out);
    if (tag == applet_tag) read = read_applets(info, out);
    if (!read) return fail(read.error().code, begin);
    if (tag > tag_max) continue;
    const ByteView whole = octets.subspan(begin, octets.size() - in.remaining() - begin);
    out.octets.insert(out.octets.end(), whole.begin(), whole.end());
  }
  if (seen == 0) return fail(ErrorCode::truncated, 0);
  return out;
}

}  // namespace simurgh::cap_file
