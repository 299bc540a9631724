// Keys that everybody knows, which a server in production mode refuses (threats row 3): published
// test sets, keys that cards were shipped with, and patterns.
#pragma once

#include "base/bytes.h"

namespace simurgh::crypto {

// True for the listed keys (tools/known_test_keys.txt, TS 35.208, TS 35.233), for one octet
// repeated, for octets that count up or down by a constant step, and for what is shorter than 8
// octets, which is no key.
bool is_known_test_key(ByteView key);

}  // namespace simurgh::crypto
