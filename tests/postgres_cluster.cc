#include "postgres_cluster.h"

#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

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

void require(bool good, const std::string& otherwise) {
  if (!good) throw std::runtime_error(otherwise);
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
  static PostgresCluster cluster(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  return cluster;
}

PostgresCluster::PostgresCluster(const std::string& parent) : programs_(find_programs()) {
  require(!programs_.empty(),
          "PostgreSQL is not installed: ./dev setup check (or apt-get install postgresql)");
  folder_ = parent + "/simurgh-postgres-XXXXXX";
  require(mkdtemp(folder_.data()) != nullptr, "cannot make a folder in " + parent);
  if (geteuid() == 0) {
    const passwd* nobody = getpwnam("nobody");
    require(nobody != nullptr && chown(folder_.c_str(), nobody->pw_uid, nobody->pw_gid) == 0,
            "cannot give " + folder_ + " to nobody");
  }
  // A collation that is not the octets' order, so that a column without COLLATE "C" shows.
  const int made = run({program("initdb"), "-D", folder_ + "/data", "-U", "postgres", "-A", "trust",
                        "-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
                        "--icu-locale=en", "--data-checksums", "--no-sync"},
                       "/dev/null");
  require(made == 0, "initdb failed in " + folder_);
  start();
  execute("CREATE ROLE simurgh LOGIN");
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
  require(false, "PostgreSQL does not start: " + problem + "; see " + folder_ + "/log");
}

void PostgresCluster::stop_at_once() {
  kill(server_->pid(), SIGQUIT);
  for (int i = 0; i < stop_wait_s * 1000 && !server_->ended(); ++i) usleep(1000);
  require(server_->ended(), "PostgreSQL does not stop");
}

std::string PostgresCluster::make_database(const std::string& original) {
  const std::string name = "test" + std::to_string(++databases_);
  const std::string from = original.empty() ? "template0" : original;
  // A session that has just ended may still be leaving.
  execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '" + from +
          "'");
  execute("CREATE DATABASE " + name + " OWNER simurgh TEMPLATE " + from);
  return name;
}

void PostgresCluster::execute(const std::string& sql) const {
  const auto admin = administrator();
  require(admin->execute(sql).has_value(), admin->problem());
}

void PostgresCluster::drop_database(const std::string& name) {
  execute("DROP DATABASE " + name + " WITH (FORCE)");
}

store_postgres::Address PostgresCluster::address(const std::string& database,
                                                 const std::string& role) const {
  std::string problem;
  const auto address = store_postgres::parse_address(
      "postgresql://" + role + "@/" + database + "?host=" + folder_, problem);
  require(address.has_value(), problem);
  return *address;
}

std::unique_ptr<store_postgres::Database> PostgresCluster::connect(const std::string& database,
                                                                   const std::string& role) const {
  std::string problem;
  auto opened = store_postgres::Database::connect(address(database, role), {}, problem);
  require(opened.has_value(), problem);
  return std::move(*opened);
}

}  // namespace simurgh::test
