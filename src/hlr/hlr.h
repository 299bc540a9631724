// The built-in HLR with its authentication centre (AuC): subscribers, their sealed keys, sequence
// numbers, and authentication vectors. Not the protocol to visited networks (gsup_server.h), and
// not the life of a chip (security_centre).
//
// Sequence numbers (TS 33.102 annex C): SQN = SEQ ‖ IND with 5 bits of IND, one SEQ per subscriber,
// one IND per node and domain. SEQ is reserved in blocks: the row says up to where values may have
// been used and is written before the first of a block is; a SAI within the block writes nothing.
// After a crash the rest of the block is skipped, at most sequence_block values of the 2^43, and
// far below the jump Δ = 2^28 that a USIM takes (C.2.1).
//
// Opened keys are kept in a bounded cache. One thread.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/fixed_vector.h"
#include "base/random.h"
#include "fleet/fleet.h"
#include "formats/gsup/message.h"
#include "hlr/store.h"
#include "hlr/subscriber_directory.h"

namespace simurgh::hlr {

constexpr unsigned ind_bits = 5;
constexpr uint64_t sequence_max = (uint64_t{1} << 43) - 1;
constexpr uint64_t sequence_block = 512;                       // SEQ values per write
constexpr uint64_t sequence_jump_max = uint64_t{1} << 28;      // Δ of the chips
constexpr uint64_t sequence_restore_jump = uint64_t{1} << 20;  // after a restored database
constexpr size_t vectors_max = gsup::auth_tuples_max;

// What may be brought in from another operator's AuC (T-A3A8-FLOOR).
struct ImportPolicy {
  bool comp128 = false;  // COMP128v1-v3: broken or weak; refused unless switched on
  // Ki or OPc that everybody knows (crypto/known_test_keys.h), and one Ki for two subscribers
  // (T-NO-DEFAULT-KEYS): taken and audited on a bench, refused in production.
  bool bench_keys = false;
};

struct ImportedSubscriber {
  Imsi imsi;
  Iccid iccid;  // may be empty
  Msisdn msisdn;
  SubscriberKeys keys;
  uint64_t sequence = 0;  // SEQ used last by the other AuC
};
enum class ImportOutcome : uint8_t {
  imported,
  refused_by_policy,  // COMP128
  known_test_key,
  shared_key,
};

// What is wrong with the imported keys that are kept; derived keys cannot be either.
struct KeyFaults {
  uint64_t known_test_keys = 0;
  uint64_t shared_keys = 0;
  Imsi example;
};

struct HlrSettings {
  ImportPolicy import;
  size_t cache_entries_max = 200'000;  // of about 800 octets
};

// Resynchronisation as the visited network passes it on (TS 33.102 6.3.5).
struct Resync {
  ByteArray<16> rand;
  ByteArray<14> auts;
};

using Vectors = FixedVector<gsup::AuthTuple, vectors_max>;

// Told of work for visited networks as soon as it is written.
class WorkListener {
 public:
  virtual ~WorkListener() = default;
  virtual void on_work(const NetworkWork& work, Instant now) = 0;
};

class Hlr final : public SubscriberDirectory {
 public:
  struct Parts {
    Store& store;
    fleet::Fleet& fleet;  // for alarms
    audit::Log& audit;
    crypto::KeyStore& keys;
    Random& random;
  };
  Hlr(const HlrSettings& settings, const Parts& parts);
  ~Hlr() override;

  // --- SubscriberDirectory
  Result<void> create(const NewSubscriber& subscriber, const audit::By& by) override;
  Result<void> replace_keys(const Imsi& imsi, const SubscriberKeys& keys,
                            const audit::By& by) override;
  Result<void> set_hotline(const Imsi& imsi, bool hotline, const audit::By& by) override;
  Result<void> set_msisdn(const Imsi& imsi, const Msisdn& msisdn, const audit::By& by) override;
  Result<void> fence(const Imsi& imsi, const audit::By& by) override;
  Result<bool> fenced(const Imsi& imsi) override;
  Result<void> remove(const Imsi& imsi, const audit::By& by) override;
  Result<void> cancel_location(const Imsi& imsi, const audit::By& by) override;
  Result<bool> behind(const Imsi& imsi) override;
  bool can_hotline() const override { return true; }

  // --- operators
  // A refusal is an outcome, not an error, so that its audit row is committed.
  Result<ImportOutcome> import(const ImportedSubscriber& subscriber, const audit::By& by);
  // Looks through all imported subscribers. For start-up, and done before the first import.
  Result<KeyFaults> check_imported_keys();
  Result<void> set_access(const Imsi& imsi, bool circuit, bool packet, const audit::By& by);
  Result<Subscriber> subscriber(const Imsi& imsi);  // not_found
  // Every subscriber's sequence numbers jump ahead, because an older database came back.
  Result<void> after_restore(const audit::By& by);

  // --- authentication centre
  // `count` vectors (clipped to 1 … vectors_max) for the node `peer`. With `resync`: bad_mac when
  // AUTS does not verify, and nothing has changed then. `not_found`; `not_allowed` when fenced.
  struct VectorRequest {
    Imsi imsi;
    std::string_view peer;
    Domain domain = Domain::circuit;
    size_t count = vectors_max;
    const Resync* resync = nullptr;
  };
  struct VectorAnswer {
    Vectors vectors;
    bool resynchronised = false;
  };
  Result<void> make_vectors(const VectorRequest& request, Instant now, VectorAnswer& answer);

  // --- location, for the GSUP server
  Result<bool> asked_for_vectors(const Imsi& imsi, std::string_view peer, Domain domain);
  // Stores the serving node; the node before it, if another, gets its cancellation as work.
  Result<void> set_location(const Imsi& imsi, std::string_view peer, Domain domain, Instant now);
  // True when the node was the serving one, and the flag is set.
  Result<bool> purge(const Imsi& imsi, std::string_view peer, Domain domain);

  Result<std::vector<NetworkWork>> open_work() { return parts_.store.all_work(); }
  Result<void> finish_work(const NetworkWork& work) { return parts_.store.erase_work(work); }
  uint64_t undo_count() const { return parts_.store.undo_count(); }
  void set_work_listener(WorkListener* listener) { listener_ = listener; }

  struct Figures {
    uint64_t vectors = 0, resyncs = 0, bad_auts = 0, sequence_writes = 0, cache_misses = 0;
  };
  const Figures& figures() const { return figures_; }

 private:
  struct Entry;
  class Cache;

  // The subscriber, from the cache or the store; null when there is none.
  Result<Entry*> find(const Imsi& imsi);
  Result<Entry*> find_existing(const Imsi& imsi);  // not_found
  Result<void> save(Entry& entry, const audit::By& by);
  Result<void> add_subscriber(Subscriber row, const SubscriberKeys& keys, uint64_t sequence,
                              const audit::By& by);
  Result<void> add_work(const NetworkWork& work, Instant now);
  // The same work for each node that serves the subscriber.
  Result<void> tell_serving_nodes(const Subscriber& row, NetworkWork::Kind kind, Instant now);

  Result<void> open_entry(Entry& entry, Instant now);
  Result<bool> resynchronise(Entry& entry, const Resync& resync, Instant now);
  // Another imported subscriber with this Ki.
  Result<bool> is_shared(const Key256& ki, const Imsi& imsi);
  uint64_t fingerprint_of(const Key256& ki) const;
  Result<void> reserve(Entry& entry, size_t count, bool write_anyway);
  Result<void> make_vector(const Entry& entry, uint64_t sequence_number, gsup::AuthTuple& out);
  Result<uint32_t> index_of(std::string_view peer, Domain domain);

  HlrSettings settings_;
  Parts parts_;
  WorkListener* listener_ = nullptr;
  std::unique_ptr<Cache> cache_;
  // Imported keys by a hash under a secret of this process: a hint, looked up in the store.
  Key256 fingerprint_secret_;
  std::unordered_multimap<uint64_t, Imsi> imported_keys_;
  bool imported_keys_known_ = false;
  Figures figures_;
};

}  // namespace simurgh::hlr
