// The tables of the in-memory store, and the store interfaces over them.
#pragma once

#include <string>
#include <tuple>

#include "memory_store/memory_storage.h"
#include "memory_store/table.h"

namespace simurgh::memory_store {

// Whether the "process" is still alive, and what was changed; shared by all stores.
struct Transaction {
  ChangeLog log;
  uint64_t undo_count = 0;
  bool dead = false;
  bool fail_commit = false;
  std::optional<size_t> step;  // size of the log where the open step began

  Result<void> alive() const {
    if (dead) return fail(ErrorCode::storage);
    return {};
  }
};

class AuditTable final : public audit::Store {
 public:
  explicit AuditTable(Transaction& transaction)
      : transaction_(transaction), rows(transaction.log) {}
  Result<std::optional<audit::Row>> last() override;
  Result<void> append(const audit::Row& row) override;
  Result<std::vector<audit::Row>> page(uint64_t first, size_t limit) override;
  Result<std::vector<audit::Row>> page_of_subject(std::string_view subject, uint64_t before,
                                                  size_t limit) override;
  uint64_t undo_count() const override { return transaction_.undo_count; }

 private:
  Transaction& transaction_;

 public:
  Table<uint64_t, audit::Row> rows;
};

class FleetTables final : public fleet::Store {
 public:
  explicit FleetTables(Transaction& transaction);

  Result<void> add_range(const fleet::Range& range) override;
  Result<std::optional<fleet::Range>> range(uint64_t id) override;
  Result<std::vector<fleet::Range>> ranges() override;
  Result<void> set_allocated(uint64_t range, uint64_t allocated) override;
  Result<void> add_allocation(const fleet::Allocation& allocation) override;
  Result<std::optional<fleet::Allocation>> allocation(uint64_t id) override;
  Result<std::optional<fleet::Allocation>> allocation_with(const fleet::IccidBody& body) override;
  Result<std::optional<fleet::Allocation>> allocation_with(
      const fleet::ImsiNumber& number) override;
  Result<std::vector<fleet::Allocation>> allocations(uint64_t after_id, size_t limit) override;
  Result<void> save_profile(const fleet::CardProfile& profile) override;
  Result<std::optional<fleet::CardProfile>> profile(std::string_view name) override;
  Result<std::vector<fleet::CardProfile>> profiles() override;
  Result<void> add_revoked(const fleet::RevokedVersion& version) override;
  Result<std::optional<fleet::RevokedVersion>> revoked(const fleet::Ver& ver) override;
  Result<std::vector<fleet::RevokedVersion>> revoked_versions() override;
  Result<std::optional<fleet::Chip>> chip(const Iccid& iccid) override;
  Result<std::optional<fleet::Chip>> chip_of(const Imsi& imsi) override;
  Result<std::optional<fleet::Chip>> chip_of(const Msisdn& msisdn) override;
  Result<void> save_chip(const fleet::Chip& chip) override;
  Result<std::vector<fleet::Chip>> chips(const fleet::ChipFilter& filter, const Iccid& after,
                                         size_t limit) override;
  Result<uint64_t> count_chips(fleet::ChipState state) override;
  Result<void> add_contacts(std::span<const fleet::Contact> contacts) override;
  Result<std::optional<fleet::Order>> order(std::string_view id) override;
  Result<std::vector<fleet::Order>> orders_of(const Iccid& iccid) override;
  Result<void> save_order(const fleet::Order& order) override;
  Result<std::optional<fleet::Contract>> contract(std::string_view id) override;
  Result<void> save_contract(const fleet::Contract& contract) override;
  Result<std::vector<fleet::Contract>> contracts(std::string_view after_id, size_t limit) override;
  Result<void> add_alarm(const fleet::Alarm& alarm) override;
  Result<void> save_alarm(const fleet::Alarm& alarm) override;
  Result<std::optional<fleet::Alarm>> alarm(uint64_t id) override;
  Result<std::vector<fleet::Alarm>> alarms(bool unacknowledged_only, uint64_t before,
                                           size_t limit) override;
  Result<uint64_t> next_range_id() override;
  Result<uint64_t> next_allocation_id() override;
  Result<uint64_t> next_alarm_id() override;

  using Start = std::pair<uint8_t, uint64_t>;  // digits and first number of a run
  using OrderKey = std::tuple<Iccid, Instant, std::string>;

 private:
  fleet::Chip with_contact(const fleet::Chip& chip) const;
  bool matches(const fleet::ChipFilter& filter, const fleet::Chip& chip) const;

  Transaction& transaction_;

 public:
  Table<uint64_t, fleet::Range> range_rows;
  Table<uint64_t, fleet::Allocation> allocation_rows;
  Table<Start, uint64_t> allocation_by_iccid;
  Table<Start, uint64_t> allocation_by_imsi;
  Table<std::string, fleet::CardProfile> profile_rows;
  Table<fleet::Ver, fleet::RevokedVersion> revoked_rows;
  Table<Iccid, fleet::Chip> chip_rows;
  Table<Imsi, Iccid> chip_by_imsi;
  Table<Msisdn, Iccid> chip_by_msisdn;
  Table<Iccid, Instant> contact_rows;
  Table<std::string, fleet::Order> order_rows;
  Table<OrderKey, std::string> order_by_chip;
  Table<std::string, fleet::Contract> contract_rows;
  Table<uint64_t, fleet::Alarm> alarm_rows;
};

class ElementTables final : public fleet::ElementStore {
 public:
  explicit ElementTables(Transaction& transaction)
      : transaction_(transaction),
        rows(transaction.log),
        by_iccid(transaction.log),
        by_msisdn(transaction.log),
        by_identity(transaction.log),
        counters(transaction.log),
        batch_rows(transaction.log) {}
  Result<void> add(std::span<const fleet::Element> elements) override;
  Result<void> save(const fleet::Element& element) override;
  Result<std::optional<fleet::Element>> element(uint32_t id) override;
  Result<std::optional<fleet::Element>> element_of(const Iccid& iccid) override;
  Result<std::optional<fleet::Element>> element_of(const Msisdn& msisdn) override;
  Result<std::optional<fleet::Element>> element_of_identity(std::string_view identity) override;
  Result<std::vector<fleet::Element>> elements(const fleet::ElementFilter& filter,
                                               const Iccid& after, size_t limit) override;
  Result<uint32_t> next_element_id() override;
  // There is no older schema of memory.
  Result<std::vector<Iccid>> without_element(size_t limit) override;
  Result<void> drop_without_element(std::span<const Iccid> iccids) override;
  Result<uint64_t> counter(uint32_t element) override;
  Result<void> set_counters(std::span<const fleet::ElementCounter> changed) override;
  Result<void> raise_counters(uint64_t leap) override;
  Result<void> save_batch(const fleet::Batch& batch) override;
  Result<std::vector<fleet::Batch>> batches() override;

 private:
  template <typename Key>
  Result<std::optional<fleet::Element>> find_by(const Table<Key, uint32_t>& index, const Key& key);
  bool clashes(const fleet::Element& element) const;
  void put(const fleet::Element& element);

  Transaction& transaction_;

 public:
  Table<uint32_t, fleet::Element> rows;
  Table<Iccid, uint32_t> by_iccid;
  Table<Msisdn, uint32_t> by_msisdn;
  Table<std::string, uint32_t> by_identity;
  Table<uint32_t, uint64_t> counters;
  Table<uint16_t, fleet::Batch> batch_rows;
};

class CampaignTables final : public campaign::Store {
 public:
  explicit CampaignTables(Transaction& transaction)
      : transaction_(transaction),
        campaign_rows(transaction.log),
        member_rows(transaction.log),
        outcome_rows(transaction.log),
        element_rows(transaction.log) {}
  Result<void> save(const campaign::Campaign& campaign) override;
  Result<void> save_progress(const campaign::Campaign& campaign) override;
  Result<std::optional<campaign::Campaign>> campaign(campaign::CampaignId id) override;
  Result<std::vector<campaign::Campaign>> campaigns() override;
  Result<campaign::CampaignId> next_campaign_id() override;
  Result<void> add_members(campaign::CampaignId campaign,
                           std::span<const campaign::ElementId> elements) override;
  Result<void> load_members(campaign::CampaignId campaign,
                            FunctionRef<void(campaign::ElementId)> visit) override;
  Result<void> apply(std::span<const campaign::OutcomeRow> rows) override;
  Result<void> load_outcomes(campaign::CampaignId campaign,
                             FunctionRef<void(const campaign::OutcomeRow&)> visit) override;
  Result<std::vector<campaign::OutcomeRow>> outcomes(campaign::CampaignId campaign,
                                                     campaign::ElementId first,
                                                     size_t limit) override;
  Result<std::optional<campaign::OutcomeRow>> outcome(campaign::CampaignId campaign,
                                                      campaign::ElementId element) override;
  Result<void> apply(std::span<const campaign::ElementRow> rows) override;
  Result<std::optional<campaign::ElementRow>> element(campaign::ElementId element) override;
  Result<void> load_elements(FunctionRef<void(const campaign::ElementRow&)> visit) override;

  using ElementKey = std::pair<campaign::CampaignId, campaign::ElementId>;

 private:
  Transaction& transaction_;

 public:
  Table<campaign::CampaignId, campaign::Campaign> campaign_rows;
  Table<ElementKey, bool> member_rows;
  Table<ElementKey, campaign::OutcomeRow> outcome_rows;
  Table<campaign::ElementId, campaign::ElementRow> element_rows;
};

class HlrTables final : public hlr::Store {
 public:
  explicit HlrTables(Transaction& transaction);

  Result<std::optional<hlr::Subscriber>> load(const Imsi& imsi) override;
  Result<std::optional<hlr::Subscriber>> load_by_msisdn(const Msisdn& msisdn) override;
  Result<void> save(const hlr::Subscriber& row) override;
  Result<void> save_location(const hlr::Subscriber& row) override;
  Result<void> erase(const Imsi& imsi) override;
  Result<std::vector<hlr::Subscriber>> page(const Imsi& after, size_t limit) override;
  Result<std::optional<hlr::Sequence>> load_sequence(const Imsi& imsi) override;
  Result<void> save_sequence(const hlr::Sequence& row) override;
  Result<void> raise_all_sequences(uint64_t by) override;
  Result<std::vector<hlr::PeerIndex>> peer_indexes() override;
  Result<void> add_peer_index(const hlr::PeerIndex& row) override;
  Result<std::vector<hlr::NetworkWork>> all_work() override;
  Result<void> add_work(const hlr::NetworkWork& work) override;
  Result<void> erase_work(const hlr::NetworkWork& work) override;
  uint64_t undo_count() const override { return transaction_.undo_count; }

  using PeerKey = std::pair<std::string, hlr::Domain>;

 private:
  Transaction& transaction_;

 public:
  Table<Imsi, hlr::Subscriber> subscriber_rows;
  Table<Msisdn, Imsi> subscriber_by_msisdn;
  Table<Imsi, hlr::Sequence> sequence_rows;
  Table<PeerKey, hlr::PeerIndex> peer_rows;
  Table<hlr::NetworkWork, bool> work_rows;
};

class RemoteTable final : public hlr::RemoteStore {
 public:
  explicit RemoteTable(Transaction& transaction)
      : transaction_(transaction), rows(transaction.log) {}
  Result<std::optional<hlr::RemoteSubscriber>> load(const Imsi& imsi) override;
  Result<void> save(const hlr::RemoteSubscriber& row) override;
  Result<void> erase(const Imsi& imsi) override;
  Result<std::vector<hlr::RemoteSubscriber>> unconfirmed(const Imsi& after, size_t limit) override;

 private:
  Transaction& transaction_;

 public:
  Table<Imsi, hlr::RemoteSubscriber> rows;
};

class UpdateTables final : public element_update::Store {
 public:
  explicit UpdateTables(Transaction& transaction)
      : transaction_(transaction), sessions(transaction.log), cursors(transaction.log) {}
  Result<remote_admin::SessionRecord> session(uint32_t element) override;
  Result<void> save_session(uint32_t element, const remote_admin::SessionRecord& record) override;
  Result<std::optional<element_update::Cursor>> cursor(uint32_t element,
                                                       campaign::CampaignId campaign) override;
  Result<std::vector<element_update::Cursor>> cursors_of(uint32_t element) override;
  Result<void> save(const element_update::Cursor& cursor) override;
  Result<void> erase_cursor(uint32_t element, campaign::CampaignId campaign) override;

 private:
  Transaction& transaction_;

 public:
  Table<uint32_t, remote_admin::SessionRecord> sessions;
  Table<std::pair<uint32_t, uint32_t>, element_update::Cursor> cursors;  // element, campaign
};

class CentreTables final : public security_centre::Store {
 public:
  explicit CentreTables(Transaction& transaction)
      : transaction_(transaction),
        rows(transaction.log),
        by_imsi(transaction.log),
        by_interval(transaction.log),
        by_active_identity(transaction.log),
        by_previous_identity(transaction.log) {}
  Result<std::optional<security_centre::ChipKeys>> load(const Iccid& iccid) override;
  Result<std::optional<security_centre::ChipKeys>> load_by_imsi(const Imsi& imsi) override;
  Result<std::optional<security_centre::ChipKeys>> load_by_identity(
      std::string_view identity) override;
  Result<std::vector<security_centre::ChipKeys>> without_identity(size_t limit) override;
  Result<void> save(const security_centre::ChipKeys& row) override;
  Result<void> erase(const Iccid& iccid) override;
  Result<void> each_open(FunctionRef<void(const security_centre::ChipKeys&)> visit) override;
  Result<void> each_rekey_due(Instant before, size_t limit,
                              FunctionRef<void(const security_centre::ChipKeys&)> visit) override;
  Result<void> raise_counters(uint64_t leap) override;

 private:
  bool clashes(const security_centre::ChipKeys& row) const;
  void erase_indexes(const security_centre::ChipKeys& row);
  Transaction& transaction_;

 public:
  Table<Iccid, security_centre::ChipKeys> rows;
  Table<Imsi, Iccid> by_imsi;
  Table<std::pair<Instant, Iccid>, bool> by_interval;
  Table<std::string, Iccid> by_active_identity;
  Table<std::string, Iccid> by_previous_identity;
};

class ApiTables final : public api::AnswerStore, public api::FactoryStore {
 public:
  explicit ApiTables(Transaction& transaction)
      : transaction_(transaction),
        answers(transaction.log),
        manufacturer_rows(transaction.log),
        delivery_rows(transaction.log) {}
  Result<std::optional<api::IdempotentAnswer>> load(std::string_view token,
                                                    std::string_view key) override;
  Result<void> add(const api::IdempotentAnswer& answer) override;
  Result<void> erase_before(Instant at) override;
  Result<void> save_manufacturer(const api::Manufacturer& row) override;
  Result<std::optional<api::Manufacturer>> manufacturer(std::string_view name) override;
  Result<std::vector<api::Manufacturer>> manufacturers() override;
  Result<void> save_delivery(const api::Delivery& row) override;
  Result<std::optional<api::Delivery>> delivery(uint64_t allocation) override;

  using AnswerKey = std::pair<std::string, std::string>;

 private:
  Transaction& transaction_;

 public:
  Table<AnswerKey, api::IdempotentAnswer> answers;
  Table<std::string, api::Manufacturer> manufacturer_rows;
  Table<uint64_t, api::Delivery> delivery_rows;
};

struct MemoryStorage::State {
  explicit State(const ByteArray<16>& database);
  // Every table, in one order.
  std::vector<TableBase*> tables();

  Transaction transaction;
  hlr::CommitMark mark;
  uint64_t next_generation = 0;  // that the next commit gets, when not simply one more
  AuditTable audit;
  FleetTables fleet;
  ElementTables elements;
  CampaignTables campaigns;
  UpdateTables updates;
  HlrTables hlr;
  RemoteTable remote;
  CentreTables centre;
  ApiTables api;
};

class MemoryStorage::Snapshot {
 public:
  hlr::CommitMark mark;
  std::vector<std::shared_ptr<const void>> tables;
};

}  // namespace simurgh::memory_store
