// link: simurgh_formats_secured_packet simurgh_io_crypto_openssl
// The first octet chooses: raw bytes, or the plain text of a packet whose MAC is repaired.
#include <vector>

#include "formats/secured_packet/legacy.h"
#include "packet_keys.h"

using namespace simurgh;
using namespace simurgh::secured_packet;

namespace {

constexpr ByteArray<3> user_data_header = {0x02, 0x71, 0x00};

void read_and_write(MutableByteView packet, const ExpectedProtection& expected, bool repaired) {
  const auto header = parse_response_header(packet);
  if (!header) return;
  const auto response = verify_and_decrypt(*header, expected, fuzz::keys);
  if (!response) {
    SIMURGH_CHECK(!repaired || response.error().code != ErrorCode::bad_mac);
    return;
  }
  if (!response->authenticated) {
    SIMURGH_CHECK(may_be_unprotected(response->status));
    return;
  }
  std::vector<uint8_t> room(response_packet_octets(response->data.size()) + 16);
  const auto written = write_response({header->tar, response->counter, response->status}, expected,
                                      fuzz::keys, response->data, room);
  SIMURGH_CHECK(written.has_value());
  const auto again = parse_response_header(MutableByteView(room).first(written->size()));
  SIMURGH_CHECK(again.has_value());
  const auto read = verify_and_decrypt(*again, expected, fuzz::keys);
  SIMURGH_CHECK((read && read->authenticated && read->status == response->status));
  SIMURGH_CHECK(equal(read->data, response->data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView input = ByteView(data, size).subspan(1);
  ExpectedProtection expected{full_security(ResponseBearer::submit).response, {0x22}, {0x22}, 8};
  expected.mac_octets = (data[0] & 2) != 0 ? 4 : 8;
  expected.response.ciphered = (data[0] & 4) == 0;
  {
    std::vector<uint8_t> packet(input.begin(), input.end());
    const auto header = parse_response_header(packet);
    const auto protection = Spi::of_octets(0, data[0]).response;
    if (header) {
      static_cast<void>(
          legacy::inspect(*header, protection, {0x25}, {0x22}, fuzz::keys).has_value());
    }
  }
  std::vector<uint8_t> packet(input.begin(), input.end());
  const bool repaired = (data[0] & 1) != 0 && expected.response.ciphered;
  if (repaired) {
    if (packet.size() < 22 || packet.size() > 0xffff) return 0;
    packet.resize(6 + (packet.size() - 6) / 16 * 16);
    packet[0] = static_cast<uint8_t>((packet.size() - 2) >> 8);
    packet[1] = static_cast<uint8_t>(packet.size() - 2);
    packet[2] = static_cast<uint8_t>(10 + expected.mac_octets);
    fuzz::repair(user_data_header, packet, 6, 13, expected.mac_octets);
  }
  read_and_write(packet, expected, repaired);
  return 0;
}
