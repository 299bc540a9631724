#include "io/store_sqlite/sqlite_storage.h"

#include "io/store_sqlite/schema.h"

namespace simurgh::store_sqlite {

Result<std::unique_ptr<SqliteStorage>> SqliteStorage::open(const std::string& path, Random& random,
                                                           std::string& problem,
                                                           const SqliteOptions& options) {
  auto database = TRY(Database::open(path, settings(), problem));
  database->set_wal_pages_max(options.wal_pages_max);
  auto brought_up = bring_up(*database, schema_steps(), random.array<16>(), problem);
  std::unique_ptr<SqliteStorage> storage(new SqliteStorage(std::move(database)));
  if (brought_up) brought_up = storage->read_mark();
  if (!brought_up) {
    if (problem.empty()) problem = path + ": " + storage->problem();
    return brought_up.error();
  }
  return storage;
}

}  // namespace simurgh::store_sqlite
