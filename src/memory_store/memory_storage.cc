#include "memory_store/memory_storage.h"

#include <algorithm>

#include "memory_store/state.h"

namespace simurgh::memory_store {

MemoryStorage::State::State(const ByteArray<16>& database)
    : audit(transaction),
      fleet(transaction),
      elements(transaction),
      campaigns(transaction),
      updates(transaction),
      hlr(transaction),
      remote(transaction),
      centre(transaction),
      api(transaction) {
  mark.database = database;
}

std::vector<TableBase*> MemoryStorage::State::tables() {
  return {
      &audit.rows,
      &fleet.range_rows,
      &fleet.allocation_rows,
      &fleet.allocation_by_iccid,
      &fleet.allocation_by_imsi,
      &fleet.profile_rows,
      &fleet.revoked_rows,
      &fleet.chip_rows,
      &fleet.chip_by_imsi,
      &fleet.chip_by_msisdn,
      &fleet.contact_rows,
      &fleet.order_rows,
      &fleet.order_by_chip,
      &fleet.contract_rows,
      &fleet.alarm_rows,
      &elements.rows,
      &elements.by_iccid,
      &elements.by_msisdn,
      &elements.by_identity,
      &elements.counters,
      &elements.batch_rows,
      &campaigns.campaign_rows,
      &campaigns.member_rows,
      &campaigns.outcome_rows,
      &campaigns.element_rows,
      &updates.sessions,
      &updates.cursors,
      &hlr.subscriber_rows,
      &hlr.subscriber_by_msisdn,
      &hlr.sequence_rows,
      &hlr.peer_rows,
      &hlr.work_rows,
      &remote.rows,
      &centre.rows,
      &centre.by_imsi,
      &centre.by_interval,
      &centre.by_active_identity,
      &centre.by_previous_identity,
      &api.answers,
      &api.manufacturer_rows,
      &api.delivery_rows,
  };
}

MemoryStorage::MemoryStorage(const ByteArray<16>& database)
    : state_(std::make_unique<State>(database)) {}
MemoryStorage::~MemoryStorage() = default;

audit::Store& MemoryStorage::audit() {
  return state_->audit;
}
fleet::Store& MemoryStorage::fleet() {
  return state_->fleet;
}
fleet::ElementStore& MemoryStorage::elements() {
  return state_->elements;
}
campaign::Store& MemoryStorage::campaigns() {
  return state_->campaigns;
}
element_update::Store& MemoryStorage::element_update() {
  return state_->updates;
}
hlr::Store& MemoryStorage::hlr() {
  return state_->hlr;
}
hlr::RemoteStore& MemoryStorage::remote_directory() {
  return state_->remote;
}
security_centre::Store& MemoryStorage::security_centre() {
  return state_->centre;
}
api::AnswerStore& MemoryStorage::answers() {
  return state_->api;
}
api::FactoryStore& MemoryStorage::factory() {
  return state_->api;
}

bool MemoryStorage::has_changes() const {
  return state_->transaction.log.size() != 0 || state_->next_generation != 0;
}

Result<hlr::CommitMark> MemoryStorage::commit(uint64_t journal_sequence) {
  Transaction& transaction = state_->transaction;
  TRY(transaction.alive());
  SIMURGH_CHECK(!transaction.step);
  if (!has_changes()) return state_->mark;
  if (transaction.fail_commit) {
    transaction.dead = true;
    return fail(ErrorCode::storage);
  }
  transaction.log.forget();
  state_->mark.generation = std::max(state_->mark.generation + 1, state_->next_generation);
  state_->next_generation = 0;
  state_->mark.journal_sequence = journal_sequence;
  return state_->mark;
}

hlr::CommitMark MemoryStorage::mark() const {
  return state_->mark;
}

Result<void> MemoryStorage::set_generation(uint64_t generation) {
  TRY(state_->transaction.alive());
  if (generation > state_->mark.generation) state_->next_generation = generation;
  return {};
}

Result<void> MemoryStorage::begin_step() {
  Transaction& transaction = state_->transaction;
  TRY(transaction.alive());
  SIMURGH_CHECK(!transaction.step);
  transaction.step = transaction.log.size();
  return {};
}

Result<void> MemoryStorage::keep_step() {
  Transaction& transaction = state_->transaction;
  TRY(transaction.alive());
  SIMURGH_CHECK(transaction.step.has_value());
  transaction.step.reset();
  return {};
}

Result<void> MemoryStorage::undo_step() {
  Transaction& transaction = state_->transaction;
  TRY(transaction.alive());
  SIMURGH_CHECK(transaction.step.has_value());
  transaction.log.undo_to(*transaction.step);
  transaction.step.reset();
  ++transaction.undo_count;
  return {};
}

Result<void> MemoryStorage::check_integrity() {
  return state_->transaction.alive();
}

void MemoryStorage::crash() {
  Transaction& transaction = state_->transaction;
  transaction.log.undo_to(0);
  transaction.step.reset();
  state_->next_generation = 0;
  transaction.dead = transaction.fail_commit = false;
  ++transaction.undo_count;
}

void MemoryStorage::fail_next_commit() {
  state_->transaction.fail_commit = true;
}

std::shared_ptr<const MemoryStorage::Snapshot> MemoryStorage::snapshot() const {
  SIMURGH_CHECK(!has_changes());
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->mark = state_->mark;
  for (const TableBase* table : state_->tables()) snapshot->tables.push_back(table->copy());
  return snapshot;
}

void MemoryStorage::restore(const Snapshot& snapshot) {
  crash();
  state_->mark = snapshot.mark;
  const auto tables = state_->tables();
  for (size_t i = 0; i < tables.size(); ++i) tables[i]->replace(snapshot.tables[i]);
}

}  // namespace simurgh::memory_store
