#include "io/sql_rows/stores.h"

#define AUDIT_COLUMNS "sequence, at, actor, action, subject, detail, previous, hash"

namespace simurgh::sql_rows {

namespace {

void read(Query& query, audit::Row& row) {
  query.get_all(row.sequence, row.at, row.actor, row.action, row.subject, row.detail, row.previous,
                row.hash);
}

}  // namespace

Result<std::optional<audit::Row>> AuditRows::last() {
  Query query(session_.connection,
              "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY sequence DESC LIMIT 1");
  return read_one<audit::Row>(query, read);
}

Result<void> AuditRows::append(const audit::Row& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
  query << row.sequence << row.at << row.actor << row.action << row.subject << row.detail
        << row.previous << row.hash;
  return query.run();
}

Result<std::vector<audit::Row>> AuditRows::page(uint64_t first, size_t limit) {
  Query query(session_.connection, "SELECT " AUDIT_COLUMNS
                                   " FROM audit WHERE sequence >= $1 ORDER BY sequence LIMIT $2");
  query << first << limit;
  return read_all<audit::Row>(query, read);
}

Result<std::vector<audit::Row>> AuditRows::page_of_subject(std::string_view subject,
                                                           uint64_t before, size_t limit) {
  Query query(session_.connection, "SELECT " AUDIT_COLUMNS
                                   " FROM audit WHERE subject = $1 AND sequence < $2 "
                                   "ORDER BY sequence DESC LIMIT $3");
  query << subject << clip(before) << limit;
  return read_all<audit::Row>(query, read);
}

}  // namespace simurgh::sql_rows
