// How personalisation messages travel as short messages: each is the secured data of one command
// packet (TS 102 225, TS 31.115) in either direction, under the OTA keys of an epoch.
//
// Facts that both ends must agree on, and nothing else; the ends are uicc and security_centre.
#pragma once

#include "conversations/personalisation/key_schedule.h"

namespace simurgh::personalisation {

// The personalisation application's toolkit application reference, in both directions ("PER").
constexpr ByteArray<3> short_message_tar = {0x50, 0x45, 0x52};

// Number of the key set (b8-b5 of KIc and KID) of an epoch: 1…15, so that a packet says which of
// the two epochs that may be alive it belongs to.
constexpr uint8_t key_set_of(uint32_t epoch) {
  return static_cast<uint8_t>(1 + epoch % 15);
}

// A receiver refuses a counter that is further ahead (CNTR high, threats row 6). Room for the leap
// that a sender makes after its database was restored.
constexpr uint64_t counter_leap_max = 1ull << 28;

}  // namespace simurgh::personalisation
