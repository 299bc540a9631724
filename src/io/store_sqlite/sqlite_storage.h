// The server's store in one SQLite database file: WAL, synchronous=FULL, 4 kB pages, one
// connection that owns writes and checkpoints. Every setting is read back at start, and another
// answer than the expected one refuses to open (T-PRAGMA). The schema is the SQL text beside this
// file, with a version in the database; older ones are brought up at opening, newer ones refused.
//
// A commit that fails is the end: the object then answers everything with `storage`, and the shell
// ends the process (T-EIO). `problem()` has words for the log; they never hold values of rows.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "io/sql_rows/sql_storage.h"

namespace simurgh::store_sqlite {

struct SqliteOptions {
  // The write-ahead log is copied into the database when it has grown to this.
  int wal_pages_max = 4096;
};

class SqliteStorage final : public sql_rows::SqlStorage {
 public:
  // Opens or makes the file (mode 0600). On failure `problem` says in words what is wrong:
  // `storage`; `unsupported` for a database of a newer version; `busy` when another process has it.
  static Result<std::unique_ptr<SqliteStorage>> open(const std::string& path, Random& random,
                                                     std::string& problem,
                                                     const SqliteOptions& options = {});

 private:
  using SqlStorage::SqlStorage;
};

}  // namespace simurgh::store_sqlite
