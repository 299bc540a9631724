// The conversation about a chip's own keys (docs/protocols/personalisation.md), as far as a session
// carries it: the first logon of a chip in epoch 0, and a re-keying that is under way. Messages are
// octets here; whose they are and what they mean is the security centre's.
#pragma once

#include <optional>
#include <vector>

#include "base/numbers.h"
#include "base/result.h"
#include "base/time.h"

namespace simurgh::element_update {

class KeyConversation {
 public:
  // The chip has opened a session under a key of its own. Only `storage` is an error.
  virtual Result<void> begin_session(const Iccid& iccid, Instant now) = 0;
  // What is said to it next; nullopt: nothing now. An empty message asks for the chip's REQUEST.
  virtual std::optional<std::vector<uint8_t>> next(const Iccid& iccid) = 0;
  // Its answer. Only `storage` is an error.
  virtual Result<void> on_message(const Iccid& iccid, ByteView message, Instant now) = 0;
  virtual void end_session(const Iccid& iccid) = 0;

 protected:
  ~KeyConversation() = default;
};

}  // namespace simurgh::element_update
