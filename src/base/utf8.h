// UTF-8 (RFC 3629), where text of unknown origin meets something that takes nothing else.
#pragma once

#include <cstddef>
#include <string_view>

namespace simurgh {

// Octets of the well-formed sequence at the start of `text`; 0 when there is none.
size_t utf8_sequence_octets(std::string_view text);

// True for UTF-8 without zero octets: what a text column holds.
bool is_utf8_text(std::string_view text);

}  // namespace simurgh
