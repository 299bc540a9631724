#include "io/sql_rows/stores.h"

#define CURSOR_COLUMNS \
  "element, campaign, run, phase, step, rounds, cut, base_epoch, counter, doubted"

namespace simurgh::sql_rows {

using element_update::Cursor;
using remote_admin::SessionRecord;

namespace {

void read_cursor(Query& query, Cursor& row) {
  query.get_all(row.element, row.campaign.value, row.run, row.phase, row.step, row.rounds, row.cut,
                row.base_epoch, row.counter, row.doubted);
}

}  // namespace

Result<SessionRecord> UpdateRows::session(uint32_t element) {
  Query query(session_.connection, "SELECT record FROM element_session WHERE element = $1");
  query << element;
  if (!TRY(query.step())) return SessionRecord{};
  ByteArray<remote_admin::session_record_octets> octets{};
  query.get(octets);
  TRY(query.check());
  const auto record = remote_admin::parse_session_record(octets);
  if (!record.has_value()) return ErrorCode::storage;
  return *record;
}

Result<void> UpdateRows::save_session(uint32_t element, const SessionRecord& record) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO element_session (element, record) VALUES ($1, $2) "
              "ON CONFLICT (element) DO UPDATE SET record = excluded.record");
  query << element << remote_admin::write_session_record(record);
  return query.send();
}

Result<std::optional<Cursor>> UpdateRows::cursor(uint32_t element, campaign::CampaignId campaign) {
  Query query(session_.connection,
              "SELECT " CURSOR_COLUMNS " FROM element_work WHERE element = $1 AND campaign = $2");
  query << element << campaign.value;
  return read_one<Cursor>(query, read_cursor);
}

Result<std::vector<Cursor>> UpdateRows::cursors_of(uint32_t element) {
  Query query(session_.connection,
              "SELECT " CURSOR_COLUMNS " FROM element_work WHERE element = $1 ORDER BY campaign");
  query << element;
  return read_all<Cursor>(query, read_cursor);
}

Result<void> UpdateRows::save(const Cursor& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO element_work (" CURSOR_COLUMNS
              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (element, campaign) "
              "DO UPDATE SET run = excluded.run, phase = excluded.phase, step = excluded.step, "
              "rounds = excluded.rounds, cut = excluded.cut, base_epoch = excluded.base_epoch, "
              "counter = excluded.counter, doubted = excluded.doubted");
  query << row.element << row.campaign.value << row.run << row.phase << row.step << row.rounds
        << row.cut << row.base_epoch << row.counter << row.doubted;
  return query.send();
}

Result<void> UpdateRows::erase_cursor(uint32_t element, campaign::CampaignId campaign) {
  TRY(session_.begin_change());
  Query query(session_.connection, "DELETE FROM element_work WHERE element = $1 AND campaign = $2");
  query << element << campaign.value;
  return query.send();
}

}  // namespace simurgh::sql_rows
