// What the HLR tells the rest of the server about subscribers. Called synchronously inside the
// event that caused it; the callee may call the directory, but not the GSUP server.
#pragma once

#include "hlr/subscriber.h"

namespace simurgh::hlr {

class Events {
 public:
  virtual ~Events() = default;
  // The visited network has the subscriber's data: it can be reached.
  virtual void on_located(const Imsi& imsi, Domain domain, std::string_view peer, Instant now) = 0;
  // AUTS verified: the chip's sequence numbers were ahead. Once may be a lost answer; often means
  // that the database is older than it should be, or a copy of the chip.
  virtual void on_sync_failure(const Imsi& imsi, std::string_view peer, Instant now) = 0;
  // A visited network reports that authentication failed (GSUP 0B). A hint, proved by nothing.
  virtual void on_auth_failure(const Imsi& imsi, std::string_view peer, Instant now) = 0;
};

}  // namespace simurgh::hlr
