#include "memory_store/state.h"

namespace simurgh::memory_store {

HlrTables::HlrTables(Transaction& transaction)
    : transaction_(transaction),
      subscriber_rows(transaction.log),
      subscriber_by_msisdn(transaction.log),
      sequence_rows(transaction.log),
      peer_rows(transaction.log),
      work_rows(transaction.log) {}

Result<std::optional<hlr::Subscriber>> HlrTables::load(const Imsi& imsi) {
  TRY(transaction_.alive());
  return subscriber_rows.get(imsi);
}

Result<std::optional<hlr::Subscriber>> HlrTables::load_by_msisdn(const Msisdn& msisdn) {
  TRY(transaction_.alive());
  const Imsi* imsi = subscriber_by_msisdn.find(msisdn);
  if (imsi == nullptr) return std::optional<hlr::Subscriber>();
  return subscriber_rows.get(*imsi);
}

Result<void> HlrTables::save(const hlr::Subscriber& row) {
  TRY(transaction_.alive());
  if (!row.msisdn.empty()) {
    const Imsi* other = subscriber_by_msisdn.find(row.msisdn);
    if (other != nullptr && *other != row.imsi) return fail(ErrorCode::already_exists);
  }
  const hlr::Subscriber* old = subscriber_rows.find(row.imsi);
  if (old != nullptr && !old->msisdn.empty() && old->msisdn != row.msisdn) {
    subscriber_by_msisdn.erase(old->msisdn);
  }
  if (!row.msisdn.empty()) subscriber_by_msisdn.put(row.msisdn, row.imsi);
  subscriber_rows.put(row.imsi, row);
  return {};
}

Result<void> HlrTables::save_location(const hlr::Subscriber& row) {
  TRY(transaction_.alive());
  auto stored = subscriber_rows.get(row.imsi);
  if (!stored) return fail(ErrorCode::not_found);
  stored->vlr = row.vlr;
  stored->sgsn = row.sgsn;
  stored->purged_circuit = row.purged_circuit;
  stored->purged_packet = row.purged_packet;
  subscriber_rows.put(row.imsi, *stored);
  return {};
}

Result<void> HlrTables::erase(const Imsi& imsi) {
  TRY(transaction_.alive());
  const hlr::Subscriber* old = subscriber_rows.find(imsi);
  if (old == nullptr) return {};
  if (!old->msisdn.empty()) subscriber_by_msisdn.erase(old->msisdn);
  subscriber_rows.erase(imsi);
  return {};
}

Result<std::vector<hlr::Subscriber>> HlrTables::page(const Imsi& after, size_t limit) {
  TRY(transaction_.alive());
  std::vector<hlr::Subscriber> page;
  const auto& rows = subscriber_rows.rows();
  for (auto row = rows.upper_bound(after); row != rows.end() && page.size() < limit; ++row) {
    page.push_back(row->second);
  }
  return page;
}

Result<std::optional<hlr::Sequence>> HlrTables::load_sequence(const Imsi& imsi) {
  TRY(transaction_.alive());
  return sequence_rows.get(imsi);
}

Result<void> HlrTables::save_sequence(const hlr::Sequence& row) {
  TRY(transaction_.alive());
  sequence_rows.put(row.imsi, row);
  return {};
}

Result<void> HlrTables::raise_all_sequences(uint64_t by) {
  TRY(transaction_.alive());
  std::vector<hlr::Sequence> raised;
  for (const auto& [imsi, row] : sequence_rows.rows()) raised.push_back(row);
  for (hlr::Sequence& row : raised) {
    row.reserved += by;
    sequence_rows.put(row.imsi, row);
  }
  return {};
}

Result<std::vector<hlr::PeerIndex>> HlrTables::peer_indexes() {
  TRY(transaction_.alive());
  std::vector<hlr::PeerIndex> all;
  for (const auto& [key, row] : peer_rows.rows()) all.push_back(row);
  return all;
}

Result<void> HlrTables::add_peer_index(const hlr::PeerIndex& row) {
  TRY(transaction_.alive());
  const PeerKey key{row.peer, row.domain};
  if (peer_rows.find(key) != nullptr) return fail(ErrorCode::already_exists);
  peer_rows.put(key, row);
  return {};
}

Result<std::vector<hlr::NetworkWork>> HlrTables::all_work() {
  TRY(transaction_.alive());
  std::vector<hlr::NetworkWork> all;
  for (const auto& [work, present] : work_rows.rows()) all.push_back(work);
  return all;
}

Result<void> HlrTables::add_work(const hlr::NetworkWork& work) {
  TRY(transaction_.alive());
  work_rows.put(work, true);
  return {};
}

Result<void> HlrTables::erase_work(const hlr::NetworkWork& work) {
  TRY(transaction_.alive());
  work_rows.erase(work);
  return {};
}

// --- a remote HLR ------------------------------------------------------------------------------

Result<std::optional<hlr::RemoteSubscriber>> RemoteTable::load(const Imsi& imsi) {
  TRY(transaction_.alive());
  return rows.get(imsi);
}

Result<void> RemoteTable::save(const hlr::RemoteSubscriber& row) {
  TRY(transaction_.alive());
  rows.put(row.wanted.imsi, row);
  return {};
}

Result<void> RemoteTable::erase(const Imsi& imsi) {
  TRY(transaction_.alive());
  rows.erase(imsi);
  return {};
}

Result<std::vector<hlr::RemoteSubscriber>> RemoteTable::unconfirmed(const Imsi& after,
                                                                    size_t limit) {
  TRY(transaction_.alive());
  std::vector<hlr::RemoteSubscriber> page;
  for (auto row = rows.rows().upper_bound(after); row != rows.rows().end(); ++row) {
    if (page.size() == limit) break;
    if (row->second.confirmed < row->second.version) page.push_back(row->second);
  }
  return page;
}

}  // namespace simurgh::memory_store
