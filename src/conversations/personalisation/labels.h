// Every label of the protocol: "simurgh/D/1/" (protocol and version), the role that makes it (C
// chip, S centre, CS both), and the use. No two uses share one; docs/protocols/personalisation.md
// lists the same, and a test compares.
#pragma once

#include <string_view>

namespace simurgh::personalisation::label {

// Derivations.
constexpr std::string_view chip_key = "simurgh/D/1/CS/kdf chip key";
constexpr std::string_view epoch_0 = "simurgh/D/1/CS/kdf epoch 0";
constexpr std::string_view epoch_n = "simurgh/D/1/CS/kdf epoch n";
constexpr std::string_view handshake = "simurgh/D/1/CS/kdf handshake";
constexpr std::string_view code = "simurgh/D/1/CS/kdf activation code";
constexpr std::string_view seal = "simurgh/D/1/S/kdf sealed secret";
constexpr std::string_view renegotiation = "simurgh/D/1/CS/kdf renegotiation";
constexpr std::string_view ki = "simurgh/D/1/CS/kdf Ki";
constexpr std::string_view opc = "simurgh/D/1/CS/kdf OPc";
constexpr std::string_view topc = "simurgh/D/1/CS/kdf TOPc";
constexpr std::string_view ota_kic_to_chip = "simurgh/D/1/S/kdf OTA KIc";
constexpr std::string_view ota_kid_to_chip = "simurgh/D/1/S/kdf OTA KID";
constexpr std::string_view ota_kic_from_chip = "simurgh/D/1/C/kdf OTA KIc";
constexpr std::string_view ota_kid_from_chip = "simurgh/D/1/C/kdf OTA KID";
constexpr std::string_view psk = "simurgh/D/1/CS/kdf PSK";
constexpr std::string_view psk_identity = "simurgh/D/1/CS/kdf PSK identity";
constexpr std::string_view rand_tag = "simurgh/D/1/S/kdf RAND tag";
constexpr std::string_view pake_generator = "simurgh/D/1/CS/kdf PAKE generator";
constexpr std::string_view pake_secret = "simurgh/D/1/CS/kdf PAKE secret";
constexpr std::string_view puk_secret = "simurgh/D/1/CS/kdf PUK secret";
constexpr std::string_view puk = "simurgh/D/1/CS/kdf PUK";
constexpr std::string_view pin = "simurgh/D/1/CS/kdf PIN";

// MACs.
constexpr std::string_view mac_init = "simurgh/D/1/S/mac INIT";
constexpr std::string_view mac_m1 = "simurgh/D/1/C/mac M1";
constexpr std::string_view mac_m2 = "simurgh/D/1/S/mac M2";
constexpr std::string_view mac_prepared = "simurgh/D/1/C/mac PREPARED";
constexpr std::string_view mac_commit = "simurgh/D/1/S/mac COMMIT";
constexpr std::string_view mac_done = "simurgh/D/1/C/mac DONE";
constexpr std::string_view mac_resync_active = "simurgh/D/1/C/mac RESYNC active";
constexpr std::string_view mac_resync_pending = "simurgh/D/1/C/mac RESYNC pending";
constexpr std::string_view mac_reset_done = "simurgh/D/1/C/mac RESET_DONE";
constexpr std::string_view mac_reset_done_ending = "simurgh/D/1/C/mac RESET_DONE ending";

// What the centre signs (suite symmetric: what it makes a MAC over in place of a signature).
constexpr std::string_view sign_m2 = "simurgh/D/1/S/sign M2";
constexpr std::string_view sign_query = "simurgh/D/1/S/sign QUERY";
constexpr std::string_view sign_reset = "simurgh/D/1/S/sign RESET";

// Hashes.
constexpr std::string_view transcript_1 = "simurgh/D/1/CS/hash INIT M1";
constexpr std::string_view transcript_2 = "simurgh/D/1/CS/hash M2 shares";
constexpr std::string_view transcript_3 = "simurgh/D/1/CS/hash M2 sealed";
constexpr std::string_view transcript_4 = "simurgh/D/1/CS/hash M2 signature";
constexpr std::string_view pake_session = "simurgh/D/1/CS/hash PAKE session";
constexpr std::string_view code_check = "simurgh/D/1/S/hash code check";

}  // namespace simurgh::personalisation::label
