// The authentication centre: sequence numbers and vectors.
#include "crypto/comp128.h"
#include "crypto/rand_tag.h"
#include "hlr/cache.h"
#include "hlr/hlr.h"

namespace simurgh::hlr {

namespace {

constexpr std::string_view own_actor = "hlr";
constexpr crypto::Amf amf{};  // separation bit 0: GSM and UMTS (TS 33.102 annex F, H)

static_assert(sequence_block >= vectors_max);
static_assert(sequence_restore_jump + sequence_block < sequence_jump_max,
              "chips must take the jump after a restore");

crypto::Comp128Version version_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::comp128v1: return crypto::Comp128Version::v1;
    case Algorithm::comp128v2: return crypto::Comp128Version::v2;
    default: return crypto::Comp128Version::v3;
  }
}

bool is_aka(Algorithm algorithm) {
  return algorithm == Algorithm::milenage || algorithm == Algorithm::tuak;
}

ByteArray<16> octets_of(const Key128& key) {
  ByteArray<16> out;
  std::memcpy(out.data(), key.view().data(), out.size());
  return out;
}

void put(const crypto::GsmAnswer& answer, gsup::AuthTuple& out) {
  out.sres = answer.sres;
  std::memcpy(out.kc.data(), answer.kc.view().data(), out.kc.size());
}

}  // namespace

Result<void> Hlr::open_entry(Entry& entry, Instant now) {
  if (entry.opened) return {};
  auto keys = open_keys(parts_.keys, entry.row);
  if (!keys && keys.error().code == ErrorCode::storage) return keys.error();
  if (!keys) {
    // The row was damaged or moved. Whoever did it, this subscriber is not served (row 36).
    const audit::By by{own_actor, now};
    const Imsi imsi = entry.row.imsi;
    TRY(fence(imsi, by));
    TRY(parts_.fleet.raise({fleet::AlarmKind::key_row_damaged, imsi.text(), "",
                            "the sealed keys of this subscriber do not open"},
                           by));
    return fail(ErrorCode::not_allowed);
  }
  if (is_aka(keys->algorithm)) {
    entry.aka.algorithm = keys->algorithm == Algorithm::tuak ? crypto::AkaAlgorithm::tuak
                                                             : crypto::AkaAlgorithm::milenage;
    entry.aka.tuak_iterations = keys->tuak_iterations;
    entry.aka.k = keys->ki;
    entry.aka.opc = keys->opc;
  } else {
    entry.comp128_ki.assign(keys->ki.view());
  }
  entry.rand_tag_key = keys->rand_tag_key;
  entry.opened = true;
  return {};
}

Result<uint32_t> Hlr::index_of(std::string_view peer, Domain domain) {
  if (!cache_->indexes_read) {
    for (const PeerIndex& row : TRY(parts_.store.peer_indexes())) {
      cache_->indexes.emplace(row.peer + static_cast<char>(row.domain), row.index);
    }
    cache_->indexes_read = true;
  }
  std::string key(peer);
  key += static_cast<char>(domain);
  const auto known = cache_->indexes.find(key);
  if (known != cache_->indexes.end()) return known->second;
  PeerIndex row{std::string(peer), domain, static_cast<uint32_t>(cache_->indexes.size())};
  TRY(parts_.store.add_peer_index(row));
  cache_->indexes.emplace(key, row.index);
  return row.index;
}

// TS 33.102 6.3.5, with the check of AUTS first, so that nobody without the key changes anything.
Result<bool> Hlr::resynchronise(Entry& entry, const Resync& resync, Instant now) {
  const auto opened = crypto::open_auts(entry.aka, resync.rand, resync.auts);
  if (!opened) {
    ++figures_.bad_auts;
    return opened.error();
  }
  ++figures_.resyncs;
  const uint64_t of_chip = *opened >> ind_bits;
  if (of_chip > entry.used) {
    entry.used = of_chip;
    return true;
  }
  if (entry.used - of_chip <= sequence_jump_max) return true;  // the chip takes what comes next
  // More than Δ ahead of the chip: it would refuse for ever. The standard sets SQN_HE back.
  const audit::By by{own_actor, now};
  audit::Detail detail;
  detail.add("from", entry.used).add("to", of_chip);
  const Imsi imsi = entry.row.imsi;
  entry.used = entry.sequence.reserved = of_chip;
  TRY(parts_.audit.append(by, {"subscriber.sequence_reset", imsi.text(), detail}));
  TRY(parts_.fleet.raise({fleet::AlarmKind::sequence_reset, imsi.text(), "",
                          "the sequence number was too far ahead of the chip and was set back"},
                         by));
  return true;
}

// Makes sure that `count` values above `used` are reserved durably.
Result<void> Hlr::reserve(Entry& entry, size_t count, bool write_anyway) {
  Sequence& sequence = entry.sequence;
  const bool enough = entry.used + count <= sequence.reserved;
  if (enough && !write_anyway) return {};
  if (entry.used > sequence_max - count) return fail(ErrorCode::not_allowed);
  if (!enough) {
    const uint64_t wanted = entry.used + sequence_block;
    sequence.reserved = wanted < sequence_max ? wanted : sequence_max;
  }
  ++figures_.sequence_writes;
  return parts_.store.save_sequence(sequence);
}

Result<void> Hlr::make_vector(const Entry& entry, uint64_t sequence_number, gsup::AuthTuple& out) {
  if (entry.rand_tag_key.empty()) {
    parts_.random.fill(out.rand);
  } else {
    out.rand = crypto::tag_rand(entry.rand_tag_key.view(), parts_.random.array<12>());
  }
  if (!is_aka(entry.row.algorithm)) {
    put(crypto::comp128(version_of(entry.row.algorithm), entry.comp128_ki.view(), out.rand), out);
    return {};
  }
  const auto vector = TRY(crypto::make_vector(entry.aka, out.rand, sequence_number, amf));
  put(crypto::gsm_answer_of(vector.expected), out);
  out.autn = vector.autn;
  out.ck = octets_of(vector.expected.ck);
  out.ik = octets_of(vector.expected.ik);
  out.res.assign(vector.expected.res);
  return {};
}

Result<void> Hlr::make_vectors(const VectorRequest& request, Instant now, VectorAnswer& answer) {
  answer.vectors.clear();
  answer.resynchronised = false;
  Entry* entry = TRY(find_existing(request.imsi));
  if (entry->row.fenced) return fail(ErrorCode::not_allowed);
  TRY(open_entry(*entry, now));
  const bool aka = is_aka(entry->row.algorithm);
  if (request.resync != nullptr) {
    if (!aka) return fail(ErrorCode::bad_mac);
    answer.resynchronised = TRY(resynchronise(*entry, *request.resync, now));
  }
  size_t count = request.count == 0 ? 1 : request.count;
  if (count > vectors_max) count = vectors_max;

  std::string& asker = request.domain == Domain::circuit ? entry->sequence.peer_circuit
                                                         : entry->sequence.peer_packet;
  const bool new_asker = asker != request.peer;
  if (new_asker) asker = request.peer;
  const auto reserved = reserve(*entry, aka ? count : 0, new_asker);
  if (!reserved) {
    cache_->erase(request.imsi);
    return reserved.error();
  }
  const uint64_t ind = TRY(index_of(request.peer, request.domain)) % (uint64_t{1} << ind_bits);
  for (size_t i = 0; i < count; ++i) {
    if (aka) ++entry->used;
    gsup::AuthTuple tuple;
    TRY(make_vector(*entry, entry->used << ind_bits | ind, tuple));
    answer.vectors.push_back(tuple);
    ++figures_.vectors;
  }
  return {};
}

}  // namespace simurgh::hlr
