#include "io/store_postgres/statement.h"

#include <libpq-fe.h>

#include <charconv>
#include <cstring>

#include "base/utf8.h"

namespace simurgh::store_postgres {

namespace {

// From pg_type.dat; they never change.
constexpr unsigned type_bytea = 17;
constexpr unsigned type_int8 = 20;
constexpr unsigned type_text = 25;
constexpr int binary = 1;
constexpr size_t parameters_max = 64;

}  // namespace

PreparedStatement::Parameter& PreparedStatement::next_parameter(unsigned type) {
  SIMURGH_CHECK(bound_ < parameters_max);
  if (bound_ == parameters_.size()) parameters_.push_back({});
  Parameter& parameter = parameters_[bound_++];
  // Prepared with the types of its first use.
  SIMURGH_CHECK(!prepared_ || parameter.type == type);
  parameter.type = type;
  parameter.is_null = false;
  return parameter;
}

void PreparedStatement::bind_integer(int64_t value) {
  char octets[8];
  for (size_t i = 0; i < sizeof octets; ++i) {
    octets[i] = static_cast<char>(static_cast<uint64_t>(value) >> (56 - 8 * i));
  }
  next_parameter(type_int8).octets.assign(octets, sizeof octets);
}

void PreparedStatement::bind_text(std::string_view value) {
  next_parameter(type_text).octets.assign(value);
  if (!is_utf8_text(value)) unfit_ = true;
}

void PreparedStatement::bind_blob(ByteView value) {
  next_parameter(type_bytea)
      .octets.assign(reinterpret_cast<const char*>(value.data()), value.size());
}

void PreparedStatement::bind_null() {
  next_parameter(type_text).is_null = true;
}

bool PreparedStatement::send_parse(pg_conn* connection) {
  Oid types[parameters_max];
  for (size_t i = 0; i < bound_; ++i) types[i] = parameters_[i].type;
  return PQsendPrepare(connection, name_.c_str(), sql_, static_cast<int>(bound_), types) == 1;
}

bool PreparedStatement::send_execute(pg_conn* connection) {
  const char* values[parameters_max];
  int lengths[parameters_max];
  int formats[parameters_max];
  for (size_t i = 0; i < bound_; ++i) {
    const Parameter& parameter = parameters_[i];
    values[i] = parameter.is_null ? nullptr : parameter.octets.data();
    lengths[i] = static_cast<int>(parameter.octets.size());
    formats[i] = binary;
  }
  return PQsendQueryPrepared(connection, name_.c_str(), static_cast<int>(bound_), values, lengths,
                             formats, binary) == 1;
}

Result<bool> PreparedStatement::step() {
  if (!answer_) {
    if (unfit_) return false;  // no column holds such a text, so no row is like it
    TRY(database_.post(*this, true));
    TRY(database_.settle_all());
  }
  return ++row_ < PQntuples(answer_.get());
}

Result<void> PreparedStatement::run() {
  if (unfit_) return fail(ErrorCode::bad_value);
  const bool guarded = database_.open_;
  if (guarded) TRY(database_.post(guard));
  TRY(database_.post(*this, true));
  if (guarded) TRY(database_.post(unguard));
  const auto failure = TRY(database_.settle());
  if (!failure) return {};
  if (failure->statement != this || !failure->constraint()) return database_.failed(*failure);
  if (guarded) {
    TRY(database_.post(undo));
    TRY(database_.post(unguard));
    TRY(database_.settle_all());
  }
  return fail(ErrorCode::already_exists);
}

Result<void> PreparedStatement::send() {
  if (unfit_) return fail(ErrorCode::bad_value);
  TRY(database_.post(*this, false));
  if (database_.sent_.size() >= unanswered_max) return database_.settle_all();
  return {};
}

Result<void> PreparedStatement::queue() {
  const size_t number = database_.in_group_++;
  if (unfit_) return fail(ErrorCode::bad_value, number);
  TRY(database_.post(*this, false));
  database_.sent_.back().number = number;
  if (database_.sent_.size() >= unanswered_max) return database_.settle_group();
  return {};
}

int64_t PreparedStatement::changed() const {
  const char* count = answer_ ? PQcmdTuples(answer_.get()) : "";
  int64_t value = 0;
  std::from_chars(count, count + std::strlen(count), value);
  return value;
}

std::string PreparedStatement::tag() const {
  return answer_ ? PQcmdStatus(answer_.get()) : "";
}

int64_t PreparedStatement::integer(int column) {
  const ByteView octets = bytes(column);
  if (octets.empty()) return 0;
  // bigint (counts and sums too), or the narrower integer and smallint of hot columns.
  SIMURGH_CHECK(octets.size() == 8 || octets.size() == 4 || octets.size() == 2);
  uint64_t value = octets[0] >= 0x80 ? ~uint64_t{0} : 0;
  for (const uint8_t octet : octets) value = value << 8 | octet;
  return static_cast<int64_t>(value);
}

ByteView PreparedStatement::bytes(int column) {
  SIMURGH_CHECK(column < PQnfields(answer_.get()));
  if (PQgetisnull(answer_.get(), row_, column) != 0) return {};
  return {reinterpret_cast<const uint8_t*>(PQgetvalue(answer_.get(), row_, column)),
          static_cast<size_t>(PQgetlength(answer_.get(), row_, column))};
}

void PreparedStatement::reset() {
  answer_.reset();
  bound_ = 0;
  row_ = -1;
  unfit_ = false;
  busy_ = false;
}

}  // namespace simurgh::store_postgres
