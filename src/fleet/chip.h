// A chip that was sold, the order that sold it, and what else the fleet keeps about customers:
// plain rows, and the table of what may happen to a chip.
#pragma once

#include "crypto/key_store.h"
#include "fleet/number_pool.h"

namespace simurgh::fleet {

// The numbers are stored.
enum class ChipState : uint8_t {
  sold = 1,          // under contract, not yet logged on (D5)
  personalised = 2,  // in service (D7)
  rekeying = 3,      // in service until the flag sends it to the security centre (D11)
  frozen = 4,        // out of service: two first logons, tries used up, a lost record (D12)
  resetting = 5,     // reset authorised, its receipt not yet confirmed (D10)
  returned = 6,      // in the shop again, to be sold in its next life
};
const char* name_of(ChipState state);

enum class ChipEvent : uint8_t {
  personalised,  // the first epoch of this life is active
  rekey_ordered,
  rekeyed,
  freeze,
  thaw,          // back to the state before the freeze
  thaw_to_sold,  // … or to a new first logon, where the first one was not the customer's
  reset_authorised,
  reset_confirmed,  // the chip is in its next life now: `life` rises by one
  sale_cancelled,   // never logged on: in the shop again, in the same life
};
const char* name_of(ChipEvent event);

struct Chip {
  Iccid iccid;
  Imsi imsi;
  Ver ver{};
  uint32_t life = 0;  // the life that the chip is in, as far as the operator knows
  ChipState state = ChipState::sold;
  ChipState state_before_freeze = ChipState::sold;
  uint64_t allocation = 0;
  Msisdn msisdn;         // empty while returned
  std::string contract;  // id; empty while returned
  std::string order;     // id of the last one
  Instant created;       // first sale
  Instant changed;       // last change of state
  Instant last_contact;  // ms 0: never
  friend bool operator==(const Chip&, const Chip&) = default;
};

// The chip after `event`; bad_state when the table does not allow it. `changed` is set to `at`.
Result<Chip> after(const Chip& chip, ChipEvent event, Instant at);
bool allows(ChipState state, ChipEvent event);

// The numbers are those of personalisation::CodeKind; they are stored.
enum class CodeKind : uint8_t { none = 0, secret128 = 1, short_code = 2 };
enum class OrderState : uint8_t { open = 1, done = 2, frozen = 3, cancelled = 4 };
const char* name_of(OrderState state);

constexpr size_t order_id_octets_max = 16;
constexpr size_t code_octets_max = 16;
using SealedCode = ByteString<code_octets_max + crypto::KeyStore::seal_overhead_octets>;

// What brings a chip to a customer (D5). The code is sealed with the identity that
// code_seal_identity() gives.
struct Order {
  std::string id;
  Iccid iccid;
  uint32_t life = 0;
  std::string contract;
  Msisdn msisdn;
  CodeKind code_kind = CodeKind::none;
  SealedCode sealed_code;
  uint32_t wrong_tries = 0;  // of the code, counted per order (D12)
  bool server_made_key = false;
  OrderState state = OrderState::open;
  Instant created;
  Instant changed;
  friend bool operator==(const Order&, const Order&) = default;
};
// "order code" ‖ order id ‖ ICCID ‖ life, each length-prefixed.
ByteString<80> code_seal_identity(std::string_view order, const Iccid& iccid, uint32_t life);

struct Contract {
  std::string id;
  std::string customer;
  std::string tariff;
  bool ended = false;
  Instant created;
  friend bool operator==(const Contract&, const Contract&) = default;
};

// The numbers are stored.
enum class AlarmKind : uint8_t {
  two_first_logons = 1,  // D12
  code_tries_used_up = 2,
  key_row_damaged = 3,  // a sealed key did not open: the subscriber is fenced
  restore_fenced = 4,   // the journal knows of a chip what the database does not
  sequence_reset = 5,   // SQN had to be set back by AUTS
  mass_read = 6,        // a GSUP peer reads too many subscribers
  peer_refused = 7,     // a GSUP peer did what it may not
  directory_stuck = 8,  // the network's HLR refuses what must be done
};
const char* name_of(AlarmKind kind);

struct Alarm {
  uint64_t id = 0;
  AlarmKind kind{};
  std::string subject;  // ICCID, IMSI or peer
  std::string order;    // or empty
  std::string words;    // for people; never a secret
  Instant at;
  Instant acknowledged_at;  // ms 0: not yet
  std::string acknowledged_by;
  friend bool operator==(const Alarm&, const Alarm&) = default;
};

struct RevokedVersion {
  Ver ver{};
  std::string reason;
  Instant at;
  friend bool operator==(const RevokedVersion&, const RevokedVersion&) = default;
};

}  // namespace simurgh::fleet
