#include "postgres_cluster.h"

#include <doctest/doctest.h>

#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace simurgh::test {

namespace {

constexpr int start_wait_s = 60;
constexpr int stop_wait_s = 20;

// Debian has the server's programs outside the PATH, in a folder for each version.
std::string find_programs() {
  std::string newest;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    const std::string folder = entry.path().string() + "/bin";
    if (program_exists(folder + "/initdb") && folder > newest) newest = folder;
  }
  return newest;
}

// In front of a command that root must not run.
std::vector<std::string> as_nobody() {
  if (geteuid() != 0) return {};
  return {"setpriv",        "--reuid=nobody",   "--regid=nogroup",
          "--clear-groups", "--pdeathsig=KILL", "--"};
}

int run(std::vector<std::string> command, const std::string& log) {
  std::vector<std::string> all = as_nobody();
  all.insert(all.end(), command.begin(), command.end());
  std::string line;
  for (const std::string& word : all) line += "'" + word + "' ";
  return std::system((line + ">>" + log + " 2>&1").c_str());
}

}  // namespace

PostgresCluster& PostgresCluster::shared() {
  static PostgresCluster cluster;
  return cluster;
}

PostgresCluster::PostgresCluster() : programs_(find_programs()) {
  if (programs_.empty()) {
    FAIL("PostgreSQL is not installed: ./dev setup check (or apt-get install postgresql)");
  }
  folder_ = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  folder_ += "/simurgh-postgres-XXXXXX";
  REQUIRE(mkdtemp(folder_.data()) != nullptr);
  if (geteuid() == 0) {
    const passwd* nobody = getpwnam("nobody");
    REQUIRE(nobody != nullptr);
    REQUIRE(chown(folder_.c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
  }
  // A collation that is not the octets' order, so that a column without COLLATE "C" shows.
  const int made = run({program("initdb"), "-D", folder_ + "/data", "-U", "postgres", "-A", "trust",
                        "-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
                        "--icu-locale=en", "--data-checksums", "--no-sync"},
                       "/dev/null");
  REQUIRE_MESSAGE(made == 0, "initdb failed in " << folder_);
  start();
  REQUIRE(administrator()->execute("CREATE ROLE simurgh LOGIN").has_value());
}

PostgresCluster::~PostgresCluster() {
  if (server_) {
    kill(server_->pid(), SIGINT);
    for (int i = 0; i < stop_wait_s * 100 && !server_->ended(); ++i) usleep(10'000);
    server_.reset();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void PostgresCluster::start() {
  std::vector<std::string> command = {"sh", "-c", "exec \"$@\" >>'" + folder_ + "/log' 2>&1", "sh"};
  for (std::string& word : as_nobody()) command.push_back(std::move(word));
  for (const std::string& word : {program("postgres"), std::string("-D"), folder_ + "/data",
                                  std::string("-c"), "unix_socket_directories=" + folder_}) {
    command.push_back(word);
  }
  for (const char* setting : {"listen_addresses=", "fsync=on", "shared_buffers=64MB",
                              "max_connections=40", "max_wal_size=256MB"}) {
    command.push_back("-c");
    command.push_back(setting);
  }
  server_ = std::make_unique<Child>(command);
  std::string problem;
  for (int i = 0; i < start_wait_s * 50; ++i) {
    if (store_postgres::Database::connect(address("postgres", "postgres"), {}, problem)) return;
    if (server_->ended()) break;
    usleep(20'000);
  }
  FAIL("PostgreSQL does not start: " << problem << "; see " << folder_ << "/log");
}

void PostgresCluster::stop_at_once() {
  kill(server_->pid(), SIGQUIT);
  for (int i = 0; i < stop_wait_s * 1000 && !server_->ended(); ++i) usleep(1000);
  REQUIRE(server_->ended());
}

std::string PostgresCluster::make_database(const std::string& original) {
  const std::string name = "test" + std::to_string(++databases_);
  const std::string from = original.empty() ? "template0" : original;
  const auto admin = administrator();
  // A session that has just ended may still be leaving.
  REQUIRE(admin
              ->execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                        "WHERE datname = '" +
                        from + "'")
              .has_value());
  const auto made = admin->execute("CREATE DATABASE " + name + " OWNER simurgh TEMPLATE " + from);
  INFO(admin->problem());
  REQUIRE(made.has_value());
  return name;
}

void PostgresCluster::drop_database(const std::string& name) {
  static_cast<void>(administrator()->execute("DROP DATABASE " + name + " WITH (FORCE)"));
}

store_postgres::Address PostgresCluster::address(const std::string& database,
                                                 const std::string& role) const {
  std::string problem;
  const auto address = store_postgres::parse_address(
      "postgresql://" + role + "@/" + database + "?host=" + folder_, problem);
  REQUIRE_MESSAGE(address.has_value(), problem);
  return *address;
}

std::unique_ptr<store_postgres::Database> PostgresCluster::connect(const std::string& database,
                                                                   const std::string& role) const {
  std::string problem;
  auto opened = store_postgres::Database::connect(address(database, role), {}, problem);
  REQUIRE_MESSAGE(opened.has_value(), problem);
  return std::move(*opened);
}

}  // namespace simurgh::test
