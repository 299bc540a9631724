// Looks into packets of any protection that the field has, to show what they are: 3DES, CRC,
// none, and other bearers' framing. For tools and tests.
//
// Never for execution: what comes out was not measured against MinimumSecurity. Single DES is not
// supported at all. Nothing here writes.
#pragma once

#include "formats/secured_packet/command_packet.h"
#include "formats/secured_packet/response_packet.h"

namespace simurgh::secured_packet::legacy {

enum class Framing : uint8_t {
  short_message,  // CPL of two octets, CHL of one
  cat_tp,         // CPI 01, then CPL and CHL as BER lengths (TS 102 225 annex for IP bearers)
};

Result<CommandHeader> parse_command_header(MutableByteView packet, Framing framing);

struct InspectedCommand {
  uint64_t counter = 0;
  uint8_t padding_octets = 0;
  ByteView check;  // RC or CC as sent
  ByteView secured_data;
  bool check_verified = false;  // false where there is none, or it is of an unknown kind
};

// unsupported for single DES, proprietary and implicit algorithms, DS; bad_mac when a CC or CRC
// does not verify.
Result<InspectedCommand> inspect(const CommandHeader& header, const Keys& keys);

struct InspectedResponse {
  Response response;
  uint8_t padding_octets = 0;
  ByteView check;
  bool check_verified = false;
};

Result<InspectedResponse> inspect(const ResponseHeader& header,
                                  const ResponseProtection& protection, KeyReference kic,
                                  KeyReference kid, const Keys& keys);

}  // namespace simurgh::secured_packet::legacy
