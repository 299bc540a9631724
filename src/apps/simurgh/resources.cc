// The commands that show and change what the server keeps: one request each.
#include <array>

#include "api/http_types.h"
#include "apps/simurgh/commands.h"
#include "apps/simurgh/session.h"

namespace simurgh::cli {
namespace {

constexpr size_t rows_max_default = 1000;

// A list command: the rows behind `path`, as a table.
Outcome<void> show_list(Session& session, const std::string& path, uint64_t rows_max,
                        std::span<const Column> columns, const std::string& after = {}) {
  const json::Value::Array rows = TRY(session.api().list(path, rows_max, after));
  session.answer_table(json::Value::object({{"items", rows}}), rows, columns);
  return {};
}

Outcome<void> show(Session& session, const std::string& path) {
  session.answer(TRY(session.api().get(path)));
  return {};
}

struct ListOptions {
  uint64_t rows_max = rows_max_default;
};

Option rows_option(ListOptions& options) {
  return {.name = "--rows", .into = &options.rows_max, .what = "Show at most so many rows"};
}

void add_manufacturers(Commands& commands) {
  commands.groups.push_back({"manufacturers", "Chip manufacturers"});
  static constexpr std::array columns = {Column{"NAME", "name"}, Column{"CREATED", "created"},
                                         Column{"TRANSPORT KEY", "transport_public_key"}};
  commands.commands.push_back({.group = "manufacturers",
                               .name = "list",
                               .summary = "List the manufacturers",
                               .run = [](Session& session) {
                                 return show_list(session, "/v1/manufacturers", rows_max_default,
                                                  columns);
                               }});
  struct Options {
    std::string name;
    std::string key;
    bool replace = false;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.group = "manufacturers",
       .name = "add",
       .summary = "Add a manufacturer with the public key that `simurgh factory init` printed",
       .examples = "  simurgh manufacturers add --name northern --transport-key 8520f0…4e6a\n",
       .options = {{.name = "--name",
                    .into = &options->name,
                    .what = "Its name: letters, digits, - _ .",
                    .required = true},
                   {.name = "--transport-key",
                    .into = &options->key,
                    .what = "Its public transport key, 64 hexadecimal digits",
                    .required = true},
                   {.name = "--replace-key",
                    .into = &options->replace,
                    .what = "It has made a new key: seal to this one from now on"}},
       .run = [options](Session& session) -> Outcome<void> {
         json::Value body =
             json::Value::object({{"name", options->name}, {"transport_public_key", options->key}});
         if (options->replace) body.set("replace_key", true);
         session.answer(TRY(session.api().post("/v1/manufacturers", body)));
         return {};
       }});
}

void add_ranges(Commands& commands) {
  commands.groups.push_back({"ranges", "ICCID and IMSI numbers of the operator"});
  static constexpr std::array columns = {Column{"ID", "id"},
                                         Column{"ICCID FIRST", "iccid_first"},
                                         Column{"IMSI FIRST", "imsi_first"},
                                         Column{"COUNT", "count"},
                                         Column{"FREE", "free"},
                                         Column{"NOTE", "note"}};
  commands.commands.push_back({.group = "ranges",
                               .name = "list",
                               .summary = "List the ranges and what is left of them",
                               .run = [](Session& session) {
                                 return show_list(session, "/v1/ranges", rows_max_default, columns);
                               }});
  struct Options {
    std::string iccid;
    std::string imsi;
    uint64_t count = 0;
    std::string note;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.group = "ranges",
       .name = "add",
       .summary = "Add numbers that the operator owns",
       .examples = "  simurgh ranges add --iccid 8949170000000000004 --imsi 262170000000000 \\\n"
                   "      --count 1000000\n",
       .options =
           {{.name = "--iccid",
             .into = &options->iccid,
             .what = "First ICCID, with its check digit",
             .required = true},
            {.name = "--imsi", .into = &options->imsi, .what = "First IMSI", .required = true},
            {.name = "--count",
             .into = &options->count,
             .what = "How many numbers",
             .required = true},
            {.name = "--note", .into = &options->note, .what = "A remark"}},
       .run = [options](Session& session) -> Outcome<void> {
         json::Value body = json::Value::object({{"iccid_first", options->iccid},
                                                 {"imsi_first", options->imsi},
                                                 {"count", options->count}});
         if (!options->note.empty()) body.set("note", options->note);
         session.answer(TRY(session.api().post("/v1/ranges", body)));
         return {};
       }});
}

void add_profiles(Commands& commands) {
  commands.groups.push_back({"profiles", "What cards are to be: algorithm, suites"});
  static constexpr std::array columns = {Column{"NAME", "name"},
                                         Column{"ALGORITHM", "algorithm"},
                                         Column{"KI OCTETS", "ki_octets"},
                                         Column{"SUITES", "suites"},
                                         Column{"SERVER-MADE KEY", "server_made_key"},
                                         Column{"LEGACY 1997", "legacy_1997"}};
  commands.commands.push_back({.group = "profiles",
                               .name = "list",
                               .summary = "List the card profiles",
                               .run = [](Session& session) {
                                 return show_list(session, "/v1/profiles", rows_max_default,
                                                  columns);
                               }});
  struct Options {
    std::string name;
    std::string algorithm = "milenage";
    uint64_t ki_octets = 16;
    std::string suites;
    bool server_made = false;
    bool legacy_1997 = false;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.group = "profiles",
       .name = "add",
       .summary = "Add or change a card profile",
       .examples = "  simurgh profiles add --name standard\n"
                   "  simurgh profiles add --name tuak-32 --algorithm tuak --ki-octets 32\n",
       .options = {{.name = "--name", .into = &options->name, .what = "Its name", .required = true},
                   {.name = "--algorithm",
                    .into = &options->algorithm,
                    .what = "Authentication algorithm",
                    .choices = {"milenage", "tuak"}},
                   {.name = "--ki-octets",
                    .into = &options->ki_octets,
                    .what = "Length of Ki: 16, or 32 with tuak"},
                   {.name = "--suites",
                    .into = &options->suites,
                    .what = "Key agreements, by commas: x25519, p256, ffdhe2048, symmetric; "
                            "default: x25519,p256"},
                   {.name = "--server-made-key",
                    .into = &options->server_made,
                    .what = "The cards cannot agree a key: the centre makes it"},
                   {.name = "--legacy-1997",
                    .into = &options->legacy_1997,
                    .what = "INSECURE: the 1997 document's own cryptography; the server must have "
                            "it switched on"}},
       .run = [options](Session& session) -> Outcome<void> {
         json::Value suites = json::Value::array();
         for (size_t begin = 0; !options->suites.empty() && begin <= options->suites.size();) {
           const size_t end = std::min(options->suites.find(',', begin), options->suites.size());
           suites.push_back(options->suites.substr(begin, end - begin));
           begin = end + 1;
         }
         json::Value body = json::Value::object({{"name", options->name},
                                                 {"algorithm", options->algorithm},
                                                 {"ki_octets", options->ki_octets},
                                                 {"server_made_key", options->server_made}});
         if (!options->suites.empty()) body.set("suites", suites);
         if (options->legacy_1997) body.set("legacy_1997", true);
         session.answer(TRY(session.api().post("/v1/profiles", body)));
         return {};
       }});
}

// Long: one command after the other, each a table of its options.
void add_allocations(Commands& commands) {
  commands.groups.push_back({"allocations", "Batches of numbers given to manufacturers"});
  static constexpr std::array columns = {Column{"ID", "id"},
                                         Column{"MANUFACTURER", "manufacturer"},
                                         Column{"VER", "ver"},
                                         Column{"PROFILE", "profile"},
                                         Column{"COUNT", "count"},
                                         Column{"DELIVERED", "delivered"},
                                         Column{"ICCID FIRST", "iccid_first"},
                                         Column{"LEGACY 1997", "legacy_1997"}};
  commands.commands.push_back({.group = "allocations",
                               .name = "list",
                               .summary = "List the batches and what was delivered of them",
                               .run = [](Session& session) {
                                 return show_list(session, "/v1/allocations", rows_max_default,
                                                  columns);
                               }});
  auto id = std::make_shared<uint64_t>(0);
  commands.commands.push_back(
      {.group = "allocations",
       .name = "show",
       .summary = "Show a batch; with --json it is the file that `simurgh factory make` takes",
       .examples = "  simurgh allocations show 7 --json > allocation-7.json\n",
       .options = {{.name = "id", .into = id.get(), .what = "Its number", .required = true}},
       .run = [id](Session& session) {
         return show(session, "/v1/allocations/" + std::to_string(*id));
       }});
  struct Options {
    std::string manufacturer;
    std::string ver;
    uint64_t count = 0;
    std::string profile;
    uint64_t range = 0;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.group = "allocations",
       .name = "create",
       .summary = "Give a manufacturer numbers for a batch of chips",
       .examples =
           "  simurgh allocations create --manufacturer northern --ver 0100000000000001 \\\n"
           "      --profile standard --count 100000\n",
       .options = {{.name = "--manufacturer",
                    .into = &options->manufacturer,
                    .what = "Its name",
                    .required = true},
                   {.name = "--ver",
                    .into = &options->ver,
                    .what = "Version of the chips, 16 hexadecimal digits; never one of another "
                            "manufacturer",
                    .required = true},
                   {.name = "--count",
                    .into = &options->count,
                    .what = "How many chips",
                    .required = true},
                   {.name = "--profile",
                    .into = &options->profile,
                    .what = "Card profile",
                    .required = true},
                   {.name = "--range",
                    .into = &options->range,
                    .what = "Take the numbers from this range; 0: the first with room"}},
       .run = [options](Session& session) -> Outcome<void> {
         json::Value body = json::Value::object({{"manufacturer", options->manufacturer},
                                                 {"ver", options->ver},
                                                 {"count", options->count},
                                                 {"profile", options->profile}});
         if (options->range != 0) body.set("range", options->range);
         session.answer(TRY(session.api().post("/v1/allocations", body)));
         return {};
       }});
}

void add_chips(Commands& commands) {
  commands.groups.push_back({"chips", "Chips that were sold"});
  static constexpr std::array columns = {Column{"ICCID", "iccid"},
                                         Column{"IMSI", "imsi"},
                                         Column{"MSISDN", "msisdn"},
                                         Column{"STATE", "state"},
                                         Column{"LIFE", "life"},
                                         Column{"LAST CONTACT", "last_contact"},
                                         Column{"LEGACY 1997", "legacy_1997"}};
  struct Options {
    std::string state;
    std::string manufacturer;
    std::string prefix;
    std::string contract;
    ListOptions list;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.group = "chips",
       .name = "list",
       .summary = "List sold chips",
       .examples = "  simurgh chips list --state frozen\n"
                   "  simurgh chips list --iccid-prefix 8949170000 --rows 100000 --json\n",
       .options = {{.name = "--state",
                    .into = &options->state,
                    .what = "Only chips in this state",
                    .choices = {"sold", "personalised", "rekeying", "frozen", "resetting",
                                "returned"}},
                   {.name = "--manufacturer",
                    .into = &options->manufacturer,
                    .what = "Only chips of this manufacturer"},
                   {.name = "--iccid-prefix",
                    .into = &options->prefix,
                    .what = "Only chips whose ICCID begins so"},
                   {.name = "--contract",
                    .into = &options->contract,
                    .what = "Only chips of this contract"},
                   rows_option(options->list)},
       .run = [options](Session& session) {
         std::string path = "/v1/chips";
         path = with_parameter(path, "state", options->state);
         path = with_parameter(path, "manufacturer", options->manufacturer);
         path = with_parameter(path, "iccid_prefix", options->prefix);
         path = with_parameter(path, "contract", options->contract);
         return show_list(session, path, options->list.rows_max, columns);
       }});
  auto iccid = std::make_shared<std::string>();
  const Option iccid_option = {
      .name = "iccid", .into = iccid.get(), .what = "Its ICCID", .required = true};
  commands.commands.push_back({.group = "chips",
                               .name = "show",
                               .summary = "Show a chip with its orders and history",
                               .examples = "  simurgh chips show 8949170000000000004\n",
                               .options = {iccid_option},
                               .run = [iccid](Session& session) {
                                 return show(session, "/v1/chips/" + api::percent_encoded(*iccid));
                               }});
  commands.commands.push_back(
      {.group = "chips",
       .name = "rekey",
       .summary = "Have the chip agree a new key as soon as it can be reached",
       .examples = "  simurgh chips rekey 8949170000000000004\n",
       .options = {iccid_option},
       .run = [iccid](Session& session) -> Outcome<void> {
         session.answer(TRY(session.api().post(
             "/v1/chips/" + api::percent_encoded(*iccid) + "/rekey", json::Value::object())));
         return {};
       }});
}

void add_operation(Commands& commands) {
  static constexpr std::array alarm_columns = {
      Column{"ID", "id"},       Column{"AT", "at"},
      Column{"KIND", "kind"},   Column{"SUBJECT", "subject"},
      Column{"WORDS", "words"}, Column{"ACKNOWLEDGED", "acknowledged_by"}};
  struct Options {
    bool all = false;
    uint64_t acknowledge = 0;
    ListOptions list;
  };
  auto options = std::make_shared<Options>();
  commands.commands.push_back(
      {.name = "alarms",
       .summary = "Show alarms, newest first, or take note of one",
       .examples = "  simurgh alarms\n  simurgh alarms --acknowledge 12\n",
       .options = {{.name = "--all", .into = &options->all, .what = "Acknowledged ones too"},
                   {.name = "--acknowledge",
                    .into = &options->acknowledge,
                    .what = "Take note of the alarm with this number"},
                   rows_option(options->list)},
       .run = [options](Session& session) -> Outcome<void> {
         if (options->acknowledge != 0) {
           session.answer(TRY(session.api().post(
               "/v1/alarms/" + std::to_string(options->acknowledge) + "/acknowledge",
               json::Value::object())));
           return {};
         }
         return show_list(session, options->all ? "/v1/alarms" : "/v1/alarms?open=1",
                          options->list.rows_max, alarm_columns);
       }});
  static constexpr std::array job_columns = {
      Column{"ICCID", "iccid"},         Column{"WORK", "work"},
      Column{"ATTEMPTS", "attempts"},   Column{"NEXT TRY", "next_try"},
      Column{"KEY EPOCH", "key_epoch"}, Column{"LEGACY 1997", "legacy_1997"}};
  static constexpr std::array audit_columns = {
      Column{"SEQUENCE", "sequence"}, Column{"AT", "at"},           Column{"ACTOR", "actor"},
      Column{"ACTION", "action"},     Column{"SUBJECT", "subject"}, Column{"DETAIL", "detail"}};
  auto list = std::make_shared<ListOptions>();
  commands.commands.push_back({.name = "jobs",
                               .summary = "Show open work on chips' keys",
                               .options = {rows_option(*list)},
                               .run = [list](Session& session) {
                                 return show_list(session, "/v1/jobs", list->rows_max, job_columns);
                               }});
  auto after = std::make_shared<uint64_t>(0);
  commands.commands.push_back(
      {.name = "audit",
       .summary = "Show the audit log, oldest first",
       .examples = "  simurgh audit --after 1000 --rows 100\n",
       .options = {{.name = "--after", .into = after.get(), .what = "Begin after this row"},
                   rows_option(*list)},
       .run = [list, after](Session& session) {
         return show_list(session, "/v1/audit", list->rows_max, audit_columns,
                          std::to_string(*after));
       }});
  commands.commands.push_back(
      {.name = "status", .summary = "Show how the server is", .run = [](Session& session) {
         return show(session, "/v1/status");
       }});
}

}  // namespace

void add_resource_commands(Commands& commands) {
  add_manufacturers(commands);
  add_ranges(commands);
  add_profiles(commands);
  add_allocations(commands);
  add_chips(commands);
  add_operation(commands);
}

}  // namespace simurgh::cli
