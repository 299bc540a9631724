#include "memory_store/state.h"

namespace simurgh::memory_store {

namespace {

template <typename Map>
uint64_t next_id(const Map& rows) {
  return rows.empty() ? 1 : rows.rbegin()->first + 1;
}

template <typename Map>
auto values_of(const Map& rows) {
  std::vector<typename Map::mapped_type> values;
  for (const auto& [key, row] : rows) values.push_back(row);
  return values;
}

// The run with the highest start that is not above `number`.
template <typename Map>
const uint64_t* floor_of(const Map& starts, const FleetTables::Start& number) {
  auto place = starts.upper_bound(number);
  if (place == starts.begin()) return nullptr;
  --place;
  return place->first.first == number.first ? &place->second : nullptr;
}

}  // namespace

FleetTables::FleetTables(Transaction& transaction)
    : transaction_(transaction),
      range_rows(transaction.log),
      allocation_rows(transaction.log),
      allocation_by_iccid(transaction.log),
      allocation_by_imsi(transaction.log),
      profile_rows(transaction.log),
      revoked_rows(transaction.log),
      chip_rows(transaction.log),
      chip_by_imsi(transaction.log),
      chip_by_msisdn(transaction.log),
      contact_rows(transaction.log),
      order_rows(transaction.log),
      order_by_chip(transaction.log),
      contract_rows(transaction.log),
      alarm_rows(transaction.log) {}

// --- number pool -------------------------------------------------------------------------------

Result<void> FleetTables::add_range(const fleet::Range& range) {
  TRY(transaction_.alive());
  if (range_rows.find(range.id) != nullptr) return fail(ErrorCode::already_exists);
  for (const auto& [id, other] : range_rows.rows()) {
    if (other.run.overlaps(range.run)) return fail(ErrorCode::already_exists);
  }
  range_rows.put(range.id, range);
  return {};
}

Result<std::optional<fleet::Range>> FleetTables::range(uint64_t id) {
  TRY(transaction_.alive());
  return range_rows.get(id);
}

Result<std::vector<fleet::Range>> FleetTables::ranges() {
  TRY(transaction_.alive());
  return values_of(range_rows.rows());
}

Result<void> FleetTables::set_allocated(uint64_t range, uint64_t allocated) {
  TRY(transaction_.alive());
  auto row = range_rows.get(range);
  if (!row) return fail(ErrorCode::not_found);
  if (allocated < row->allocated || allocated > row->run.count) return fail(ErrorCode::bad_value);
  row->allocated = allocated;
  range_rows.put(range, *row);
  return {};
}

Result<void> FleetTables::add_allocation(const fleet::Allocation& allocation) {
  TRY(transaction_.alive());
  if (allocation_rows.find(allocation.id) != nullptr) return fail(ErrorCode::already_exists);
  for (const auto& [id, other] : allocation_rows.rows()) {
    if (other.run.overlaps(allocation.run)) return fail(ErrorCode::already_exists);
  }
  allocation_rows.put(allocation.id, allocation);
  const fleet::Run& run = allocation.run;
  allocation_by_iccid.put({run.iccid.digits, run.iccid.number}, allocation.id);
  allocation_by_imsi.put({run.imsi.digits, run.imsi.number}, allocation.id);
  return {};
}

Result<std::optional<fleet::Allocation>> FleetTables::allocation(uint64_t id) {
  TRY(transaction_.alive());
  return allocation_rows.get(id);
}

Result<std::optional<fleet::Allocation>> FleetTables::allocation_with(
    const fleet::IccidBody& body) {
  TRY(transaction_.alive());
  const uint64_t* id = floor_of(allocation_by_iccid.rows(), {body.digits, body.number});
  if (id == nullptr) return std::optional<fleet::Allocation>();
  const fleet::Allocation* row = allocation_rows.find(*id);
  if (!row->run.position_of(body)) return std::optional<fleet::Allocation>();
  return std::optional(*row);
}

Result<std::optional<fleet::Allocation>> FleetTables::allocation_with(
    const fleet::ImsiNumber& number) {
  TRY(transaction_.alive());
  const uint64_t* id = floor_of(allocation_by_imsi.rows(), {number.digits, number.number});
  if (id == nullptr) return std::optional<fleet::Allocation>();
  const fleet::Allocation* row = allocation_rows.find(*id);
  if (!row->run.position_of(number)) return std::optional<fleet::Allocation>();
  return std::optional(*row);
}

Result<std::vector<fleet::Allocation>> FleetTables::allocations(uint64_t after_id, size_t limit) {
  TRY(transaction_.alive());
  std::vector<fleet::Allocation> page;
  const auto& rows = allocation_rows.rows();
  for (auto row = rows.upper_bound(after_id); row != rows.end() && page.size() < limit; ++row) {
    page.push_back(row->second);
  }
  return page;
}

Result<void> FleetTables::save_profile(const fleet::CardProfile& profile) {
  TRY(transaction_.alive());
  profile_rows.put(profile.name, profile);
  return {};
}

Result<std::optional<fleet::CardProfile>> FleetTables::profile(std::string_view name) {
  TRY(transaction_.alive());
  return profile_rows.get(std::string(name));
}

Result<std::vector<fleet::CardProfile>> FleetTables::profiles() {
  TRY(transaction_.alive());
  return values_of(profile_rows.rows());
}

Result<void> FleetTables::add_revoked(const fleet::RevokedVersion& version) {
  TRY(transaction_.alive());
  if (revoked_rows.find(version.ver) != nullptr) return fail(ErrorCode::already_exists);
  revoked_rows.put(version.ver, version);
  return {};
}

Result<std::optional<fleet::RevokedVersion>> FleetTables::revoked(const fleet::Ver& ver) {
  TRY(transaction_.alive());
  return revoked_rows.get(ver);
}

Result<std::vector<fleet::RevokedVersion>> FleetTables::revoked_versions() {
  TRY(transaction_.alive());
  return values_of(revoked_rows.rows());
}

// --- chips -------------------------------------------------------------------------------------

fleet::Chip FleetTables::with_contact(const fleet::Chip& chip) const {
  fleet::Chip out = chip;
  const Instant* at = contact_rows.find(chip.iccid);
  out.last_contact = at == nullptr ? Instant{} : *at;
  return out;
}

Result<std::optional<fleet::Chip>> FleetTables::chip(const Iccid& iccid) {
  TRY(transaction_.alive());
  const fleet::Chip* row = chip_rows.find(iccid);
  if (row == nullptr) return std::optional<fleet::Chip>();
  return std::optional(with_contact(*row));
}

Result<std::optional<fleet::Chip>> FleetTables::chip_of(const Imsi& imsi) {
  TRY(transaction_.alive());
  const Iccid* iccid = chip_by_imsi.find(imsi);
  if (iccid == nullptr) return std::optional<fleet::Chip>();
  return chip(*iccid);
}

Result<std::optional<fleet::Chip>> FleetTables::chip_of(const Msisdn& msisdn) {
  TRY(transaction_.alive());
  const Iccid* iccid = chip_by_msisdn.find(msisdn);
  if (iccid == nullptr) return std::optional<fleet::Chip>();
  return chip(*iccid);
}

Result<void> FleetTables::save_chip(const fleet::Chip& chip) {
  TRY(transaction_.alive());
  const Iccid* with_imsi = chip_by_imsi.find(chip.imsi);
  if (with_imsi != nullptr && *with_imsi != chip.iccid) return fail(ErrorCode::already_exists);
  if (!chip.msisdn.empty()) {
    const Iccid* with_msisdn = chip_by_msisdn.find(chip.msisdn);
    if (with_msisdn != nullptr && *with_msisdn != chip.iccid) {
      return fail(ErrorCode::already_exists);
    }
  }
  if (const fleet::Chip* old = chip_rows.find(chip.iccid); old != nullptr) {
    if (old->imsi != chip.imsi) chip_by_imsi.erase(old->imsi);
    if (!old->msisdn.empty() && old->msisdn != chip.msisdn) chip_by_msisdn.erase(old->msisdn);
  }
  chip_by_imsi.put(chip.imsi, chip.iccid);
  if (!chip.msisdn.empty()) chip_by_msisdn.put(chip.msisdn, chip.iccid);
  chip_rows.put(chip.iccid, chip);
  return {};
}

bool FleetTables::matches(const fleet::ChipFilter& filter, const fleet::Chip& chip) const {
  if (filter.state && chip.state != *filter.state) return false;
  if (filter.allocation && chip.allocation != *filter.allocation) return false;
  if (!filter.contract.empty() && chip.contract != filter.contract) return false;
  if (!chip.iccid.text().starts_with(filter.iccid_prefix)) return false;
  if (filter.manufacturer.empty()) return true;
  const fleet::Allocation* allocation = allocation_rows.find(chip.allocation);
  return allocation != nullptr && allocation->manufacturer == filter.manufacturer;
}

Result<std::vector<fleet::Chip>> FleetTables::chips(const fleet::ChipFilter& filter,
                                                    const Iccid& after, size_t limit) {
  TRY(transaction_.alive());
  std::vector<fleet::Chip> page;
  const auto& rows = chip_rows.rows();
  for (auto row = rows.upper_bound(after); row != rows.end() && page.size() < limit; ++row) {
    if (matches(filter, row->second)) page.push_back(with_contact(row->second));
  }
  return page;
}

Result<uint64_t> FleetTables::count_chips(fleet::ChipState state) {
  TRY(transaction_.alive());
  uint64_t count = 0;
  for (const auto& [iccid, chip] : chip_rows.rows()) count += chip.state == state ? 1 : 0;
  return count;
}

Result<void> FleetTables::add_contacts(std::span<const fleet::Contact> contacts) {
  TRY(transaction_.alive());
  for (const fleet::Contact& contact : contacts) {
    if (chip_rows.find(contact.iccid) == nullptr) continue;
    const Instant* known = contact_rows.find(contact.iccid);
    if (known == nullptr || *known < contact.at) contact_rows.put(contact.iccid, contact.at);
  }
  return {};
}

// --- orders, contracts, alarms -----------------------------------------------------------------

Result<std::optional<fleet::Order>> FleetTables::order(std::string_view id) {
  TRY(transaction_.alive());
  return order_rows.get(std::string(id));
}

Result<std::vector<fleet::Order>> FleetTables::orders_of(const Iccid& iccid) {
  TRY(transaction_.alive());
  std::vector<fleet::Order> orders;
  const auto& keys = order_by_chip.rows();
  auto key = keys.lower_bound({iccid, Instant{INT64_MIN}, ""});
  for (; key != keys.end() && std::get<0>(key->first) == iccid; ++key) {
    orders.push_back(*order_rows.find(key->second));
  }
  return orders;
}

Result<void> FleetTables::save_order(const fleet::Order& order) {
  TRY(transaction_.alive());
  if (const fleet::Order* old = order_rows.find(order.id); old != nullptr) {
    order_by_chip.erase({old->iccid, old->created, old->id});
  }
  order_by_chip.put({order.iccid, order.created, order.id}, order.id);
  order_rows.put(order.id, order);
  return {};
}

Result<std::optional<fleet::Contract>> FleetTables::contract(std::string_view id) {
  TRY(transaction_.alive());
  return contract_rows.get(std::string(id));
}

Result<void> FleetTables::save_contract(const fleet::Contract& contract) {
  TRY(transaction_.alive());
  contract_rows.put(contract.id, contract);
  return {};
}

Result<std::vector<fleet::Contract>> FleetTables::contracts(std::string_view after_id,
                                                            size_t limit) {
  TRY(transaction_.alive());
  std::vector<fleet::Contract> page;
  const auto& rows = contract_rows.rows();
  auto row = rows.upper_bound(std::string(after_id));
  for (; row != rows.end() && page.size() < limit; ++row) page.push_back(row->second);
  return page;
}

Result<void> FleetTables::add_alarm(const fleet::Alarm& alarm) {
  TRY(transaction_.alive());
  if (alarm_rows.find(alarm.id) != nullptr) return fail(ErrorCode::already_exists);
  alarm_rows.put(alarm.id, alarm);
  return {};
}

Result<void> FleetTables::save_alarm(const fleet::Alarm& alarm) {
  TRY(transaction_.alive());
  if (alarm_rows.find(alarm.id) == nullptr) return fail(ErrorCode::not_found);
  alarm_rows.put(alarm.id, alarm);
  return {};
}

Result<std::optional<fleet::Alarm>> FleetTables::alarm(uint64_t id) {
  TRY(transaction_.alive());
  return alarm_rows.get(id);
}

Result<std::vector<fleet::Alarm>> FleetTables::alarms(bool unacknowledged_only, uint64_t before,
                                                      size_t limit) {
  TRY(transaction_.alive());
  std::vector<fleet::Alarm> page;
  auto row = alarm_rows.rows().lower_bound(before);
  while (row != alarm_rows.rows().begin() && page.size() < limit) {
    --row;
    if (unacknowledged_only && row->second.acknowledged_at.ms != 0) continue;
    page.push_back(row->second);
  }
  return page;
}

Result<uint64_t> FleetTables::next_range_id() {
  TRY(transaction_.alive());
  return next_id(range_rows.rows());
}

Result<uint64_t> FleetTables::next_allocation_id() {
  TRY(transaction_.alive());
  return next_id(allocation_rows.rows());
}

Result<uint64_t> FleetTables::next_alarm_id() {
  TRY(transaction_.alive());
  return next_id(alarm_rows.rows());
}

}  // namespace simurgh::memory_store
