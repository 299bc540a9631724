// A byte string cut into the user data of short messages, and put together again
// (TS 23.040 9.2.3.24.1, TS 31.115 4.2).
//
// The first part of a command or response packet carries element 70 or 71 beside the
// concatenation element; the following ones carry the concatenation element alone. So a single
// message holds 137 octets of packet, the first of several 132 and each further one 134.
#pragma once

#include "base/time.h"
#include "formats/sms/address.h"
#include "formats/sms/user_data.h"

namespace simurgh::sms {

enum class PayloadKind : uint8_t { plain, command_packet, response_packet };

constexpr size_t parts_max = 255;
constexpr size_t packet_single_octets_max = 137;
constexpr size_t packet_first_octets_max = 132;
constexpr size_t part_following_octets_max = 134;
constexpr size_t packet_octets_max =
    packet_first_octets_max + (parts_max - 1) * part_following_octets_max;

// Number of messages that the payload takes; too_large above parts_max.
Result<size_t> part_count(size_t payload_octets, PayloadKind kind);

// User data (header included) of part `index`, 0 being the first; TP-UDHI is set unless the part
// is a single plain one (`*has_header`). The same arguments give the same bytes. `reference` must
// be unused by others of this originator to this destination.
struct Part {
  ByteView user_data;
  bool has_header = true;
};
Result<Part> write_part(ByteView payload, PayloadKind kind, uint8_t reference, size_t index,
                        MutableByteView out);

}  // namespace simurgh::sms
