// Profile `legacy-1997`: the cryptography of the 1997 document as it stands, INSECURE, only to work
// with what was built to it. Ki_1 by single DES from the IMSI under K1; Ki_2 and PUK from a bare
// Diffie-Hellman, without signature, MAC or activation code, so that any false base station takes
// the key; 56 bits of K1 are searched in hours.
//
// Nothing here does anything without a policy that an operator has switched on. A chip is of this
// profile from the factory on or never: one that is takes no INIT, one that is not takes no OFFER.
// The document fixes neither block layout nor group, so they are fixed here: blocks as below, a = 2
// and p of RFC 7919 ffdhe2048.
#pragma once

#include "base/random.h"
#include "conversations/personalisation/key_schedule.h"

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
// What such a chip holds in place of K1: Ki_1 twice. K1 is the first 8 octets of the version's.
Result<Key256> legacy_chip_key(const LegacyPolicy& policy, const Key256& k1_of_version,
                               const ChipIdentity& chip);

// What a key agreement is for. One message each way: `d0` (protocol D, version 0), the purpose, the
// share of 256 octets.
enum class LegacyPurpose : uint8_t { ki_2 = 1, puk = 2 };
constexpr size_t legacy_message_octets = 2 + crypto::ffdhe2048_share_octets;
using LegacyMessage = ByteString<legacy_message_octets>;
Result<LegacyMessage> legacy_message(const LegacyPolicy& policy, LegacyPurpose purpose,
                                     const Key256& seed);

// The secret that both ends then have: its first octets, of any length up to legacy_ki_octets_max
// (D7); `seed` must not serve a second time. bad_value when the message is for another purpose,
// `crypto` when the share is 0, 1 or p - 1.
Result<void> legacy_agree(const LegacyPolicy& policy, LegacyPurpose purpose, const Key256& seed,
                          ByteView peer_message, MutableByteView secret);

// --- the conversation: OFFER and ANSWER in place of INIT, M1 and M2 ------------------------------
// Each carries both agreements' messages. The rest is as ever: the chip stores the new epoch before
// it answers, the answer ends in its PREPARED (the challenge-response of D7), then COMMIT and DONE.
// An epoch's secret is SHA-256 over 32 octets of each agreement, so that PREPARED proves both; the
// PUK's secret is the second one's 32; keys derive from them as always. Epoch numbers and the base
// are there for invariant I1.
struct LegacyOffer {
  uint32_t life = 0;
  uint32_t epoch = 0;
  uint32_t base_epoch = 0;
  LegacyMessage ki_2;
  LegacyMessage puk;
};
struct LegacyAnswer {
  uint32_t life = 0;
  uint32_t epoch = 0;
  LegacyMessage ki_2;
  LegacyMessage puk;
  Message prepared;
};
bool is_legacy(ByteView message);  // of this protocol, by its first octet
Message write_legacy_offer(const LegacyOffer& offer);
Result<LegacyOffer> parse_legacy_offer(ByteView message);
Message write_legacy_answer(const LegacyAnswer& answer);
Result<LegacyAnswer> parse_legacy_answer(ByteView message);

// One end's secrets of one negotiation.
struct LegacySeeds {
  Key256 ki_2;
  Key256 puk;
};
LegacySeeds make_legacy_seeds(Random& random);
// The epoch `number` that both ends have after the agreements. A re-key keeps the base's PUK (D11).
Result<Epoch> legacy_epoch(const LegacyPolicy& policy, const LegacySeeds& seeds, ByteView peer_ki_2,
                           ByteView peer_puk, uint32_t number, const Epoch& base);

// The centre's side of one negotiation; in memory only.
struct LegacySession {
  ChipIdentity chip;
  uint32_t life = 0;
  uint32_t epoch = 0;
  Epoch base;
  LegacySeeds seeds;
};
// Fills the seeds and gives OFFER.
Result<Message> legacy_begin(const LegacyPolicy& policy, LegacySession& session, Random& random);
// The epoch that ANSWER proves to be stored in the chip; bad_mac or bad_value when it does not.
Result<Epoch> legacy_on_answer(const LegacyPolicy& policy, const LegacySession& session,
                               ByteView message);

}  // namespace simurgh::personalisation
