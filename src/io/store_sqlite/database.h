// One SQLite connection and its prepared statements: the part of the store that knows SQLite's C
// interface. Errors other than broken constraints are final: the connection is dead afterwards.
// Statements are done when they are given: nothing is put off.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "io/sql_rows/connection.h"

namespace simurgh::store_sqlite {

// A PRAGMA, what is given to it, and what it must answer when asked again.
struct Setting {
  const char* name;
  const char* value;
  const char* expected;
};
// In the order in which they must be set: locking before WAL, so that no other process has part.
std::span<const Setting> settings();

class PreparedStatement;

class Database final : public sql_rows::Connection {
 public:
  // Opens or makes the file with mode 0600 and applies `settings`; `problem` in words on failure.
  static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                std::span<const Setting> settings,
                                                std::string& problem);
  ~Database() override;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The write-ahead log is copied into the database when it has grown to this.
  void set_wal_pages_max(int pages) { wal_pages_max_ = pages; }

  // Several statements without parameters or rows.
  Result<void> execute(const char* sql);
  // The only value of the only row, as text.
  Result<std::string> ask(const char* sql);

  // --- sql_rows::Connection
  Result<sql_rows::Statement*> prepare(const char* sql) override;
  Result<void> begin() override;
  Result<void> begin_group() override {
    in_group_ = 0;
    return {};
  }
  Result<void> end_group() override { return {}; }
  Result<void> commit(const hlr::CommitMark& next) override;
  Result<void> end_unchanged() override;
  Result<void> check_integrity() override;
  Result<void> alive() const override {
    if (dead_) return fail(ErrorCode::storage);
    return {};
  }
  Error damaged(std::string_view what) override;
  const std::string& problem() const override { return problem_; }

 private:
  friend class PreparedStatement;
  Database() = default;
  Result<void> apply(std::span<const Setting> settings);
  Result<void> checkpoint();
  // Records what failed, ends the connection's life for anything but broken constraints.
  Error failed(int code, std::string_view what);

  sqlite3* handle_ = nullptr;
  bool open_ = false;
  bool dead_ = false;
  uint64_t in_group_ = 0;
  int wal_pages_ = 0;  // in the write-ahead log after the last commit
  int wal_pages_max_ = 4096;
  std::string problem_;
  // By the address of the SQL text.
  std::unordered_map<const char*, std::unique_ptr<PreparedStatement>> prepared_;
};

}  // namespace simurgh::store_sqlite
