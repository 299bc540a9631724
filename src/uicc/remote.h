// What secured packets can reach in this chip, and how a remote script goes through it.
#pragma once

#include "formats/secured_packet/security_parameters.h"

namespace simurgh::uicc {

// Toolkit application references (TS 101 220 annex D): the shared file system, and the USIM's.
constexpr secured_packet::Tar tar_rfm_shared = {0xb0, 0x00, 0x00};
constexpr secured_packet::Tar tar_rfm_usim = {0xb0, 0x00, 0x01};
constexpr secured_packet::Tar tar_rfm_usim_other = {0xb0, 0x00, 0x11};  // as some vendors have it

}  // namespace simurgh::uicc
