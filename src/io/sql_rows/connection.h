// What the row classes ask of a database engine: prepared statements with $n parameters and one
// transaction. Each engine (io/store_sqlite, io/store_postgres) implements it; the SQL text given
// is the same for all of them.
//
// An error other than a broken constraint is final: the connection is dead afterwards, and every
// later call answers `storage`. One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "hlr/key_journal.h"

namespace simurgh::sql_rows {

// A prepared statement, in one execution at a time: bind, then one of step (repeated), run, send;
// then reset. Integers are 64 bits, texts UTF-8 without zero octets.
class Statement {
 public:
  virtual ~Statement() = default;

  // Binds the next parameter: $1, then $2 … They are copied.
  virtual void bind_integer(int64_t value) = 0;
  virtual void bind_text(std::string_view value) = 0;
  virtual void bind_blob(ByteView value) = 0;
  virtual void bind_null() = 0;  // of a text column

  // For statements with rows: true when there is a (further) one. `bad_value` for a text that no
  // column can hold; `storage` for all else.
  virtual Result<bool> step() = 0;
  // For a change that may break a constraint: then already_exists, and the statement alone is
  // undone. Returns when the engine has answered.
  virtual Result<void> run() = 0;
  // For a change that can break no constraint and whose outcome nobody asks for. The engine may
  // do it later, in order; a failure is final and shows at the latest in the commit.
  virtual Result<void> send() = 0;
  // One change of a group (Connection::begin_group): as run(), but the engine may answer later.
  // already_exists, of this change or of an earlier one of the group, has the number of that change
  // within the group as offset; the group is at an end then, and the caller undoes its step.
  virtual Result<void> queue() = 0;
  // Rows changed by run().
  virtual int64_t changed() const = 0;

  // Columns of the present row, from 0. NULL is 0 or empty. Bytes are valid until the next step.
  virtual int64_t integer(int column) = 0;
  virtual ByteView bytes(int column) = 0;

  virtual void reset() = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;

  // `sql` is a literal: it is known again by its address. The statement belongs to the connection.
  virtual Result<Statement*> prepare(const char* sql) = 0;

  // Opens the transaction; no change when it is open.
  virtual Result<void> begin() = 0;
  // Many changes that may each break a constraint (Statement::queue), without a round trip for
  // each. Within an open transaction; end_group answers as queue() does.
  virtual Result<void> begin_group() = 0;
  virtual Result<void> end_group() = 0;
  // Makes the transaction durable together with `next`, the row of database_mark. Whatever fails
  // is final.
  virtual Result<void> commit(const hlr::CommitMark& next) = 0;
  // Ends a transaction in which nothing was changed, if one is open.
  virtual Result<void> end_unchanged() = 0;

  // Storage::check_integrity.
  virtual Result<void> check_integrity() = 0;

  virtual Result<void> alive() const = 0;
  // A row does not hold what its type says: the end of the connection.
  virtual Error damaged(std::string_view what) = 0;
  // What failed last, for the log; never a value of a row.
  virtual const std::string& problem() const = 0;
};

}  // namespace simurgh::sql_rows
