// COMP128 versions 1, 2 and 3: the A3/A8 of 2G cards, only to serve subscribers that were imported
// with it. Nothing new is made with them: v1 gives Ki away after some ten thousand chosen
// challenges, v1 and v2 leave ten bits of Kc zero. The HLR refuses them unless told otherwise.
#pragma once

#include "crypto/gsm_answer.h"
#include "crypto/primitives.h"

namespace simurgh::crypto {

enum class Comp128Version : uint8_t { v1 = 1, v2 = 2, v3 = 3 };

// Ki has 16 octets; another size is a programmer's error.
GsmAnswer comp128(Comp128Version version, ByteView ki, const Block& rand);

}  // namespace simurgh::crypto
