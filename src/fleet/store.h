// What the fleet keeps, as typed rows. A store has no logic but keys and constraints: it refuses
// overlapping ranges and allocations and doubled numbers by itself (already_exists), whatever the
// code above it believes.
//
// All writes go to the open transaction; reads see it. `storage` when the store cannot answer.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "fleet/chip.h"

namespace simurgh::fleet {

struct ChipFilter {
  std::optional<ChipState> state;
  std::optional<uint64_t> allocation;
  std::string manufacturer;  // empty: any
  std::string contract;      // empty: any
  std::string iccid_prefix;  // digits; empty: any
};

struct Contact {
  Iccid iccid;
  Instant at;
};

class Store {
 public:
  virtual ~Store() = default;

  // --- number pool
  virtual Result<void> add_range(const Range& range) = 0;
  virtual Result<std::optional<Range>> range(uint64_t id) = 0;
  virtual Result<std::vector<Range>> ranges() = 0;
  virtual Result<void> set_allocated(uint64_t range, uint64_t allocated) = 0;

  virtual Result<void> add_allocation(const Allocation& allocation) = 0;
  virtual Result<std::optional<Allocation>> allocation(uint64_t id) = 0;
  // The allocation that contains the number, by binary search in an index.
  virtual Result<std::optional<Allocation>> allocation_with(const IccidBody& body) = 0;
  virtual Result<std::optional<Allocation>> allocation_with(const ImsiNumber& number) = 0;
  virtual Result<std::vector<Allocation>> allocations(uint64_t after_id, size_t limit) = 0;

  virtual Result<void> save_profile(const CardProfile& profile) = 0;
  virtual Result<std::optional<CardProfile>> profile(std::string_view name) = 0;
  virtual Result<std::vector<CardProfile>> profiles() = 0;

  virtual Result<void> add_revoked(const RevokedVersion& version) = 0;
  virtual Result<std::optional<RevokedVersion>> revoked(const Ver& ver) = 0;
  virtual Result<std::vector<RevokedVersion>> revoked_versions() = 0;

  // --- chips; last_contact is written by add_contacts only
  virtual Result<std::optional<Chip>> chip(const Iccid& iccid) = 0;
  virtual Result<std::optional<Chip>> chip_of(const Imsi& imsi) = 0;
  virtual Result<std::optional<Chip>> chip_of(const Msisdn& msisdn) = 0;
  virtual Result<void> save_chip(const Chip& chip) = 0;
  // In order of ICCID, those after `after` (empty: from the start).
  virtual Result<std::vector<Chip>> chips(const ChipFilter& filter, const Iccid& after,
                                          size_t limit) = 0;
  virtual Result<uint64_t> count_chips(ChipState state) = 0;
  // Never sets a contact back. ICCIDs that are not sold are passed over.
  virtual Result<void> add_contacts(std::span<const Contact> contacts) = 0;

  // --- orders, contracts, alarms
  virtual Result<std::optional<Order>> order(std::string_view id) = 0;
  virtual Result<std::vector<Order>> orders_of(const Iccid& iccid) = 0;  // oldest first
  virtual Result<void> save_order(const Order& order) = 0;

  virtual Result<std::optional<Contract>> contract(std::string_view id) = 0;
  virtual Result<void> save_contract(const Contract& contract) = 0;
  virtual Result<std::vector<Contract>> contracts(std::string_view after_id, size_t limit) = 0;

  virtual Result<void> add_alarm(const Alarm& alarm) = 0;  // with its id
  virtual Result<void> save_alarm(const Alarm& alarm) = 0;
  virtual Result<std::optional<Alarm>> alarm(uint64_t id) = 0;
  // Newest first, with id < before.
  virtual Result<std::vector<Alarm>> alarms(bool unacknowledged_only, uint64_t before,
                                            size_t limit) = 0;
  // One more than the highest id in the table (ids are never used again).
  virtual Result<uint64_t> next_range_id() = 0;
  virtual Result<uint64_t> next_allocation_id() = 0;
  virtual Result<uint64_t> next_alarm_id() = 0;
};

}  // namespace simurgh::fleet
