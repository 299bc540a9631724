// The transcript and the secrets of one negotiation, computed alike by both halves. Private to
// them.
//
//   T1 = H(server key, INIT, M1)          all that was said before the centre answers
//   T2 = H(T1, shares of M2)              fixes both key shares: the secrets follow
//   T3 = H(T2, sealed secret of M2)       what the centre signs
//   T4 = H(T3, signature)                 what M2's MAC and the new epoch are bound to
#pragma once

#include "conversations/personalisation/activation_code.h"
#include "conversations/personalisation/key_schedule.h"
#include "crypto/cpace.h"

namespace simurgh::personalisation {

crypto::Digest transcript_1(ByteView server_key, ByteView init, ByteView m1);
crypto::Digest transcript_2(const crypto::Digest& t1, const M2& m2);
crypto::Digest transcript_3(const crypto::Digest& t2, const M2& m2);
crypto::Digest transcript_4(const crypto::Digest& t3, const M2& m2);

// What the centre signs: the label, a zero octet, the digest. Never a bare number of the peer's.
using SignedBytes = ByteString<96>;
SignedBytes signed_bytes(std::string_view label, const crypto::Digest& digest);
// What a QUERY and a RESET sign, as digests.
crypto::Digest query_digest(const Query& query);
crypto::Digest reset_digest(const Reset& reset, const ChipIdentity& chip);

// The centre's "signature" where the chip has no public keys (suite symmetric): a MAC under an
// epoch of the chip's. Its length is mac_octets.
Mac symmetric_signature(const Epoch& epoch, std::string_view label, const crypto::Digest& digest);

// Verifies what stands in a signature field. bad_signature; `unsupported` when `server_key` is
// empty and the suite needs one. `epoch` is used with suite symmetric only.
Result<void> verify_signature(Suite suite, ByteView server_key, const Epoch& epoch,
                              std::string_view label, const crypto::Digest& digest,
                              ByteView signature);

// --- key agreement ------------------------------------------------------------------------------

Result<Share> make_share(Suite suite, const Key256& seed);  // empty with symmetric
// crypto when the peer's share is invalid (size, curve, small order).
using DhSecret = Secret<256>;
Result<DhSecret> derive_dh(Suite suite, const Key256& seed, ByteView peer);

// What a code secret gives to the key schedule: bound to the order and the chip.
Key256 code_key(const ActivationCode& code, const OrderId& order, const Iccid& iccid);

struct HandshakeInputs {
  DhSecret dh;            // empty with suite symmetric
  Key256 renegotiation;   // of the base epoch: only who has it can go on from it
  Key256 code;            // empty unless the order wants a code secret
  crypto::CpaceKey pake;  // empty unless the order wants a short code
};
Key256 handshake_secret(const crypto::Digest& t2, const HandshakeInputs& inputs);

// D9: the centre's secret under a key of this handshake alone, so the nonce may be constant.
SealedSecret seal_made_secret(const Key256& handshake, const crypto::Digest& t2,
                              const Key256& made);
Result<Key256> open_made_secret(const Key256& handshake, const crypto::Digest& t2,
                                const SealedSecret& sealed);

Mac m2_mac(const Key256& handshake, const crypto::Digest& t4);

// Epoch n. `made` is empty unless the centre made a secret. The PUK's secret is the base's unless
// `new_puk`.
Epoch next_epoch(const Key256& handshake, const crypto::Digest& t4, const Key256& made,
                 uint32_t number, const Epoch& base, bool new_puk);

// --- PAKE (crypto/cpace.h); the chip is the initiator
// ---------------------------------------------
using PakeSeed = Secret<crypto::cpace_seed_octets>;  // random, of one end
struct PakeShares {
  PakeShare initiator;
  PakeShare responder;
};
// One negotiation's PAKE: the digits, who and for which order (CI), and both nonces (sid).
class Pake {
 public:
  Pake(const ActivationCode& code, const Init& init, const ChipIdentity& chip,
       const Nonce& nonce_c);
  Result<PakeShare> share(const PakeSeed& seed) const;
  // crypto when the peer's share is no element or the neutral one.
  Result<crypto::CpaceKey> key(const PakeSeed& seed, const PakeShares& shares,
                               crypto::CpaceRole role) const;

 private:
  crypto::CpaceContext context() const;
  Secret<short_code_digits_max> digits_;
  crypto::Digest channel_;
  ByteArray<2 * nonce_octets> session_;
};

// --- MACs of INIT and M1 ------------------------------------------------------------------------
// Over the message as it is written with a MAC of zeros.
Mac init_mac(const Init& init, const Epoch& base);
Mac m1_mac(const M1& m1, ByteView init_bytes, const Epoch& base);

// --- RESYNC ---------------------------------------------------------------------------------
Mac resync_mac(const Resync& resync, const ChipIdentity& chip, const Epoch& epoch,
               const crypto::KeyLabel& label);

// --- RESET_DONE -----------------------------------------------------------------------------
Mac reset_done_mac(const ResetDone& done, const ChipIdentity& chip, const Epoch& epoch,
                   const crypto::KeyLabel& label);

// What the protocol never does, whoever asks; checked by both ends. not_allowed, bad_value.
Result<void> check_terms(Suite suite, const OrderFlags& flags, const OrderId& order,
                         uint32_t base_epoch);

}  // namespace simurgh::personalisation
