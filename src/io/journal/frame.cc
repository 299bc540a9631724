#include "io/journal/frame.h"

#include "base/reader.h"
#include "io/journal/journal_file.h"

namespace simurgh::journal {

namespace {

constexpr std::string_view magic = "simurgh-keys-1\r\n";
static_assert(magic.size() == 16);

}  // namespace

Result<ByteView> write_header(const Header& header, MutableByteView out) {
  Writer writer(out);
  writer.bytes(bytes_of(magic)).bytes(header.database).bytes(header.sealed_mac_key);
  return writer.finish();
}

Result<Header> parse_header(ByteView bytes) {
  Reader reader(bytes);
  if (!equal(TRY(reader.bytes(magic.size())), bytes_of(magic))) return fail(ErrorCode::bad_value);
  Header header;
  header.database = TRY(reader.array<16>());
  header.sealed_mac_key =
      TRY((reader.array<mac_key_octets + crypto::KeyStore::seal_overhead_octets>()));
  TRY(reader.expect_end());
  return header;
}

ByteString<48> mac_key_identity(const ByteArray<16>& database) {
  ByteString<48> identity(bytes_of("key journal MAC key"));
  identity.append(database);
  return identity;
}

Mac first_mac(ByteView mac_key, ByteView header) {
  return crypto::hmac_sha256(mac_key, {bytes_of("header"), header});
}

Result<ByteView> write_record(const hlr::JournalRecord& record, MutableByteView out) {
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(record.kind)).u64(record.sequence).u64(record.generation);
  writer.prefixed8(record.iccid.bytes()).prefixed8(record.imsi.bytes());
  writer.u32(record.life).u32(record.epoch).u64(record.range).u64(record.allocated);
  writer.prefixed8(record.sealed);
  if (record.kind == hlr::JournalRecord::Kind::reset) writer.prefixed16(record.command);
  return writer.finish();
}

Result<hlr::JournalRecord> parse_record(ByteView bytes) {
  Reader reader(bytes);
  hlr::JournalRecord record;
  const uint8_t kind = TRY(reader.u8());
  if (kind < 1 || kind > 5) return fail(ErrorCode::bad_value);
  record.kind = static_cast<hlr::JournalRecord::Kind>(kind);
  record.sequence = TRY(reader.u64());
  record.generation = TRY(reader.u64());
  const ByteView iccid = TRY(reader.prefixed8());
  if (!iccid.empty()) record.iccid = TRY(Iccid::parse(text_of(iccid)));
  const ByteView imsi = TRY(reader.prefixed8());
  if (!imsi.empty()) record.imsi = TRY(Imsi::parse(text_of(imsi)));
  record.life = TRY(reader.u32());
  record.epoch = TRY(reader.u32());
  record.range = TRY(reader.u64());
  record.allocated = TRY(reader.u64());
  const ByteView sealed = TRY(reader.prefixed8());
  if (!record.sealed.try_append(sealed)) return reader.error(ErrorCode::too_large);
  if (record.kind == hlr::JournalRecord::Kind::reset) {
    const ByteView command = TRY(reader.prefixed16());
    if (command.size() > hlr::journal_command_octets_max) return reader.error(ErrorCode::too_large);
    record.command.assign(command.begin(), command.end());
  }
  TRY(reader.expect_end());
  return record;
}

Frame make_frame(ByteView mac_key, const Mac& previous, ByteView payload, uint16_t records) {
  Frame frame;
  frame.bytes.resize(frame_header_octets + payload.size() + frame_mac_octets);
  Writer writer(frame.bytes);
  writer.u32(static_cast<uint32_t>(payload.size())).u16(records).bytes(payload);
  frame.mac = crypto::hmac_sha256(mac_key, {bytes_of("frame"), previous, writer.written()});
  writer.bytes(frame.mac);
  SIMURGH_CHECK(writer.finish().has_value());
  return frame;
}

Result<size_t> frame_octets(ByteView bytes) {
  Reader reader(bytes);
  const size_t payload = TRY(reader.u32());
  const uint16_t records = TRY(reader.u16());
  if (records == 0 || payload > frame_octets_max) return fail(ErrorCode::bad_length);
  return frame_header_octets + payload + frame_mac_octets;
}

Result<ParsedFrame> parse_frame(ByteView mac_key, const Mac& previous, ByteView bytes) {
  ParsedFrame frame;
  frame.octets = TRY(frame_octets(bytes));
  if (frame.octets > bytes.size()) return fail(ErrorCode::truncated, bytes.size());
  const size_t covered = frame.octets - frame_mac_octets;
  frame.mac = crypto::hmac_sha256(mac_key, {bytes_of("frame"), previous, bytes.first(covered)});
  if (!crypto::secure_equal(frame.mac, bytes.subspan(covered, frame_mac_octets))) {
    return fail(ErrorCode::bad_mac);
  }
  Reader reader(bytes.subspan(4));
  frame.records = TRY(reader.u16());
  frame.payload = bytes.subspan(frame_header_octets, covered - frame_header_octets);
  return frame;
}

ByteArray<mark_octets> write_mark(ByteView mac_key, const hlr::CommitMark& mark) {
  ByteArray<mark_octets> out;
  Writer writer(out);
  writer.bytes(mark.database).u64(mark.generation).u64(mark.journal_sequence);
  const Mac mac = crypto::hmac_sha256(mac_key, {bytes_of("mark"), writer.written()});
  writer.bytes(ByteView(mac).first(16));
  return out;
}

Result<hlr::CommitMark> parse_mark(ByteView mac_key, ByteView bytes) {
  Reader reader(bytes);
  hlr::CommitMark mark;
  mark.database = TRY(reader.array<16>());
  mark.generation = TRY(reader.u64());
  mark.journal_sequence = TRY(reader.u64());
  const Mac mac = crypto::hmac_sha256(mac_key, {bytes_of("mark"), bytes.first(reader.offset())});
  if (!crypto::secure_equal(ByteView(mac).first(16), TRY(reader.bytes(16)))) {
    return fail(ErrorCode::bad_mac);
  }
  TRY(reader.expect_end());
  return mark;
}

}  // namespace simurgh::journal
