// CPace (draft-irtf-cfrg-cpace-21), suite CPACE-RISTR255-SHA512, initiator and responder: a key
// from a password of few bits, of which neither a listener nor a partner who does not know it
// learns more than whether one guess was right.
//
// Octet for octet the draft's; checked with its test vectors (appendix B.3). It has no key
// confirmation of its own: the callers' MACs under the derived key are it.
#pragma once

#include "crypto/primitives.h"

namespace simurgh::crypto {

constexpr size_t cpace_share_octets = 32;
constexpr size_t cpace_seed_octets = 64;        // random; reduced modulo the group's order
constexpr size_t cpace_field_octets_max = 256;  // of the password, CI, sid, and AD fields
using CpaceShare = ByteArray<cpace_share_octets>;
using CpaceSeed = ByteArray<cpace_seed_octets>;
using CpaceKey = Secret<64>;  // ISK; derive keys from it, use it for nothing else

struct CpaceContext {
  ByteView password;  // PRS
  ByteView channel;   // CI: both parties' identities, in an encoding of its own
  ByteView session;   // sid: fresh for each run
};

// This party's share. too_large when a field exceeds cpace_field_octets_max.
Result<CpaceShare> cpace_share(const CpaceContext& context, const CpaceSeed& seed);

enum class CpaceRole : uint8_t { initiator, responder };
struct CpaceTranscript {
  ByteView initiator_share;
  ByteView responder_share;
  ByteView initiator_data = {};  // ADa, ADb: what else each sent with its share; may be empty
  ByteView responder_data = {};
};

// The key of both shares, for the party that has `seed`. crypto when the other's share is no valid
// element or the neutral one (the peer would then know the key whatever the password).
Result<CpaceKey> cpace_key(const CpaceContext& context, const CpaceSeed& seed, CpaceRole role,
                           const CpaceTranscript& transcript);

}  // namespace simurgh::crypto
