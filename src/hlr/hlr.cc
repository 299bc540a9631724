// Subscribers and their location; vectors are made in auc.cc.
#include "hlr/hlr.h"

#include "crypto/known_test_keys.h"
#include "hlr/cache.h"

namespace simurgh::hlr {

namespace {

bool is_comp128(Algorithm algorithm) {
  return algorithm != Algorithm::milenage && algorithm != Algorithm::tuak;
}

bool same_keys(const SubscriberKeys& a, const SubscriberKeys& b) {
  return a.algorithm == b.algorithm && a.tuak_iterations == b.tuak_iterations &&
         crypto::secure_equal(a.ki.view(), b.ki.view()) &&
         crypto::secure_equal(a.opc.view(), b.opc.view()) &&
         crypto::secure_equal(a.rand_tag_key.view(), b.rand_tag_key.view());
}

bool has_known_test_key(const SubscriberKeys& keys) {
  return crypto::is_known_test_key(keys.ki.view()) ||
         (!keys.opc.empty() && crypto::is_known_test_key(keys.opc.view()));
}

std::string& node_of(Subscriber& row, Domain domain) {
  return domain == Domain::circuit ? row.vlr : row.sgsn;
}

audit::Detail key_detail(const Subscriber& row) {
  audit::Detail detail;
  detail.add("algorithm", fleet::name_of(row.algorithm)).add("life", row.life);
  detail.add("epoch", row.epoch);
  return detail;
}

}  // namespace

Hlr::Hlr(const HlrSettings& settings, const Parts& parts)
    : settings_(settings),
      parts_(parts),
      cache_(std::make_unique<Cache>(settings.cache_entries_max)) {
  cache_->undo_count = parts.store.undo_count();
}
Hlr::~Hlr() = default;

Result<std::vector<Subscriber>> Store::page_imported(const Imsi& after, size_t limit) {
  std::vector<Subscriber> out;
  Imsi position = after;
  while (out.size() < limit) {
    auto rows = TRY(page(position, limit));
    if (rows.empty()) break;
    position = rows.back().imsi;
    for (Subscriber& row : rows) {
      if (row.imported && out.size() < limit) {
        position = row.imsi;
        out.push_back(std::move(row));
      }
    }
  }
  return out;
}

// --- rows --------------------------------------------------------------------------------------

Result<Hlr::Entry*> Hlr::find(const Imsi& imsi) {
  if (cache_->undo_count != parts_.store.undo_count()) {
    cache_->clear();
    cache_->undo_count = parts_.store.undo_count();
  }
  if (Entry* entry = cache_->find(imsi); entry != nullptr) return entry;
  ++figures_.cache_misses;
  auto row = TRY(parts_.store.load(imsi));
  if (!row) return static_cast<Entry*>(nullptr);
  auto sequence = TRY(parts_.store.load_sequence(imsi));
  auto entry = std::make_unique<Entry>();
  entry->row = std::move(*row);
  if (sequence) {
    entry->sequence = std::move(*sequence);
  } else {
    entry->sequence.imsi = imsi;
  }
  entry->used = entry->sequence.reserved;  // what was not used of a block is skipped
  return cache_->add(std::move(entry));
}

Result<Hlr::Entry*> Hlr::find_existing(const Imsi& imsi) {
  Entry* entry = TRY(find(imsi));
  if (entry == nullptr) return fail(ErrorCode::not_found);
  return entry;
}

Result<void> Hlr::save(Entry& entry, const audit::By& by) {
  entry.row.changed = by.at;
  const auto saved = parts_.store.save(entry.row);
  if (!saved) cache_->erase(Imsi(entry.row.imsi));  // the cache must not be ahead of the store
  return saved;
}

Result<Subscriber> Hlr::subscriber(const Imsi& imsi) {
  return TRY(find_existing(imsi))->row;
}

Result<void> Hlr::add_subscriber(Subscriber row, const SubscriberKeys& keys, uint64_t sequence,
                                 const audit::By& by) {
  if (TRY(find(row.imsi)) != nullptr) return fail(ErrorCode::already_exists);
  if (!row.msisdn.empty() && TRY(parts_.store.load_by_msisdn(row.msisdn))) {
    return fail(ErrorCode::already_exists);
  }
  row.algorithm = keys.algorithm;
  row.tuak_iterations = keys.tuak_iterations;
  row.life = keys.life;
  row.epoch = keys.epoch;
  row.sealed_keys = TRY(seal_keys(parts_.keys, row.imsi, row.iccid, keys));
  row.created = row.changed = by.at;
  TRY(parts_.store.save(row));
  // A number that was here before goes on from where it was.
  auto known = TRY(parts_.store.load_sequence(row.imsi));
  Sequence next = known ? std::move(*known) : Sequence{};
  next.imsi = row.imsi;
  next.reserved = sequence > next.reserved ? sequence : next.reserved;
  next.peer_circuit.clear();
  next.peer_packet.clear();
  return parts_.store.save_sequence(next);
}

Result<void> Hlr::create(const NewSubscriber& subscriber, const audit::By& by) {
  if (is_comp128(subscriber.keys.algorithm)) return fail(ErrorCode::not_allowed);
  TRY(check(subscriber.keys));
  Subscriber row;
  row.imsi = subscriber.imsi;
  row.iccid = subscriber.iccid;
  row.msisdn = subscriber.msisdn;
  row.hotline = subscriber.hotline;
  TRY(add_subscriber(row, subscriber.keys, 0, by));
  const Entry* entry = TRY(find_existing(row.imsi));
  auto detail = key_detail(entry->row);
  detail.add("hotline", row.hotline).add("msisdn", row.msisdn);
  return parts_.audit.append(by, {"subscriber.create", row.imsi.text(), detail});
}

Result<ImportOutcome> Hlr::import(const ImportedSubscriber& subscriber, const audit::By& by) {
  TRY(check(subscriber.keys));
  if (subscriber.sequence > sequence_max) return fail(ErrorCode::too_large);
  audit::Detail detail;
  detail.add("algorithm", fleet::name_of(subscriber.keys.algorithm));
  const bool is_test_key = has_known_test_key(subscriber.keys);
  const bool is_shared_key = TRY(is_shared(subscriber.keys.ki, subscriber.imsi));
  if (is_test_key) detail.add("known_test_key", true);
  if (is_shared_key) detail.add("shared_key", true);
  auto outcome = ImportOutcome::imported;
  if (is_shared_key && !settings_.import.bench_keys) outcome = ImportOutcome::shared_key;
  if (is_test_key && !settings_.import.bench_keys) outcome = ImportOutcome::known_test_key;
  if (is_comp128(subscriber.keys.algorithm) && !settings_.import.comp128) {
    outcome = ImportOutcome::refused_by_policy;
  }
  if (outcome != ImportOutcome::imported) {
    TRY(parts_.audit.append(by, {"subscriber.import_refused", subscriber.imsi.text(), detail}));
    return outcome;
  }
  Subscriber row;
  row.imsi = subscriber.imsi;
  row.iccid = subscriber.iccid;
  row.msisdn = subscriber.msisdn;
  row.imported = true;
  TRY(add_subscriber(row, subscriber.keys, subscriber.sequence, by));
  imported_keys_.emplace(fingerprint_of(subscriber.keys.ki), subscriber.imsi);
  detail.add("msisdn", row.msisdn).add("iccid", row.iccid);
  TRY(parts_.audit.append(by, {"subscriber.import", row.imsi.text(), detail}));
  return ImportOutcome::imported;
}

uint64_t Hlr::fingerprint_of(const Key256& ki) const {
  const crypto::Digest digest = crypto::sha256({fingerprint_secret_.view(), ki.view()});
  uint64_t out;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

Result<KeyFaults> Hlr::check_imported_keys() {
  constexpr size_t page_rows = 1000;
  KeyFaults faults;
  imported_keys_.clear();
  parts_.random.fill(fingerprint_secret_.fill(32));
  Imsi after;
  while (true) {
    const auto rows = TRY(parts_.store.page_imported(after, page_rows));
    for (const Subscriber& row : rows) {
      after = row.imsi;
      const auto keys = open_keys(parts_.keys, row);
      if (!keys) continue;  // damaged: it will be fenced when it is asked for
      const uint64_t fingerprint = fingerprint_of(keys->ki);
      const bool test_key = has_known_test_key(*keys);
      const bool shared = imported_keys_.contains(fingerprint);
      if (test_key) ++faults.known_test_keys;
      if (shared) ++faults.shared_keys;
      if (test_key || shared) faults.example = row.imsi;
      imported_keys_.emplace(fingerprint, row.imsi);
    }
    if (rows.size() < page_rows) break;
  }
  imported_keys_known_ = true;
  return faults;
}

Result<bool> Hlr::is_shared(const Key256& ki, const Imsi& imsi) {
  if (!imported_keys_known_) TRY(check_imported_keys());
  const auto [begin, end] = imported_keys_.equal_range(fingerprint_of(ki));
  for (auto entry = begin; entry != end; ++entry) {
    // Imported and undone, or removed since: the store is the truth.
    const auto row = TRY(parts_.store.load(entry->second));
    if (!row || row->imsi == imsi || !row->imported) continue;
    const auto keys = open_keys(parts_.keys, *row);
    if (keys && crypto::secure_equal(keys->ki.view(), ki.view())) return true;
  }
  return false;
}

Result<void> Hlr::replace_keys(const Imsi& imsi, const SubscriberKeys& keys, const audit::By& by) {
  TRY(check(keys));
  if (is_comp128(keys.algorithm)) return fail(ErrorCode::not_allowed);
  Entry* entry = TRY(find_existing(imsi));
  Subscriber& row = entry->row;
  if (keys.life == row.life && keys.epoch == row.epoch) {
    const auto present = open_keys(parts_.keys, row);
    if (!present || !same_keys(*present, keys)) return fail(ErrorCode::replayed);
    if (!row.fenced) return {};
  } else if (keys.life < row.life || (keys.life == row.life && keys.epoch < row.epoch)) {
    return fail(ErrorCode::replayed);
  }
  const SealedKeys sealed = TRY(seal_keys(parts_.keys, imsi, row.iccid, keys));
  row.algorithm = keys.algorithm;
  row.tuak_iterations = keys.tuak_iterations;
  row.life = keys.life;
  row.epoch = keys.epoch;
  row.sealed_keys = sealed;
  row.fenced = false;
  entry->opened = false;
  TRY(save(*entry, by));
  return parts_.audit.append(by, {"subscriber.keys", imsi.text(), key_detail(entry->row)});
}

Result<void> Hlr::set_hotline(const Imsi& imsi, bool hotline, const audit::By& by) {
  Entry* entry = TRY(find_existing(imsi));
  if (entry->row.hotline == hotline) return {};
  entry->row.hotline = hotline;
  TRY(save(*entry, by));
  TRY(parts_.audit.append(
      by, {hotline ? "subscriber.hotline_on" : "subscriber.hotline_off", imsi.text(), {}}));
  return tell_serving_nodes(entry->row, NetworkWork::Kind::insert_data, by.at);
}

Result<void> Hlr::set_msisdn(const Imsi& imsi, const Msisdn& msisdn, const audit::By& by) {
  Entry* entry = TRY(find_existing(imsi));
  if (entry->row.msisdn == msisdn) return {};
  if (!msisdn.empty() && TRY(parts_.store.load_by_msisdn(msisdn))) {
    return fail(ErrorCode::already_exists);
  }
  audit::Detail detail;
  detail.add("from", entry->row.msisdn).add("to", msisdn);
  entry->row.msisdn = msisdn;
  TRY(save(*entry, by));
  TRY(parts_.audit.append(by, {"subscriber.msisdn", imsi.text(), detail}));
  return tell_serving_nodes(entry->row, NetworkWork::Kind::insert_data, by.at);
}

Result<void> Hlr::set_access(const Imsi& imsi, bool circuit, bool packet, const audit::By& by) {
  Entry* entry = TRY(find_existing(imsi));
  Subscriber& row = entry->row;
  if (row.circuit_allowed == circuit && row.packet_allowed == packet) return {};
  row.circuit_allowed = circuit;
  row.packet_allowed = packet;
  const Subscriber before = row;
  if (!circuit) row.vlr.clear();
  if (!packet) row.sgsn.clear();
  TRY(save(*entry, by));
  audit::Detail detail;
  detail.add("circuit", circuit).add("packet", packet);
  TRY(parts_.audit.append(by, {"subscriber.access", imsi.text(), detail}));
  const auto withdrawn = NetworkWork::Kind::cancel_withdrawn;
  if (!circuit && !before.vlr.empty()) {
    TRY(add_work({imsi, before.vlr, Domain::circuit, withdrawn}, by.at));
  }
  if (!packet && !before.sgsn.empty()) {
    TRY(add_work({imsi, before.sgsn, Domain::packet, withdrawn}, by.at));
  }
  return {};
}

Result<void> Hlr::fence(const Imsi& imsi, const audit::By& by) {
  Entry* entry = TRY(find_existing(imsi));
  if (entry->row.fenced) return {};
  entry->row.fenced = true;
  TRY(save(*entry, by));
  TRY(parts_.audit.append(by, {"subscriber.fence", imsi.text(), {}}));
  return cancel_location(imsi, by);
}

Result<void> Hlr::remove(const Imsi& imsi, const audit::By& by) {
  Entry* entry = TRY(find(imsi));
  if (entry == nullptr) return {};
  const Subscriber row = entry->row;
  TRY(parts_.store.erase(imsi));
  // What of the block was not used stays unused; the row tells whoever gets this number next.
  cache_->erase(imsi);
  TRY(parts_.audit.append(by, {"subscriber.remove", imsi.text(), key_detail(row)}));
  return tell_serving_nodes(row, NetworkWork::Kind::cancel_withdrawn, by.at);
}

Result<void> Hlr::cancel_location(const Imsi& imsi, const audit::By& by) {
  Entry* entry = TRY(find_existing(imsi));
  const Subscriber before = entry->row;
  if (before.vlr.empty() && before.sgsn.empty()) return {};
  entry->row.vlr.clear();
  entry->row.sgsn.clear();
  TRY(parts_.store.save_location(entry->row));
  TRY(parts_.audit.append(by, {"subscriber.cancel_location", imsi.text(), {}}));
  return tell_serving_nodes(before, NetworkWork::Kind::cancel_update, by.at);
}

Result<bool> Hlr::fenced(const Imsi& imsi) {
  return TRY(find_existing(imsi))->row.fenced;
}

Result<bool> Hlr::behind(const Imsi&) {
  return false;
}

Result<void> Hlr::after_restore(const audit::By& by) {
  TRY(parts_.store.raise_all_sequences(sequence_restore_jump));
  cache_->clear();
  return parts_.audit.append(
      by, {"hlr.after_restore", "all", audit::Detail().add("jump", sequence_restore_jump)});
}

// --- visited networks --------------------------------------------------------------------------

Result<void> Hlr::add_work(const NetworkWork& work, Instant now) {
  TRY(parts_.store.add_work(work));
  if (listener_ != nullptr) listener_->on_work(work, now);
  return {};
}

Result<void> Hlr::tell_serving_nodes(const Subscriber& row, NetworkWork::Kind kind, Instant now) {
  // Views of a cache entry would not survive what the listener does.
  const Imsi imsi = row.imsi;
  const std::string vlr = row.vlr;
  const std::string sgsn = row.sgsn;
  if (!vlr.empty()) TRY(add_work({imsi, vlr, Domain::circuit, kind}, now));
  if (!sgsn.empty()) TRY(add_work({imsi, sgsn, Domain::packet, kind}, now));
  return {};
}

Result<bool> Hlr::asked_for_vectors(const Imsi& imsi, std::string_view peer, Domain domain) {
  const Entry* entry = TRY(find(imsi));
  if (entry == nullptr) return false;
  const Sequence& sequence = entry->sequence;
  return peer == (domain == Domain::circuit ? sequence.peer_circuit : sequence.peer_packet);
}

Result<void> Hlr::set_location(const Imsi& imsi, std::string_view peer, Domain domain,
                               Instant now) {
  Entry* entry = TRY(find_existing(imsi));
  Subscriber& row = entry->row;
  std::string& node = node_of(row, domain);
  bool& purged = domain == Domain::circuit ? row.purged_circuit : row.purged_packet;
  // A cancellation that this node has not answered yet is about its former stay.
  for (const auto kind : {NetworkWork::Kind::cancel_update, NetworkWork::Kind::cancel_withdrawn}) {
    TRY(parts_.store.erase_work({imsi, std::string(peer), domain, kind}));
  }
  if (node == peer && !purged) return {};
  const std::string before = node;
  node = peer;
  purged = false;
  const auto saved = parts_.store.save_location(row);
  if (!saved) {
    cache_->erase(imsi);
    return saved;
  }
  if (before.empty() || before == peer) return {};
  TRY(parts_.store.erase_work({imsi, before, domain, NetworkWork::Kind::insert_data}));
  return add_work({imsi, before, domain, NetworkWork::Kind::cancel_update}, now);
}

Result<bool> Hlr::purge(const Imsi& imsi, std::string_view peer, Domain domain) {
  Entry* entry = TRY(find_existing(imsi));
  Subscriber& row = entry->row;
  if (node_of(row, domain) != peer) return false;
  bool& purged = domain == Domain::circuit ? row.purged_circuit : row.purged_packet;
  if (purged) return true;
  purged = true;
  TRY(parts_.store.save_location(row));
  return true;
}

}  // namespace simurgh::hlr
