// One request on its way through a handler: what the router found out, and the words for replies.
// Private to api/.
#pragma once

#include "api/api.h"
#include "api/problem.h"

namespace simurgh::api {

// What a handler gives back. `storage_failed` ends the process; refusals undo the request's
// changes, but for those that say that they must stay (an audited refusal).
struct Reply {
  Answer answer = {};
  bool keep_changes = true;
  bool storage_failed = false;
};

struct Call {
  const Settings& settings;
  const Api::Parts& parts;
  const Token* token = nullptr;  // null on routes that need none
  const Target& target;
  std::vector<std::string> path;  // what stands in the {…} of the pattern
  const json::Value& body;        // null without one
  Instant now;
  std::string actor;  // "token:desk-3"

  audit::By by() const { return {actor, now}; }
  bool has_role(Role role) const { return token != nullptr && token->roles.contains(role); }
};

Reply reply(const json::Value& body, uint16_t status = 200);
Reply reply(Answer refusal);
Reply reply(const json::Problem& problem);
// With the words that the code needs; storage failures become storage_failed.
Reply reply(const Error& error, std::string_view what);
Reply reply(const Refusal& refusal);

// Query parameters, read as json::Fields reads members.
class Query {
 public:
  Query(const Target& target, json::Problem& problem) : target_(target), problem_(problem) {}

  // Empty when absent.
  std::string_view text(std::string_view name, size_t octets_max);
  uint64_t number(std::string_view name, uint64_t otherwise, uint64_t min, uint64_t max);
  // True when nothing is wrong and no parameter is unknown.
  bool finish();

 private:
  const Target& target_;
  json::Problem& problem_;
  std::vector<std::string_view> asked_;
};

// "limit" of a list.
size_t page_limit(Query& query, const Settings& settings);

// {"items":[…],"next":"…"}; `next` is null on the last page.
json::Value page_of(json::Value items, std::optional<std::string> next);

// A name that goes into token files, paths and logs: letters, digits, '-', '_' and '.'.
std::string read_word(json::Fields& fields, std::string_view field, size_t octets_max);

// A number of a path; on failure the refusal that names it.
template <typename Digits>
Result<Digits> path_digits(const Call& call, size_t index) {
  return Digits::parse(call.path[index]);
}
std::optional<uint64_t> path_number(const Call& call, size_t index);
Reply no_such(std::string_view what, std::string_view name);

// Adds "legacy_1997": "INSECURE" where it is true. Every list and show of such a thing has it.
void mark_legacy_1997(json::Value& out, bool is_legacy);
// The refusal of what a legacy-1997 thing would do without the operator's switch, audited as
// `action`; nullopt when it may be done.
std::optional<Reply> refuse_legacy_1997(Call& call, const Result<bool>& is_legacy,
                                        std::string_view action, std::string_view subject);

// "2026-01-02T03:04:05.678Z"; null for ms 0.
json::Value time_of(Instant at);
std::string hex_of(ByteView bytes);

// --- handlers, by resource; listed in routes.cc ------------------------------------------------
Reply list_routes(Call& call);
Reply get_health(Call& call);
Reply get_readiness(Call& call);
Reply get_metrics(Call& call);
Reply get_status(Call& call);

Reply list_manufacturers(Call& call);
Reply add_manufacturer(Call& call);
Reply list_ranges(Call& call);
Reply add_range(Call& call);
Reply list_profiles(Call& call);
Reply save_profile(Call& call);
Reply list_revoked(Call& call);
Reply revoke_version(Call& call);
Reply list_allocations(Call& call);
Reply get_allocation(Call& call);
Reply add_allocation(Call& call);
Reply add_delivery(Call& call);

Reply list_contracts(Call& call);
Reply save_contract(Call& call);
Reply sign_up(Call& call);
Reply get_order(Call& call);
Reply renew_code(Call& call);
Reply unfreeze(Call& call);
Reply list_chips(Call& call);
Reply get_chip(Call& call);
Reply rekey_chip(Call& call);
Reply reset_chip(Call& call);
Reply confirm_reset(Call& call);

Reply list_batches(Call& call);
Reply save_batch(Call& call);
Reply import_elements(Call& call);
Reply list_elements(Call& call);
Reply get_element(Call& call);

Reply create_campaign(Call& call);
Reply list_campaigns(Call& call);
Reply get_campaign(Call& call);
Reply add_members(Call& call);
Reply submit_campaign(Call& call);
Reply approve_campaign(Call& call);
Reply reject_campaign(Call& call);
Reply pause_campaign(Call& call);
Reply resume_campaign(Call& call);
Reply cancel_campaign(Call& call);
Reply retry_campaign(Call& call);
Reply list_outcomes(Call& call);
Reply get_fronts(Call& call);

Reply list_alarms(Call& call);
Reply acknowledge_alarm(Call& call);
Reply list_jobs(Call& call);
Reply list_audit(Call& call);
Reply import_subscriber(Call& call);
Reply remove_subscriber(Call& call);

}  // namespace simurgh::api
