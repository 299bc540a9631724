#include "element_update/prepared.h"

#include "formats/remote_management/script.h"

namespace simurgh::element_update {

namespace {

constexpr uint8_t rounds_max = 15;
constexpr uint32_t all_of_it = UINT32_MAX;  // Cursor::doubted: any step may have been executed

// FNV-1a: only to see that scripts were cut alike, nobody gains by a collision.
class CutHash {
 public:
  void add(uint8_t octet) { hash_ = (hash_ ^ octet) * 16777619u; }
  void add(const std::vector<ScriptText>& scripts) {
    for (const ScriptText& script : scripts) {
      for (const uint8_t octet : script.body) add(octet);
      add(0xff);
    }
  }
  uint32_t value() const { return hash_; }

 private:
  uint32_t hash_ = 2166136261u;
};

Result<void> prepare(const campaign::Payload& payload, Bearer bearer, Prepared& out) {
  out.plan = TRY(plan_of(payload));
  out.work = TRY(make_scripts(out.plan.target, out.plan.work, out.profile));
  out.guard = TRY(make_scripts(out.plan.target, out.plan.guard, out.profile));
  out.before_again = TRY(make_scripts(out.plan.target, out.plan.before_again, out.profile));
  for (const auto* scripts : {&out.work, &out.guard}) {
    for (const ScriptText& script : *scripts) {
      const auto parsed = TRY(remote_management::parse_command_script(script.body));
      out.chained = out.chained || parsed.chaining.has_value();
    }
  }
  CutHash hash;
  hash.add(static_cast<uint8_t>(bearer));
  hash.add(out.work);
  hash.add(out.guard);
  out.cut = hash.value();
  return {};
}

}  // namespace

const std::vector<ScriptText>& Prepared::scripts(Phase phase) const {
  if (phase == Phase::guard) return guard;
  if (phase == Phase::before_again) return before_again;
  return work;
}

const Prepared* PreparedPayloads::find(campaign::CampaignId id, uint16_t batch, const Card& card,
                                       Bearer bearer) {
  const std::tuple key{id.value, batch, bearer};
  const remote_admin::CardProfile profile =
      bearer == Bearer::https ? card.http : card.packets.profile();
  const auto found = kept_.find(key);
  if (found != kept_.end() && found->second->profile == profile) return found->second.get();
  const campaign::Campaign* campaign = campaigns_.campaign(id);
  if (campaign == nullptr) return nullptr;
  if (kept_.size() >= kept_max) kept_.clear();
  auto made = std::make_unique<Prepared>();
  made->profile = profile;
  const auto done = prepare(campaign->terms.payload, bearer, *made);
  if (!done.has_value()) made->problem = done.error();
  return (kept_[key] = std::move(made)).get();
}

bool doubt(Cursor& cursor, const Prepared& prepared) {
  if (cursor.phase == Phase::work) {
    cursor.doubted = cursor.cut == prepared.cut ? cursor.step : all_of_it;
  }
  cursor.step = 0;
  cursor.counter = 0;
  cursor.cut = prepared.cut;
  const bool can_look = !prepared.guard.empty();
  if (cursor.rounds == rounds_max || (!can_look && !prepared.plan.repeatable)) {
    cursor.phase = Phase::unknown;
    return false;
  }
  ++cursor.rounds;
  cursor.phase = can_look ? Phase::guard : Phase::work;
  return can_look;
}

bool can_find_out(const Cursor& cursor, const Prepared& prepared) {
  if (cursor.phase != Phase::work || prepared.plan.repeatable) return true;
  if (prepared.guard.empty()) return false;
  // In the middle the read-back says "not done" to either.
  return !prepared.before_again.empty() ||
         (!prepared.chained && size_t{cursor.step} + 1 == prepared.work.size());
}

void on_not_done(Cursor& cursor, const Prepared& prepared) {
  cursor.step = 0;
  cursor.counter = 0;
  if (!prepared.before_again.empty()) {
    cursor.phase = Phase::before_again;
  } else if (prepared.plan.repeatable) {
    cursor.phase = Phase::work;
  } else if (!prepared.chained && size_t{cursor.doubted} + 1 == prepared.work.size()) {
    // The steps before it were proved, so this one is what is missing.
    cursor.phase = Phase::work;
    cursor.step = cursor.doubted;
  } else {
    cursor.phase = Phase::unknown;  // some of it may have been executed, and must not be again
  }
}

bool step_on(Cursor& cursor, const Prepared& prepared) {
  cursor.counter = 0;
  if (++cursor.step < prepared.scripts(cursor.phase).size()) return false;
  if (cursor.phase != Phase::before_again) return true;
  cursor.phase = Phase::work;
  cursor.step = 0;
  return false;
}

}  // namespace simurgh::element_update
