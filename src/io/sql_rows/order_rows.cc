// Orders, contracts and alarms of the fleet.
#include "io/sql_rows/stores.h"

#define ORDER_COLUMNS                                                                         \
  "id, iccid, life, contract, msisdn, code_kind, sealed_code, wrong_tries, server_made_key, " \
  "state, created, changed"
#define CONTRACT_COLUMNS "id, customer, tariff, ended, created"
#define ALARM_COLUMNS "id, kind, subject, order_id, words, at, acknowledged_at, acknowledged_by"

namespace simurgh::sql_rows {

namespace {

void read_order(Query& query, fleet::Order& row) {
  query.get_all(row.id, row.iccid, row.life, row.contract, row.msisdn, row.code_kind,
                row.sealed_code, row.wrong_tries, row.server_made_key, row.state, row.created,
                row.changed);
}

void read_contract(Query& query, fleet::Contract& row) {
  query.get_all(row.id, row.customer, row.tariff, row.ended, row.created);
}

void read_alarm(Query& query, fleet::Alarm& row) {
  query.get_all(row.id, row.kind, row.subject, row.order, row.words, row.at, row.acknowledged_at,
                row.acknowledged_by);
}

}  // namespace

Result<std::optional<fleet::Order>> FleetRows::order(std::string_view id) {
  Query query(session_.connection, "SELECT " ORDER_COLUMNS " FROM chip_order WHERE id = $1");
  query << id;
  return read_one<fleet::Order>(query, read_order);
}

Result<std::vector<fleet::Order>> FleetRows::orders_of(const Iccid& iccid) {
  Query query(session_.connection,
              "SELECT " ORDER_COLUMNS " FROM chip_order WHERE iccid = $1 ORDER BY created, id");
  query << iccid;
  return read_all<fleet::Order>(query, read_order);
}

Result<void> FleetRows::save_order(const fleet::Order& order) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO chip_order (" ORDER_COLUMNS
              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
              "ON CONFLICT (id) DO UPDATE SET iccid = excluded.iccid, life = excluded.life, "
              "contract = excluded.contract, msisdn = excluded.msisdn, "
              "code_kind = excluded.code_kind, sealed_code = excluded.sealed_code, "
              "wrong_tries = excluded.wrong_tries, server_made_key = excluded.server_made_key, "
              "state = excluded.state, created = excluded.created, changed = excluded.changed");
  query << order.id << order.iccid << order.life << order.contract << order.msisdn
        << order.code_kind << order.sealed_code << order.wrong_tries << order.server_made_key
        << order.state << order.created << order.changed;
  return query.send();
}

Result<std::optional<fleet::Contract>> FleetRows::contract(std::string_view id) {
  Query query(session_.connection, "SELECT " CONTRACT_COLUMNS " FROM contract WHERE id = $1");
  query << id;
  return read_one<fleet::Contract>(query, read_contract);
}

Result<void> FleetRows::save_contract(const fleet::Contract& contract) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO contract (" CONTRACT_COLUMNS
              ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET "
              "customer = excluded.customer, tariff = excluded.tariff, ended = excluded.ended, "
              "created = excluded.created");
  query << contract.id << contract.customer << contract.tariff << contract.ended
        << contract.created;
  return query.send();
}

Result<std::vector<fleet::Contract>> FleetRows::contracts(std::string_view after_id, size_t limit) {
  Query query(session_.connection,
              "SELECT " CONTRACT_COLUMNS " FROM contract WHERE id > $1 ORDER BY id LIMIT $2");
  query << after_id << limit;
  return read_all<fleet::Contract>(query, read_contract);
}

Result<void> FleetRows::add_alarm(const fleet::Alarm& alarm) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO alarm (" ALARM_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
  query << alarm.id << alarm.kind << alarm.subject << alarm.order << alarm.words << alarm.at
        << alarm.acknowledged_at << alarm.acknowledged_by;
  return query.run();
}

Result<void> FleetRows::save_alarm(const fleet::Alarm& alarm) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "UPDATE alarm SET kind = $2, subject = $3, order_id = $4, words = $5, at = $6, "
              "acknowledged_at = $7, acknowledged_by = $8 WHERE id = $1");
  query << alarm.id << alarm.kind << alarm.subject << alarm.order << alarm.words << alarm.at
        << alarm.acknowledged_at << alarm.acknowledged_by;
  TRY(query.run());
  if (query.changed() == 0) return fail(ErrorCode::not_found);
  return {};
}

Result<std::optional<fleet::Alarm>> FleetRows::alarm(uint64_t id) {
  Query query(session_.connection, "SELECT " ALARM_COLUMNS " FROM alarm WHERE id = $1");
  query << id;
  return read_one<fleet::Alarm>(query, read_alarm);
}

Result<std::vector<fleet::Alarm>> FleetRows::alarms(bool unacknowledged_only, uint64_t before,
                                                    size_t limit) {
  Query query(session_.connection,
              unacknowledged_only
                  ? "SELECT " ALARM_COLUMNS
                    " FROM alarm WHERE acknowledged_at = 0 AND id < $1 ORDER BY id DESC LIMIT $2"
                  : "SELECT " ALARM_COLUMNS " FROM alarm WHERE id < $1 ORDER BY id DESC LIMIT $2");
  query << clip(before) << limit;
  return read_all<fleet::Alarm>(query, read_alarm);
}

Result<uint64_t> FleetRows::next_alarm_id() {
  Query query(session_.connection, "SELECT coalesce(max(id), 0) + 1 FROM alarm");
  return read_number(query);
}

}  // namespace simurgh::sql_rows
