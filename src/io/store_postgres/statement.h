// A statement prepared by the server, its parameters and its answer. All values go both ways in
// PostgreSQL's binary format: int8, text, bytea.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "io/store_postgres/database.h"

namespace simurgh::store_postgres {

class PreparedStatement final : public sql_rows::Statement {
 public:
  PreparedStatement(Database& database, const char* sql, std::string name)
      : database_(database), sql_(sql), name_(std::move(name)) {}

  // --- sql_rows::Statement
  void bind_integer(int64_t value) override;
  void bind_text(std::string_view value) override;
  void bind_blob(ByteView value) override;
  void bind_null() override;
  Result<bool> step() override;
  Result<void> run() override;
  Result<void> send() override;
  Result<void> queue() override;
  int64_t changed() const override;
  int64_t integer(int column) override;
  ByteView bytes(int column) override;
  void reset() override;

  // --- Database
  void take() {
    SIMURGH_CHECK(!busy_);  // no statement is used inside itself
    busy_ = true;
  }
  const char* sql() const { return sql_; }
  // Prepared, or Parse is on its way.
  bool prepared() const { return prepared_; }
  void set_prepared(bool prepared) { prepared_ = prepared; }
  bool send_parse(pg_conn* connection);
  bool send_execute(pg_conn* connection);
  void set_answer(Database::Answer answer) { answer_ = std::move(answer); }
  // The command tag of the answer.
  std::string tag() const;

 private:
  struct Parameter {
    unsigned type = 0;
    bool is_null = false;
    std::string octets;
  };
  Parameter& next_parameter(unsigned type);

  Database& database_;
  const char* sql_;
  std::string name_;
  std::vector<Parameter> parameters_;  // kept between uses, for their memory
  size_t bound_ = 0;
  bool prepared_ = false;
  bool busy_ = false;
  bool unfit_ = false;  // a text among them is not UTF-8
  Database::Answer answer_{nullptr, nullptr};
  int row_ = -1;
};

}  // namespace simurgh::store_postgres
