// One SQLite connection and its prepared statements: the part of the store that knows SQLite's C
// interface. Errors other than broken constraints are final: the connection is dead afterwards.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/result.h"
#include "base/time.h"

namespace simurgh::store_sqlite {

// A PRAGMA, what is given to it, and what it must answer when asked again.
struct Setting {
  const char* name;
  const char* value;
  const char* expected;
};
// In the order in which they must be set: locking before WAL, so that no other process has part.
std::span<const Setting> settings();

class Database {
 public:
  // Opens or makes the file with mode 0600 and applies `settings`; `problem` in words on failure.
  static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                std::span<const Setting> settings,
                                                std::string& problem);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Several statements without parameters or rows.
  Result<void> execute(const char* sql);
  // The only value of the only row, as text.
  Result<std::string> ask(const char* sql);

  // --- transaction
  Result<void> begin();  // no change when one is open
  Result<void> commit();
  bool open() const { return open_; }
  // Pages in the write-ahead log after the last commit.
  int wal_pages() const { return wal_pages_; }
  Result<void> checkpoint();

  // --- statements; see Query
  struct Prepared {
    sqlite3_stmt* statement = nullptr;
    std::vector<int> places;  // of $1, $2 … in SQLite's numbering
    bool busy = false;
  };
  Result<Prepared*> prepare(const char* sql);

  // Records what failed, ends the connection's life for anything but broken constraints.
  Error failed(int code, const char* what);
  Result<void> alive() const {
    if (dead_) return fail(ErrorCode::storage);
    return {};
  }
  void kill() { dead_ = true; }
  const std::string& problem() const { return problem_; }
  sqlite3* handle() { return handle_; }

 private:
  Database() = default;
  Result<void> apply(std::span<const Setting> settings);

  sqlite3* handle_ = nullptr;
  bool open_ = false;
  bool dead_ = false;
  int wal_pages_ = 0;
  std::string problem_;
  // By the address of the SQL text, which is a literal of this library.
  std::unordered_map<const char*, Prepared> prepared_;
};

// One execution of a statement. Parameters are bound in the order $1, $2 …; the statement is given
// back when this ends. The SQL text must be a literal.
class Query {
 public:
  Query(Database& database, const char* sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  template <std::integral T>
  Query& operator<<(T value) {
    return integer(static_cast<int64_t>(value));
  }
  template <typename T>
    requires std::is_enum_v<T>
  Query& operator<<(T value) {
    return integer(static_cast<int64_t>(value));
  }
  Query& operator<<(Instant value) { return integer(value.ms); }
  Query& operator<<(std::string_view value) { return text(value); }
  Query& operator<<(const std::string& value) { return text(value); }
  Query& operator<<(const char* value) { return text(value); }
  Query& operator<<(ByteView value) { return blob(value); }
  template <size_t N>
  Query& operator<<(const ByteString<N>& value) {
    return blob(value.view());
  }
  template <size_t N>
  Query& operator<<(const ByteArray<N>& value) {
    return blob(value);
  }
  template <typename Tag, size_t min, size_t max>
  Query& operator<<(const DigitString<Tag, min, max>& value) {
    return text(value.text());
  }
  Query& null();
  // A number of which "none" is stored as NULL, because it is unique.
  template <typename Digits>
  Query& unique(const Digits& value) {
    return value.empty() ? null() : text(value.text());
  }

  // True when there is a row. already_exists for a broken constraint, else storage.
  Result<bool> step();
  // For statements without rows.
  Result<void> run();
  // Rows changed by run().
  int changed() const;

  // --- columns of the present row, from left to right
  template <typename T>
    requires(std::integral<T> || std::is_enum_v<T>)
  void get(T& out) {
    if constexpr (std::same_as<T, bool>) {
      out = next_integer() != 0;
    } else {
      out = static_cast<T>(next_integer());
    }
  }
  void get(Instant& out) { out.ms = next_integer(); }
  void get(std::string& out) { out = text_of(next_bytes()); }
  template <size_t N>
  void get(ByteString<N>& out) {
    const ByteView bytes = next_bytes();
    if (bytes.size() > N) {
      damaged_ = true;
    } else {
      out.assign(bytes);
    }
  }
  template <size_t N>
  void get(ByteArray<N>& out) {
    const ByteView bytes = next_bytes();
    if (bytes.size() != N) {
      damaged_ = true;
    } else {
      std::memcpy(out.data(), bytes.data(), N);
    }
  }
  template <typename Tag, size_t min, size_t max>
  void get(DigitString<Tag, min, max>& out) {
    const ByteView bytes = next_bytes();
    out = {};
    if (bytes.empty()) return;
    const auto parsed = DigitString<Tag, min, max>::parse(text_of(bytes));
    if (parsed) {
      out = *parsed;
    } else {
      damaged_ = true;
    }
  }
  template <typename... T>
  void get_all(T&... out) {
    (get(out), ...);
  }
  // storage when a column did not hold what its type says: the database is damaged.
  Result<void> check();

 private:
  Query& integer(int64_t value);
  Query& text(std::string_view value);
  Query& blob(ByteView value);
  int64_t next_integer();
  ByteView next_bytes();

  Database& database_;
  const char* sql_;
  Database::Prepared* prepared_ = nullptr;
  std::optional<Error> error_;
  size_t bound_ = 0;
  int column_ = 0;
  bool damaged_ = false;
};

}  // namespace simurgh::store_sqlite
