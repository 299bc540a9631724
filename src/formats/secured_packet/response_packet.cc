#include "formats/secured_packet/response_packet.h"

#include "crypto/primitives.h"

namespace simurgh::secured_packet {

namespace {

constexpr size_t rpl_octets = 2;
constexpr size_t clear_octets = 6;  // RPL RHL TAR
constexpr size_t rhl_without_check = 10;
constexpr size_t counter_octets = 5;
constexpr size_t check_offset = clear_octets + counter_octets + 2;  // PCNTR and status
constexpr size_t aes_block_octets = 16;
constexpr crypto::Block zero_iv{};

// In short messages the MAC begins with the user-data header (TS 31.115 4.4).
constexpr ByteArray<3> user_data_header = {0x02, 0x71, 0x00};

Result<void> check_protection(const ExpectedProtection& expected) {
  const ResponseProtection& response = expected.response;
  const bool has_mac = response.integrity == Integrity::cryptographic_checksum &&
                       expected.kid.integrity(response.integrity) == Algorithm::aes &&
                       (expected.mac_octets == 4 || expected.mac_octets == 8);
  const bool cipher_known = !response.ciphered || expected.kic.ciphering() == Algorithm::aes;
  if (!has_mac || !cipher_known) return ErrorCode::not_allowed;
  return {};
}

// The fields once deciphered; `check_octets` is not looked at.
Result<Response> read_fields(const ResponseHeader& header) {
  Reader reader(ByteView(header.packet).subspan(clear_octets));
  Response response;
  response.counter = TRY(reader.u40());
  const uint8_t padding = TRY(reader.u8());
  response.status = static_cast<ResponseStatus>(TRY(reader.u8()));
  TRY(reader.skip(header.check_octets));
  const ByteView data = reader.rest();
  if (padding > data.size()) return fail(ErrorCode::bad_length, clear_octets + counter_octets);
  response.data = data.first(data.size() - padding);
  return response;
}

void write_head(const Tar& tar, uint64_t counter, size_t check_octets, size_t padding,
                ResponseStatus status, MutableByteView packet) {
  Writer writer(packet);
  writer.u16(static_cast<uint16_t>(packet.size() - rpl_octets));
  writer.u8(static_cast<uint8_t>(rhl_without_check + check_octets)).bytes(tar).u40(counter);
  writer.u8(static_cast<uint8_t>(padding)).u8(static_cast<uint8_t>(status));
}

}  // namespace

Result<ResponseHeader> parse_response_header(MutableByteView packet) {
  Reader reader(packet);
  ResponseHeader header;
  header.packet = packet;
  const uint16_t length = TRY(reader.u16());
  if (length > reader.remaining()) return fail(ErrorCode::truncated, packet.size());
  if (length < reader.remaining()) return fail(ErrorCode::trailing_bytes, rpl_octets + length);
  const uint8_t header_length = TRY(reader.u8());
  if (header_length < rhl_without_check) return fail(ErrorCode::bad_length, rpl_octets);
  header.check_octets = header_length - rhl_without_check;
  header.tar = TRY(reader.array<3>());
  if (reader.remaining() < counter_octets + 2 + header.check_octets) {
    return fail(ErrorCode::bad_length, rpl_octets);
  }
  return header;
}

Result<Response> verify_and_decrypt(const ResponseHeader& header,
                                    const ExpectedProtection& expected, const Keys& keys) {
  TRY(check_protection(expected));
  if (header.check_octets == 0) {
    const Response response = TRY(read_fields(header));
    if (!may_be_unprotected(response.status)) return ErrorCode::bad_mac;
    return response;
  }
  if (header.check_octets != expected.mac_octets) return fail(ErrorCode::bad_length, rpl_octets);
  const MutableByteView packet = header.packet;
  if (expected.response.ciphered) {
    const MutableByteView ciphered = packet.subspan(clear_octets);
    if (ciphered.size() % aes_block_octets != 0) return fail(ErrorCode::bad_length, 0);
    TRY(crypto::aes_cbc_decrypt(keys.ciphering, zero_iv, ciphered, ciphered));
  }
  const ByteView check = packet.subspan(check_offset, header.check_octets);
  const crypto::Block mac =
      TRY(crypto::aes_cmac(keys.integrity, {user_data_header, packet.first(check_offset),
                                            packet.subspan(check_offset + check.size())}));
  if (!crypto::secure_equal(check, ByteView(mac).first(check.size()))) return ErrorCode::bad_mac;
  Response response = TRY(read_fields(header));
  response.authenticated = true;
  return response;
}

Result<ByteView> write_response(const ResponseFields& fields, const ExpectedProtection& expected,
                                const Keys& keys, ByteView data, MutableByteView out) {
  TRY(check_protection(expected));
  if (fields.counter > counter_max) return ErrorCode::too_large;
  const size_t mac_octets = expected.mac_octets;
  const size_t data_offset = check_offset + mac_octets;
  const size_t size = expected.response.ciphered ? response_packet_octets(data.size(), mac_octets)
                                                 : data_offset + data.size();
  if (size - rpl_octets > 0xffff) return ErrorCode::too_large;
  if (size > out.size()) return ErrorCode::no_space;
  const MutableByteView packet = out.first(size);
  const size_t padding = size - data_offset - data.size();

  // The data first: it may stand where the header goes.
  if (!data.empty()) std::memmove(packet.data() + data_offset, data.data(), data.size());
  if (padding != 0) std::memset(packet.data() + size - padding, 0, padding);
  write_head(fields.tar, fields.counter, mac_octets, padding, fields.status, packet);
  const crypto::Block mac = TRY(crypto::aes_cmac(
      keys.integrity, {user_data_header, packet.first(check_offset), packet.subspan(data_offset)}));
  std::memcpy(packet.data() + check_offset, mac.data(), mac_octets);
  if (expected.response.ciphered) {
    const MutableByteView ciphered = packet.subspan(clear_octets);
    TRY(crypto::aes_cbc_encrypt(keys.ciphering, zero_iv, ciphered, ciphered));
  }
  return ByteView(packet);
}

Result<ByteView> write_unprotected_response(const Tar& tar, ResponseStatus status,
                                            MutableByteView out) {
  if (!may_be_unprotected(status)) return ErrorCode::not_allowed;
  if (out.size() < check_offset) return ErrorCode::no_space;
  const MutableByteView packet = out.first(check_offset);
  write_head(tar, 0, 0, 0, status, packet);
  return ByteView(packet);
}

}  // namespace simurgh::secured_packet
