// What a SIM answers to a 2G challenge (TS 51.011 9.2.16): SRES and the cipher key Kc.
#pragma once

#include "base/secret.h"

namespace simurgh::crypto {

struct GsmAnswer {
  ByteArray<4> sres{};
  Secret<8> kc;
};

}  // namespace simurgh::crypto
