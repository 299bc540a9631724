// simurghd: the server. Options in, a Server out; everything else is elsewhere.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/simurghd/data_dir.h"
#include "apps/simurghd/server.h"
#include "apps/simurghd/store.h"
#include "io/process/process.h"

namespace {

using namespace simurgh;

constexpr size_t config_octets_max = size_t{1} << 20;

int complain(const std::string& problem) {
  std::fprintf(stderr, "simurghd: %s\n", problem.c_str());
  return 1;
}

// True when nobody but the owner can read the file.
bool is_secret(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) == 0;
}

bool load(const std::string& path, simurghd::Config& config, std::string& problem) {
  const auto text = process::read_file(path, config_octets_max, problem);
  if (!text || !simurghd::parse_config(*text, path, config, problem)) return false;
  if (simurghd::check_store(config.store, is_secret(path), problem)) return true;
  problem = path + ": store: " + problem;
  return false;
}

// A store on the command line stands instead of the configuration's; everybody can read it there.
bool take_store(const std::string& store, simurghd::Config& config, std::string& problem) {
  if (store.empty()) return true;
  config.store = store;
  if (simurghd::check_store(store, false, problem)) return true;
  problem = "--store: " + problem;
  return false;
}

int run(const std::string& path, const std::string& store) {
  process::harden();
  simurghd::Config config;
  std::string problem;
  if (!load(path, config, problem) || !take_store(store, config, problem)) {
    return complain(problem);
  }
  log::Log log;
  const auto level = log::parse_level(config.log_level);
  if (!level) return complain(path + ": log_level: expected debug, info, warning or error");
  log.set_level(*level);
  const auto server = simurghd::Server::open(config, log, problem);
  return server ? server->run() : complain(problem);
}

// A database server is asked before anything is made: most that can go wrong goes wrong there.
bool make_database(const simurghd::Config& config, std::string& problem) {
  process::OsRandom random;
  const auto storage = simurghd::open_store(config, random, problem);
  if (!storage) return false;
  if (storage->mark().generation == 0) return true;
  problem = simurghd::store_words(config) +
            ": this database is in use already, with the keys of another data directory: name a "
            "new database, or go on with that directory (simurghd run)";
  return false;
}

int make(const std::string& data_dir, const std::string& store) {
  std::string problem;
  simurghd::Config config;
  config.data_dir = data_dir;
  if (!take_store(store, config, problem)) return complain(problem);
  const bool embedded = config.store == simurghd::Config().store;
  if (!embedded && !make_database(config, problem)) return complain(problem);
  simurghd::NewData made;
  if (!simurghd::make_data_dir(data_dir, made, problem)) return complain(problem);
  const std::string config_path = data_dir + "/simurghd.toml";
  if (!process::write_new_file(config_path, simurghd::config_template(data_dir, config.store), 0600,
                               problem)) {
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
      "  database          %s\n"
      "Next: simurghd run --config %s\n",
      data_dir.c_str(), config_path.c_str(), token_path.c_str(),
      simurghd::store_words(config).c_str(), config_path.c_str());
  return 0;
}

int check(const std::string& path) {
  simurghd::Config config;
  std::string problem;
  if (!load(path, config, problem)) return complain(problem);
  std::printf("%s: good\n", path.c_str());
  if (config.allow_legacy_1997) {
    std::printf(
        "  allow_legacy_1997 = true  INSECURE: single DES, key agreement that a false base "
        "station reads\n");
  }
  if (config.api_allow_without_tls) {
    std::printf("  api.allow_without_tls = true  INSECURE: who is on the way reads the tokens\n");
  }
  if (config.allow_comp128_import) {
    std::printf(
        "  hlr.allow_comp128_import = true  INSECURE: COMP128 keys can be found out from "
        "outside\n");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("The Simurgh server: HLR, authentication centre and security centre.");
  app.require_subcommand(1);
  app.set_version_flag("--version", "simurghd " SIMURGH_VERSION, "Say the version and end");
  app.footer(
      "Example:\n  simurghd init --data-dir /var/lib/simurgh\n"
      "  simurghd run --config /var/lib/simurgh/simurghd.toml");
  std::string config_path, data_dir, store;
  const char* const store_help =
      "\"sqlite\" (in the data directory), or postgresql://USER@HOST/DATABASE without a password";
  auto* run_command = app.add_subcommand("run", "Serve until SIGTERM");
  run_command->add_option("--config", config_path, "Configuration file (TOML)")->required();
  run_command->add_option("--store", store, store_help);
  auto* init_command = app.add_subcommand("init", "Make a data directory with new keys");
  init_command->add_option("--data-dir", data_dir, "A folder that does not exist yet, or is empty")
      ->required();
  init_command->add_option("--store", store, store_help);
  auto* check_command = app.add_subcommand("check-config", "Say what is wrong in a configuration");
  check_command->add_option("file", config_path, "Configuration file (TOML)")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    constexpr int exit_usage = 2;
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (run_command->parsed()) return run(config_path, store);
  if (init_command->parsed()) return make(data_dir, store);
  return check(config_path);
} catch (const std::exception& error) {
  std::fprintf(stderr, "simurghd: %s\n", error.what());
  return 1;
}
