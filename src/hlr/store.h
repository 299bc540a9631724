// What the HLR keeps. Writes go to the open transaction, reads see it; `storage` when the store
// cannot answer.
#pragma once

#include <optional>
#include <vector>

#include "hlr/subscriber.h"

namespace simurgh::hlr {

// The hot row of a subscriber, apart from the others because it changes with the traffic. It stays
// when the subscriber is removed, so that a number that comes back never uses a sequence number
// again under the same key (invariant I2).
struct Sequence {
  Imsi imsi;
  uint64_t reserved = 0;     // SEQ values up to this one may have been used
  std::string peer_circuit;  // who asked for vectors last: may update the location (T-GSUP-AUTHZ)
  std::string peer_packet;
  friend bool operator==(const Sequence&, const Sequence&) = default;
};

// What a node of a visited network still has to be told. Repeated until it answers.
struct NetworkWork {
  enum class Kind : uint8_t { insert_data = 1, cancel_update = 2, cancel_withdrawn = 3 };
  Imsi imsi;
  std::string peer;
  Domain domain = Domain::circuit;
  Kind kind = Kind::insert_data;
  friend auto operator<=>(const NetworkWork&, const NetworkWork&) = default;
};

// IND of a node (TS 33.102 C.3.3): each has its own, so that their vectors do not overtake each
// other.
struct PeerIndex {
  std::string peer;
  Domain domain = Domain::circuit;
  uint32_t index = 0;
  friend bool operator==(const PeerIndex&, const PeerIndex&) = default;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<std::optional<Subscriber>> load(const Imsi& imsi) = 0;
  virtual Result<std::optional<Subscriber>> load_by_msisdn(const Msisdn& msisdn) = 0;
  // Writes the whole row, new or not; already_exists when the MSISDN is another's.
  virtual Result<void> save(const Subscriber& row) = 0;
  // Location and purge flags of a row that exists, nothing else.
  virtual Result<void> save_location(const Subscriber& row) = 0;
  virtual Result<void> erase(const Imsi& imsi) = 0;
  // In order of IMSI, those after `after` (empty: from the start).
  virtual Result<std::vector<Subscriber>> page(const Imsi& after, size_t limit) = 0;

  // The same of imported subscribers only.
  virtual Result<std::vector<Subscriber>> page_imported(const Imsi& after, size_t limit);

  virtual Result<std::optional<Sequence>> load_sequence(const Imsi& imsi) = 0;
  virtual Result<void> save_sequence(const Sequence& row) = 0;
  // Adds to every `reserved`: after a restore from an older copy.
  virtual Result<void> raise_all_sequences(uint64_t by) = 0;

  virtual Result<std::vector<PeerIndex>> peer_indexes() = 0;
  virtual Result<void> add_peer_index(const PeerIndex& row) = 0;

  virtual Result<std::vector<NetworkWork>> all_work() = 0;
  virtual Result<void> add_work(const NetworkWork& work) = 0;  // no change when it is there
  virtual Result<void> erase_work(const NetworkWork& work) = 0;

  // Rises whenever uncommitted changes were undone: what a caller remembered of them is void.
  virtual uint64_t undo_count() const = 0;
};

}  // namespace simurgh::hlr
