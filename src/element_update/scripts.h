// A plan suited to one kind of card: command scripts in the expanded format, each with what its
// answers must be; and the verdict on a response.
#pragma once

#include "conversations/remote_admin/admin_server.h"
#include "element_update/payload.h"

namespace simurgh::element_update {

struct ScriptText {
  Target target;
  Bytes body;
  std::vector<const Step*> steps;  // of the Plan, one for each C-APDU
};

// Scripts of `groups`, as few as the profile allows. A group that does not fit one script is spread
// over chained ones. too_large for a command that fits no script of such a card. The groups outlive
// the scripts.
Result<std::vector<ScriptText>> make_scripts(const Target& target, std::span<const Group> groups,
                                             const remote_admin::CardProfile& profile);

struct Verdict {
  bool fits = false;                                 // every answer is as its step expects
  campaign::Reason reason = campaign::Reason::none;  // why not
  // It proves nothing: no response to this script, or the card could not look at it now.
  bool inconclusive = false;
  bool restart = false;  // the card lost the scripts before: chained ones begin anew
};
Verdict judge(const ScriptText& script, const remote_admin::ScriptResponse& response);

}  // namespace simurgh::element_update
