// link: simurgh_formats_secured_packet simurgh_io_crypto_openssl
// The first octet chooses: raw bytes, or the plain text of a packet whose MAC is repaired.
#include <algorithm>
#include <vector>

#include "formats/secured_packet/legacy.h"
#include "packet_keys.h"

using namespace simurgh;
using namespace simurgh::secured_packet;

namespace {

void read_and_write(MutableByteView packet, bool repaired) {
  const std::vector<uint8_t> original(packet.begin(), packet.end());
  const auto header = parse_command_header(packet);
  if (!header) return;
  const MinimumSecurity floor = MinimumSecurity::with_short_mac();
  const bool met = floor.is_met_by(header->spi, header->kic, header->kid, header->check_octets);
  const auto command = verify_and_decrypt(*header, fuzz::keys, floor);
  if (!met) {
    SIMURGH_CHECK(!command && command.error().code == ErrorCode::not_allowed);
    return;
  }
  if (!command) {
    SIMURGH_CHECK(!repaired || command.error().code != ErrorCode::bad_mac);
    return;
  }
  SIMURGH_CHECK(command->counter <= counter_max);
  const CommandFields fields{header->spi,      header->kic,
                             header->kid,      header->tar,
                             command->counter, static_cast<uint8_t>(header->check_octets)};
  std::vector<uint8_t> room(command_packet_octets(command->secured_data.size()) + 16);
  const auto written = write_command(fields, fuzz::keys, command->secured_data, room);
  if (!written) {
    SIMURGH_CHECK(written.error().code == ErrorCode::not_allowed ||
                  written.error().code == ErrorCode::too_large);
    return;
  }
  const auto again = parse_command_header(MutableByteView(room).first(written->size()));
  SIMURGH_CHECK(again.has_value());
  const auto read = verify_and_decrypt(*again, fuzz::keys, floor);
  SIMURGH_CHECK((read && equal(read->secured_data, command->secured_data)));
}

void inspect(ByteView input, legacy::Framing framing) {
  std::vector<uint8_t> packet(input.begin(), input.end());
  const auto header = legacy::parse_command_header(packet, framing);
  if (header) static_cast<void>(legacy::inspect(*header, fuzz::keys).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView input = ByteView(data, size).subspan(1);
  inspect(input, legacy::Framing::short_message);
  inspect(input, legacy::Framing::cat_tp);
  std::vector<uint8_t> packet(input.begin(), input.end());
  const bool repaired = (data[0] & 1) != 0;
  if (repaired && packet.size() >= 24) {
    packet.resize(10 + (packet.size() - 10) / 16 * 16);
    if (packet.size() < 26 || packet.size() > 0xffff) return 0;
    packet[0] = static_cast<uint8_t>((packet.size() - 2) >> 8);
    packet[1] = static_cast<uint8_t>(packet.size() - 2);
    packet[2] = (data[0] & 2) != 0 ? 0x11 : 0x15;
    packet[3] = static_cast<uint8_t>(packet[3] | 0x16);
    packet[3] = static_cast<uint8_t>(packet[3] & ~0x01);
    packet[5] = packet[6] = 0x22;
    fuzz::repair({}, packet, 10, 16, packet[2] - 13u);
    read_and_write(packet, true);
  } else {
    read_and_write(packet, false);
  }
  return 0;
}
