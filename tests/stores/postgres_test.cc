// What is PostgreSQL's own: the address, settings, versions, who may write, lost connections.
#include <fstream>
#include <sstream>
#include <thread>

#include "io/store_postgres/schema.h"
#include "source_folder.h"
#include "stores/back_ends.h"
#include "stores/dump.h"
#include "stores/rows.h"

using namespace simurgh;
using namespace simurgh::test;
using store_postgres::Database;
using store_postgres::PostgresStorage;
using store_postgres::Setting;

namespace {

Result<std::unique_ptr<PostgresStorage>> open(const PostgresPlace& place, std::string& problem,
                                              unsigned lock_wait_ms = 5000) {
  SeededRandom random(3);
  return PostgresStorage::open(place.address(), random, problem, {.lock_wait_ms = lock_wait_ms});
}

std::unique_ptr<PostgresStorage> open(const PostgresPlace& place) {
  std::string problem;
  auto opened = open(place, problem);
  REQUIRE_MESSAGE(opened.has_value(), problem);
  return std::move(*opened);
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != text.npos;
}

// Ends the session of the storage that has the database open.
void terminate(const PostgresPlace& place) {
  const auto admin = place.raw("postgres");
  REQUIRE(admin
              ->execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                        "datname = current_database() AND pid <> pg_backend_pid()")
              .has_value());
}

}  // namespace

TEST_CASE("an address is told from other texts, and its password from the rest of it") {
  std::string problem;
  const auto parse = [&](const char* text) { return store_postgres::parse_address(text, problem); };
  CHECK(store_postgres::is_address("postgres://x"));
  CHECK(!store_postgres::is_address("sqlite"));
  auto address = parse("postgresql://ann:s3cret@db.example:5433/simurgh?sslmode=verify-full");
  REQUIRE(address.has_value());
  CHECK(address->words == "postgresql://ann@db.example:5433/simurgh");
  CHECK(address->has_password);
  CHECK(parse("postgresql://ann@h/d?password=s3cret")->has_password);
  CHECK(parse("postgresql://ann@h/d?sslpassword=s3cret")->has_password);
  CHECK(!parse("postgresql://ann@/simurgh?host=/run/postgresql&passfile=/x")->has_password);
  // Whatever is wrong, the address is not repeated.
  for (const char* text : {"postgresql:ann", "postgresql://[::1]s3cret/x", "postgresql://h/?s3cret",
                           "postgresql://ann:s3cret@h/d?nonsense=s3cret", "mysql://s3cret"}) {
    CAPTURE(text);
    problem.clear();
    CHECK(!parse(text).has_value());
    CHECK(has(problem, "postgresql://USER@HOST"));
    CHECK(!has(problem, "s3cret"));
  }
}

TEST_CASE("only sockets, the loopback, and TLS with a verified name are private") {
  const auto is_private = [](const char* text) {
    std::string problem;
    return store_postgres::is_private(*store_postgres::parse_address(text, problem));
  };
  CHECK(is_private("postgresql:///d"));
  CHECK(is_private("postgresql:///d?host=/run/postgresql"));
  CHECK(is_private("postgresql://127.0.0.1,[::1],localhost/d"));
  CHECK(is_private("postgresql://db.example/d?sslmode=verify-full"));
  CHECK(!is_private("postgresql://db.example/d"));
  CHECK(!is_private("postgresql://db.example/d?sslmode=require"));
  CHECK(!is_private("postgresql://localhost,db.example/d"));
  CHECK(!is_private("postgresql://localhost/d?hostaddr=192.0.2.1"));
  CHECK(!is_private("postgresql:///d?service=there"));
  SeededRandom random(1);
  std::string problem;
  const auto address = store_postgres::parse_address("postgresql://ann@db.example/d", problem);
  const auto refused = PostgresStorage::open(*address, random, problem, {.require_private = true});
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::not_allowed);
  CHECK(has(problem, "sslmode=verify-full"));
}

TEST_CASE("a server that is not there, and a password that is wrong, are told without secrets") {
  std::string problem;
  const auto nowhere =
      store_postgres::parse_address("postgresql://ann:s3cret@/d?host=/nonexistent", problem);
  CHECK(!Database::connect(*nowhere, {}, problem).has_value());
  CHECK(has(problem, "cannot connect to postgresql://ann@/d?host=/nonexistent: "));
  CHECK(!has(problem, "s3cret"));
}

TEST_CASE("T-PRAGMA: every setting that durability rests on is read back as it must be") {
  PostgresPlace place;
  // The operator's own defaults for the database do not weaken a session.
  REQUIRE(place.raw()
              ->execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = "
                        "off', current_database()); END $$")
              .has_value());
  std::string problem;
  const auto database = Database::connect(place.address(), store_postgres::settings(), problem);
  REQUIRE_MESSAGE(database.has_value(), problem);
  CHECK(*(*database)->ask("SHOW synchronous_commit") == "on");
  CHECK(*(*database)->ask("SHOW fsync") == "on");
  CHECK(*(*database)->ask("SHOW transaction_isolation") == "read committed");
  CHECK(*(*database)->ask("SHOW lock_timeout") == "10s");
}

TEST_CASE("T-PRAGMA negative control: a setting that is misspelt or does not take is refused") {
  PostgresPlace place;
  std::string problem;
  const Setting typo[] = {{"synchonous_commit", "on", "on"}};
  CHECK(!Database::connect(place.address(), typo, problem).has_value());
  CHECK(has(problem, "synchonous_commit"));
  const Setting less[] = {{"synchronous_commit", "off", "on", "what then"}};
  CHECK(!Database::connect(place.address(), less, problem).has_value());
  CHECK(has(problem, "synchronous_commit is 'off', not 'on': what then"));
}

TEST_CASE("T-PRAGMA: a cluster with fsync = off is refused") {
  PostgresPlace place;
  const auto set = [&](const char* sql) {
    const auto admin = place.raw("postgres");
    REQUIRE(admin->execute(sql).has_value());
    REQUIRE(admin->execute("SELECT pg_reload_conf()").has_value());
  };
  // On the command line it stays on; full_page_writes is not there.
  set("ALTER SYSTEM SET full_page_writes = off");
  std::string problem;
  Result<std::unique_ptr<PostgresStorage>> opened = fail(ErrorCode::busy);
  for (int i = 0; i < 500; ++i) {  // the reload takes a moment
    if (*place.raw()->ask("SHOW full_page_writes") == "off") break;
    usleep(10'000);
  }
  opened = open(place, problem);
  set("ALTER SYSTEM RESET full_page_writes");
  for (int i = 0; i < 500 && *place.raw()->ask("SHOW full_page_writes") != "on"; ++i) {
    usleep(10'000);
  }
  CHECK(!opened.has_value());
  CHECK(has(problem, "full_page_writes is 'off', not 'on': PostgreSQL could lose"));
}

TEST_CASE("PostgreSQL: a database of a newer version, or of another program, is refused") {
  PostgresPlace place;
  open(place);
  REQUIRE(place.raw()->execute("UPDATE database_mark SET schema_version = 99").has_value());
  std::string problem;
  auto refused = open(place, problem);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::unsupported);
  CHECK(has(problem, "99"));

  PostgresPlace other;
  REQUIRE(other.raw()
              ->execute("CREATE SCHEMA simurgh; CREATE TABLE simurgh.theirs (x int)")
              .has_value());
  refused = open(other, problem);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::unsupported);
  CHECK(has(problem, "another program"));
}

TEST_CASE("PostgreSQL: versions are gone up step by step, in one transaction, keeping all") {
  PostgresPlace place;
  std::string problem;
  const store_postgres::SchemaStep first[] = {store_postgres::schema_steps()[0]};
  const auto fresh = [&] {
    auto database = PostgresPlace::cluster().connect(place.database());
    REQUIRE(database->execute("SET search_path = simurgh").has_value());
    return database;
  };
  {
    auto database = fresh();
    REQUIRE_MESSAGE(bring_up(*database, first, {7}, problem).has_value(), database->problem());
    REQUIRE(database->execute("INSERT INTO contract VALUES ('k', 'c', 't', 0, 1)").has_value());
  }
  const store_postgres::SchemaStep broken[] = {
      first[0], {1, "CREATE TABLE second (x bigint)"}, {2, "INSERT INTO nowhere VALUES (1)"}};
  CHECK(!bring_up(*fresh(), broken, {8}, problem).has_value());
  CHECK(*fresh()->ask("SELECT schema_version FROM database_mark") == "1");  // not half way
  CHECK(fresh()->ask("SELECT to_regclass('simurgh.second')")->empty());
  const store_postgres::SchemaStep three[] = {
      first[0],
      {1, "ALTER TABLE contract ADD COLUMN colour text NOT NULL DEFAULT 'none'"},
      {2, "UPDATE contract SET colour = 'blue'"}};
  auto database = fresh();
  REQUIRE(bring_up(*database, three, {8}, problem).has_value());
  CHECK(*database->ask("SELECT colour FROM contract WHERE id = 'k'") == "blue");
  CHECK(*database->ask("SELECT encode(database, 'hex') FROM database_mark") ==
        "07000000000000000000000000000000");  // its identity stays
  CHECK(*database->ask("SELECT schema_version FROM database_mark") == "3");
  int from = 0;
  for (const auto& step : store_postgres::schema_steps()) CHECK(step.from == from++);
}

TEST_CASE("PostgreSQL: every released schema opens with what was in it") {
  // tests/stores/dumps/postgres-v*.sql: dumps of databases as released versions left them.
  for (size_t version = 1; version <= store_postgres::schema_steps().size(); ++version) {
    CAPTURE(version);
    PostgresPlace place;
    std::ifstream file(source_folder() + "/tests/stores/dumps/postgres-v" +
                       std::to_string(version) + ".sql");
    // The newest one gets its dump when it is released.
    if (version > 1 && version == store_postgres::schema_steps().size() && !file.good()) break;
    REQUIRE(file.good());
    std::stringstream sql;
    sql << file.rdbuf();
    const auto raw = place.raw();
    REQUIRE_MESSAGE(raw->execute(sql.str()).has_value(), raw->problem());
    const auto storage = open(place);
    CHECK(storage->mark().generation == 41);
    CHECK(storage->fleet().chip(iccid_of(1))->value().order == "order-1");
    CHECK(storage->hlr().load(imsi_of(1))->value() == some_subscriber(1));
    CHECK(storage->security_centre().load(iccid_of(1))->value() == some_chip_keys(1));
    CHECK(storage->audit().last()->value().sequence == 1);
    // Chips that were sold before there were elements wait to be taken up, and only they.
    auto waiting = *storage->elements().without_element(10);
    CHECK(waiting.size() == (version == 1 ? 1 : 0));
    REQUIRE(storage->elements().drop_without_element(waiting).has_value());
    CHECK(storage->elements().without_element(10)->empty());
    CHECK(storage->check_integrity().has_value());
  }
}

TEST_CASE(
    "PostgreSQL: D11: a key in service before there were intervals is as old as its chip says") {
  PostgresPlace place;
  std::ifstream file(source_folder() + "/tests/stores/dumps/postgres-v1.sql");
  std::stringstream sql;
  sql << file.rdbuf() << "UPDATE simurgh.chip SET state = 2, changed = 1234;"
      << "UPDATE simurgh.centre_chip SET work = 0, reset = '';";
  const auto raw = place.raw();
  REQUIRE_MESSAGE(raw->execute(sql.str()).has_value(), raw->problem());
  const auto storage = open(place);
  CHECK((*storage->security_centre().load(iccid_of(1)))->interval_from == Instant{1234});
}

// Makes the database of a new dump: run with --no-skip and SIMURGH_DUMP_TO set to a file.
TEST_CASE("PostgreSQL: make a dump" * doctest::skip()) {
  const char* file = std::getenv("SIMURGH_DUMP_TO");
  REQUIRE(file != nullptr);
  PostgresPlace place;
  {
    const auto storage = open(place);
    fill_for_a_dump(*storage);
  }
  const std::string command = "pg_dump --inserts --no-owner --no-privileges '" +
                              place.address().uri + "' | grep -v '^.restrict\\|^.unrestrict' >" +
                              file;
  CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("PostgreSQL: one process at a time; the second is told who has the database") {
  PostgresPlace place;
  const auto first = open(place);
  std::string problem;
  const auto second = open(place, problem, 50);
  REQUIRE(!second.has_value());
  CHECK(second.error().code == ErrorCode::busy);
  CHECK(has(problem, "in use by another simurghd (simurghd "));
  CHECK(has(problem, ("pid " + std::to_string(getpid())).c_str()));
  CHECK(has(problem, "stop that one first"));
  REQUIRE(first->hlr().save(some_subscriber(1)).has_value());
  CHECK(first->commit(0).has_value());
}

TEST_CASE("PostgreSQL: who has lost the lease cannot commit, and says so") {
  PostgresPlace place;
  auto stale = open(place);
  REQUIRE(stale->hlr().save(some_subscriber(1)).has_value());
  REQUIRE(stale->commit(0).has_value());
  REQUIRE(stale->hlr().save(some_subscriber(2)).has_value());
  // As another that took over by whatever way past the lock.
  REQUIRE(place.raw()->execute("UPDATE database_mark SET lease = lease + 1").has_value());
  const auto committed = stale->commit(0);
  REQUIRE(!committed.has_value());
  CHECK(committed.error().code == ErrorCode::storage);
  CHECK(has(stale->problem(), "another simurghd has taken this database over"));
  CHECK(!stale->hlr().save(some_subscriber(3)).has_value());
  CHECK(!stale->hlr().load(imsi_of(1)).has_value());
  stale.reset();
  const auto next = open(place);
  CHECK(next->mark().generation == 1);
  CHECK(!next->hlr().load(imsi_of(2))->has_value());
}

TEST_CASE("PostgreSQL: a session that was ended is over, and its successor begins at the commit") {
  PostgresPlace place;
  const auto cut_off = open(place);
  REQUIRE(cut_off->hlr().save(some_subscriber(1)).has_value());
  REQUIRE(cut_off->commit(0).has_value());
  REQUIRE(cut_off->hlr().save(some_subscriber(2)).has_value());
  terminate(place);
  const auto successor = open(place);
  CHECK(!successor->hlr().load(imsi_of(2))->has_value());
  CHECK(!cut_off->commit(0).has_value());
  CHECK(has(cut_off->problem(), "connection"));
  CHECK(!cut_off->hlr().load(imsi_of(1)).has_value());
  REQUIRE(successor->hlr().save(some_subscriber(3)).has_value());
  CHECK(successor->commit(0)->generation == 2);
}

TEST_CASE("PostgreSQL: a connection lost before the commit was made: it was not") {
  PostgresPlace place;
  {
    const auto storage = open(place);
    // Runs inside COMMIT.
    REQUIRE(place.raw("postgres")
                ->execute("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                          "PERFORM pg_terminate_backend(pg_backend_pid()); "
                          "PERFORM pg_sleep(5); RETURN NULL; END $$; "
                          "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON hlr_subscriber "
                          "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()")
                .has_value());
    REQUIRE(storage->hlr().save(some_subscriber(1)).has_value());
    const auto committed = storage->commit(7);
    REQUIRE(!committed.has_value());
    CHECK(committed.error().code == ErrorCode::storage);
  }
  const auto again = open(place);
  CHECK(again->mark().generation == 0);
  CHECK(!again->hlr().load(imsi_of(1))->has_value());
}

TEST_CASE("PostgreSQL: a connection lost after the commit was made: the next start finds it made") {
  PostgresPlace place;
  uint64_t made = 0;  // commits that were answered
  const auto set = [&](const char* sql) {
    const auto admin = place.raw("postgres");
    REQUIRE(admin->execute(sql).has_value());
    REQUIRE(admin->execute("SELECT pg_reload_conf()").has_value());
  };
  {
    const auto storage = open(place);
    // COMMIT is durable here, and then waits for a standby that never comes.
    set("ALTER SYSTEM SET synchronous_standby_names = 'never'");
    std::thread killer([&] {
      for (int i = 0; i < 3000; ++i) {
        usleep(10'000);
        const auto ended = place.raw("postgres")
                               ->ask(
                                   "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                                   "WHERE wait_event = "
                                   "'SyncRep' AND datname = current_database()");
        if (ended && !ended->empty()) return;
      }
    });
    // Until the new configuration has reached the server's processes, commits are still answered.
    Result<hlr::CommitMark> committed = storage->mark();
    while (true) {
      REQUIRE(storage->hlr().save(some_subscriber(made)).has_value());
      committed = storage->commit(7);
      if (!committed) break;
      ++made;
      usleep(10'000);
    }
    killer.join();
    set("ALTER SYSTEM RESET synchronous_standby_names");
    CHECK(committed.error().code == ErrorCode::storage);
    CHECK(has(storage->problem(), "found out at the next start"));
  }
  const auto again = open(place);
  CHECK(again->mark().generation == made + 1);
  CHECK(again->mark().journal_sequence == 7);
  CHECK((*again->hlr().load(imsi_of(made))).has_value());
}

TEST_CASE("PostgreSQL: a change that was sent ahead and failed fails the commit, all of it") {
  PostgresPlace place;
  auto storage = open(place);
  REQUIRE(storage->fleet().save_chip(some_chip(1)).has_value());
  REQUIRE(storage->commit(0).has_value());
  REQUIRE(
      place.raw()->execute("ALTER TABLE chip_contact ADD CHECK (last_contact < 100)").has_value());
  const fleet::Contact late{iccid_of(1), Instant{200}};
  REQUIRE(storage->hlr().save_sequence({imsi_of(1), 5, "", ""}).has_value());
  REQUIRE(storage->fleet().add_contacts({&late, 1}).has_value());  // not yet done
  const auto committed = storage->commit(0);
  REQUIRE(!committed.has_value());
  CHECK(committed.error().code == ErrorCode::storage);
  CHECK(has(storage->problem(), "INSERT INTO chip_contact"));
  CHECK(!has(storage->problem(), iccid_of(1).text().data()));
  storage.reset();
  const auto again = open(place);
  CHECK(again->mark().generation == 1);
  CHECK(!again->hlr().load_sequence(imsi_of(1))->has_value());
}

TEST_CASE("PostgreSQL: more changes than the pipeline holds are all made") {
  PostgresPlace place;
  {
    const auto storage = open(place);
    for (uint64_t i = 0; i < 3 * store_postgres::unanswered_max; ++i) {
      REQUIRE(storage->hlr().save_sequence({imsi_of(i), i, "", ""}).has_value());
    }
    REQUIRE(storage->commit(0).has_value());
  }
  CHECK(*place.raw()->ask("SELECT count(*) || ' ' || sum(reserved) FROM hlr_sequence") ==
        "1536 1178880");
}

TEST_CASE("PostgreSQL: a text that it cannot hold is nobody's, and the connection lives on") {
  PostgresPlace place;
  const auto storage = open(place);
  for (const std::string& text : {std::string("\xff"), std::string("a\0b", 3),
                                  std::string("\xc0\x80"), std::string("\xed\xa0\x80")}) {
    CHECK(!storage->fleet().contract(text)->has_value());
    const auto saved = storage->fleet().save_contract({text});
    REQUIRE(!saved.has_value());
    CHECK(saved.error().code == ErrorCode::bad_value);
  }
  REQUIRE(storage->fleet().save_contract({"\xc3\xa4\xf0\x9f\x90\xa6"}).has_value());
  CHECK(storage->commit(0).has_value());
  CHECK(storage->fleet().contract("\xc3\xa4\xf0\x9f\x90\xa6")->has_value());
}

TEST_CASE("PostgreSQL, D1 and T-AUDIT: the database itself refuses what must never happen") {
  PostgresPlace place;
  {
    const auto storage = open(place);
    REQUIRE(storage->fleet().add_range(some_range(1, 0, 100)).has_value());
    REQUIRE(storage->fleet().set_allocated(1, 50).has_value());
    REQUIRE(storage->fleet().add_allocation(some_allocation(1, 0, 50)).has_value());
    REQUIRE(storage->audit().append({1, {}, "a", "b", "c", "d", {}, {}}).has_value());
    REQUIRE(storage->commit(0).has_value());
  }
  const char* forbidden[] = {
      "DELETE FROM audit",
      "UPDATE audit SET actor = 'x'",
      "TRUNCATE audit",
      "UPDATE number_range SET allocated = 49",
      "UPDATE number_range SET iccid_first = iccid_first + 1000",
      "UPDATE allocation SET iccid_first = iccid_first + 1",
      "DELETE FROM allocation",
      "TRUNCATE allocation",
      "INSERT INTO allocation SELECT 2, range_id, iccid_digits, iccid_first + 49, imsi_digits, "
      "imsi_first + 1000, count, manufacturer, ver, profile, created FROM allocation",
      "INSERT INTO allocation SELECT 2, range_id, iccid_digits, iccid_first + 1000, imsi_digits, "
      "imsi_first - 49, count, manufacturer, ver, profile, created FROM allocation",
  };
  for (const char* sql : forbidden) {
    CAPTURE(sql);
    const auto done = place.raw()->execute(sql);
    REQUIRE(!done.has_value());
    CHECK(done.error().code == ErrorCode::already_exists);  // a broken constraint
  }
}

TEST_CASE("PostgreSQL: damage to a table, or with amcheck to an index, is found") {
  PostgresCluster& cluster = PostgresPlace::cluster();
  for (const char* relation : {"hlr_subscriber", "hlr_subscriber_pkey"}) {
    CAPTURE(relation);
    PostgresPlace place;
    {
      const auto storage = open(place);
      for (uint64_t i = 0; i < 500; ++i)
        REQUIRE(storage->hlr().save(some_subscriber(i)).has_value());
      REQUIRE(storage->commit(0).has_value());
    }
    const auto admin = place.raw("postgres");
    REQUIRE(admin
                ->execute("CREATE EXTENSION amcheck SCHEMA public; GRANT EXECUTE ON ALL FUNCTIONS "
                          "IN SCHEMA public TO simurgh")
                .has_value());
    CHECK(open(place)->check_integrity().has_value());
    const std::string path =
        *admin->ask("SELECT pg_relation_filepath('" + std::string(relation) + "')");
    REQUIRE(admin->execute("CHECKPOINT").has_value());
    cluster.stop_at_once();
    {
      std::fstream file(cluster.folder() + "/data/" + path,
                        std::ios::in | std::ios::out | std::ios::binary);
      REQUIRE(file.good());
      file.seekp(8192 + 5000);
      file.write("damage", 6);
    }
    cluster.start();
    const auto storage = open(place);
    CHECK(!storage->check_integrity().has_value());
    CHECK(has(storage->problem(), "invalid page"));
    CHECK(!storage->hlr().load(imsi_of(1)).has_value());  // nothing is answered after that
  }
}
