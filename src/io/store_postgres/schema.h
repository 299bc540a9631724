// The schema's versions and the way from one to the next (schema/*.sql).
#pragma once

#include <span>

#include "io/store_postgres/database.h"

namespace simurgh::store_postgres {

// What brings a database from `from` to the next version. Version 0 is an empty one.
struct SchemaStep {
  int from = 0;
  const char* sql = nullptr;
};
std::span<const SchemaStep> schema_steps();

// Brings the database to the newest version of `steps` in one transaction, and gives a new one its
// random identity. Everything is in the schema `simurgh`, which is made when it is not there.
// `unsupported` when it is newer than that, or not ours; `problem` in words.
Result<void> bring_up(Database& database, std::span<const SchemaStep> steps,
                      const ByteArray<16>& identity, std::string& problem);

}  // namespace simurgh::store_postgres
