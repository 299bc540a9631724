// simurgh: the operator's command line, and the tools of the factory and of the dealer.
#include <csignal>
#include <cstdio>

#include "apps/simurgh/commands.h"
#include "apps/simurgh/session.h"
#include "io/process/process.h"

int main(int argc, char** argv) {
  using namespace simurgh;
  std::signal(SIGPIPE, SIG_IGN);  // a pipe that is closed is an error of write, not the end
  process::harden();
  process::OsRandom random;
  cli::Commands commands;
  cli::add_resource_commands(commands);
  cli::add_factory_commands(commands);
  cli::add_dealer_commands(commands);
  cli::add_subscriber_commands(commands);
  cli::add_fleet_commands(commands);
  cli::add_campaign_commands(commands);
  cli::add_token_commands(commands);
  const auto parsed = cli::parse_command_line(commands, argc, argv);
  cli::Outcome<void> outcome;
  if (!parsed.has_value()) {
    outcome = parsed.error();
  } else if (parsed->command != nullptr) {
    cli::Session session(parsed->global, random);
    outcome = parsed->command->run(session);
  }
  if (outcome.has_value()) return static_cast<int>(cli::Exit::ok);
  std::fprintf(stderr, "simurgh: %s\n", outcome.error().what.c_str());
  if (!outcome.error().hint.empty()) {
    std::fprintf(stderr, "  %s\n", outcome.error().hint.c_str());
  }
  return static_cast<int>(outcome.error().exit);
}
