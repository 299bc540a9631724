// Sequence numbers of authentication in the USIM (TS 33.102 6.3.3, annex C): SQN of 48 bits is
// SEQ (43) and an index IND (5) into the array of the SEQ accepted last.
#pragma once

#include "uicc/nv.h"

namespace simurgh::uicc {

constexpr unsigned sequence_index_bits = 5;
constexpr uint64_t sequence_number_max = (1ull << 48) - 1;
// C.2.1: a SEQ further ahead than this is refused, so that SEQmax cannot be reached by one forged
// or faulty jump (threats row 6).
constexpr uint64_t sequence_leap_max = 1ull << 28;

enum class Freshness : uint8_t { fresh, not_fresh };

// Judges SQN (48 bits). Nothing is stored.
Result<Freshness> judge_sequence_number(const NvStore& store, uint64_t sequence_number);
// Adds an accepted SQN to a transaction.
void put_sequence_number(NvTransaction& transaction, uint64_t sequence_number);
// The highest SQN accepted so far, for AUTS (SQN_MS); 0 when none was.
Result<uint64_t> highest_sequence_number(const NvStore& store);
// Adds the return to the beginning, for a new key.
void forget_sequence_numbers(const NvStore& store, NvTransaction& transaction);

}  // namespace simurgh::uicc
