// Secured packets between the centre and one chip's personalisation application: out as the user
// data of short messages, in as verified messages. Counters are the caller's (ChipKeys): this is
// only the way from a message to bytes and back.
#pragma once

#include "conversations/personalisation/key_schedule.h"
#include "security_centre/security_centre.h"

namespace simurgh::security_centre {

// A command packet to the application `tar` under the key set of `epoch`, with full protection and
// no response asked for. `counter` was never used before.
Result<std::vector<uint8_t>> seal_for_chip(const personalisation::Epoch& epoch,
                                           const ByteArray<3>& tar, uint64_t counter,
                                           ByteView data);

// Sends `message` under the key set of `epoch` with `counter`, which was never used before. Parts
// of one packet carry the low octet of the counter as their concatenation reference.
Result<void> send_to_chip(Bearer& bearer, const Msisdn& to, const personalisation::Epoch& epoch,
                          uint64_t counter, ByteView message);

// Key set (KVN) that an arrived packet names; truncated and the like when it is not one.
Result<uint8_t> key_set_of_packet(MutableByteView packet);

struct FromChip {
  uint64_t counter = 0;
  personalisation::Message message;
};
// Verifies a packet from the chip under `epoch`; deciphers in place. bad_mac, not_allowed (below
// full security), bad_value (not for this application), too_large.
Result<FromChip> open_from_chip(const personalisation::Epoch& epoch, MutableByteView packet);

}  // namespace simurgh::security_centre
