// One execution of a statement: our types to parameters and columns, for every engine alike.
#pragma once

#include <concepts>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "base/time.h"
#include "io/sql_rows/connection.h"

namespace simurgh::sql_rows {

// Parameters are given in the order $1, $2 …; the statement is given back when this ends. The SQL
// text must be a literal. What step, run and send do and return is at Statement.
class Query {
 public:
  Query(Connection& connection, const char* sql);
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
  // A text of which "none" is stored as NULL, because it is unique.
  Query& unique(std::string_view value) { return value.empty() ? null() : text(value); }
  template <typename Tag, size_t min, size_t max>
  Query& unique(const DigitString<Tag, min, max>& value) {
    return unique(value.text());
  }

  Result<bool> step();
  Result<void> run();
  Result<void> send();
  Result<void> queue();
  int64_t changed() const { return statement_->changed(); }

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
  void get(std::vector<uint8_t>& out) {
    const ByteView bytes = next_bytes();
    out.assign(bytes.begin(), bytes.end());
  }
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
  Query& null();
  int64_t next_integer() { return statement_->integer(column_++); }
  ByteView next_bytes() { return statement_->bytes(column_++); }

  Connection& connection_;
  const char* sql_;
  Statement* statement_ = nullptr;
  std::optional<Error> error_;
  int column_ = 0;
  bool damaged_ = false;
};

// The row of `query`, if there is one; `read` takes its columns.
template <typename T, typename Read>
Result<std::optional<T>> read_one(Query& query, Read read) {
  if (!TRY(query.step())) return std::optional<T>();
  T row;
  read(query, row);
  TRY(query.check());
  return std::optional<T>(std::move(row));
}

template <typename T, typename Read>
Result<std::vector<T>> read_all(Query& query, Read read) {
  std::vector<T> rows;
  while (TRY(query.step())) {
    T& row = rows.emplace_back();
    read(query, row);
    TRY(query.check());
  }
  return rows;
}

// The only number of the only row.
inline Result<uint64_t> read_number(Query& query) {
  uint64_t number = 0;
  if (TRY(query.step())) query.get(number);
  return number;
}

// The largest integer that a database has, for "no upper bound".
inline uint64_t clip(uint64_t value) {
  return value < INT64_MAX ? value : INT64_MAX;
}

}  // namespace simurgh::sql_rows
