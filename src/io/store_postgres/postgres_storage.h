// The server's store in one PostgreSQL database (schema `simurgh`): the same tables and rows as in
// SQLite, the second of the two back ends. One connection does everything.
//
// One process at a time: the connection holds an advisory lock, and each start takes a new lease
// number that every commit checks, so that a process that lost the lock without knowing cannot
// write any more. A lost connection or a commit that fails is the end, as with SQLite: the object
// then answers everything with `storage`, and the shell ends the process. Whether a COMMIT that
// was never answered took place is seen at the next start, by the mark's generation.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "io/sql_rows/sql_storage.h"
#include "io/store_postgres/address.h"

namespace simurgh::store_postgres {

struct PostgresOptions {
  // Refuses a server elsewhere unless TLS verifies its name (sslmode=verify-full).
  bool require_private = false;
  // How long a process that was killed may take to let go of the database.
  unsigned lock_wait_ms = 5000;
};

class PostgresStorage final : public sql_rows::SqlStorage {
 public:
  // Connects, takes the database over and makes or upgrades the schema. On failure `problem` says
  // in words what is wrong, without passwords: `storage`; `unsupported` for a database of a newer
  // version or another program; `busy` when another process has it; not_allowed for a connection
  // that is not private.
  static Result<std::unique_ptr<PostgresStorage>> open(const Address& address, Random& random,
                                                       std::string& problem,
                                                       const PostgresOptions& options = {});

 private:
  using SqlStorage::SqlStorage;
};

}  // namespace simurgh::store_postgres
