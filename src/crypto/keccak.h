// The permutation Keccak-f[1600] (FIPS 202 3.3) on a state of 200 octets, lanes little endian.
#pragma once

#include "base/bytes.h"

namespace simurgh::crypto {

using KeccakState = ByteArray<200>;

void keccak_f1600(KeccakState& state);

}  // namespace simurgh::crypto
