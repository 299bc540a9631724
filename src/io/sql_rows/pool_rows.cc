// The number pool's tables (D1); chips and orders are in chip_rows.cc and order_rows.cc.
#include "io/sql_rows/stores.h"

#define RANGE_COLUMNS \
  "id, iccid_digits, iccid_first, imsi_digits, imsi_first, count, allocated, note, created"
#define ALLOCATION_COLUMNS                                                                       \
  "id, range_id, iccid_digits, iccid_first, imsi_digits, imsi_first, count, manufacturer, ver, " \
  "profile, created"
#define PROFILE_COLUMNS \
  "name, algorithm, ki_octets, tuak_iterations, suites, server_made_key, legacy_1997, files"

namespace simurgh::sql_rows {

namespace {

void read_range(Query& query, fleet::Range& row) {
  fleet::Run& run = row.run;
  query.get_all(row.id, run.iccid.digits, run.iccid.number, run.imsi.digits, run.imsi.number,
                run.count, row.allocated, row.note, row.created);
}

void read_allocation(Query& query, fleet::Allocation& row) {
  fleet::Run& run = row.run;
  query.get_all(row.id, row.range, run.iccid.digits, run.iccid.number, run.imsi.digits,
                run.imsi.number, run.count, row.manufacturer, row.ver, row.profile, row.created);
}

void read_profile(Query& query, fleet::CardProfile& row) {
  query.get_all(row.name, row.algorithm, row.ki_octets, row.tuak_iterations, row.suites,
                row.server_made_key, row.legacy_1997, row.files);
}

void read_revoked(Query& query, fleet::RevokedVersion& row) {
  query.get_all(row.ver, row.reason, row.at);
}

}  // namespace

Result<void> FleetRows::add_range(const fleet::Range& range) {
  TRY(session_.begin_change());
  Query query(session_.connection, "INSERT INTO number_range (" RANGE_COLUMNS
                                   ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
  const fleet::Run& run = range.run;
  query << range.id << run.iccid.digits << run.iccid.number << run.imsi.digits << run.imsi.number
        << run.count << range.allocated << range.note << range.created;
  return query.run();
}

Result<std::optional<fleet::Range>> FleetRows::range(uint64_t id) {
  Query query(session_.connection, "SELECT " RANGE_COLUMNS " FROM number_range WHERE id = $1");
  query << id;
  return read_one<fleet::Range>(query, read_range);
}

Result<std::vector<fleet::Range>> FleetRows::ranges() {
  Query query(session_.connection, "SELECT " RANGE_COLUMNS " FROM number_range ORDER BY id");
  return read_all<fleet::Range>(query, read_range);
}

Result<void> FleetRows::set_allocated(uint64_t range, uint64_t allocated) {
  const auto row = TRY(this->range(range));
  if (!row) return fail(ErrorCode::not_found);
  if (allocated < row->allocated || allocated > row->run.count) return fail(ErrorCode::bad_value);
  TRY(session_.begin_change());
  Query query(session_.connection, "UPDATE number_range SET allocated = $2 WHERE id = $1");
  query << range << allocated;
  return query.run();
}

Result<void> FleetRows::add_allocation(const fleet::Allocation& allocation) {
  TRY(session_.begin_change());
  Query query(session_.connection, "INSERT INTO allocation (" ALLOCATION_COLUMNS
                                   ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
  const fleet::Run& run = allocation.run;
  query << allocation.id << allocation.range << run.iccid.digits << run.iccid.number
        << run.imsi.digits << run.imsi.number << run.count << allocation.manufacturer
        << allocation.ver << allocation.profile << allocation.created;
  return query.run();
}

Result<std::optional<fleet::Allocation>> FleetRows::allocation(uint64_t id) {
  Query query(session_.connection, "SELECT " ALLOCATION_COLUMNS " FROM allocation WHERE id = $1");
  query << id;
  return read_one<fleet::Allocation>(query, read_allocation);
}

Result<std::optional<fleet::Allocation>> FleetRows::allocation_with(const fleet::IccidBody& body) {
  Query query(session_.connection, "SELECT " ALLOCATION_COLUMNS
                                   " FROM allocation WHERE iccid_digits = $1 AND iccid_first <= $2 "
                                   "ORDER BY iccid_first DESC LIMIT 1");
  query << body.digits << clip(body.number);
  auto row = TRY(read_one<fleet::Allocation>(query, read_allocation));
  if (row && !row->run.position_of(body)) row.reset();
  return row;
}

Result<std::optional<fleet::Allocation>> FleetRows::allocation_with(
    const fleet::ImsiNumber& number) {
  Query query(session_.connection, "SELECT " ALLOCATION_COLUMNS
                                   " FROM allocation WHERE imsi_digits = $1 AND imsi_first <= $2 "
                                   "ORDER BY imsi_first DESC LIMIT 1");
  query << number.digits << number.number;
  auto row = TRY(read_one<fleet::Allocation>(query, read_allocation));
  if (row && !row->run.position_of(number)) row.reset();
  return row;
}

Result<std::vector<fleet::Allocation>> FleetRows::allocations(uint64_t after_id, size_t limit) {
  Query query(session_.connection,
              "SELECT " ALLOCATION_COLUMNS " FROM allocation WHERE id > $1 ORDER BY id LIMIT $2");
  query << clip(after_id) << limit;
  return read_all<fleet::Allocation>(query, read_allocation);
}

Result<void> FleetRows::save_profile(const fleet::CardProfile& profile) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO card_profile (" PROFILE_COLUMNS
              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO UPDATE SET "
              "algorithm = excluded.algorithm, ki_octets = excluded.ki_octets, "
              "tuak_iterations = excluded.tuak_iterations, suites = excluded.suites, "
              "server_made_key = excluded.server_made_key, legacy_1997 = excluded.legacy_1997, "
              "files = excluded.files");
  query << profile.name << profile.algorithm << profile.ki_octets << profile.tuak_iterations
        << profile.suites << profile.server_made_key << profile.legacy_1997 << profile.files;
  return query.send();
}

Result<std::optional<fleet::CardProfile>> FleetRows::profile(std::string_view name) {
  Query query(session_.connection, "SELECT " PROFILE_COLUMNS " FROM card_profile WHERE name = $1");
  query << name;
  return read_one<fleet::CardProfile>(query, read_profile);
}

Result<std::vector<fleet::CardProfile>> FleetRows::profiles() {
  Query query(session_.connection, "SELECT " PROFILE_COLUMNS " FROM card_profile ORDER BY name");
  return read_all<fleet::CardProfile>(query, read_profile);
}

Result<void> FleetRows::add_revoked(const fleet::RevokedVersion& version) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO revoked_version (ver, reason, at) VALUES ($1, $2, $3)");
  query << version.ver << version.reason << version.at;
  return query.run();
}

Result<std::optional<fleet::RevokedVersion>> FleetRows::revoked(const fleet::Ver& ver) {
  Query query(session_.connection, "SELECT ver, reason, at FROM revoked_version WHERE ver = $1");
  query << ver;
  return read_one<fleet::RevokedVersion>(query, read_revoked);
}

Result<std::vector<fleet::RevokedVersion>> FleetRows::revoked_versions() {
  Query query(session_.connection, "SELECT ver, reason, at FROM revoked_version ORDER BY ver");
  return read_all<fleet::RevokedVersion>(query, read_revoked);
}

Result<uint64_t> FleetRows::next_range_id() {
  Query query(session_.connection, "SELECT coalesce(max(id), 0) + 1 FROM number_range");
  return read_number(query);
}

Result<uint64_t> FleetRows::next_allocation_id() {
  Query query(session_.connection, "SELECT coalesce(max(id), 0) + 1 FROM allocation");
  return read_number(query);
}

}  // namespace simurgh::sql_rows
