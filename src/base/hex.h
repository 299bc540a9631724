// Hexadecimal and packed-decimal (BCD) texts.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh {

// Parses an even number of hexadecimal digits into `out`; error offsets count characters.
Result<ByteView> parse_hex(std::string_view text, MutableByteView out);

// Writes two lower-case digits an octet; `out` must have room for 2 * bytes.size() characters.
std::string_view write_hex(ByteView bytes, std::span<char> out);

// Value of one hexadecimal digit, or -1.
int hex_digit(char c);

}  // namespace simurgh
