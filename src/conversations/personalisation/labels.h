// Every label of the protocol. Of derived keys (crypto/kdf.h) as "simurgh/personalisation/1/<role>/
// <use>" with the role that makes the thing: chip, centre, or both; of hashes and signatures as a
// text of the same form. No two uses share one; docs/protocols/personalisation.md lists the same,
// and a test compares.
#pragma once

#include "crypto/kdf.h"

namespace simurgh::personalisation::label {

constexpr crypto::KeyLabel both(std::string_view use) {
  return {"personalisation", 1, "both", use};
}
constexpr crypto::KeyLabel chip(std::string_view use) {
  return {"personalisation", 1, "chip", use};
}
constexpr crypto::KeyLabel centre(std::string_view use) {
  return {"personalisation", 1, "centre", use};
}

// Derivations.
constexpr auto chip_key = both("chip key");
constexpr auto epoch_0 = both("epoch 0");
constexpr auto epoch_n = both("epoch n");
constexpr auto handshake = both("handshake");
constexpr auto code = both("activation code");
constexpr auto seal = centre("sealed secret");
constexpr auto renegotiation = both("renegotiation");
constexpr auto ki = both("Ki");
constexpr auto opc = both("OPc");
constexpr auto topc = both("TOPc");
constexpr auto ota_kic_to_chip = centre("OTA KIc");
constexpr auto ota_kid_to_chip = centre("OTA KID");
constexpr auto ota_kic_from_chip = chip("OTA KIc");
constexpr auto ota_kid_from_chip = chip("OTA KID");
constexpr auto psk = both("PSK");
constexpr auto psk_identity = both("PSK identity");
constexpr auto rand_tag = both("RAND tag");
constexpr auto puk_secret = both("PUK secret");
constexpr auto puk = both("PUK");
constexpr auto puk_again = both("PUK again");
constexpr auto pin = both("PIN");
constexpr auto pin_again = both("PIN again");

// Keys of MACs.
constexpr auto mac_init = centre("MAC of INIT");
constexpr auto mac_m1 = chip("MAC of M1");
constexpr auto mac_m2 = centre("MAC of M2");
constexpr auto mac_prepared = chip("MAC of PREPARED");
constexpr auto mac_commit = centre("MAC of COMMIT");
constexpr auto mac_done = chip("MAC of DONE");
constexpr auto mac_resync_active = chip("MAC of RESYNC, active");
constexpr auto mac_resync_pending = chip("MAC of RESYNC, pending");
constexpr auto mac_reset_done = chip("MAC of RESET_DONE");
constexpr auto mac_reset_done_ending = chip("MAC of RESET_DONE, ending");
// In place of signatures, with suite symmetric.
constexpr auto mac_for_signature = centre("MAC for a signature");

// What the centre signs.
constexpr std::string_view sign_m2 = "simurgh/personalisation/1/centre/sign M2";
constexpr std::string_view sign_query = "simurgh/personalisation/1/centre/sign QUERY";
constexpr std::string_view sign_reset = "simurgh/personalisation/1/centre/sign RESET";

// Hashes.
constexpr std::string_view transcript_1 = "simurgh/personalisation/1/both/hash INIT M1";
constexpr std::string_view transcript_2 = "simurgh/personalisation/1/both/hash M2 shares";
constexpr std::string_view transcript_3 = "simurgh/personalisation/1/both/hash M2 sealed";
constexpr std::string_view transcript_4 = "simurgh/personalisation/1/both/hash M2 signature";
constexpr std::string_view query = "simurgh/personalisation/1/centre/hash QUERY";
constexpr std::string_view reset = "simurgh/personalisation/1/centre/hash RESET";
constexpr std::string_view pake_channel = "simurgh/personalisation/1/both/hash PAKE channel";
constexpr std::string_view mac_input = "simurgh/personalisation/1/both/hash MAC input";
constexpr std::string_view code_check = "simurgh/personalisation/1/centre/hash code check";

}  // namespace simurgh::personalisation::label
