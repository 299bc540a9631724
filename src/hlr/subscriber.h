// A subscriber of the HLR with its sealed authentication keys: plain rows.
#pragma once

#include "base/numbers.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/key_store.h"
#include "fleet/card_profile.h"

namespace simurgh::hlr {

using Algorithm = fleet::AuthAlgorithm;

// The domains of the core network; the numbers are those of GSUP and are stored.
enum class Domain : uint8_t { packet = 1, circuit = 2 };

constexpr size_t peer_name_octets_max = 64;

// The keys of one epoch in the clear: on the way in, and while vectors are made.
struct SubscriberKeys {
  Algorithm algorithm = Algorithm::milenage;
  uint8_t tuak_iterations = 1;
  uint32_t life = 0;
  uint32_t epoch = 0;
  Secret<32> ki;        // 16; 16 or 32 with TUAK
  Secret<32> opc;       // OPc 16, TOPc 32; empty with COMP128
  Key256 rand_tag_key;  // crypto/rand_tag.h: 16 or 32 octets; empty: RAND is random in whole
};
// bad_length unless the sizes fit the algorithm.
Result<void> check(const SubscriberKeys& keys);

constexpr size_t keys_plain_octets_max = 1 + 3 * (1 + 32);
using SealedKeys = ByteString<keys_plain_octets_max + crypto::KeyStore::seal_overhead_octets>;

struct Subscriber {
  Imsi imsi;
  Iccid iccid;  // empty for imported subscribers without one
  Msisdn msisdn;
  Algorithm algorithm = Algorithm::milenage;
  uint8_t tuak_iterations = 1;
  uint32_t life = 0;
  uint32_t epoch = 0;
  SealedKeys sealed_keys;  // bound to IMSI, ICCID, life, epoch and algorithm of this row
  bool imported = false;
  bool hotline = false;         // D5, D6: reaches the security centre only
  bool fenced = false;          // not served: its keys did not open, or the journal knows better
  bool circuit_allowed = true;  // NAM
  bool packet_allowed = true;
  std::string vlr;  // GSUP names of the serving nodes; empty: none
  std::string sgsn;
  bool purged_circuit = false;
  bool purged_packet = false;
  Instant created;
  Instant changed;  // of anything but the location
  friend bool operator==(const Subscriber&, const Subscriber&) = default;
};

// Sealing and opening with the row's identity. bad_mac when the keys are not this row's.
Result<SealedKeys> seal_keys(crypto::KeyStore& store, const Imsi& imsi, const Iccid& iccid,
                             const SubscriberKeys& keys);
Result<SubscriberKeys> open_keys(crypto::KeyStore& store, const Subscriber& subscriber);

}  // namespace simurgh::hlr
