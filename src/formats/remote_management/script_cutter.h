// Cuts a list of C-APDUs into command scripts that a card takes one at a time: weak cards take a
// few hundred octets, or one or two commands, in one POST.
//
// Between scripts a card forgets which file is selected, unless they are chained (script.h).
// No heap; the APDUs outlive the cutter.
#pragma once

#include "formats/remote_management/script.h"

namespace simurgh::remote_management {

struct ScriptLimits {
  size_t octets_max = 8192;  // of a whole script
  size_t apdus_max = apdus_per_script_max;
  LengthForm form = LengthForm::indefinite;
  bool chained = false;  // when there is more than one script
};

class ScriptCutter {
 public:
  // apdus_max is at least 1.
  ScriptCutter(std::span<const ByteView> apdus, const ScriptLimits& limits);

  bool at_end() const { return next_ == apdus_.size(); }
  // The next script, written into `room`. too_large when an APDU does not fit a script of its own,
  // no_space when the script does not fit the room; then nothing is taken. Not at the end.
  Result<ByteView> next(MutableByteView room);

 private:
  size_t octets_with(size_t apdu_octets, bool chained) const;
  size_t count_that_fit(bool chained) const;

  std::span<const ByteView> apdus_;
  ScriptLimits limits_;
  size_t next_ = 0;
};

}  // namespace simurgh::remote_management
