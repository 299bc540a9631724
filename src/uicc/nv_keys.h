// The records of a chip's NV store that are not files (file_system.cc has those). The numbers are
// in every chip ever made: they are never used for anything else.
#pragma once

#include "uicc/nv.h"

namespace simurgh::uicc::nv_key {

constexpr NvKey chip_record = nv_key_secret_bit | 0x01;  // identity and epochs
constexpr NvKey pin_values = nv_key_secret_bit | 0x02;
constexpr NvKey imported = nv_key_secret_bit | 0x03;  // another maker's keys and TARs
constexpr NvKey pin_states = 0x01;                    // tries, enabled
constexpr NvKey counters_in = 0x02;                   // of secured packets, by epoch
constexpr NvKey counter_out = 0x03;                   // of secured packets to the centre
constexpr NvKey authentication = 0x04;                // algorithm and its parameters
constexpr NvKey os_version = 0x05;                    // after a patch
constexpr NvKey agent_record = 0x06;      // of the last script over HTTP and its outcome
constexpr NvKey agent_session = 0x07;     // an administration session that is under way
constexpr NvKey sequence_first = 0x0100;  // | IND: SEQ accepted last (TS 33.102 annex C)

}  // namespace simurgh::uicc::nv_key
