#include "io/sql_rows/stores.h"

namespace simurgh::sql_rows {

namespace {

void read_manufacturer(Query& query, api::Manufacturer& row) {
  query.get_all(row.name, row.transport_public_key, row.created);
}

}  // namespace

Result<std::optional<api::IdempotentAnswer>> ApiRows::load(std::string_view token,
                                                           std::string_view key) {
  Query query(session_.connection,
              "SELECT token, key, request, status, body, at FROM api_answer "
              "WHERE token = $1 AND key = $2");
  query << token << key;
  return read_one<api::IdempotentAnswer>(query, [](Query& from, api::IdempotentAnswer& row) {
    from.get_all(row.token, row.key, row.request, row.status, row.body, row.at);
  });
}

Result<void> ApiRows::add(const api::IdempotentAnswer& answer) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO api_answer (token, key, request, status, body, at) "
              "VALUES ($1, $2, $3, $4, $5, $6)");
  query << answer.token << answer.key << answer.request << answer.status << answer.body
        << answer.at;
  return query.run();
}

Result<void> ApiRows::erase_before(Instant at) {
  TRY(session_.begin_change());
  Query query(session_.connection, "DELETE FROM api_answer WHERE at < $1");
  query << at;
  return query.send();
}

Result<void> ApiRows::save_manufacturer(const api::Manufacturer& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO api_manufacturer (name, transport_public_key, created) "
              "VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET "
              "transport_public_key = excluded.transport_public_key, created = excluded.created");
  query << row.name << row.transport_public_key << row.created;
  return query.send();
}

Result<std::optional<api::Manufacturer>> ApiRows::manufacturer(std::string_view name) {
  Query query(session_.connection,
              "SELECT name, transport_public_key, created FROM api_manufacturer WHERE name = $1");
  query << name;
  return read_one<api::Manufacturer>(query, read_manufacturer);
}

Result<std::vector<api::Manufacturer>> ApiRows::manufacturers() {
  Query query(session_.connection,
              "SELECT name, transport_public_key, created FROM api_manufacturer ORDER BY name");
  return read_all<api::Manufacturer>(query, read_manufacturer);
}

Result<void> ApiRows::save_delivery(const api::Delivery& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO api_delivery (allocation, made, chips_sha256, token, at) "
              "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (allocation) DO UPDATE SET "
              "made = excluded.made, chips_sha256 = excluded.chips_sha256, "
              "token = excluded.token, at = excluded.at");
  query << row.allocation << row.made << row.chips_sha256 << row.token << row.at;
  return query.send();
}

Result<std::optional<api::Delivery>> ApiRows::delivery(uint64_t allocation) {
  Query query(session_.connection,
              "SELECT allocation, made, chips_sha256, token, at FROM api_delivery "
              "WHERE allocation = $1");
  query << allocation;
  return read_one<api::Delivery>(query, [](Query& from, api::Delivery& row) {
    from.get_all(row.allocation, row.made, row.chips_sha256, row.token, row.at);
  });
}

}  // namespace simurgh::sql_rows
