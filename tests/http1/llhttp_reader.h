// llhttp's reading of a stream, in the terms of read_messages.h.
#pragma once

#include "http1/read_messages.h"

namespace simurgh::test {

// Whether llhttp knows the method; it refuses the others.
bool llhttp_knows_method(std::string_view method);

// `upgraded` is set when it stopped because a message asks to leave HTTP.
HttpReading llhttp_read_requests(ByteView bytes, bool& upgraded);
HttpReading llhttp_read_responses(ByteView bytes, bool& upgraded);

// An empty text when what our parser accepted llhttp reads in the same way, else what differs.
// That llhttp accepts more is as meant: ours is stricter.
std::string difference_from_llhttp(const HttpReading& ours, const HttpReading& theirs,
                                   bool upgraded);

}  // namespace simurgh::test
