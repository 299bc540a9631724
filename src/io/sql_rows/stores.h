// The store interfaces over one connection of any engine: the only place with DML. The SQL is what
// SQLite and PostgreSQL both understand, with $n parameters; what only one of them has is in
// io/store_sqlite or io/store_postgres, the tables first of all (schema/).
//
// docs/operator/stores.md says how to add a table.
#pragma once

#include "io/sql_rows/query.h"
#include "storage/storage.h"

namespace simurgh::sql_rows {

// The connection with what is open on it.
struct Session {
  Connection& connection;
  bool changed = false;
  uint64_t undo_count = 0;

  // Before every change.
  Result<void> begin_change() {
    TRY(connection.begin());
    changed = true;
    return {};
  }
};

class AuditRows final : public audit::Store {
 public:
  explicit AuditRows(Session& session) : session_(session) {}
  Result<std::optional<audit::Row>> last() override;
  Result<void> append(const audit::Row& row) override;
  Result<std::vector<audit::Row>> page(uint64_t first, size_t limit) override;
  Result<std::vector<audit::Row>> page_of_subject(std::string_view subject, uint64_t before,
                                                  size_t limit) override;
  uint64_t undo_count() const override { return session_.undo_count; }

 private:
  Session& session_;
};

class FleetRows final : public fleet::Store {
 public:
  explicit FleetRows(Session& session) : session_(session) {}
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

 private:
  Session& session_;
};

class ElementRows final : public fleet::ElementStore {
 public:
  explicit ElementRows(Session& session) : session_(session) {}
  Result<void> add(std::span<const fleet::Element> elements) override;
  Result<void> save(const fleet::Element& row) override;
  Result<std::optional<fleet::Element>> element(uint32_t id) override;
  Result<std::optional<fleet::Element>> element_of(const Iccid& iccid) override;
  Result<std::optional<fleet::Element>> element_of(const Msisdn& msisdn) override;
  Result<std::optional<fleet::Element>> element_of_identity(std::string_view identity) override;
  Result<std::vector<fleet::Element>> elements(const fleet::ElementFilter& filter,
                                               const Iccid& after, size_t limit) override;
  Result<uint32_t> next_element_id() override;
  Result<std::vector<Iccid>> without_element(size_t limit) override;
  Result<void> drop_without_element(std::span<const Iccid> iccids) override;
  Result<uint64_t> counter(uint32_t element) override;
  Result<void> set_counters(std::span<const fleet::ElementCounter> counters) override;
  Result<void> raise_counters(uint64_t leap) override;
  Result<void> save_batch(const fleet::Batch& batch) override;
  Result<std::vector<fleet::Batch>> batches() override;

 private:
  Session& session_;
};

class CampaignRows final : public campaign::Store {
 public:
  explicit CampaignRows(Session& session) : session_(session) {}
  Result<void> save(const campaign::Campaign& row) override;
  Result<void> save_progress(const campaign::Campaign& row) override;
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

 private:
  Session& session_;
};

class UpdateRows final : public element_update::Store {
 public:
  explicit UpdateRows(Session& session) : session_(session) {}
  Result<remote_admin::SessionRecord> session(uint32_t element) override;
  Result<void> save_session(uint32_t element, const remote_admin::SessionRecord& record) override;
  Result<std::optional<element_update::Cursor>> cursor(uint32_t element,
                                                       campaign::CampaignId campaign) override;
  Result<std::vector<element_update::Cursor>> cursors_of(uint32_t element) override;
  Result<void> save(const element_update::Cursor& row) override;
  Result<void> erase_cursor(uint32_t element, campaign::CampaignId campaign) override;

 private:
  Session& session_;
};

class HlrRows final : public hlr::Store {
 public:
  explicit HlrRows(Session& session) : session_(session) {}
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
  uint64_t undo_count() const override { return session_.undo_count; }

 private:
  Session& session_;
};

class RemoteRows final : public hlr::RemoteStore {
 public:
  explicit RemoteRows(Session& session) : session_(session) {}
  Result<std::optional<hlr::RemoteSubscriber>> load(const Imsi& imsi) override;
  Result<void> save(const hlr::RemoteSubscriber& row) override;
  Result<void> erase(const Imsi& imsi) override;
  Result<std::vector<hlr::RemoteSubscriber>> unconfirmed(const Imsi& after, size_t limit) override;

 private:
  Session& session_;
};

class CentreRows final : public security_centre::Store {
 public:
  explicit CentreRows(Session& session) : session_(session) {}
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
  Session& session_;
};

class ApiRows final : public api::AnswerStore, public api::FactoryStore {
 public:
  explicit ApiRows(Session& session) : session_(session) {}
  Result<std::optional<api::IdempotentAnswer>> load(std::string_view token,
                                                    std::string_view key) override;
  Result<void> add(const api::IdempotentAnswer& answer) override;
  Result<void> erase_before(Instant at) override;
  Result<void> save_manufacturer(const api::Manufacturer& row) override;
  Result<std::optional<api::Manufacturer>> manufacturer(std::string_view name) override;
  Result<std::vector<api::Manufacturer>> manufacturers() override;
  Result<void> save_delivery(const api::Delivery& row) override;
  Result<std::optional<api::Delivery>> delivery(uint64_t allocation) override;

 private:
  Session& session_;
};

}  // namespace simurgh::sql_rows
