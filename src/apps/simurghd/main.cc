// simurghd: the server. Options in, a Server out; everything else is elsewhere.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/simurghd/server.h"
#include "io/process/process.h"

namespace {

using namespace simurgh;

constexpr size_t config_octets_max = size_t{1} << 20;

int complain(const std::string& problem) {
  std::fprintf(stderr, "simurghd: %s\n", problem.c_str());
  return 1;
}

bool load(const std::string& path, simurghd::Config& config, std::string& problem) {
  const auto text = process::read_file(path, config_octets_max, problem);
  return text && simurghd::parse_config(*text, path, config, problem);
}

int run(const std::string& path) {
  process::harden();
  simurghd::Config config;
  std::string problem;
  if (!load(path, config, problem)) return complain(problem);
  log::Log log;
  const auto level = log::parse_level(config.log_level);
  if (!level) return complain(path + ": log_level: expected debug, info, warning or error");
  log.set_level(*level);
  const auto server = simurghd::Server::open(config, log, problem);
  return server ? server->run() : complain(problem);
}

int make(const std::string& data_dir) {
  std::string problem;
  simurghd::NewData made;
  if (!simurghd::make_data_dir(data_dir, made, problem)) return complain(problem);
  const std::string config_path = data_dir + "/simurghd.toml";
  if (!process::write_new_file(config_path, simurghd::config_template(data_dir), 0600, problem)) {
    return complain(problem);
  }
  const std::string token_path = data_dir + "/admin.token";
  if (!process::write_new_file(token_path, made.admin_token + "\n", 0600, problem)) {
    return complain(problem);
  }
  std::printf(
      "Made %s: keys, tokens and a configuration to look through.\n"
      "  configuration     %s\n"
      "  administrator     %s (the only copy of this token)\n"
      "Next: simurghd run --config %s\n",
      data_dir.c_str(), config_path.c_str(), token_path.c_str(), config_path.c_str());
  return 0;
}

int check(const std::string& path) {
  simurghd::Config config;
  std::string problem;
  if (!load(path, config, problem)) return complain(problem);
  std::printf("%s: good\n", path.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The Simurgh server: HLR, authentication centre and security centre.");
  app.require_subcommand(1);
  app.footer(
      "Example:\n  simurghd init --data-dir /var/lib/simurgh\n"
      "  simurghd run --config /var/lib/simurgh/simurghd.toml");
  std::string config_path, data_dir;
  auto* run_command = app.add_subcommand("run", "Serve until SIGTERM");
  run_command->add_option("--config", config_path, "Configuration file (TOML)")->required();
  auto* init_command = app.add_subcommand("init", "Make a data directory with new keys");
  init_command->add_option("--data-dir", data_dir, "A folder that does not exist yet, or is empty")
      ->required();
  auto* check_command = app.add_subcommand("check-config", "Say what is wrong in a configuration");
  check_command->add_option("file", config_path, "Configuration file (TOML)")->required();
  CLI11_PARSE(app, argc, argv);
  if (run_command->parsed()) return run(config_path);
  if (init_command->parsed()) return make(data_dir);
  return check(config_path);
}
