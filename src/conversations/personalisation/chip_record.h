// What a chip keeps about its identity and keys: one record, replaced as a whole.
//
// The uicc keeps it in its NV store (which seals it and survives a cut inside a write); here is
// its content, its byte form, and the one step that is not a conversation: pre-personalisation.
#pragma once

#include <optional>

#include "conversations/personalisation/key_schedule.h"

namespace simurgh::personalisation {

enum class ChipState : uint8_t {
  factory = 1,           // holds K1, has no epoch yet
  pre_personalised = 2,  // epoch 0 of its life: sold or not, the chip cannot tell
  personalised = 3,      // an agreed epoch is active
};

// The centre's signature keys, as far as the chip's suites need them.
struct ServerKeys {
  ByteString<crypto::ed25519_public_octets> ed25519;
  ByteString<crypto::ecdsa_p256_public_octets> p256;
  ByteString<crypto::rsa2048_public_octets> rsa2048;
  // The key for a suite's signature; empty for symmetric, or when the chip has none.
  ByteView of(Suite suite) const;
  friend bool operator==(const ServerKeys&, const ServerKeys&) = default;
};

// The session that made the newest stored epoch: SHA-256 of its INIT and M2, by which a late
// repetition is recognised and answered with the same bytes again.
struct LastSession {
  uint32_t epoch = 0;  // 0: none yet
  crypto::Digest init_hash{};
  crypto::Digest m2_hash{};
  OrderFlags flags;
};

// The RESET that began this life, so that its repetition gets the same RESET_DONE: its SHA-256, and
// the proof under the epoch that it ended, which can not be made again.
struct LastReset {
  bool happened = false;
  crypto::Digest reset_hash{};
  Mac ending_mac{};
};

struct ChipRecord {
  ChipIdentity chip;
  uint32_t life = 0;
  ChipState state = ChipState::factory;
  Key256 chip_key;  // in state factory: K1
  Epoch active;
  std::optional<Epoch> pending;
  uint32_t epoch_max = 0;  // highest epoch stored in this life
  uint32_t attempt = 0;    // of the last M1 made in this life
  SuiteSet suites;         // what the chip allows
  ServerKeys server_keys;
  Msisdn centre_number;  // of the security centre; empty when the chip has none (D6)
  LastSession last_session;
  LastReset last_reset;
  bool legacy_1997 = false;  // insecure (legacy_1997.h); such a chip's suites are {symmetric}
};

constexpr size_t chip_record_octets_max = 768;

// no_space when `out` is smaller than the record (chip_record_octets_max always suffices).
Result<ByteView> write_record(const ChipRecord& record, MutableByteView out);
// As parse_init; also bad_value when the parts contradict each other (state, epochs).
Result<ChipRecord> parse_record(ByteView bytes);

// The record's home. `save` replaces the whole record and is atomic: afterwards, power cut or not,
// `load` gives the old one or the new one, and the new one when save returned success. It is the
// place to change what must change with it (PIN and PUK of a new life, PUK of a new epoch).
class ChipStore {
 public:
  virtual ~ChipStore() = default;
  virtual Result<void> load(ChipRecord& record) = 0;
  virtual Result<void> save(const ChipRecord& record) = 0;
};

// D3: the chip derives its own key and Ki_1 from K1, and in the same save K1 goes. bad_state unless
// the chip is in state factory; bad_value without a suite or a server key that a suite needs, or
// with more than suite symmetric in profile legacy-1997. A
// cut at any point leaves it in the factory state, or done.
Result<void> pre_personalise(ChipStore& store);

}  // namespace simurgh::personalisation
