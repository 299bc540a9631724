// Local work on the server's tokens file: it holds salted hashes only, and the server reads it at
// its start.
#include "api/tokens.h"

#include <array>

#include "apps/simurgh/commands.h"
#include "apps/simurgh/local_file.h"
#include "apps/simurgh/session.h"

namespace simurgh::cli {
namespace {

Outcome<std::vector<api::Token>> read_tokens(const std::string& path) {
  if (!file_exists(path)) return std::vector<api::Token>{};
  const std::string text = TRY(read_file(path));
  const auto tokens = api::parse_tokens(text);
  if (tokens.has_value()) return *tokens;
  const auto line = 1 + std::count(text.begin(), text.begin() + tokens.error().offset, '\n');
  return local(path + ": line " + std::to_string(line) + " is not a token (" +
                   name_of(tokens.error().code) + ")",
               "correct or remove the line; its form is in the file's first line");
}

Outcome<void> write_tokens_file(const std::string& path, const std::vector<api::Token>& tokens) {
  return write_file(path, api::write_tokens(tokens), Access::owner_only, Overwrite::yes);
}

json::Value describe(const api::Token& token) {
  json::Value roles = json::Value::array();
  for (size_t i = 0; i < api::role_count; ++i) {
    const auto role = static_cast<api::Role>(i);
    if (token.roles.contains(role)) roles.push_back(api::name_of(role));
  }
  return json::Value::object({{"name", token.name},
                              {"roles", std::move(roles)},
                              {"manufacturer", token.manufacturer},
                              {"requests_per_minute", token.requests_per_minute}});
}

struct Options {
  std::string file;
  std::string name;
  std::string roles;
  std::string manufacturer;
  std::string out;
  uint64_t rate = api::requests_per_minute_default;
};

Outcome<api::Roles> read_roles(const std::string& text) {
  api::Roles roles;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const auto role = api::role_of(text.substr(begin, end - begin));
    if (!role.has_value()) {
      return usage("\"" + text.substr(begin, end - begin) + "\" is no role",
                   "roles are viewer, operator, approver, factory, dealer, device, admin");
    }
    roles.add(*role);
    begin = end + 1;
  }
  return roles;
}

Outcome<void> add_token(Session& session, const Options& options) {
  std::vector<api::Token> tokens = TRY(read_tokens(options.file));
  const api::Roles roles = TRY(read_roles(options.roles));
  if (roles.contains(api::Role::factory) && options.manufacturer.empty()) {
    return usage("a factory's token needs --manufacturer", "name the one whose batches it sees");
  }
  for (const api::Token& token : tokens) {
    if (token.name == options.name) {
      return local("there is a token " + options.name + " already",
                   "choose another name, or remove it first: simurgh tokens remove");
    }
  }
  if (options.rate == 0 || options.rate > 1'000'000) {
    return usage("--rate is from 1 to 1000000 requests a minute");
  }
  Key256 secret;
  session.random().fill(secret.fill(api::token_secret_octets));
  auto made = api::make_token(options.name, roles, secret, session.random().array<16>());
  if (!made.has_value()) {
    return usage("\"" + options.name + "\" is no name for a token",
                 "use up to 32 lower-case letters, digits, - and _");
  }
  made->token.manufacturer = options.manufacturer;
  made->token.requests_per_minute = static_cast<uint32_t>(options.rate);
  // First the token, then its hash: what is known to the server can be used by somebody.
  TRY(write_file(options.out, text_of(made->text.view()), Access::owner_only, Overwrite::no));
  tokens.push_back(made->token);
  TRY(write_tokens_file(options.file, tokens));
  session.answer(describe(made->token));
  session.remark("token written to " + options.out +
                 "; give it to its user. The server knows it after its next start");
  return {};
}

Outcome<void> remove_token(Session& session, const Options& options) {
  std::vector<api::Token> tokens = TRY(read_tokens(options.file));
  if (std::erase_if(tokens, [&](const auto& token) { return token.name == options.name; }) == 0) {
    return local("there is no token " + options.name + " in " + options.file,
                 "see: simurgh tokens list");
  }
  TRY(write_tokens_file(options.file, tokens));
  session.answer(json::Value::object({{"name", options.name}, {"removed", true}}));
  session.remark("the server forgets it at its next start");
  return {};
}

Outcome<void> list_tokens(Session& session, const Options& options) {
  if (!file_exists(options.file)) {
    return local("there is no file " + options.file, "it is `tokens` in the server's data_dir");
  }
  json::Value::Array rows;
  for (const api::Token& token : TRY(read_tokens(options.file))) rows.push_back(describe(token));
  static constexpr std::array columns = {Column{"NAME", "name"}, Column{"ROLES", "roles"},
                                         Column{"MANUFACTURER", "manufacturer"},
                                         Column{"REQUESTS/MINUTE", "requests_per_minute"}};
  session.answer_table(json::Value::object({{"items", rows}}), rows, columns);
  return {};
}

}  // namespace

void add_token_commands(Commands& commands) {
  commands.groups.push_back({"tokens", "Access tokens, in the server's tokens file"});
  auto options = std::make_shared<Options>();
  const Option file = {.name = "--file",
                       .into = &options->file,
                       .what = "The server's tokens file",
                       .required = true};
  const Option name = {
      .name = "--name", .into = &options->name, .what = "The token's name", .required = true};
  commands.commands.push_back(
      {.group = "tokens",
       .name = "add",
       .summary = "Make a token and add its hash to the server's file",
       .examples = "  simurgh tokens add --file tokens --name desk-3 --roles dealer \\\n"
                   "      --out desk-3.token\n"
                   "  simurgh tokens add --file tokens --name northern --roles factory \\\n"
                   "      --manufacturer northern --out northern.token\n",
       .options = {file,
                   name,
                   {.name = "--roles",
                    .into = &options->roles,
                    .what = "By commas: viewer, operator, approver, factory, dealer, device, admin",
                    .required = true},
                   {.name = "--manufacturer",
                    .into = &options->manufacturer,
                    .what = "Whose batches a factory's token sees"},
                   {.name = "--rate", .into = &options->rate, .what = "Requests a minute"},
                   {.name = "--out",
                    .into = &options->out,
                    .what = "New file for the token itself (0600)",
                    .required = true}},
       .run = [options](Session& session) { return add_token(session, *options); }});
  commands.commands.push_back(
      {.group = "tokens",
       .name = "remove",
       .summary = "Take a token out of the server's file",
       .examples = "  simurgh tokens remove --file tokens --name desk-3\n",
       .options = {file, name},
       .run = [options](Session& session) { return remove_token(session, *options); }});
  commands.commands.push_back(
      {.group = "tokens",
       .name = "list",
       .summary = "List the tokens of the server's file",
       .options = {file},
       .run = [options](Session& session) { return list_tokens(session, *options); }});
}

}  // namespace simurgh::cli
