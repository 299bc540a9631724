#include "io/sql_rows/stores.h"

#define CENTRE_COLUMNS                                                                          \
  "iccid, imsi, life, ver, suites_allowed, active_epoch, active_secret, previous_epoch, "       \
  "previous_secret, puk_secret, epoch_max, counter_to_chip, counter_from_chip_active, "         \
  "counter_from_chip_previous, attempt_last, attempt_epoch, m1_hash_last, chip_suites, reset, " \
  "work, work_attempts, work_next_try, commit_unconfirmed, directory_behind, interval_from, "   \
  "active_identity, previous_identity"

namespace simurgh::sql_rows {

using security_centre::ChipKeys;

namespace {

void read(Query& query, ChipKeys& row) {
  query.get_all(row.iccid, row.imsi, row.life, row.ver, row.suites_allowed, row.active_epoch,
                row.active_secret, row.previous_epoch, row.previous_secret, row.puk_secret,
                row.epoch_max, row.counter_to_chip, row.counter_from_chip_active,
                row.counter_from_chip_previous, row.attempt_last, row.attempt_epoch,
                row.m1_hash_last, row.chip_suites, row.reset, row.work, row.work_attempts,
                row.work_next_try, row.commit_unconfirmed, row.directory_behind, row.interval_from,
                row.active_identity, row.previous_identity);
}

}  // namespace

Result<std::optional<ChipKeys>> CentreRows::load(const Iccid& iccid) {
  Query query(session_.connection, "SELECT " CENTRE_COLUMNS " FROM centre_chip WHERE iccid = $1");
  query << iccid;
  return read_one<ChipKeys>(query, read);
}

Result<std::optional<ChipKeys>> CentreRows::load_by_imsi(const Imsi& imsi) {
  Query query(session_.connection, "SELECT " CENTRE_COLUMNS " FROM centre_chip WHERE imsi = $1");
  query << imsi;
  return read_one<ChipKeys>(query, read);
}

Result<std::optional<ChipKeys>> CentreRows::load_by_identity(std::string_view identity) {
  Query query(session_.connection, "SELECT " CENTRE_COLUMNS
                                   " FROM centre_chip WHERE active_identity = $1 "
                                   "OR previous_identity = $1");
  query << identity;
  return read_one<ChipKeys>(query, read);
}

Result<std::vector<ChipKeys>> CentreRows::without_identity(size_t limit) {
  Query query(session_.connection, "SELECT " CENTRE_COLUMNS
                                   " FROM centre_chip WHERE active_identity IS NULL "
                                   "ORDER BY iccid LIMIT $1");
  query << limit;
  return read_all<ChipKeys>(query, read);
}

Result<void> CentreRows::save(const ChipKeys& row) {
  TRY(session_.begin_change());
  Query query(
      session_.connection,
      "INSERT INTO centre_chip (" CENTRE_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
      "$18, $19, $20, $21, $22, $23, $24, $25, $26, $27) ON CONFLICT (iccid) DO UPDATE SET "
      "imsi = excluded.imsi, life = excluded.life, ver = excluded.ver, "
      "suites_allowed = excluded.suites_allowed, active_epoch = excluded.active_epoch, "
      "active_secret = excluded.active_secret, previous_epoch = excluded.previous_epoch, "
      "previous_secret = excluded.previous_secret, puk_secret = excluded.puk_secret, "
      "epoch_max = excluded.epoch_max, counter_to_chip = excluded.counter_to_chip, "
      "counter_from_chip_active = excluded.counter_from_chip_active, "
      "counter_from_chip_previous = excluded.counter_from_chip_previous, "
      "attempt_last = excluded.attempt_last, attempt_epoch = excluded.attempt_epoch, "
      "m1_hash_last = excluded.m1_hash_last, chip_suites = excluded.chip_suites, "
      "reset = excluded.reset, work = excluded.work, work_attempts = excluded.work_attempts, "
      "work_next_try = excluded.work_next_try, "
      "commit_unconfirmed = excluded.commit_unconfirmed, "
      "directory_behind = excluded.directory_behind, "
      "interval_from = excluded.interval_from, "
      "active_identity = excluded.active_identity, "
      "previous_identity = excluded.previous_identity");
  query << row.iccid << row.imsi << row.life << row.ver << row.suites_allowed << row.active_epoch
        << row.active_secret << row.previous_epoch << row.previous_secret << row.puk_secret
        << row.epoch_max << row.counter_to_chip << row.counter_from_chip_active
        << row.counter_from_chip_previous << row.attempt_last << row.attempt_epoch
        << row.m1_hash_last << row.chip_suites << row.reset << row.work << row.work_attempts
        << row.work_next_try << row.commit_unconfirmed << row.directory_behind << row.interval_from;
  query.unique(row.active_identity).unique(row.previous_identity);
  return query.run();
}

Result<void> CentreRows::erase(const Iccid& iccid) {
  TRY(session_.begin_change());
  Query query(session_.connection, "DELETE FROM centre_chip WHERE iccid = $1");
  query << iccid;
  return query.send();
}

Result<void> CentreRows::each_open(FunctionRef<void(const ChipKeys&)> visit) {
  std::vector<ChipKeys> rows;
  {
    Query query(session_.connection, "SELECT " CENTRE_COLUMNS
                                     " FROM centre_chip WHERE work <> 0 OR commit_unconfirmed <> 0 "
                                     "OR directory_behind <> 0 ORDER BY iccid");
    rows = TRY(read_all<ChipKeys>(query, read));
  }
  for (const ChipKeys& row : rows) visit(row);  // which may change rows
  return {};
}

Result<void> CentreRows::each_rekey_due(Instant before, size_t limit,
                                        FunctionRef<void(const ChipKeys&)> visit) {
  std::vector<ChipKeys> rows;
  {
    // The first condition is the index's own (centre_chip_interval).
    Query query(session_.connection, "SELECT " CENTRE_COLUMNS
                                     " FROM centre_chip WHERE interval_from <> 0 AND "
                                     "interval_from < $1 ORDER BY interval_from, iccid LIMIT $2");
    query << before << clip(limit);
    rows = TRY(read_all<ChipKeys>(query, read));
  }
  for (const ChipKeys& row : rows) visit(row);  // which may change rows
  return {};
}

Result<void> CentreRows::raise_counters(uint64_t leap) {
  TRY(session_.begin_change());
  Query query(session_.connection, "UPDATE centre_chip SET counter_to_chip = counter_to_chip + $1");
  query << leap;
  return query.send();
}

}  // namespace simurgh::sql_rows
