#include "io/store_postgres/postgres_storage.h"

#include <cstdlib>

#include "io/store_postgres/schema.h"

namespace simurgh::store_postgres {

namespace {

// The number of Simurgh's advisory lock, one for each database: "SIMURGH!".
constexpr const char* lock_number = "6001413007295858721";
constexpr const char* lock_not_available = "55P03";

// Who holds the lock, for people.
Result<std::string> holder(Database& database) {
  return database.ask(
      "SELECT a.application_name || ', from ' || coalesce(host(a.client_addr), 'this host') || "
      "', since ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') FROM pg_locks l JOIN "
      "pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database AND d.datname = "
      "current_database() WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint << 32 "
      "| l.objid::bigint = " +
      std::string(lock_number));
}

Result<void> lock(const Address& address, Database& database, const PostgresOptions& options,
                  std::string& problem) {
  const std::string wait = std::to_string(options.lock_wait_ms) + "ms";
  const auto taken = database.ask("SELECT set_config('lock_timeout', '" + wait +
                                  "', false); "
                                  "SELECT pg_advisory_lock(" +
                                  std::string(lock_number) + ")");
  if (taken) return database.execute("SET lock_timeout = '10s'");
  if (database.failure().state != lock_not_available) return taken.error();
  problem = "in use by another simurghd";
  // On a connection of its own: this one has failed.
  std::string ignored;
  if (auto other = Database::connect(address, {}, ignored)) {
    const auto who = holder(**other);
    if (who && !who->empty()) problem += " (" + *who + ")";
  }
  problem += ": stop that one first, or give this one a database of its own";
  return fail(ErrorCode::busy);
}

Result<void> take_over(const Address& address, Database& database, const ByteArray<16>& identity,
                       const PostgresOptions& options, std::string& problem) {
  TRY(lock(address, database, options, problem));
  TRY(bring_up(database, schema_steps(), identity, problem));
  const std::string lease =
      TRY(database.ask("UPDATE database_mark SET lease = lease + 1 RETURNING lease"));
  if (lease.empty()) return database.damaged("database_mark has no row");
  database.set_lease(std::strtoll(lease.c_str(), nullptr, 10));
  return {};
}

}  // namespace

Result<std::unique_ptr<PostgresStorage>> PostgresStorage::open(const Address& address,
                                                               Random& random, std::string& problem,
                                                               const PostgresOptions& options) {
  if (options.require_private && !is_private(address)) {
    problem = address.words +
              ": a database on another host needs sslmode=verify-full (and sslrootcert=) in its "
              "address when production = true";
    return fail(ErrorCode::not_allowed);
  }
  auto database = TRY(Database::connect(address, settings(), problem));
  auto taken = take_over(address, *database, random.array<16>(), options, problem);
  std::unique_ptr<PostgresStorage> storage(new PostgresStorage(std::move(database)));
  if (taken) taken = storage->read_mark();
  if (!taken) {
    problem = address.words + ": " + (problem.empty() ? storage->problem() : problem);
    return taken.error();
  }
  return storage;
}

}  // namespace simurgh::store_postgres
