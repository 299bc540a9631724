#include "formats/secured_packet/command_packet.h"

#include "crypto/primitives.h"

namespace simurgh::secured_packet {

namespace {

constexpr size_t cpl_octets = 2;
constexpr size_t clear_octets = 10;  // CPL CHL SPI KIc KID TAR
constexpr size_t chl_without_check = 13;
constexpr size_t counter_octets = 5;
constexpr size_t counter_and_padding_octets = counter_octets + 1;
constexpr size_t check_offset = clear_octets + counter_and_padding_octets;
constexpr size_t aes_block_octets = 16;

// IV of 0 (TS 102 225 5.1.2): the counter at the start of the ciphered part makes it differ.
constexpr crypto::Block zero_iv{};

// Under a request for a response the answer is our only proof, so it has to carry a MAC.
bool response_is_proof(const ResponseProtection& response) {
  return response.request == ResponseRequest::never ||
         (response.request != ResponseRequest::reserved &&
          response.integrity == Integrity::cryptographic_checksum);
}

Result<void> check_fields(const CommandFields& fields) {
  const MinimumSecurity floor =
      fields.mac_octets == 4 ? MinimumSecurity::with_short_mac() : MinimumSecurity();
  if (!floor.is_met_by(fields.spi, fields.kic, fields.kid, fields.mac_octets) ||
      !response_is_proof(fields.spi.response)) {
    return ErrorCode::not_allowed;
  }
  if (fields.counter > counter_max) return ErrorCode::too_large;
  return {};
}

}  // namespace

Result<CommandHeader> parse_command_header(MutableByteView packet) {
  Reader reader(packet);
  CommandHeader header;
  header.packet = packet;
  const uint16_t length = TRY(reader.u16());
  if (length > reader.remaining()) return fail(ErrorCode::truncated, packet.size());
  if (length < reader.remaining()) return fail(ErrorCode::trailing_bytes, cpl_octets + length);
  const uint8_t header_length = TRY(reader.u8());
  if (header_length < chl_without_check) return fail(ErrorCode::bad_length, cpl_octets);
  header.check_octets = header_length - chl_without_check;
  const uint8_t spi_first = TRY(reader.u8());
  const uint8_t spi_second = TRY(reader.u8());
  header.spi = Spi::of_octets(spi_first, spi_second);
  header.kic = {TRY(reader.u8())};
  header.kid = {TRY(reader.u8())};
  header.tar = TRY(reader.array<3>());
  header.ciphered_offset = reader.offset();
  if (reader.remaining() < counter_and_padding_octets + header.check_octets) {
    return fail(ErrorCode::bad_length, cpl_octets);
  }
  return header;
}

Result<Command> verify_and_decrypt(const CommandHeader& header, const Keys& keys,
                                   const MinimumSecurity& floor) {
  if (!floor.is_met_by(header.spi, header.kic, header.kid, header.check_octets)) {
    return ErrorCode::not_allowed;
  }
  const size_t counter_offset = header.ciphered_offset;
  const MutableByteView packet = header.packet;
  const MutableByteView ciphered = packet.subspan(counter_offset);
  if (ciphered.size() % aes_block_octets != 0) return fail(ErrorCode::bad_length, 0);
  TRY(crypto::aes_cbc_decrypt(keys.ciphering, zero_iv, ciphered, ciphered));

  // The MAC covers everything but itself (5.1.3).
  const ByteView head = packet.first(counter_offset + counter_and_padding_octets);
  const ByteView check = packet.subspan(head.size(), header.check_octets);
  const ByteView data = packet.subspan(head.size() + check.size());
  const crypto::Block mac = TRY(crypto::aes_cmac(keys.integrity, {head, data}));
  if (!crypto::secure_equal(check, ByteView(mac).first(check.size()))) return ErrorCode::bad_mac;

  Reader reader(ByteView(head).subspan(counter_offset));
  Command command;
  command.counter = TRY(reader.u40());
  const uint8_t padding = TRY(reader.u8());
  if (padding > data.size()) return fail(ErrorCode::bad_length, counter_offset + counter_octets);
  command.secured_data = data.first(data.size() - padding);
  return command;
}

Result<ByteView> write_command(const CommandFields& fields, const Keys& keys, ByteView secured_data,
                               MutableByteView out) {
  TRY(check_fields(fields));
  if (secured_data.size() > secured_data_octets_max) return ErrorCode::too_large;
  const size_t size = command_packet_octets(secured_data.size(), fields.mac_octets);
  if (size > out.size()) return ErrorCode::no_space;
  const MutableByteView packet = out.first(size);
  const size_t data_offset = check_offset + fields.mac_octets;
  const size_t padding = size - data_offset - secured_data.size();

  // The data first: it may stand where the header goes.
  if (!secured_data.empty()) {
    std::memmove(packet.data() + data_offset, secured_data.data(), secured_data.size());
  }
  if (padding != 0) std::memset(packet.data() + size - padding, 0, padding);
  Writer writer(packet);
  writer.u16(static_cast<uint16_t>(size - cpl_octets));
  writer.u8(static_cast<uint8_t>(chl_without_check + fields.mac_octets));
  writer.u8(fields.spi.first_octet()).u8(fields.spi.second_octet());
  writer.u8(fields.kic.octet).u8(fields.kid.octet).bytes(fields.tar);
  writer.u40(fields.counter).u8(static_cast<uint8_t>(padding));

  const crypto::Block mac = TRY(
      crypto::aes_cmac(keys.integrity, {packet.first(check_offset), packet.subspan(data_offset)}));
  std::memcpy(packet.data() + check_offset, mac.data(), fields.mac_octets);
  const MutableByteView ciphered = packet.subspan(clear_octets);
  TRY(crypto::aes_cbc_encrypt(keys.ciphering, zero_iv, ciphered, ciphered));
  return ByteView(packet);
}

}  // namespace simurgh::secured_packet
