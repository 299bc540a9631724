#include "element_update/packets.h"

namespace simurgh::element_update {

using secured_packet::KeyReference;

namespace {

// TS 101 220 annex E: USIM and ISIM, whose names carry no TAR.
bool is_adf(const Aid& aid) {
  constexpr ByteArray<7> usim = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
  constexpr ByteArray<7> isim = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04};
  return aid.begins_with(usim) || aid.begins_with(isim);
}

}  // namespace

Result<secured_packet::Tar> tar_for(const Target& target, const PacketSettings& settings) {
  if (target.application.empty()) {
    return target.kind == ScriptKind::card_content ? settings.tar_card_content : settings.tar_files;
  }
  if (is_adf(target.application)) return settings.tar_adf;
  const auto tar = remote_management::tar_of(target.application);
  if (!tar.has_value()) return ErrorCode::unsupported;
  return *tar;
}

Result<Bytes> make_packet(const fleet::ElementKeys& keys, const PacketFields& fields,
                          ByteView data) {
  secured_packet::CommandFields command;
  command.spi = secured_packet::full_security(secured_packet::ResponseBearer::submit);
  if (fields.response) {
    command.spi.response.bearer = *fields.response;
  } else {
    command.spi.response = {};
  }
  command.kic = command.kid = KeyReference::aes(keys.key_version);
  command.tar = fields.tar;
  command.counter = fields.counter;
  Bytes packet(secured_packet::command_packet_octets(data.size()));
  packet.resize(
      TRY(write_command(command, {keys.kic.view(), keys.kid.view()}, data, packet)).size());
  return packet;
}

Result<Receipt> open_receipt(const fleet::ElementKeys& keys, secured_packet::ResponseBearer bearer,
                             MutableByteView packet) {
  const auto header = TRY(secured_packet::parse_response_header(packet));
  const KeyReference reference = KeyReference::aes(keys.key_version);
  const secured_packet::ExpectedProtection expected = {
      secured_packet::full_security(bearer).response, reference, reference};
  Receipt receipt;
  receipt.tar = header.tar;
  receipt.response = TRY(verify_and_decrypt(header, expected, {keys.kic.view(), keys.kid.view()}));
  return receipt;
}

}  // namespace simurgh::element_update
