#include "security_centre/chip_channel.h"

#include "conversations/personalisation/short_message_bearer.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/concatenation.h"

namespace simurgh::security_centre {

namespace {
using personalisation::Direction;
using personalisation::key_set_of;
using secured_packet::KeyReference;

// Full protection, and no response packet: the application's own answer is the receipt.
constexpr secured_packet::Spi protection = {secured_packet::CounterRule::higher,
                                            true,
                                            secured_packet::Integrity::cryptographic_checksum,
                                            {}};
}  // namespace

Result<std::vector<uint8_t>> seal_for_chip(const personalisation::Epoch& epoch,
                                           const ByteArray<3>& tar, uint64_t counter,
                                           ByteView data) {
  const auto keys = derive_ota_keys(epoch.secret, Direction::to_chip);
  secured_packet::CommandFields fields;
  fields.spi = protection;
  fields.kic = fields.kid = KeyReference::aes(key_set_of(epoch.number));
  fields.tar = tar;
  fields.counter = counter;
  std::vector<uint8_t> room(secured_packet::command_packet_octets(data.size()));
  room.resize(TRY(write_command(fields, {keys.kic.view(), keys.kid.view()}, data, room)).size());
  return room;
}

Result<void> send_to_chip(Bearer& bearer, const Msisdn& to, const personalisation::Epoch& epoch,
                          uint64_t counter, ByteView message) {
  const std::vector<uint8_t> packet =
      TRY(seal_for_chip(epoch, personalisation::short_message_tar, counter, message));
  const size_t parts = TRY(sms::part_count(packet.size(), sms::PayloadKind::command_packet));
  for (size_t i = 0; i < parts; ++i) {
    ByteArray<sms::user_data_octets_max> part_room;
    const sms::Part part = TRY(write_part(packet, sms::PayloadKind::command_packet,
                                          static_cast<uint8_t>(counter), i, part_room));
    bearer.send_short_message(to, part.user_data);
  }
  return {};
}

Result<uint8_t> key_set_of_packet(MutableByteView packet) {
  const auto header = TRY(secured_packet::parse_command_header(packet));
  if (header.kic.key_set() != header.kid.key_set()) return ErrorCode::bad_value;
  return header.kic.key_set();
}

Result<FromChip> open_from_chip(const personalisation::Epoch& epoch, MutableByteView packet) {
  const auto header = TRY(secured_packet::parse_command_header(packet));
  if (header.tar != personalisation::short_message_tar) return ErrorCode::bad_value;
  const auto keys = derive_ota_keys(epoch.secret, Direction::from_chip);
  const auto command = TRY(verify_and_decrypt(header, {keys.kic.view(), keys.kid.view()},
                                              secured_packet::MinimumSecurity()));
  FromChip out;
  out.counter = command.counter;
  if (!out.message.try_append(command.secured_data)) return ErrorCode::too_large;
  return out;
}

}  // namespace simurgh::security_centre
