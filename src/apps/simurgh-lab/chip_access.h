// What the lab does with a chip in its hand: the chip's own commands through a reader, and copies
// of its memory, as somebody with a probe would make them, to look at or to misuse.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "uicc/card.h"
#include "uicc/inspect.h"

namespace simurgh::lab {

// A proprietary command (class 80) in blocks, its answer fetched whole. not_allowed for any status
// but success.
Result<std::vector<uint8_t>> run_command(uicc::Card& card, uint8_t ins, ByteView data);

// Null when the memory cannot be read.
std::unique_ptr<uicc::MemoryNv> copy_of(const uicc::Nv& nv);

// Whether the chip takes these digits as its PIN. Tried on a copy: its tries stay.
bool takes_pin(const uicc::Hardware& chip, std::string_view digits);

}  // namespace simurgh::lab
