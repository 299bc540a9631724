#include "io/sql_rows/query.h"

namespace simurgh::sql_rows {

Query::Query(Connection& connection, const char* sql) : connection_(connection), sql_(sql) {
  const auto prepared = connection.prepare(sql);
  if (prepared) {
    statement_ = *prepared;
  } else {
    error_ = prepared.error();
  }
}

Query::~Query() {
  if (statement_ != nullptr) statement_->reset();
}

Query& Query::integer(int64_t value) {
  if (statement_ != nullptr) statement_->bind_integer(value);
  return *this;
}

Query& Query::text(std::string_view value) {
  if (statement_ != nullptr) statement_->bind_text(value);
  return *this;
}

Query& Query::blob(ByteView value) {
  if (statement_ != nullptr) statement_->bind_blob(value);
  return *this;
}

Query& Query::null() {
  if (statement_ != nullptr) statement_->bind_null();
  return *this;
}

Result<bool> Query::step() {
  if (error_) return *error_;
  column_ = 0;
  const auto row = statement_->step();
  if (!row) error_ = row.error();
  return row;
}

Result<void> Query::run() {
  if (error_) return *error_;
  return statement_->run();
}

Result<void> Query::send() {
  if (error_) return *error_;
  return statement_->send();
}

Result<void> Query::queue() {
  if (error_) return *error_;
  return statement_->queue();
}

Result<void> Query::check() {
  if (!damaged_) return {};
  return connection_.damaged(sql_);
}

}  // namespace simurgh::sql_rows
