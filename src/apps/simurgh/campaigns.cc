// Campaigns over the fleet (rows G3, G4): order one, watch it, stop it, look at what came of it.
#include <array>
#include <cstdio>

#include "apps/simurgh/campaign_order.h"
#include "apps/simurgh/campaign_watch.h"
#include "apps/simurgh/commands.h"
#include "apps/simurgh/line_reader.h"
#include "apps/simurgh/progress.h"
#include "apps/simurgh/session.h"

namespace simurgh::cli {
namespace {

// Of one request: each line is a look-up in one event of the server.
constexpr size_t piece_lines_max = 5000;
constexpr size_t piece_octets_max = 400'000;

std::string path_of(uint64_t id, const std::string& rest = {}) {
  return "/v1/campaigns/" + std::to_string(id) + rest;
}

// --- members -----------------------------------------------------------------------------------

Failure cannot_read(const std::string& path) {
  return local(path + " cannot be read", "check its name and whose file it is");
}

Outcome<uint64_t> count_lines(const std::string& path) {
  LineReader lines(path);
  if (!lines.is_open()) return cannot_read(path);
  std::string_view line;
  while (lines.next(line)) {
    if (line.size() > 256) {
      return local(path + ", line " + std::to_string(lines.number()) + ": too long",
                   "a list has one ICCID a line");
    }
  }
  if (lines.failed()) return cannot_read(path);
  return lines.number();
}

// Sends a list in pieces. Sent again, it changes nothing: a member twice is one member.
class Members {
 public:
  Members(Session& session, uint64_t campaign, uint64_t lines)
      : session_(session),
        path_(path_of(campaign, "/members")),
        progress_("lines", lines, 0, session.shows_progress()) {}

  Outcome<void> add(std::string_view line, uint64_t number) {
    if (count_ == 0) first_line_ = number;
    (text_ += line) += '\n';
    if (++count_ < piece_lines_max && text_.size() < piece_octets_max) return {};
    return send();
  }
  Outcome<void> send() {
    if (count_ == 0) return {};
    auto answer = session_.api().post(
        path_, json::Value::object({{"iccids", text_}, {"first_line", first_line_}}));
    if (!answer && answer.error().exit == Exit::unreachable) {
      answer.error().hint += "; then send the list again: simurgh campaigns members";
    }
    const json::Value done = TRY(std::move(answer));
    added_ += static_cast<uint64_t>(done.integer_of("added"));
    unknown_ += static_cast<uint64_t>(done.integer_of("unknown"));
    if (const json::Value* lines = done.find("unknown_lines")) {
      for (const json::Value& line : *lines->as_array()) {
        if (unknown_lines_.as_array()->size() < unknown_said_max) unknown_lines_.push_back(line);
      }
    }
    progress_.advance(count_);
    text_.clear();
    count_ = 0;
    return {};
  }
  json::Value finish() {
    progress_.finish();
    return json::Value::object(
        {{"added", added_}, {"unknown", unknown_}, {"unknown_lines", unknown_lines_}});
  }

 private:
  static constexpr size_t unknown_said_max = 10'000;
  Session& session_;
  std::string path_;
  Progress progress_;
  std::string text_;
  size_t count_ = 0;
  uint64_t first_line_ = 1, added_ = 0, unknown_ = 0;
  json::Value unknown_lines_ = json::Value::array();
};

Outcome<json::Value> send_list(Session& session, uint64_t campaign, const std::string& path) {
  const uint64_t count = TRY(count_lines(path));
  LineReader lines(path);
  if (!lines.is_open()) return cannot_read(path);
  Members members(session, campaign, count);
  std::string_view line;
  while (lines.next(line)) TRY(members.add(line, lines.number()));
  if (lines.failed()) return cannot_read(path);
  TRY(members.send());
  json::Value sent = members.finish();
  for (const json::Value& one : *sent.find("unknown_lines")->as_array()) {
    session.remark(path + ", line " + std::to_string(one.integer_of("line")) + ": " +
                   std::string(one.text_of("why")));
  }
  return sent;
}

// --- commands ----------------------------------------------------------------------------------

Option id_option(uint64_t& id) {
  return {.name = "id", .into = &id, .what = "Number of the campaign", .required = true};
}

Outcome<void> create(Session& session, const CampaignOptions& options) {
  const json::Value order = TRY(order_of(options));
  if (!options.list.empty()) TRY(count_lines(options.list));  // before anything is made
  json::Value made = TRY(session.api().post("/v1/campaigns", order));
  const auto id = static_cast<uint64_t>(made.integer_of("id"));
  json::Value list;
  if (!options.list.empty()) list = TRY(send_list(session, id, options.list));
  if (options.submit && list.integer_of("unknown") > 0) {
    return local("campaign " + std::to_string(id) +
                     " is a draft: " + std::to_string(list.integer_of("unknown")) + " lines of " +
                     options.list + " name no chip",
                 "look at them; then: simurgh campaigns submit " + std::to_string(id));
  }
  if (options.submit) {
    made = TRY(session.api().post(path_of(id, "/submit"), json::Value::object()));
  }
  if (!list.is_null()) made.set("list", std::move(list));
  session.answer(made);
  return {};
}

void add_create(Commands& commands) {
  auto options = std::make_shared<CampaignOptions>();
  commands.commands.push_back(
      {.group = "campaigns",
       .name = "create",
       .summary = "Make a draft of a campaign: what, for whom, how carefully",
       .examples =
           "  simurgh campaigns create --name patch-7 --script patch-7.apdu --batch winter-24 \\\n"
           "      --canary 500 --soak 3600 --submit\n"
           "  simurgh campaigns create --name service-table --file 7fff/6f38=9effbf --release-not "
           "4 "
           "\\\n      --release-after 4 --window \"22:00-06:00\" --utc-offset +01:00\n"
           "  simurgh campaigns create --name wallet --applet wallet.cap --list chips.txt\n"
           "  simurgh campaigns create --name fresh-keys --rotate-keys --profile standard\n",
       .options = options_of(*options),
       .run = [options](Session& session) { return create(session, *options); }});
}

void add_members_command(Commands& commands) {
  struct Options {
    uint64_t id = 0;
    std::string list;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.group = "campaigns",
       .name = "members",
       .summary = "Add the chips of a file to the list of a draft; sent again, it goes on",
       .examples = "  simurgh campaigns members 7 chips.txt\n",
       .options = {id_option(options->id),
                   {.name = "list",
                    .into = &options->list,
                    .what = "File with one ICCID a line, # for remarks",
                    .required = true}},
       .run = [options](Session& session) -> Outcome<void> {
         session.answer(TRY(send_list(session, options->id, options->list)));
         return {};
       }});
}

void add_list(Commands& commands) {
  struct Options {
    std::string state;
    uint64_t rows_max = 1000;
  };
  auto options = std::make_shared<Options>();
  static constexpr std::array columns = {
      Column{"ID", "id"},         Column{"NAME", "name"},   Column{"STATE", "state"},
      Column{"WHAT", "payload"},  Column{"TOTAL", "total"}, Column{"DONE", "done"},
      Column{"FAILED", "failed"}, Column{"BEGUN", "begun"}, Column{"CREATED BY", "created_by"}};
  commands.commands.push_back(
      {.group = "campaigns",
       .name = "list",
       .summary = "List campaigns, newest first",
       .examples = "  simurgh campaigns list --state awaiting_approval\n",
       .options = {{.name = "--state",
                    .into = &options->state,
                    .what = "Only campaigns in this state",
                    .choices = {"draft", "awaiting_approval", "scheduled", "running", "paused",
                                "stopped", "cancelled", "done"}},
                   {.name = "--rows",
                    .into = &options->rows_max,
                    .what = "Show at most so many rows"}},
       .run = [options](Session& session) -> Outcome<void> {
         json::Value::Array rows = TRY(session.api().list(
             with_parameter("/v1/campaigns", "state", options->state), options->rows_max));
         const json::Value all = json::Value::object({{"items", rows}});
         for (json::Value& row : rows) {
           for (const char* counter : {"done", "failed"}) {
             row.set(counter, row.find("counters")->integer_of(counter));
           }
         }
         session.answer_table(all, rows, columns);
         return {};
       }});
}

void add_show(Commands& commands) {
  auto id = std::make_shared<uint64_t>(0);
  commands.commands.push_back({.group = "campaigns",
                               .name = "show",
                               .summary = "Show a campaign: terms, state, counters",
                               .examples = "  simurgh campaigns show 7\n",
                               .options = {id_option(*id)},
                               .run = [id](Session& session) -> Outcome<void> {
                                 session.answer(TRY(session.api().get(path_of(*id))));
                                 return {};
                               }});
}

void add_watch(Commands& commands) {
  struct Options {
    uint64_t id = 0, interval_s = 1;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.group = "campaigns",
       .name = "watch",
       .summary = "Watch the two fronts of a campaign until it ends",
       .examples =
           "  simurgh campaigns watch 7\n"
           "  simurgh campaigns watch 7 --json --interval 60 > campaign-7.jsonl\n"
           "Exit code 0: done at every chip; 7: done, and some failed; 8: stopped by a rule "
           "or cancelled.\n",
       .options = {id_option(options->id),
                   {.name = "--interval",
                    .into = &options->interval_s,
                    .what = "Look every so many seconds"}},
       .run = [options](Session& session) {
         return watch_campaign(session, options->id, options->interval_s);
       }});
}

void add_outcomes(Commands& commands) {
  struct Options {
    uint64_t id = 0, rows_max = 1000;
    std::string state = "failed";
  };
  auto options = std::make_shared<Options>();
  static constexpr std::array columns = {Column{"ICCID", "iccid"},   Column{"OUTCOME", "outcome"},
                                         Column{"REASON", "reason"}, Column{"TRIGGERS", "triggers"},
                                         Column{"OFFERS", "offers"}, Column{"RUN", "run"}};
  commands.commands.push_back(
      {.group = "campaigns",
       .name = "outcomes",
       .summary = "What came of it at each chip that something happened to",
       .examples = "  simurgh campaigns outcomes 7 --state failed --rows 100000\n",
       .options = {id_option(options->id),
                   {.name = "--state",
                    .into = &options->state,
                    .what = "Only chips with this outcome",
                    .choices = {"any", "waiting", "offered", "done", "failed", "given_up"}},
                   {.name = "--rows",
                    .into = &options->rows_max,
                    .what = "Show at most so many rows"}},
       .run = [options](Session& session) -> Outcome<void> {
         const json::Value::Array rows = TRY(session.api().list(
             with_parameter(path_of(options->id, "/outcomes"), "state", options->state),
             options->rows_max));
         session.answer_table(json::Value::object({{"items", rows}}), rows, columns);
         return {};
       }});
}

// One that changes the state.
void add_change(Commands& commands, const char* verb, const char* summary) {
  auto id = std::make_shared<uint64_t>(0);
  commands.commands.push_back(
      {.group = "campaigns",
       .name = verb,
       .summary = summary,
       .examples = std::string("  simurgh campaigns ") + verb + " 7\n",
       .options = {id_option(*id)},
       .run = [id, verb](Session& session) -> Outcome<void> {
         session.answer(
             TRY(session.api().post(path_of(*id, std::string("/") + verb), json::Value::object())));
         return {};
       }});
}

}  // namespace

void add_campaign_commands(Commands& commands) {
  commands.groups.push_back({"campaigns", "Updates of many chips: order, watch, stop"});
  add_create(commands);
  add_members_command(commands);
  add_change(commands, "submit", "Hand in a draft: for approval, or for its time to come");
  add_change(commands, "approve", "Approve what another person created");
  add_change(commands, "reject", "Send it back to be a draft");
  add_list(commands);
  add_show(commands);
  add_watch(commands);
  add_outcomes(commands);
  add_change(commands, "pause", "Offer nothing until it is resumed");
  add_change(commands, "resume", "Go on after a pause or a stop rule");
  add_change(commands, "cancel", "End it for good: nothing is offered any more");
  add_change(commands, "retry", "Try again what failed");
}

}  // namespace simurgh::cli
