#include "conversations/remote_admin/session_record.h"

#include "base/hex.h"
#include "base/reader.h"

namespace simurgh::remote_admin {

namespace {

constexpr std::string_view token_query = "?n=";
constexpr size_t token_octets = 8;

}  // namespace

ByteArray<session_record_octets> write_session_record(const SessionRecord& record) {
  ByteArray<session_record_octets> out;
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(record.state)).u64(record.token).u64(record.script);
  SIMURGH_CHECK(writer.size() == out.size());
  return out;
}

Result<SessionRecord> parse_session_record(ByteView bytes) {
  Reader reader(bytes);
  SessionRecord out;
  const uint8_t state = TRY(reader.u8());
  if (state > static_cast<uint8_t>(SessionRecord::State::staying)) return ErrorCode::bad_value;
  out.state = static_cast<SessionRecord::State>(state);
  out.token = TRY(reader.u64());
  out.script = TRY(reader.u64());
  TRY(reader.expect_end());
  return out;
}

std::string uri_of(std::string_view path, uint64_t token) {
  uint8_t octets[token_octets];
  Writer(octets).u64(token);
  char digits[2 * token_octets];
  std::string out(path);
  return out.append(token_query).append(write_hex(octets, digits));
}

Result<uint64_t> token_of(std::string_view path, std::string_view target) {
  if (!target.starts_with(path)) return ErrorCode::not_found;
  target.remove_prefix(path.size());
  if (!target.starts_with(token_query)) return ErrorCode::not_found;
  target.remove_prefix(token_query.size());
  uint8_t octets[token_octets];
  if (target.size() != 2 * token_octets) return ErrorCode::not_found;
  const auto parsed = parse_hex(target, octets);
  if (!parsed.has_value()) return ErrorCode::not_found;
  return Reader(*parsed).u64();
}

}  // namespace simurgh::remote_admin
