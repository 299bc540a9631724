#include "formats/remote_management/script_cutter.h"

#include <algorithm>

#include "formats/tlv/ber_tlv.h"

namespace simurgh::remote_management {

namespace {

constexpr tlv::Tag tag_c_apdu = 0x22;
constexpr tlv::Tag tag_definite = 0xaa;
constexpr size_t indefinite_octets = 4;  // AE 80 … 00 00
constexpr size_t chaining_octets = 3;    // 83 01 xx

size_t item_octets(ByteView apdu) {
  return tlv::ber_header_octets(tag_c_apdu, apdu.size()) + apdu.size();
}

}  // namespace

ScriptCutter::ScriptCutter(std::span<const ByteView> apdus, const ScriptLimits& limits)
    : apdus_(apdus), limits_(limits) {
  SIMURGH_CHECK(limits.apdus_max > 0);
  limits_.apdus_max = std::min(limits.apdus_max, apdus_per_script_max);
}

// Of a script with so many octets of items.
size_t ScriptCutter::octets_with(size_t apdu_octets, bool chained) const {
  const size_t inside = apdu_octets + (chained ? chaining_octets : 0);
  return inside + (limits_.form == LengthForm::definite
                       ? tlv::ber_header_octets(tag_definite, inside)
                       : indefinite_octets);
}

size_t ScriptCutter::count_that_fit(bool chained) const {
  size_t count = 0, octets = 0;
  while (next_ + count < apdus_.size() && count < limits_.apdus_max) {
    octets += item_octets(apdus_[next_ + count]);
    if (octets_with(octets, chained) > limits_.octets_max) break;
    ++count;
  }
  return count;
}

Result<ByteView> ScriptCutter::next(MutableByteView room) {
  SIMURGH_CHECK(!at_end());
  // All of them in one script need no chaining, which takes room.
  const bool alone = next_ == 0 && count_that_fit(false) == apdus_.size();
  const bool chained = limits_.chained && !alone;
  const size_t count = count_that_fit(chained);
  if (count == 0) return fail(ErrorCode::too_large, next_);
  CommandScriptWriter writer(room, limits_.form);
  if (chained) {
    const bool last = next_ + count == apdus_.size();
    writer.chaining(next_ == 0 ? Chaining::first : last ? Chaining::last : Chaining::subsequent);
  }
  for (size_t i = 0; i < count; ++i) writer.apdu(apdus_[next_ + i]);
  const ByteView script = TRY(writer.finish());
  next_ += count;
  return script;
}

}  // namespace simurgh::remote_management
