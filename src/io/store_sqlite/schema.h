// The schema's versions and the way from one to the next (schema/*.sql).
#pragma once

#include "io/store_sqlite/database.h"

namespace simurgh::store_sqlite {

// What brings a database from `from` to the next version. Version 0 is an empty file.
struct SchemaStep {
  int from = 0;
  const char* sql = nullptr;
};
std::span<const SchemaStep> schema_steps();

// Marks a file as ours in its header ("SIMU").
constexpr int application_id = 0x53494d55;

// Brings the database to the newest version of `steps` in one transaction, and gives a new one its
// random identity. `unsupported` when it is newer than that, or not ours; `problem` in words.
Result<void> bring_up(Database& database, std::span<const SchemaStep> steps,
                      const ByteArray<16>& identity, std::string& problem);

}  // namespace simurgh::store_sqlite
