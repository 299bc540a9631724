#include "apps/simurgh/command_line.h"

#include <CLI/CLI.hpp>
#include <map>

namespace simurgh::cli {
namespace {

constexpr const char* about =
    "simurgh: the operator's command line, and the tools of the factory and of the dealer.";
constexpr const char* footer =
    "Exit codes: 0 done, 1 failed here (file, chip), 2 wrong command line, 3 refused by the "
    "server,\n"
    "4 server not reached or overloaded, 5 token missing or not allowed, 6 interrupted,\n"
    "7 campaign done but failed at some chips, 8 campaign stopped or cancelled.\n"
    "Every command takes --help, and --json for output that programs read.";

void add_option(CLI::App& app, const Option& option) {
  CLI::Option* added = nullptr;
  if (const auto* text = std::get_if<std::string*>(&option.into)) {
    added = app.add_option(option.name, **text, option.what);
    if (!(*text)->empty()) added->capture_default_str();
  } else if (const auto* number = std::get_if<uint64_t*>(&option.into)) {
    added = app.add_option(option.name, **number, option.what)->type_name("N");
    if (**number != 0) added->capture_default_str();
  } else {
    added = app.add_flag(option.name, *std::get<bool*>(option.into), option.what);
  }
  if (option.required) added->required();
  if (!option.choices.empty()) added->check(CLI::IsMember(option.choices));
}

void add_global(CLI::App& app, Global& global) {
  app.add_option("--server", global.server,
                 "Server's address: https://HOST:PORT, unix:PATH or http://LOOPBACK:PORT")
      ->envname("SIMURGH_SERVER")
      ->capture_default_str();
  app.add_option("--token-file", global.token_file, "File that holds the access token")
      ->envname("SIMURGH_TOKEN_FILE")
      ->type_name("FILE");
  app.add_option("--ca", global.ca, "Authorities to believe for https, PEM (else the system's)")
      ->envname("SIMURGH_CA")
      ->type_name("FILE");
  app.add_option("--certificate", global.certificate, "Own certificate for https, PEM")
      ->envname("SIMURGH_CERTIFICATE")
      ->type_name("FILE");
  app.add_option("--key", global.key, "Key of the own certificate, PEM")
      ->envname("SIMURGH_KEY")
      ->type_name("FILE");
  app.add_flag("--json", global.json, "Answer with one JSON document on standard output");
  app.add_flag("--quiet", global.quiet, "Say nothing but the answer and errors");
  app.add_flag("--progress", global.progress,
               "Show progress even when standard error is no terminal");
}

}  // namespace

Outcome<Parsed> parse_command_line(const Commands& commands, int argc, const char* const* argv) {
  Parsed parsed;
  CLI::App app(about);
  app.name("simurgh");
  app.footer(footer);
  app.set_version_flag("--version", "simurgh " SIMURGH_VERSION, "Say the version and end");
  app.require_subcommand(1);
  app.fallthrough();
  add_global(app, parsed.global);

  std::map<std::string, CLI::App*> groups;
  for (const Group& group : commands.groups) {
    CLI::App* sub = app.add_subcommand(group.name, group.summary);
    sub->require_subcommand(1);
    sub->fallthrough();
    groups[group.name] = sub;
  }
  std::vector<std::pair<CLI::App*, const Command*>> leaves;
  for (const Command& command : commands.commands) {
    CLI::App* parent = command.group.empty() ? &app : groups.at(command.group);
    CLI::App* sub = parent->add_subcommand(command.name, command.summary);
    sub->fallthrough();
    if (!command.examples.empty()) sub->footer("Examples:\n" + command.examples);
    for (const Option& option : command.options) add_option(*sub, option);
    leaves.emplace_back(sub, &command);
  }

  // CLI11 tells everything by exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    app.exit(help);
    return parsed;
  } catch (const CLI::CallForAllHelp& help) {
    app.exit(help);
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    app.exit(version);
    return parsed;
  } catch (const CLI::ParseError& error) {
    std::string command = "simurgh";
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      command += " " + at->get_name();
    }
    return usage(error.what(), "see: " + command + " --help");
  }
  for (const auto& [sub, command] : leaves) {
    if (sub->parsed()) parsed.command = command;
  }
  return parsed;
}

}  // namespace simurgh::cli
