// What remote scripts can reach in this chip, by the toolkit application reference of a secured
// packet (TS 101 220 annex D) or by the targeted application of a script over HTTP.
//
// Every target has the same floor: a secured packet with counter, cipher and MAC of 8 octets
// (OtaReceiver), or a TLS session under the chip's own pre-shared key. No target is reached below.
#pragma once

#include "formats/remote_management/identifiers.h"
#include "formats/secured_packet/security_parameters.h"

namespace simurgh::uicc {

constexpr secured_packet::Tar tar_rfm_shared = {0xb0, 0x00, 0x00};
constexpr secured_packet::Tar tar_rfm_usim = {0xb0, 0x00, 0x01};
constexpr secured_packet::Tar tar_rfm_usim_other = {0xb0, 0x00, 0x11};  // as some vendors have it
constexpr secured_packet::Tar tar_ram = {0x00, 0x00, 0x00};             // issuer security domain
constexpr secured_packet::Tar tar_admin_agent = {0xb2, 0x01, 0x00};     // also takes triggers

enum class Target : uint8_t {
  none,
  shared_files,     // remote file management from the MF
  usim_files,       // … from ADF.USIM
  applications,     // remote application management
  personalisation,  // the personalisation applet
};

Target target_of(const secured_packet::Tar& tar);
// By AID: the security domain, the USIM, the personalisation applet, or any 16 octets whose
// octets 13…15 are a TAR above (as file management applications are named).
Target target_of(const remote_management::Aid& aid);

// Octets of a response script over HTTP, which is kept durably with its script's effects.
constexpr size_t http_response_octets_max = 900;

}  // namespace simurgh::uicc
