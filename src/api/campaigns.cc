// Campaigns over the fleet (rows G3, G4): what an operator orders, watches and stops, and what a
// second person approves.
#include <algorithm>

#include "api/campaign_terms.h"

namespace simurgh::api {
namespace {

using campaign::Campaign;
using campaign::CampaignId;
using campaign::State;

constexpr size_t member_lines_max = 20'000;  // of one request: each is a look-up in one event
constexpr size_t member_octets_max = 512 * 1024;
constexpr size_t lines_said_max = 1000;  // unknown ICCIDs named in one answer
constexpr std::string_view outcome_names[] = {"any",  "waiting", "offered",
                                              "done", "failed",  "given_up"};

// The campaign of the path; null: there is none.
const Campaign* find(Call& call) {
  const std::optional<uint64_t> id = path_number(call, 0);
  if (!id || *id > UINT32_MAX) return nullptr;
  return call.parts.campaigns.campaign({static_cast<uint32_t>(*id)});
}

Reply no_campaign(const Call& call) {
  return no_such("campaign", call.path[0]);
}

json::Value describe(const campaign::Counters& counters) {
  json::Value failed_for = json::Value::object();
  for (size_t i = 1; i < campaign::reasons; ++i) {
    if (counters.failed_for[i] == 0) continue;
    failed_for.set(name_of(static_cast<campaign::Reason>(i)), counters.failed_for[i]);
  }
  return json::Value::object({{"done", counters.done},
                              {"failed", counters.failed},
                              {"failed_for", std::move(failed_for)},
                              {"silent", counters.silent},
                              {"waiting", counters.waiting},
                              {"given_up", counters.given_up},
                              {"triggers", counters.triggers},
                              {"offers", counters.offers},
                              {"polled", counters.polled},
                              {"triggered", counters.triggered}});
}

const char* reason_name(campaign::Reason reason) {
  return reason == campaign::Reason::none ? "any" : name_of(reason);
}

json::Value describe_rules(const std::vector<campaign::RuleState>& rules) {
  json::Value out = json::Value::array();
  for (const campaign::RuleState& state : rules) {
    out.push_back(json::Value::object({{"reason", reason_name(state.rule.reason)},
                                       {"failed_permille", state.rule.failed_permille},
                                       {"sample_min", state.rule.sample_min},
                                       {"settled", state.settled},
                                       {"failed", state.failed},
                                       {"broken", state.broken}}));
  }
  return out;
}

// "12 of 40 failed (command_failed): more than 50 permille"; null unless a rule has stopped it.
json::Value stop_reason(const Campaign& row, const std::vector<campaign::RuleState>& rules) {
  if (row.state != State::stopped) return {};
  for (const campaign::RuleState& state : rules) {
    if (!state.broken) continue;
    return std::to_string(state.failed) + " of " + std::to_string(state.settled) + " failed (" +
           reason_name(state.rule.reason) + "): more than " +
           std::to_string(state.rule.failed_permille) + " permille";
  }
  return "a stop rule; the audit log has it";
}

// What a list shows, and what changes while a campaign runs.
json::Value describe(Call& call, const Campaign& row) {
  const auto rules = call.parts.campaigns.rule_states(row.id);
  const uint64_t quota = call.parts.campaigns.wave_quota(row.id);
  const size_t waves = row.terms.policy.waves.size();
  json::Value wave = json::Value::object(
      {{"number", std::min<size_t>(row.wave + size_t{1}, waves + 1)},
       {"of", waves + 1},
       {"reached", row.wave_reached},
       {"opens_until", quota == UINT64_MAX ? json::Value() : json::Value(quota)}});
  return json::Value::object(
      {{"id", row.id.value},
       {"name", row.name},
       {"state", name_of(row.state)},
       {"stop_reason", stop_reason(row, rules)},
       {"payload", name_of(row.terms.payload.kind)},
       {"total", row.total == 0 ? json::Value() : json::Value(row.total)},
       {"counters", describe(row.counters)},
       {"run", row.run},
       {"wave", std::move(wave)},
       {"stop_rules", describe_rules(rules)},
       {"window_open", is_open(row.terms.policy, call.now)},
       {"created", time_of(row.created)},
       {"created_by", row.created_by},
       {"approved_by", row.approved_by.empty() ? json::Value() : json::Value(row.approved_by)},
       {"begun", time_of(row.begun)},
       {"changed", time_of(row.changed)}});
}

Result<json::Value> describe_whole(Call& call, const Campaign& row) {
  const BatchNames names = TRY(read_batch_names(call.parts, false));
  json::Value out = describe(call, row);
  out.set("terms", describe(row.terms, names));
  return out;
}

Reply answer_with(Call& call, CampaignId id, uint16_t status = 200) {
  const auto out = describe_whole(call, *call.parts.campaigns.campaign(id));
  return out ? reply(*out, status) : reply(out.error(), "the campaign");
}

// What to do about a command that this state does not have.
std::string hint_for(const Campaign& row) {
  switch (row.state) {
    case State::draft: return "a draft is handed in by submit";
    case State::awaiting_approval: return "another person approves or rejects it";
    case State::scheduled: return "it begins when its time comes; cancel ends it";
    case State::running: return "pause, cancel and retry are for running campaigns";
    case State::paused: return "resume or cancel it";
    case State::stopped: return "look at the failed outcomes, then resume, retry or cancel it";
    case State::cancelled: return "a cancelled campaign stays so; create a new one";
    case State::done: return "retry tries the failed ones again";
  }
  return {};
}

Reply refuse_command(const Campaign& row, const Error& error) {
  const std::string name = "campaign " + std::to_string(row.id.value);
  switch (error.code) {
    case ErrorCode::bad_state:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = name + " is " + name_of(row.state) + ": not possible now",
                           .hint = hint_for(row)});
    case ErrorCode::not_allowed:
      return reply(Refusal{.kind = ProblemKind::policy,
                           .detail = name + " was created with this token",
                           .hint = "another person approves it, with a token of their own"});
    case ErrorCode::no_space:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = name + " was retried as often as is possible",
                           .hint = "create a new campaign for what is left"});
    case ErrorCode::busy:
      return reply(Refusal{
          .kind = ProblemKind::conflict,
          .detail = std::to_string(campaign::running_campaigns_max) + " campaigns are running",
          .hint = "retry it when one of them has ended"});
    default: return reply(error, name);
  }
}

using Command = Result<void> (campaign::Campaigns::*)(CampaignId, const audit::By&);

Reply perform(Call& call, Command command) {
  const Campaign* row = find(call);
  if (row == nullptr) return no_campaign(call);
  json::Problem problem;
  json::Fields fields(call.body, problem);
  if (!fields.finish()) return reply(problem);
  const auto done = (call.parts.campaigns.*command)(row->id, call.by());
  if (!done) return refuse_command(*row, done.error());
  return answer_with(call, row->id);
}

// One piece of a list.
struct MemberPiece {
  std::vector<campaign::ElementId> known;
  json::Value unknown = json::Value::array();
  uint64_t unknown_count = 0;
  uint64_t lines = 0;
};

Result<void> take_line(Call& call, std::string_view line, uint64_t number, MemberPiece& piece) {
  while (line.ends_with('\r') || line.ends_with(' ') || line.ends_with('\t')) {
    line.remove_suffix(1);
  }
  while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  if (line.empty() || line.starts_with('#')) return {};
  ++piece.lines;
  const auto iccid = Iccid::parse(line);
  std::optional<fleet::Element> element;
  if (iccid) element = TRY(call.parts.elements.store().element_of(*iccid));
  if (element && call.parts.population.has({element->id})) {
    piece.known.push_back({element->id});
    return {};
  }
  if (++piece.unknown_count > lines_said_max) return {};
  piece.unknown.push_back(json::Value::object(
      {{"line", number},
       {"iccid", iccid ? json::Value(iccid->text()) : json::Value()},
       {"why", iccid ? "no element has this ICCID" : "this is no ICCID: 18-20 digits"}}));
  return {};
}

Result<json::Value> outcome_of(Call& call, const campaign::Campaigns::OutcomePage::Item& item) {
  const auto element = TRY(call.parts.elements.store().element(item.element.value));
  return json::Value::object(
      {{"iccid", element ? json::Value(element->iccid.text()) : json::Value()},
       {"outcome", name_of(item.outcome.progress)},
       {"reason", item.outcome.reason == campaign::Reason::none
                      ? json::Value()
                      : json::Value(name_of(item.outcome.reason))},
       {"triggers", item.outcome.triggers},
       {"offers", item.outcome.offers},
       {"run", item.outcome.run}});
}

}  // namespace

Reply create_campaign(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  campaign::NewCampaign order;
  order.name = read_word(fields, "name", campaign::name_octets_max);
  const auto names = read_batch_names(call.parts, true);
  if (!names) return reply(names.error(), "the batches");
  read_terms(fields, problem, *names, order.terms);
  read_payload(fields, problem, order.terms.payload);
  if (!fields.finish()) return reply(problem);
  if (!order.terms.policy.needs_approval && !call.has_role(Role::approver) &&
      !call.has_role(Role::admin)) {
    return reply(Refusal{.kind = ProblemKind::policy,
                         .detail = "an operator's campaign needs approval by a second person",
                         .hint = "leave needs_approval out, or use a token with the role approver "
                                 "or admin"});
  }
  const auto sound = check(order.terms);
  if (!sound) return reply(problem_of(sound.error()));
  const auto id = call.parts.campaigns.create(order, call.by());
  if (!id) return reply(id.error(), "the campaign");
  return answer_with(call, *id, 201);
}

Reply list_campaigns(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  const uint64_t before = query.number("after", UINT32_MAX, 1, UINT32_MAX);
  const std::string_view state = query.text("state", 32);
  if (!query.finish()) return reply(problem);
  json::Value items = json::Value::array();
  std::optional<std::string> next;
  const auto& all = call.parts.campaigns.all();
  for (auto place = all.rbegin(); place != all.rend(); ++place) {
    const Campaign& row = place->second;
    if (row.id.value >= before || (!state.empty() && state != name_of(row.state))) continue;
    items.push_back(describe(call, row));
    if (items.as_array()->size() < limit) continue;
    next = std::to_string(row.id.value);
    break;
  }
  return reply(page_of(std::move(items), next));
}

Reply get_campaign(Call& call) {
  const Campaign* row = find(call);
  return row == nullptr ? no_campaign(call) : answer_with(call, row->id);
}

Reply add_members(Call& call) {
  const Campaign* row = find(call);
  if (row == nullptr) return no_campaign(call);
  json::Problem problem;
  json::Fields fields(call.body, problem);
  std::string_view text = fields.text("iccids", 1, member_octets_max);
  uint64_t number = 1;
  read_number(fields, "first_line", 1, int64_t{1} << 40, number);
  if (!fields.finish()) return reply(problem);
  // What a second person approves is the work of one: nobody else puts chips into it.
  if (row->created_by != call.actor) {
    return reply(Refusal{.kind = ProblemKind::policy,
                         .detail = "only who created the campaign adds to its list",
                         .hint = "use the token " + row->created_by});
  }
  if (row->state != State::draft) return refuse_command(*row, {ErrorCode::bad_state});
  if (!row->terms.listed) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "this campaign is for a filter, not for a list",
                         .hint = "create one with \"listed\": true"});
  }
  MemberPiece piece;
  for (; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto taken = take_line(call, line, number, piece);
    if (!taken) return reply(taken.error(), "the elements");
    if (piece.lines > member_lines_max) {
      return reply(json::Problem{"iccids", "expected at most " + std::to_string(member_lines_max) +
                                               " lines; send the "
                                               "list in pieces"});
    }
  }
  const auto added = call.parts.campaigns.add_members(row->id, piece.known);
  if (!added) return refuse_command(*row, added.error());
  return reply(json::Value::object({{"added", piece.known.size()},
                                    {"unknown", piece.unknown_count},
                                    {"unknown_lines", std::move(piece.unknown)}}),
               201);
}

Reply submit_campaign(Call& call) {
  return perform(call, &campaign::Campaigns::submit);
}
Reply approve_campaign(Call& call) {
  return perform(call, &campaign::Campaigns::approve);
}
Reply reject_campaign(Call& call) {
  return perform(call, &campaign::Campaigns::reject);
}
Reply pause_campaign(Call& call) {
  return perform(call, &campaign::Campaigns::pause);
}
Reply resume_campaign(Call& call) {
  return perform(call, &campaign::Campaigns::resume);
}
Reply cancel_campaign(Call& call) {
  return perform(call, &campaign::Campaigns::cancel);
}
Reply retry_campaign(Call& call) {
  return perform(call, &campaign::Campaigns::retry);
}

Reply list_outcomes(Call& call) {
  const Campaign* row = find(call);
  if (row == nullptr) return no_campaign(call);
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  const uint64_t first = query.number("after", 0, 0, campaign::elements_max);
  const std::string_view state = query.text("state", 16);
  bool finished = query.finish();
  const auto* wanted = std::ranges::find(outcome_names, state.empty() ? "any" : state);
  if (wanted == std::end(outcome_names) && !problem.any()) {
    problem = {"state", "expected one of any, waiting, offered, done, failed, given_up"};
    finished = false;
  }
  if (!finished) return reply(problem);
  std::optional<campaign::Progress> progress;
  if (wanted != std::begin(outcome_names)) {
    progress = static_cast<campaign::Progress>(wanted - std::begin(outcome_names));
  }
  const auto page = call.parts.campaigns.outcomes(
      row->id, progress, campaign::ElementId{static_cast<uint32_t>(first)}, limit);
  if (!page) return reply(page.error(), "the outcomes");
  json::Value items = json::Value::array();
  for (const auto& item : page->items) {
    auto one = outcome_of(call, item);
    if (!one) return reply(one.error(), "the elements");
    items.push_back(std::move(*one));
  }
  std::optional<std::string> next;
  if (page->next) next = std::to_string(page->next->value);
  return reply(page_of(std::move(items), next));
}

Reply get_fronts(Call& call) {
  const Campaign* row = find(call);
  if (row == nullptr) return no_campaign(call);
  json::Problem problem;
  Query query(call.target, problem);
  if (!query.finish()) return reply(problem);
  json::Value buckets = json::Value::array();
  for (const campaign::Fronts::Bucket& bucket : row->fronts.buckets) {
    const bool since = bucket.until_s == UINT32_MAX;
    buckets.push_back(json::Value::object(
        {{"contacted_before",
          since ? json::Value() : time_of(campaign::instant_of(bucket.until_s))},
         {"members", bucket.members},
         {"polled", bucket.polled},
         {"triggered", bucket.triggered}}));
  }
  json::Value out = describe(call, *row);
  out.set("now", time_of(call.now));
  out.set("poll_period_s", call.parts.campaigns.poll_period().ms / 1000);
  out.set("members_counted", row->fronts.complete);
  out.set("buckets", std::move(buckets));
  return reply(out);
}

}  // namespace simurgh::api
