#include "io/store_postgres/schema.h"

#include <cstdlib>

#include "base/hex.h"

namespace simurgh::store_postgres {

namespace {

constexpr const char* version_1 =
#include "io/store_postgres/schema/v1.sql"
    ;
constexpr const char* version_2 =
#include "io/store_postgres/schema/v2.sql"
    ;

constexpr SchemaStep steps_of_this_program[] = {
    {0, version_1},
    {1, version_2},
};

}  // namespace

std::span<const SchemaStep> schema_steps() {
  return steps_of_this_program;
}

Result<void> bring_up(Database& database, std::span<const SchemaStep> steps,
                      const ByteArray<16>& identity, std::string& problem) {
  const int newest = steps.back().from + 1;
  const bool marked = !TRY(database.ask("SELECT to_regclass('simurgh.database_mark')")).empty();
  const std::string tables =
      TRY(database.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'simurgh'"));
  if (!marked && tables != "0") {
    problem =
        "its schema \"simurgh\" has tables of another program: give Simurgh a database of "
        "its own";
    return fail(ErrorCode::unsupported);
  }
  const int found =
      marked ? std::atoi(TRY(database.ask("SELECT schema_version FROM database_mark")).c_str()) : 0;
  if (found > newest) {
    problem = "the database has schema version " + std::to_string(found) + ", this program knows " +
              std::to_string(newest) + " at most: start the newer program that wrote it";
    return fail(ErrorCode::unsupported);
  }
  if (found == newest) return {};

  TRY(database.execute("BEGIN"));
  if (found == 0) TRY(database.execute("CREATE SCHEMA IF NOT EXISTS simurgh"));
  for (const SchemaStep& step : steps) {
    if (step.from < found) continue;
    TRY(database.execute(step.sql));
  }
  if (found == 0) {
    char hex[32];
    TRY(database.execute(
        "INSERT INTO database_mark (id, database, generation, journal_sequence, schema_version, "
        "lease) VALUES (1, '\\x" +
        std::string(write_hex(identity, hex)) + "', 0, 0, 0, 0)"));
  }
  TRY(database.execute("UPDATE database_mark SET schema_version = " + std::to_string(newest)));
  return database.execute("COMMIT");
}

}  // namespace simurgh::store_postgres
