// Secured packets of campaigns: bytes, without state. What they answer for is in messages.h.
#pragma once

#include "element_update/card.h"
#include "element_update/payload.h"
#include "fleet/element.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/secured_packet/response_packet.h"

namespace simurgh::element_update {

// Where a packet for this target goes. unsupported when its name says no TAR.
Result<secured_packet::Tar> tar_for(const Target& target, const PacketSettings& settings);

// Counter higher, ciphered, MAC of 8 octets. `response` is asked for with MAC and cipher, or not at
// all. The same arguments give the same bytes.
struct PacketFields {
  secured_packet::Tar tar{};
  uint64_t counter = 0;
  std::optional<secured_packet::ResponseBearer> response;
};
Result<Bytes> make_packet(const fleet::ElementKeys& keys, const PacketFields& fields,
                          ByteView data);

// The PoR that such a packet is answered by; deciphered in place. bad_mac, not_allowed and others
// for what is not this card's.
struct Receipt {
  secured_packet::Tar tar{};
  secured_packet::Response response;
};
Result<Receipt> open_receipt(const fleet::ElementKeys& keys, secured_packet::ResponseBearer bearer,
                             MutableByteView packet);

}  // namespace simurgh::element_update
