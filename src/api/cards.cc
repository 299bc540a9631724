// What cards are to be: profiles, and versions that are not sold any more.
#include "api/call.h"

namespace simurgh::api {
namespace {

using fleet::AuthAlgorithm;
using personalisation::Suite;
using personalisation::SuiteSet;

constexpr std::array suites_all = {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric};
// What a chip can be made with; COMP128 is for imported subscribers only.
constexpr std::array algorithms_made = {AuthAlgorithm::milenage, AuthAlgorithm::tuak};

json::Value describe(const fleet::CardProfile& profile) {
  json::Value suites = json::Value::array();
  const auto set = SuiteSet::from_bits(profile.suites);
  for (const Suite suite : suites_all) {
    if (set.has_value() && set->contains(suite)) suites.push_back(name_of(suite));
  }
  json::Value out = json::Value::object({{"name", profile.name},
                                         {"algorithm", name_of(profile.algorithm)},
                                         {"ki_octets", profile.ki_octets},
                                         {"tuak_iterations", profile.tuak_iterations},
                                         {"suites", std::move(suites)},
                                         {"server_made_key", profile.server_made_key},
                                         {"files", profile.files}});
  mark_legacy_1997(out, profile.legacy_1997);
  return out;
}

uint8_t read_suites(json::Fields& fields) {
  SuiteSet set;
  for (const json::Value& element : fields.array("suites", suites_all.size())) {
    const std::string* name = element.as_text();
    bool known = false;
    for (const Suite suite : suites_all) {
      if (name == nullptr || *name != name_of(suite)) continue;
      known = true;
      const auto with =
          SuiteSet::from_bits(static_cast<uint8_t>(set.bits() | SuiteSet{suite}.bits()));
      SIMURGH_CHECK(with.has_value());
      set = *with;
    }
    if (!known) {
      fields.refuse("suites", "expected \"x25519\", \"p256\", \"ffdhe2048\", \"symmetric\"");
    }
  }
  if (set.empty()) fields.refuse("suites", "expected at least one suite");
  return set.bits();
}

}  // namespace

Reply list_profiles(Call& call) {
  const auto rows = call.parts.fleet.store().profiles();
  if (!rows.has_value()) return reply(rows.error(), "the profiles");
  json::Value items = json::Value::array();
  for (const fleet::CardProfile& row : *rows) items.push_back(describe(row));
  return reply(page_of(std::move(items), std::nullopt));
}

Reply save_profile(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  fleet::CardProfile profile;
  profile.name = read_word(fields, "name", fleet::name_octets_max);
  std::array<std::string_view, algorithms_made.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = name_of(algorithms_made[i]);
  profile.algorithm = algorithms_made[fields.choice("algorithm", names)];
  if (fields.has("ki_octets")) {
    profile.ki_octets = static_cast<uint8_t>(fields.integer("ki_octets", 16, 32));
  }
  const bool tuak = profile.algorithm == AuthAlgorithm::tuak;
  if (profile.ki_octets != 16 && !(tuak && profile.ki_octets == 32)) {
    fields.refuse("ki_octets", "expected 16, or 32 with tuak");
  }
  if (fields.has("tuak_iterations")) {
    profile.tuak_iterations = static_cast<uint8_t>(fields.integer("tuak_iterations", 1, 255));
  }
  if (fields.has("legacy_1997")) profile.legacy_1997 = fields.boolean("legacy_1997");
  const SuiteSet suites_default =
      profile.legacy_1997 ? SuiteSet{Suite::symmetric} : SuiteSet{Suite::x25519, Suite::p256};
  profile.suites = fields.has("suites") ? read_suites(fields) : suites_default.bits();
  if (fields.has("server_made_key")) profile.server_made_key = fields.boolean("server_made_key");
  if (profile.legacy_1997 &&
      (tuak || profile.server_made_key || profile.suites != SuiteSet{Suite::symmetric}.bits())) {
    fields.refuse("legacy_1997",
                  "expected milenage, no server_made_key, and \"symmetric\" as the only suite");
  }
  if (fields.has("files")) profile.files = fields.text("files", 0, 65'536);
  if (!fields.finish()) return reply(problem);
  if (auto refused =
          refuse_legacy_1997(call, profile.legacy_1997, "profile.save_refused", profile.name)) {
    return *refused;
  }
  const auto saved = call.parts.fleet.save_profile(profile, call.by());
  if (!saved.has_value()) return reply(saved.error(), "keeping the profile");
  return reply(describe(profile), 201);
}

Reply list_revoked(Call& call) {
  const auto rows = call.parts.fleet.store().revoked_versions();
  if (!rows.has_value()) return reply(rows.error(), "the revoked versions");
  json::Value items = json::Value::array();
  for (const fleet::RevokedVersion& row : *rows) {
    items.push_back(json::Value::object(
        {{"ver", hex_of(row.ver)}, {"reason", row.reason}, {"at", time_of(row.at)}}));
  }
  return reply(page_of(std::move(items), std::nullopt));
}

Reply revoke_version(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  fleet::Ver ver;
  fields.hex("ver", ver.size(), ver);
  const std::string_view reason = fields.text("reason", 1, fleet::note_octets_max);
  if (!fields.finish()) return reply(problem);
  const auto revoked = call.parts.fleet.revoke(ver, reason, call.by());
  if (!revoked.has_value()) return reply(revoked.error(), "revoking the version");
  return reply(json::Value::object({{"ver", hex_of(ver)}, {"reason", reason}}), 201);
}

}  // namespace simurgh::api
