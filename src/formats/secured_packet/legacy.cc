#include "formats/secured_packet/legacy.h"

#include "crypto/primitives.h"
#include "formats/secured_packet/redundancy_check.h"

namespace simurgh::secured_packet::legacy {

namespace {

constexpr size_t counter_octets = 5;
constexpr size_t aes_block_octets = 16;
constexpr size_t des_block_octets = 8;
constexpr crypto::Block zero_iv{};
constexpr ByteArray<3> response_user_data_header = {0x02, 0x71, 0x00};
constexpr size_t response_clear_octets = 6;

size_t tdes_key_octets(Algorithm algorithm) {
  return algorithm == Algorithm::triple_des_two_keys ? 16 : 24;
}

Result<void> decipher(Algorithm algorithm, ByteView key, MutableByteView ciphered) {
  switch (algorithm) {
    case Algorithm::aes:
      if (ciphered.size() % aes_block_octets != 0) return fail(ErrorCode::bad_length, 0);
      return crypto::aes_cbc_decrypt(key, zero_iv, ciphered, ciphered);
    case Algorithm::triple_des_two_keys:
    case Algorithm::triple_des_three_keys:
      if (ciphered.size() % des_block_octets != 0) return fail(ErrorCode::bad_length, 0);
      if (key.size() != tdes_key_octets(algorithm)) return ErrorCode::crypto;
      return crypto::tdes_cbc_decrypt(key, ciphered, ciphered);
    default: return ErrorCode::unsupported;
  }
}

// The check over `parts`, into `out`: as many octets as it has. Zero octets: of an unknown kind.
Result<ByteView> compute_check(Integrity kind, KeyReference kid, ByteView key, crypto::Parts parts,
                               MutableByteView out) {
  Writer writer(out);
  const Algorithm algorithm = kid.integrity(kind);
  switch (algorithm) {
    case Algorithm::aes: writer.bytes(TRY(crypto::aes_cmac(key, parts))); break;
    case Algorithm::triple_des_two_keys:
    case Algorithm::triple_des_three_keys:
      if (key.size() != tdes_key_octets(algorithm)) return ErrorCode::crypto;
      writer.bytes(TRY(crypto::tdes_cbc_mac(key, parts)));
      break;
    case Algorithm::crc16: writer.u16(crc16(parts)); break;
    case Algorithm::crc32: writer.u32(crc32(parts)); break;
    default:
      // A CRC of an unstated kind can be shown without being checked; a MAC cannot.
      if (kind != Integrity::redundancy_check) return ErrorCode::unsupported;
  }
  return writer.finish();
}

// Whether `check` is right; false where that is unknown, bad_mac where it is wrong.
Result<bool> verify_check(Integrity kind, KeyReference kid, ByteView key, crypto::Parts parts,
                          ByteView check) {
  if (kind == Integrity::none) return false;
  if (kind == Integrity::digital_signature) return ErrorCode::unsupported;
  ByteArray<16> room;
  const ByteView computed = TRY(compute_check(kind, kid, key, parts, room));
  if (computed.empty()) return false;
  if (check.empty() || check.size() > computed.size() ||
      !crypto::secure_equal(check, computed.first(check.size()))) {
    return ErrorCode::bad_mac;
  }
  return true;
}

// A BER length (CAT_TP dialect).
Result<uint32_t> read_ber_length(Reader& reader) {
  const uint8_t first = TRY(reader.u8());
  if (first < 0x80) return first;
  if (first == 0x81) return TRY(reader.u8());
  if (first == 0x82) return TRY(reader.u16());
  return reader.error(ErrorCode::bad_length);
}

}  // namespace

Result<CommandHeader> parse_command_header(MutableByteView packet, Framing framing) {
  if (framing == Framing::short_message) return secured_packet::parse_command_header(packet);
  constexpr uint8_t command_packet_identifier = 0x01;
  constexpr size_t chl_without_check = 13;
  Reader reader(packet);
  CommandHeader header;
  header.packet = packet;
  if (TRY(reader.u8()) != command_packet_identifier) return fail(ErrorCode::bad_value, 0);
  const uint32_t length = TRY(read_ber_length(reader));
  if (length > reader.remaining()) return fail(ErrorCode::truncated, packet.size());
  if (length < reader.remaining()) {
    return fail(ErrorCode::trailing_bytes, reader.offset() + length);
  }
  const size_t chl_offset = reader.offset();
  const uint32_t header_length = TRY(read_ber_length(reader));
  if (header_length < chl_without_check) return fail(ErrorCode::bad_length, chl_offset);
  header.check_octets = header_length - chl_without_check;
  const uint8_t spi_first = TRY(reader.u8());
  header.spi = Spi::of_octets(spi_first, TRY(reader.u8()));
  header.kic = {TRY(reader.u8())};
  header.kid = {TRY(reader.u8())};
  header.tar = TRY(reader.array<3>());
  header.ciphered_offset = reader.offset();
  if (reader.remaining() < counter_octets + 1 + header.check_octets) {
    return fail(ErrorCode::bad_length, chl_offset);
  }
  return header;
}

Result<InspectedCommand> inspect(const CommandHeader& header, const Keys& keys) {
  const MutableByteView packet = header.packet;
  if (header.spi.ciphered) {
    TRY(decipher(header.kic.ciphering(), keys.ciphering, packet.subspan(header.ciphered_offset)));
  }
  const ByteView head = packet.first(header.ciphered_offset + counter_octets + 1);
  InspectedCommand command;
  command.check = packet.subspan(head.size(), header.check_octets);
  const ByteView data = packet.subspan(head.size() + header.check_octets);
  command.check_verified = TRY(
      verify_check(header.spi.integrity, header.kid, keys.integrity, {head, data}, command.check));
  Reader reader(head.subspan(header.ciphered_offset));
  command.counter = TRY(reader.u40());
  command.padding_octets = TRY(reader.u8());
  if (command.padding_octets > data.size()) return fail(ErrorCode::bad_length, head.size() - 1);
  command.secured_data = data.first(data.size() - command.padding_octets);
  return command;
}

Result<InspectedResponse> inspect(const ResponseHeader& header,
                                  const ResponseProtection& protection, KeyReference kic,
                                  KeyReference kid, const Keys& keys) {
  const MutableByteView packet = header.packet;
  if (protection.ciphered) {
    TRY(decipher(kic.ciphering(), keys.ciphering, packet.subspan(response_clear_octets)));
  }
  const ByteView head = packet.first(response_clear_octets + counter_octets + 2);
  InspectedResponse out;
  out.check = packet.subspan(head.size(), header.check_octets);
  const ByteView data = packet.subspan(head.size() + header.check_octets);
  out.check_verified = TRY(verify_check(protection.integrity, kid, keys.integrity,
                                        {response_user_data_header, head, data}, out.check));
  Reader reader(head.subspan(response_clear_octets));
  out.response.counter = TRY(reader.u40());
  out.padding_octets = TRY(reader.u8());
  out.response.status = static_cast<ResponseStatus>(TRY(reader.u8()));
  if (out.padding_octets > data.size()) return fail(ErrorCode::bad_length, head.size() - 2);
  out.response.data = data.first(data.size() - out.padding_octets);
  return out;
}

}  // namespace simurgh::secured_packet::legacy
