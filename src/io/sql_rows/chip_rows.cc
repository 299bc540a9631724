#include "io/sql_rows/stores.h"

#define CHIP_COLUMNS                                                                           \
  "chip.iccid, imsi, ver, life, state, state_before_freeze, allocation_id, msisdn, contract, " \
  "order_id, created, changed, coalesce(last_contact, 0)"
#define CHIP_TABLES " FROM chip LEFT JOIN chip_contact ON chip_contact.iccid = chip.iccid "
// Everything a filter can say; the condition in front of it chooses the index.
#define CHIP_FILTER                                                                          \
  " AND chip.iccid > $1 AND chip.iccid >= $2 AND chip.iccid < $3 AND ($4 = 0 OR state = $4)" \
  " AND ($5 = 0 OR allocation_id = $5) AND ($6 = '' OR contract = $6) AND ($7 = '' OR"       \
  " allocation_id IN (SELECT id FROM allocation WHERE manufacturer = $7))"                   \
  " ORDER BY chip.iccid LIMIT $8"

namespace simurgh::sql_rows {

namespace {

void read_chip(Query& query, fleet::Chip& row) {
  query.get_all(row.iccid, row.imsi, row.ver, row.life, row.state, row.state_before_freeze,
                row.allocation, row.msisdn, row.contract, row.order, row.created, row.changed,
                row.last_contact);
}

// The same question with the most selective condition first.
const char* chips_query(const fleet::ChipFilter& filter) {
  if (!filter.contract.empty()) {
    return "SELECT " CHIP_COLUMNS CHIP_TABLES "WHERE contract = $6" CHIP_FILTER;
  }
  if (filter.allocation) {
    return "SELECT " CHIP_COLUMNS CHIP_TABLES "WHERE allocation_id = $5" CHIP_FILTER;
  }
  if (filter.state) return "SELECT " CHIP_COLUMNS CHIP_TABLES "WHERE state = $4" CHIP_FILTER;
  return "SELECT " CHIP_COLUMNS CHIP_TABLES "WHERE 1 = 1" CHIP_FILTER;
}

}  // namespace

Result<std::optional<fleet::Chip>> FleetRows::chip(const Iccid& iccid) {
  Query query(session_.connection, "SELECT " CHIP_COLUMNS CHIP_TABLES "WHERE chip.iccid = $1");
  query << iccid;
  return read_one<fleet::Chip>(query, read_chip);
}

Result<std::optional<fleet::Chip>> FleetRows::chip_of(const Imsi& imsi) {
  Query query(session_.connection, "SELECT " CHIP_COLUMNS CHIP_TABLES "WHERE imsi = $1");
  query << imsi;
  return read_one<fleet::Chip>(query, read_chip);
}

Result<std::optional<fleet::Chip>> FleetRows::chip_of(const Msisdn& msisdn) {
  Query query(session_.connection, "SELECT " CHIP_COLUMNS CHIP_TABLES "WHERE msisdn = $1");
  query << msisdn;
  return read_one<fleet::Chip>(query, read_chip);
}

Result<void> FleetRows::save_chip(const fleet::Chip& chip) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO chip (iccid, imsi, ver, life, state, state_before_freeze, "
              "allocation_id, msisdn, contract, order_id, created, changed) "
              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
              "ON CONFLICT (iccid) DO UPDATE SET imsi = excluded.imsi, ver = excluded.ver, "
              "life = excluded.life, state = excluded.state, "
              "state_before_freeze = excluded.state_before_freeze, "
              "allocation_id = excluded.allocation_id, msisdn = excluded.msisdn, "
              "contract = excluded.contract, order_id = excluded.order_id, "
              "created = excluded.created, changed = excluded.changed");
  query << chip.iccid << chip.imsi << chip.ver << chip.life << chip.state
        << chip.state_before_freeze << chip.allocation;
  query.unique(chip.msisdn) << chip.contract << chip.order << chip.created << chip.changed;
  return query.run();
}

Result<std::vector<fleet::Chip>> FleetRows::chips(const fleet::ChipFilter& filter,
                                                  const Iccid& after, size_t limit) {
  Query query(session_.connection, chips_query(filter));
  query << after << filter.iccid_prefix << filter.iccid_prefix + ':';  // ':' is after '9'
  query << (filter.state ? static_cast<int>(*filter.state) : 0);
  query << filter.allocation.value_or(0) << filter.contract << filter.manufacturer << limit;
  return read_all<fleet::Chip>(query, read_chip);
}

Result<uint64_t> FleetRows::count_chips(fleet::ChipState state) {
  Query query(session_.connection, "SELECT count(*) FROM chip WHERE state = $1");
  query << state;
  return read_number(query);
}

Result<void> FleetRows::add_contacts(std::span<const fleet::Contact> contacts) {
  TRY(session_.begin_change());
  for (const fleet::Contact& contact : contacts) {
    Query query(session_.connection,
                "INSERT INTO chip_contact (iccid, last_contact) "
                "SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM chip WHERE iccid = $1) "
                "ON CONFLICT (iccid) DO UPDATE SET last_contact = excluded.last_contact "
                "WHERE chip_contact.last_contact < excluded.last_contact");
    query << contact.iccid << contact.at;
    TRY(query.send());
  }
  return {};
}

}  // namespace simurgh::sql_rows
