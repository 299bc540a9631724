// The back ends that must behave alike. Each can be stopped in order, or killed.
#pragma once

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <string>

#include "io/store_postgres/postgres_storage.h"
#include "io/store_sqlite/sqlite_storage.h"
#include "memory_store/memory_storage.h"
#include "postgres_cluster.h"
#include "stores/seeded_random.h"

namespace simurgh::test {

// A directory of its own that goes with the object; in memory where there is such a file system,
// because what these tests need of a sync is its answer, not its wait.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    const bool in_memory = access("/dev/shm", W_OK) == 0;
    std::string path = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    path += "/simurgh-stores-XXXXXX";
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class MemoryBackEnd {
 public:
  storage::Storage& storage() { return storage_; }
  void kill() { storage_.crash(); }

 private:
  memory_store::MemoryStorage storage_{ByteArray<16>{1}};
};

// A place where a back end's data is, outside every process: what outlives a crash.
class SqlitePlace {
 public:
  // A worker that lives that long has opened it and is well under way.
  static constexpr useconds_t worker_lifetime_us_max = 40'000;
  Result<std::unique_ptr<sql_rows::SqlStorage>> open(Random& random, std::string& problem,
                                                     int wal_pages_max = 4096) const {
    auto opened = TRY(store_sqlite::SqliteStorage::open(path(), random, problem,
                                                        {.wal_pages_max = wal_pages_max}));
    return std::unique_ptr<sql_rows::SqlStorage>(std::move(opened));
  }
  // With no process at work: keeps what is there now, and puts it back.
  void make_backup() const { copy(path(), path() + ".old"); }
  void put_back() const { copy(path() + ".old", path()); }

 private:
  std::string path() const { return directory_.file("simurgh.db"); }
  static void copy(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  }
  ScratchDirectory directory_;
};

class PostgresPlace {
 public:
  static constexpr useconds_t worker_lifetime_us_max = 200'000;
  PostgresPlace() : database_(cluster().make_database()) {}
  ~PostgresPlace() {
    cluster().drop_database(database_);
    if (!old_.empty()) cluster().drop_database(old_);
  }
  PostgresPlace(const PostgresPlace&) = delete;
  PostgresPlace& operator=(const PostgresPlace&) = delete;

  Result<std::unique_ptr<sql_rows::SqlStorage>> open(Random& random, std::string& problem,
                                                     int = 0) const {
    auto opened = TRY(store_postgres::PostgresStorage::open(address(), random, problem));
    return std::unique_ptr<sql_rows::SqlStorage>(std::move(opened));
  }
  void make_backup() { old_ = cluster().make_database(database_); }
  void put_back() { std::swap(database_, old_); }

  const std::string& database() const { return database_; }
  store_postgres::Address address() const { return cluster().address(database_); }
  // A connection of somebody else, without Simurgh's settings but for the names of its tables.
  std::unique_ptr<store_postgres::Database> raw(const std::string& role = "simurgh") const {
    auto database = cluster().connect(database_, role);
    REQUIRE(database->execute("SET search_path = simurgh").has_value());
    return database;
  }
  static PostgresCluster& cluster() { return PostgresCluster::shared(); }

 private:
  std::string database_;
  std::string old_;
};

template <typename Place>
class SqlBackEnd {
 public:
  SqlBackEnd() { open(); }
  storage::Storage& storage() { return *storage_; }
  // Closing with an open transaction is what the database finds after a crash: what was not
  // committed is gone. (Real kills of processes are in crash_test.cc.)
  void kill() {
    storage_.reset();
    open();
  }

 private:
  void open() {
    std::string problem;
    auto opened = place_.open(random_, problem);
    INFO(problem);
    REQUIRE(opened.has_value());
    storage_ = std::move(*opened);
  }
  Place place_;
  SeededRandom random_{1};
  std::unique_ptr<sql_rows::SqlStorage> storage_;
};

using SqliteBackEnd = SqlBackEnd<SqlitePlace>;
using PostgresBackEnd = SqlBackEnd<PostgresPlace>;

}  // namespace simurgh::test

TYPE_TO_STRING_AS("memory", simurgh::test::MemoryBackEnd);
TYPE_TO_STRING_AS("SQLite", simurgh::test::SqliteBackEnd);
TYPE_TO_STRING_AS("PostgreSQL", simurgh::test::PostgresBackEnd);
TYPE_TO_STRING_AS("SQLite", simurgh::test::SqlitePlace);
TYPE_TO_STRING_AS("PostgreSQL", simurgh::test::PostgresPlace);

#define SIMURGH_BACK_ENDS \
  simurgh::test::MemoryBackEnd, simurgh::test::SqliteBackEnd, simurgh::test::PostgresBackEnd
// Those that outlive their process.
#define SIMURGH_PLACES simurgh::test::SqlitePlace, simurgh::test::PostgresPlace
