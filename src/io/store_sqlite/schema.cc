#include "io/store_sqlite/schema.h"

#include "io/sql_rows/query.h"

namespace simurgh::store_sqlite {

namespace {

constexpr const char* version_1 =
#include "io/store_sqlite/schema/v1.sql"
    ;
constexpr const char* version_2 =
#include "io/store_sqlite/schema/v2.sql"
    ;

constexpr SchemaStep steps_of_this_program[] = {
    {0, version_1},
    {1, version_2},
};

Result<int> pragma_number(Database& database, const char* sql) {
  return std::atoi(TRY(database.ask(sql)).c_str());
}

}  // namespace

std::span<const SchemaStep> schema_steps() {
  return steps_of_this_program;
}

Result<void> bring_up(Database& database, std::span<const SchemaStep> steps,
                      const ByteArray<16>& identity, std::string& problem) {
  const int newest = steps.back().from + 1;
  const int found = TRY(pragma_number(database, "PRAGMA user_version"));
  const int application = TRY(pragma_number(database, "PRAGMA application_id"));
  const std::string tables = TRY(database.ask("SELECT count(*) FROM sqlite_master"));
  if (found > newest) {
    problem = "the database has schema version " + std::to_string(found) + ", this program knows " +
              std::to_string(newest) + " at most: start the newer program that wrote it";
    return fail(ErrorCode::unsupported);
  }
  if (application != application_id && (application != 0 || found != 0 || tables != "0")) {
    problem = "the file is a database of another program";
    return fail(ErrorCode::unsupported);
  }
  if (found == newest) return {};

  TRY(database.execute("BEGIN IMMEDIATE"));
  for (const SchemaStep& step : steps) {
    if (step.from < found) continue;
    TRY(database.execute(step.sql));
  }
  const std::string finish = "PRAGMA application_id = " + std::to_string(application_id) +
                             "; PRAGMA user_version = " + std::to_string(newest);
  TRY(database.execute(finish.c_str()));
  if (found == 0) {
    sql_rows::Query mark(database,
                         "INSERT INTO database_mark (id, database, generation, journal_sequence) "
                         "VALUES (1, $1, 0, 0)");
    mark << identity;
    TRY(mark.run());
  }
  return database.execute("COMMIT");
}

}  // namespace simurgh::store_sqlite
