#include "io/sql_rows/stores.h"

#define ELEMENT_COLUMNS \
  "id, iccid, msisdn, batch, source, key_version, psk_identity, sealed_keys, created"
#define SELECT_ELEMENT "SELECT " ELEMENT_COLUMNS " FROM element "

namespace simurgh::sql_rows {

namespace {

void read_element(Query& query, fleet::Element& row) {
  query.get_all(row.id, row.iccid, row.msisdn, row.batch, row.source, row.key_version,
                row.psk_identity, row.sealed_keys, row.created);
}

}  // namespace

Result<void> ElementRows::add(std::span<const fleet::Element> elements) {
  TRY(session_.begin_change());
  TRY(session_.connection.begin_group());
  for (const fleet::Element& row : elements) {
    Query query(session_.connection, "INSERT INTO element (" ELEMENT_COLUMNS
                                     ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    query << row.id << row.iccid;
    query.unique(row.msisdn) << row.batch << row.source << row.key_version;
    query.unique(row.psk_identity) << row.sealed_keys << row.created;
    TRY(query.queue());
  }
  return session_.connection.end_group();
}

Result<void> ElementRows::save(const fleet::Element& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "UPDATE element SET msisdn = $2, batch = $3, source = $4, key_version = $5, "
              "psk_identity = $6, sealed_keys = $7 WHERE id = $1");
  query << row.id;
  query.unique(row.msisdn) << row.batch << row.source << row.key_version;
  query.unique(row.psk_identity) << row.sealed_keys;
  TRY(query.run());
  if (query.changed() != 1) return fail(ErrorCode::not_found);
  return {};
}

Result<std::optional<fleet::Element>> ElementRows::element(uint32_t id) {
  Query query(session_.connection, SELECT_ELEMENT "WHERE id = $1");
  query << id;
  return read_one<fleet::Element>(query, read_element);
}

Result<std::optional<fleet::Element>> ElementRows::element_of(const Iccid& iccid) {
  Query query(session_.connection, SELECT_ELEMENT "WHERE iccid = $1");
  query << iccid;
  return read_one<fleet::Element>(query, read_element);
}

Result<std::optional<fleet::Element>> ElementRows::element_of(const Msisdn& msisdn) {
  Query query(session_.connection, SELECT_ELEMENT "WHERE msisdn = $1");
  query << msisdn;
  return read_one<fleet::Element>(query, read_element);
}

Result<std::optional<fleet::Element>> ElementRows::element_of_identity(std::string_view identity) {
  Query query(session_.connection, SELECT_ELEMENT "WHERE psk_identity = $1");
  query << identity;
  return read_one<fleet::Element>(query, read_element);
}

Result<std::vector<fleet::Element>> ElementRows::elements(const fleet::ElementFilter& filter,
                                                          const Iccid& after, size_t limit) {
  Query query(session_.connection, SELECT_ELEMENT
              "WHERE iccid > $1 AND iccid >= $2 AND iccid < $3 AND ($4 < 0 OR batch = $4) "
              "ORDER BY iccid LIMIT $5");
  query << after << filter.iccid_prefix << filter.iccid_prefix + ':';  // ':' is after '9'
  query << (filter.batch ? static_cast<int>(*filter.batch) : -1) << limit;
  return read_all<fleet::Element>(query, read_element);
}

Result<uint32_t> ElementRows::next_element_id() {
  Query query(session_.connection, "SELECT coalesce(max(id) + 1, 0) FROM element");
  return static_cast<uint32_t>(TRY(read_number(query)));
}

Result<std::vector<Iccid>> ElementRows::without_element(size_t limit) {
  Query query(session_.connection,
              "SELECT iccid FROM chip_without_element ORDER BY iccid LIMIT $1");
  query << limit;
  return read_all<Iccid>(query, [](Query& from, Iccid& row) { from.get_all(row); });
}

Result<void> ElementRows::drop_without_element(std::span<const Iccid> iccids) {
  TRY(session_.begin_change());
  for (const Iccid& iccid : iccids) {
    Query query(session_.connection, "DELETE FROM chip_without_element WHERE iccid = $1");
    query << iccid;
    TRY(query.send());
  }
  return {};
}

Result<uint64_t> ElementRows::counter(uint32_t element) {
  Query query(session_.connection, "SELECT counter FROM element_counter WHERE element = $1");
  query << element;
  return read_number(query);
}

Result<void> ElementRows::set_counters(std::span<const fleet::ElementCounter> counters) {
  TRY(session_.begin_change());
  for (const fleet::ElementCounter& row : counters) {
    Query query(session_.connection,
                "INSERT INTO element_counter (element, counter) VALUES ($1, $2) "
                "ON CONFLICT (element) DO UPDATE SET counter = excluded.counter");
    query << row.element << row.counter;
    TRY(query.send());
  }
  return {};
}

Result<void> ElementRows::raise_counters(uint64_t leap) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO element_counter (element, counter) "
              "SELECT id, CAST($1 AS bigint) FROM element WHERE source = 2 "
              "ON CONFLICT (element) DO UPDATE "
              "SET counter = element_counter.counter + excluded.counter");
  query << leap;
  return query.send();
}

Result<void> ElementRows::save_batch(const fleet::Batch& batch) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO batch (id, name, settings, created) VALUES ($1, $2, $3, $4) "
              "ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings");
  query << batch.id << batch.name << batch.settings << batch.created;
  return query.run();
}

Result<std::vector<fleet::Batch>> ElementRows::batches() {
  Query query(session_.connection, "SELECT id, name, settings, created FROM batch ORDER BY id");
  return read_all<fleet::Batch>(query, [](Query& from, fleet::Batch& row) {
    from.get_all(row.id, row.name, row.settings, row.created);
  });
}

}  // namespace simurgh::sql_rows
