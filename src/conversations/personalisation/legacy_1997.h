// Profile `legacy-1997`: the cryptography of the 1997 document as it stands, INSECURE, only to work
// with what was built to it. Ki_1 by single DES from the IMSI under K1; Ki_2 and PUK from a bare
// Diffie-Hellman, without signature, MAC or activation code, so that any false base station takes
// the key; 56 bits of K1 are searched in hours.
//
// Nothing here does anything without a policy that an operator has switched on; every other part
// of the conversation knows nothing of it. The document fixes neither block layout nor group, so
// they are fixed here: blocks as below, a = 2 and p of RFC 7919 ffdhe2048.
#pragma once

#include "conversations/personalisation/messages.h"

namespace simurgh::personalisation {

struct LegacyPolicy {
  bool allow_legacy_1997 = false;  // the operator's explicit switch
};

// For lists, logs and the console, wherever the profile's name is shown.
constexpr const char* legacy_1997_name = "legacy-1997";
constexpr const char* legacy_1997_description =
    "INSECURE: single DES and unauthenticated Diffie-Hellman of 1997; a false base station obtains "
    "the key";

constexpr size_t legacy_k1_octets = 8;
constexpr size_t legacy_ki_octets_max = 256;  // of one Diffie-Hellman
using LegacyK1 = Secret<legacy_k1_octets>;

// Ki_1 = DES(K1, block) ‖ DES(K1, not block), block = the IMSI in swapped BCD, filled with F.
// not_allowed without the switch, as everything here; bad_length when K1 has not 8 octets.
Result<Key128> legacy_ki_1(const LegacyPolicy& policy, const LegacyK1& k1, const Imsi& imsi);

// What a key agreement is for. One message each way: `d0` (protocol D, version 0), the purpose, the
// share of 256 octets.
enum class LegacyPurpose : uint8_t { ki_2 = 1, puk = 2 };
using LegacyMessage = ByteString<2 + crypto::ffdhe2048_share_octets>;
Result<LegacyMessage> legacy_message(const LegacyPolicy& policy, LegacyPurpose purpose,
                                     const Key256& seed);

// The secret that both ends then have: its first octets are Ki_2, of any length up to
// legacy_ki_octets_max (D7); `seed` must not serve a second time. bad_value when the message is for
// another purpose, `crypto` when the share is 0, 1 or p - 1.
Result<void> legacy_ki_2(const LegacyPolicy& policy, const Key256& seed, ByteView peer_message,
                         MutableByteView ki);
// Its first 8 octets as a number, modulo 10^8.
Result<ByteArray<8>> legacy_puk(const LegacyPolicy& policy, const Key256& seed,
                                ByteView peer_message);

}  // namespace simurgh::personalisation
