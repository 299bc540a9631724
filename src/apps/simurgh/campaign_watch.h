// `simurgh campaigns watch`: asks again and again, and shows what campaign_picture.h makes of the
// answers: redrawn in place on a terminal, else a line when something has changed, or JSON lines.
#pragma once

#include "apps/simurgh/session.h"

namespace simurgh::cli {

// Until the campaign has ended. A Failure with Exit::incomplete when it is done and some chips
// failed, with Exit::stopped when a rule stopped it or somebody cancelled it.
Outcome<void> watch_campaign(Session& session, uint64_t id, uint64_t interval_s);

}  // namespace simurgh::cli
