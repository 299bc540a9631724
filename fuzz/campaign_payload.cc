// link: simurgh_element_update simurgh_io_json simurgh_io_crypto_openssl
// A campaign's payload as it is stored, first octet: its kind. What becomes a plan becomes scripts
// that keep to the card's limits, or is refused.
#include "base/check.h"
#include "element_update/scripts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace simurgh;
  if (size == 0) return 0;
  campaign::Payload payload;
  payload.kind = static_cast<campaign::PayloadKind>(1 + data[0] % 6);
  payload.bytes.assign(data + 1, data + size);
  const auto plan = element_update::plan_of(payload);
  if (!plan.has_value()) return 0;
  SIMURGH_CHECK(plan->kind == payload.kind);
  remote_admin::CardProfile weak;
  weak.script_octets_max = 300;
  weak.apdus_per_script_max = 2;
  for (const remote_admin::CardProfile& profile : {remote_admin::CardProfile{}, weak}) {
    size_t steps = 0, scripted = 0;
    for (const element_update::Group& group : plan->work) steps += group.size();
    const auto scripts = element_update::make_scripts(plan->target, plan->work, profile);
    if (!scripts.has_value()) continue;
    for (const element_update::ScriptText& script : *scripts) {
      SIMURGH_CHECK(script.body.size() <= profile.script_octets_max);
      SIMURGH_CHECK(script.steps.size() <= profile.apdus_per_script_max);
      scripted += script.steps.size();
    }
    SIMURGH_CHECK(steps == scripted);  // each command once
  }
  return 0;
}
