// Authentication and key agreement (3GPP TS 33.102 6.3): what the AuC and the USIM compute from
// f1…f5*, whichever set of functions the subscriber has. MAC and RES have 8 octets, CK and IK 16,
// as GSUP and the USIM carry them.
//
// Not here: whether a sequence number is fresh (annex C), which is the USIM's and the AuC's state.
#pragma once

#include "crypto/gsm_answer.h"
#include "crypto/primitives.h"

namespace simurgh::crypto {

enum class AkaAlgorithm : uint8_t { milenage = 1, tuak = 2 };

struct AkaKeys {
  AkaAlgorithm algorithm = AkaAlgorithm::milenage;
  uint8_t tuak_iterations = 1;
  Secret<32> k;    // 16 octets; with TUAK 16 or 32
  Secret<32> opc;  // OPc, 16 octets; TOPc, 32
};
// bad_length unless the sizes fit the algorithm; bad_value for 0 iterations. Every function below
// begins with it.
Result<void> check(const AkaKeys& keys);

constexpr uint64_t sequence_number_limit = 1ull << 48;  // SQN is below; more is bad_value
using Amf = ByteArray<2>;
using Autn = ByteArray<16>;  // SQN xor AK, AMF, MAC-A
using Auts = ByteArray<14>;  // SQN_MS xor AK*, MAC-S

struct AkaAnswer {
  ByteArray<8> res{};
  Key128 ck;
  Key128 ik;
};

// The AuC's vector for a challenge.
struct AkaVector {
  AkaAnswer expected;
  Autn autn{};
};
Result<AkaVector> make_vector(const AkaKeys& keys, const Block& rand, uint64_t sequence_number,
                              const Amf& amf);

// The USIM's side: bad_mac when AUTN is not the AuC's. The caller judges `sequence_number` before
// it gives anything of the answer away.
struct AkaChallenge {
  uint64_t sequence_number = 0;
  Amf amf{};
  AkaAnswer answer;
};
Result<AkaChallenge> open_challenge(const AkaKeys& keys, const Block& rand, const Autn& autn);

// Resynchronisation (6.3.3, 6.3.5): the USIM says the highest SQN it accepted; AMF counts as zero.
Result<Auts> make_auts(const AkaKeys& keys, const Block& rand, uint64_t sequence_number);
// The AuC's side; bad_mac.
Result<uint64_t> open_auts(const AkaKeys& keys, const Block& rand, const Auts& auts);

// The answer without AUTN, for a 2G challenge of a USIM (conversion below).
Result<AkaAnswer> answer_challenge(const AkaKeys& keys, const Block& rand);

// Conversion functions c2 and c3 (6.8.1.2): SRES and Kc for 2G from a 3G answer.
GsmAnswer gsm_answer_of(const AkaAnswer& answer);

}  // namespace simurgh::crypto
