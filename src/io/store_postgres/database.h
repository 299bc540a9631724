// One PostgreSQL connection and its prepared statements: the part of the store that knows libpq.
// Errors other than broken constraints are final, a lost connection above all: the connection is
// dead afterwards, and nothing is tried again on another one.
//
// The connection is in pipeline mode. What was only sent (Statement::send, the transaction's own
// commands) waits until something needs an answer, and then goes out in the same round trip.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/sql_rows/connection.h"
#include "io/store_postgres/address.h"

struct pg_conn;
struct pg_result;

namespace simurgh::store_postgres {

// A parameter of the session, what is given to it (nullptr: left as it is), and what it must then
// answer (nullptr: anything).
struct Setting {
  const char* name;
  const char* value;
  const char* expected;
  const char* advice = "";  // what an administrator can do
};
std::span<const Setting> settings();

// Statements without an answer yet, at most.
constexpr size_t unanswered_max = 512;

// Around changes that may break a constraint, so that the transaction outlives it.
constexpr const char* guard = "SAVEPOINT statement";
constexpr const char* unguard = "RELEASE SAVEPOINT statement";
constexpr const char* undo = "ROLLBACK TO SAVEPOINT statement";

class PreparedStatement;

class Database final : public sql_rows::Connection {
 public:
  // Connects and applies `settings`; `problem` in words on failure, never with a password.
  static Result<std::unique_ptr<Database>> connect(const Address& address,
                                                   std::span<const Setting> settings,
                                                   std::string& problem);
  ~Database() override;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Several statements without parameters. already_exists for a broken constraint.
  Result<void> execute(const std::string& sql);
  // The only value of the only row, as text; empty for NULL or no row.
  Result<std::string> ask(const std::string& sql);

  // Commits count only while database_mark holds this number: whoever takes the database over
  // raises it.
  void set_lease(int64_t lease) { lease_ = lease; }

  // --- sql_rows::Connection
  Result<sql_rows::Statement*> prepare(const char* sql) override;
  Result<void> begin() override;
  Result<void> begin_group() override;
  Result<void> end_group() override;
  Result<void> commit(const hlr::CommitMark& next) override;
  Result<void> end_unchanged() override;
  Result<void> check_integrity() override;
  Result<void> alive() const override {
    if (dead_) return fail(ErrorCode::storage);
    return {};
  }
  Error damaged(std::string_view what) override;
  const std::string& problem() const override { return problem_; }

  // What the server said of a statement that failed. SQLSTATE, and the message without its
  // details, which have values of rows.
  struct Failure {
    PreparedStatement* statement = nullptr;
    std::string state;
    std::string words;
    std::optional<size_t> number;  // of the change, within its group
    bool constraint() const { return state.starts_with("23"); }
  };
  // The last failure of execute or ask.
  const Failure& failure() const { return failure_; }

 private:
  friend class PreparedStatement;
  using Answer = std::unique_ptr<pg_result, void (*)(pg_result*)>;
  struct Sent {
    PreparedStatement* statement;
    bool parse;                                   // Parse, or else Bind and Execute
    bool keep;                                    // its result goes to the statement
    std::optional<size_t> number = std::nullopt;  // within its group
  };

  explicit Database(pg_conn* handle);
  Result<void> apply(std::span<const Setting> settings);
  Result<Answer> simple(const std::string& sql);
  PreparedStatement& find(const char* sql);
  // Puts one execution of a statement into the pipeline.
  Result<void> post(PreparedStatement& statement, bool keep);
  Result<void> post(const char* command) { return post(find(command), false); }
  // Waits for the answers to all that was posted; the first that failed.
  Result<std::optional<Failure>> settle();
  // As settle; a failure is the end.
  Result<void> settle_all();
  // As settle, for a group: a broken constraint undoes the group and is its error.
  Result<void> settle_group();
  Result<void> check_tables();
  Result<void> check_indices();
  Error lost(std::string_view when);
  Error failed(const Failure& failure);
  static Failure failure_of(const pg_result* result);

  pg_conn* handle_;
  bool open_ = false;
  bool dead_ = false;
  size_t in_group_ = 0;
  int64_t lease_ = 0;
  std::string problem_;
  Failure failure_;
  std::vector<Sent> sent_;
  // By the address of the SQL text.
  std::unordered_map<const char*, std::unique_ptr<PreparedStatement>> prepared_;
};

}  // namespace simurgh::store_postgres
