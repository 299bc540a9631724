// Keys that everybody knows, which a server in production mode refuses (threats row 3): published
// test sets, keys that cards were shipped with, and patterns.
#pragma once

#include "base/bytes.h"

namespace simurgh::crypto {

// True for the listed keys (tools/known_test_keys.txt), for one octet repeated, and for octets that
// count up or down by a constant step. Any size.
bool is_known_test_key(ByteView key);

}  // namespace simurgh::crypto
