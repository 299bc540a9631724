// What is SQLite's own: settings, versions, the file.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "io/store_sqlite/schema.h"
#include "source_folder.h"
#include "stores/back_ends.h"
#include "stores/dump.h"
#include "stores/rows.h"

using namespace simurgh;
using namespace simurgh::test;
using store_sqlite::Database;
using store_sqlite::Setting;
using store_sqlite::SqliteStorage;

namespace {

Result<std::unique_ptr<SqliteStorage>> open(const ScratchDirectory& directory,
                                            std::string& problem) {
  SeededRandom random(3);
  return SqliteStorage::open(directory.file("simurgh.db"), random, problem);
}

std::unique_ptr<Database> raw(const std::string& path) {
  std::string problem;
  auto database = Database::open(path, {}, problem);
  REQUIRE(database.has_value());
  return std::move(*database);
}

}  // namespace

TEST_CASE("T-PRAGMA: every durability setting is read back as it must be") {
  ScratchDirectory directory;
  std::string problem;
  const auto database = Database::open(directory.file("x.db"), store_sqlite::settings(), problem);
  REQUIRE(database.has_value());
  CHECK(*(*database)->ask("PRAGMA synchronous") == "2");
  CHECK(*(*database)->ask("PRAGMA journal_mode") == "wal");
  CHECK(*(*database)->ask("PRAGMA page_size") == "4096");
}

TEST_CASE("T-PRAGMA negative control: the typo of osmo-hlr, or a setting that does not take") {
  ScratchDirectory directory;
  std::string problem;
  // Unknown PRAGMAs are ignored in silence: only the answer shows it.
  const Setting typo[] = {{"synchonous", "FULL", "2"}};
  CHECK(!Database::open(directory.file("a.db"), typo, problem).has_value());
  CHECK(problem.find("synchonous") != std::string::npos);
  const Setting less[] = {{"synchronous", "NORMAL", "2"}};
  CHECK(!Database::open(directory.file("b.db"), less, problem).has_value());
  // A database that was made with other pages keeps them.
  REQUIRE(raw(directory.file("c.db"))
              ->execute("PRAGMA page_size = 1024; CREATE TABLE t (x)")
              .has_value());
  CHECK(!Database::open(directory.file("c.db"), store_sqlite::settings(), problem).has_value());
  CHECK(problem.find("page_size") != std::string::npos);
}

TEST_CASE("a database of a newer version, or of another program, is refused") {
  ScratchDirectory directory;
  std::string problem;
  REQUIRE(open(directory, problem).has_value());
  REQUIRE(raw(directory.file("simurgh.db"))->execute("PRAGMA user_version = 99").has_value());
  auto refused = open(directory, problem);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::unsupported);
  CHECK(problem.find("99") != std::string::npos);

  ScratchDirectory other;
  problem.clear();
  REQUIRE(raw(other.file("simurgh.db"))
              ->execute("PRAGMA page_size = 4096; CREATE TABLE theirs (x)")
              .has_value());
  refused = open(other, problem);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::unsupported);
  CHECK(problem.find("another program") != std::string::npos);
}

TEST_CASE("versions are gone up step by step, in one transaction, keeping what is there") {
  ScratchDirectory directory;
  const std::string path = directory.file("x.db");
  std::string problem;
  const store_sqlite::SchemaStep first[] = {store_sqlite::schema_steps()[0]};
  {
    auto database = raw(path);
    REQUIRE(bring_up(*database, first, {7}, problem).has_value());
    REQUIRE(database->execute("INSERT INTO contract VALUES ('k', 'c', 't', 0, 1)").has_value());
  }
  const store_sqlite::SchemaStep broken[] = {
      first[0], {1, "CREATE TABLE second (x INTEGER)"}, {2, "INSERT INTO nowhere VALUES (1)"}};
  {
    auto database = raw(path);
    CHECK(!bring_up(*database, broken, {8}, problem).has_value());
  }
  CHECK(*raw(path)->ask("PRAGMA user_version") == "1");  // not half way
  const store_sqlite::SchemaStep three[] = {
      first[0],
      {1, "ALTER TABLE contract ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'"},
      {2, "UPDATE contract SET colour = 'blue'"}};
  {
    auto database = raw(path);
    REQUIRE(bring_up(*database, three, {8}, problem).has_value());
    CHECK(*database->ask("SELECT colour FROM contract WHERE id = 'k'") == "blue");
    CHECK(*database->ask("SELECT hex(database) FROM database_mark") ==
          "07000000000000000000000000000000");  // its identity stays
    CHECK(*database->ask("PRAGMA user_version") == "3");
  }
  // Every step of this program, in order and without a gap.
  int from = 0;
  for (const auto& step : store_sqlite::schema_steps()) CHECK(step.from == from++);
}

TEST_CASE("every released schema opens with what was in it") {
  // tests/stores/dumps/v*.sql: dumps of databases as released versions left them.
  for (int version = 1; version <= static_cast<int>(store_sqlite::schema_steps().size());
       ++version) {
    CAPTURE(version);
    ScratchDirectory directory;
    std::ifstream file(source_folder() + "/tests/stores/dumps/v" + std::to_string(version) +
                       ".sql");
    // The newest one gets its dump when it is released.
    if (version > 1 && version == static_cast<int>(store_sqlite::schema_steps().size()) &&
        !file.good()) {
      break;
    }
    REQUIRE(file.good());
    std::stringstream sql;
    sql << file.rdbuf();
    REQUIRE(raw(directory.file("simurgh.db"))->execute(sql.str().c_str()).has_value());
    std::string problem;
    const auto opened = open(directory, problem);
    INFO(problem);
    REQUIRE(opened.has_value());
    storage::Storage& storage = **opened;
    CHECK(storage.mark().generation == 41);
    CHECK(storage.fleet().chip(iccid_of(1))->value().order == "order-1");
    CHECK(storage.hlr().load(imsi_of(1))->value() == some_subscriber(1));
    CHECK(storage.security_centre().load(iccid_of(1))->value() == some_chip_keys(1));
    CHECK(storage.audit().last()->value().sequence == 1);
    // Chips that were sold before there were elements wait to be taken up, and only they.
    auto waiting = *storage.elements().without_element(10);
    CHECK(waiting.size() == (version == 1 ? 1 : 0));
    REQUIRE(storage.elements().drop_without_element(waiting).has_value());
    CHECK(storage.elements().without_element(10)->empty());
    CHECK(storage.check_integrity().has_value());
  }
}

TEST_CASE("D11: a key that was in service before there were intervals is as old as its chip says") {
  ScratchDirectory directory;
  std::ifstream file(source_folder() + "/tests/stores/dumps/v1.sql");
  std::stringstream sql;
  sql << file.rdbuf() << "UPDATE chip SET state = 2, changed = 1234;"
      << "UPDATE centre_chip SET work = 0, reset = x'';";
  REQUIRE(raw(directory.file("simurgh.db"))->execute(sql.str().c_str()).has_value());
  {
    std::string problem;
    const auto opened = open(directory, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    CHECK((*(*opened)->security_centre().load(iccid_of(1)))->interval_from == Instant{1234});
  }
  // As each_rekey_due asks; an error when the index is of no use for that.
  CHECK(raw(directory.file("simurgh.db"))
            ->ask("SELECT iccid FROM centre_chip INDEXED BY centre_chip_interval WHERE "
                  "interval_from <> 0 AND interval_from < 2000 ORDER BY interval_from, iccid "
                  "LIMIT 3")
            .value_or("") == iccid_of(1).text());
}

// Makes the database of a new dump: run with --no-skip and SIMURGH_DUMP_TO set to a directory, then
// `sqlite3 simurgh.db .dump` with the two PRAGMAs (application_id, user_version) in front.
TEST_CASE("make the database of a dump" * doctest::skip()) {
  const char* directory = std::getenv("SIMURGH_DUMP_TO");
  REQUIRE(directory != nullptr);
  SeededRandom random(3);
  std::string problem;
  const auto opened = SqliteStorage::open(std::string(directory) + "/simurgh.db", random, problem);
  REQUIRE(opened.has_value());
  fill_for_a_dump(**opened);
}

TEST_CASE("the file is private, and belongs to one process at a time") {
  ScratchDirectory directory;
  std::string problem;
  const auto storage = open(directory, problem);
  REQUIRE(storage.has_value());
  REQUIRE((*storage)->hlr().save(some_subscriber(1)).has_value());
  REQUIRE((*storage)->commit(0).has_value());
  for (const char* name : {"simurgh.db", "simurgh.db-wal"}) {
    struct stat status;
    REQUIRE(::stat(directory.file(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  const pid_t child = fork();
  if (child == 0) {
    const auto second = open(directory, problem);
    _exit(!second && second.error().code == ErrorCode::busy ? 0 : 1);
  }
  int status = 1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("D1: the database refuses overlapping and changed numbers by itself") {
  ScratchDirectory directory;
  std::string problem;
  {
    const auto storage = open(directory, problem);
    REQUIRE(storage.has_value());
    REQUIRE((*storage)->fleet().add_range(some_range(1, 0, 100)).has_value());
    REQUIRE((*storage)->fleet().set_allocated(1, 50).has_value());
    REQUIRE((*storage)->fleet().add_allocation(some_allocation(1, 0, 50)).has_value());
    REQUIRE((*storage)->commit(0).has_value());
  }
  const char* forbidden[] = {
      "UPDATE number_range SET allocated = 49",
      "UPDATE number_range SET iccid_first = iccid_first + 1000",
      "UPDATE allocation SET iccid_first = iccid_first + 1",
      "DELETE FROM allocation",
      "INSERT INTO allocation SELECT 2, range_id, iccid_digits, iccid_first + 49, imsi_digits, "
      "imsi_first + 1000, count, manufacturer, ver, profile, created FROM allocation",
      "INSERT INTO allocation SELECT 2, range_id, iccid_digits, iccid_first + 1000, imsi_digits, "
      "imsi_first - 49, count, manufacturer, ver, profile, created FROM allocation",
  };
  for (const char* sql : forbidden) {
    CAPTURE(sql);
    const auto done = raw(directory.file("simurgh.db"))->execute(sql);
    REQUIRE(!done.has_value());
    CHECK(done.error().code == ErrorCode::already_exists);  // a broken constraint
  }
}

TEST_CASE("T-AUDIT: the database refuses to change or delete audit rows") {
  ScratchDirectory directory;
  std::string problem;
  {
    const auto storage = open(directory, problem);
    REQUIRE(storage.has_value());
    REQUIRE((*storage)->audit().append({1, {}, "a", "b", "c", "d", {}, {}}).has_value());
    REQUIRE((*storage)->commit(0).has_value());
  }
  CHECK(!raw(directory.file("simurgh.db"))->execute("DELETE FROM audit").has_value());
  CHECK(!raw(directory.file("simurgh.db"))->execute("UPDATE audit SET actor = 'x'").has_value());
}

TEST_CASE("a damaged file is an error, never an empty answer") {
  ScratchDirectory directory;
  std::string problem;
  {
    const auto storage = open(directory, problem);
    REQUIRE(storage.has_value());
    for (uint64_t i = 0; i < 500; ++i) {
      REQUIRE((*storage)->hlr().save(some_subscriber(i)).has_value());
    }
    REQUIRE((*storage)->commit(0).has_value());
  }
  const std::string path = directory.file("simurgh.db");
  const auto pages = std::filesystem::file_size(path) / 4096;
  REQUIRE(pages > 40);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (uint64_t page = pages / 2; page < pages; ++page) {
      file.seekp(static_cast<std::streamoff>(page * 4096));
      const std::string noise(512, '\xee');
      file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
    }
  }
  const auto storage = open(directory, problem);
  if (!storage) return;  // seen at once
  CHECK(!(*storage)->check_integrity().has_value());
  CHECK(!(*storage)->hlr().load(imsi_of(1)).has_value());  // and nothing is answered after that
  CHECK(!(*storage)->problem().empty());
}

TEST_CASE("the write-ahead log is copied into the database before it grows without end") {
  ScratchDirectory directory;
  SeededRandom random(3);
  std::string problem;
  const auto opened =
      SqliteStorage::open(directory.file("simurgh.db"), random, problem, {.wal_pages_max = 50});
  REQUIRE(opened.has_value());
  for (uint64_t i = 0; i < 300; ++i) {
    REQUIRE((*opened)->hlr().save(some_subscriber(i % 100)).has_value());
    REQUIRE((*opened)->commit(0).has_value());
  }
  CHECK(std::filesystem::file_size(directory.file("simurgh.db-wal")) < 100 * 4200);
}
