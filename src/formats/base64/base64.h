// Base 64 with padding (RFC 4648 clause 4), strict: no line ends, no other characters, and no bits
// that encode nothing.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::base64 {

// Error offsets count characters: bad_length unless a multiple of four, bad_value.
Result<std::vector<uint8_t>> parse(std::string_view text);
std::string write(ByteView bytes);

}  // namespace simurgh::base64
