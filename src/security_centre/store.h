// What the security centre keeps about a chip that was sold: its key epochs, its over-the-air
// counters and the work that is open for it. One row a chip; an unsold chip has none (row D4).
//
// Epoch secrets are sealed by the key store before they come here (`sealed_identity` gives the
// row identity that they are bound to), so a store never holds a key in the clear.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/numbers.h"
#include "base/time.h"
#include "crypto/key_store.h"

namespace simurgh::security_centre {

constexpr size_t epoch_secret_octets = 32;
constexpr size_t reset_octets_max = 640;  // personalisation::message_octets_max
using SealedSecret = ByteString<epoch_secret_octets + crypto::KeyStore::seal_overhead_octets>;

// What is being done with a chip's keys. The number is stored.
enum class Work : uint8_t {
  none = 0,
  first_logon = 1,  // hotlined, waiting for or in its first personalisation (D6, D7)
  rekey = 2,        // hotlined again, a new epoch is being agreed (D11)
};

struct ChipKeys {
  Iccid iccid;
  Imsi imsi;
  uint32_t life = 0;
  ByteArray<8> ver{};
  uint8_t suites_allowed = 0;  // by the operator, for this chip (personalisation::SuiteSet)

  // The epoch that the AuC uses. Epoch 0 is Ki_1 of this life.
  uint32_t active_epoch = 0;
  SealedSecret active_secret;
  // What the chip's HTTP agent calls itself in TLS (personalisation::derive_psk_identity): unique
  // among the active and among the previous ones. Empty only in rows of schema 1 until they are
  // filled in at start-up, and while there is no such epoch.
  std::string active_identity;
  // The epoch before it, kept for the chip's secured packets until its DONE (or anything else
  // valid under the active one) arrives; empty at rest.
  uint32_t previous_epoch = 0;
  SealedSecret previous_secret;
  std::string previous_identity;  // empty with it
  // Secret from which PUK derives: the first epoch agreed in this life, kept over re-keying (D11).
  SealedSecret puk_secret;
  // The highest epoch number ever burned in this life; the next INIT uses a higher one (I2).
  uint32_t epoch_max = 0;

  // Secured packets: the last counter that left to the chip (one for all key sets of the chip),
  // and the last one accepted from it under each of the two key sets.
  uint64_t counter_to_chip = 0;
  uint64_t counter_from_chip_active = 0;
  uint64_t counter_from_chip_previous = 0;

  // M1 of the chip: its highest attempt number seen, in which epoch's negotiation, and the hash of
  // that message, by which two chips with one identity show themselves (D12).
  uint32_t attempt_last = 0;
  uint32_t attempt_epoch = 0;
  ByteArray<32> m1_hash_last{};
  uint8_t chip_suites = 0;  // what the chip said last that it can (personalisation::SuiteSet)

  // RESET as it was given to the dealer last (D10), until its receipt is confirmed; else empty.
  ByteString<reset_octets_max> reset;

  Work work = Work::none;
  uint32_t work_attempts = 0;       // negotiations begun for this work
  Instant work_next_try;            // not before this instant
  bool commit_unconfirmed = false;  // COMMIT is repeated until DONE
  bool directory_behind = false;    // the network's HLR has not confirmed the active key yet

  // Re-keying at intervals (D11) counts from here: when the active epoch came into service, or
  // when a re-keying that was due could not be. 0 before the first, and while work is under way.
  Instant interval_from;

  friend bool operator==(const ChipKeys&, const ChipKeys&) = default;
};

class Store {
 public:
  virtual ~Store() = default;
  // Rows by key; nullopt when there is none, `storage` when the store cannot be read.
  virtual Result<std::optional<ChipKeys>> load(const Iccid& iccid) = 0;
  virtual Result<std::optional<ChipKeys>> load_by_imsi(const Imsi& imsi) = 0;
  // By the PSK identity of the active epoch or of the previous one; nullopt for an empty one.
  virtual Result<std::optional<ChipKeys>> load_by_identity(std::string_view identity) = 0;
  // Rows that have no active_identity yet, in order of ICCID.
  virtual Result<std::vector<ChipKeys>> without_identity(size_t limit) = 0;
  // Writes the whole row, new or not, in the open transaction. already_exists when another row has
  // the IMSI or one of the identities.
  virtual Result<void> save(const ChipKeys& row) = 0;
  virtual Result<void> erase(const Iccid& iccid) = 0;
  // Every row with work, an unconfirmed commit or a directory behind, in any order; at start-up.
  virtual Result<void> each_open(FunctionRef<void(const ChipKeys&)> visit) = 0;
  // At most `limit` rows with an interval_from (not 0) before `before`, the oldest first, those of
  // one instant by ICCID. Costs what it finds, however many rows there are.
  virtual Result<void> each_rekey_due(Instant before, size_t limit,
                                      FunctionRef<void(const ChipKeys&)> visit) = 0;
  // Adds `leap` to every row's counter_to_chip: after an older database came back, no counter may
  // carry a second payload (I2).
  virtual Result<void> raise_counters(uint64_t leap) = 0;
};

}  // namespace simurgh::security_centre
