// Elements: the chips that campaigns and sessions over the air are for, each with a dense number.
// A chip that was sold has one, and so has a chip made elsewhere whose keys were imported (row G8).
// The number is the chip's place in campaign::Population's columns: given once, never again.
//
// Cold columns only: where messages go, which keys it has. What changes with every contact is
// campaign::ElementRow. No logic here but checks and seals.
#pragma once

#include <optional>
#include <string>

#include "base/numbers.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/key_store.h"

namespace simurgh::fleet {

constexpr size_t psk_identity_chars_max = 128;  // RFC 4279 5.3
constexpr size_t psk_octets_min = 16;
constexpr size_t psk_octets_max = 64;
constexpr size_t batch_settings_octets_max = 8 * 1024;

// Where an element's keys come from. The numbers are stored.
enum class ElementKeySource : uint8_t {
  centre = 1,    // agreed with the security centre: derived from the epochs of its row
  imported = 2,  // made elsewhere: sealed in this row
};
const char* name_of(ElementKeySource source);

// Keys of a chip made elsewhere. KIc and KID may be missing together (a chip without SCP80), the
// PSK too (one without HTTP), but not all.
struct ElementKeys {
  Key128 kic;
  Key128 kid;
  uint8_t key_version = 0;  // 1…15, the high nibble of KIc and KID (TS 102 225 5.1.2)
  std::string psk_identity;
  Secret<psk_octets_max> psk;
};
// bad_length, bad_value.
Result<void> check(const ElementKeys& keys);

constexpr size_t element_keys_octets_max = 2 * 17 + 1 + psk_octets_max + 1;
using SealedElementKeys =
    ByteString<element_keys_octets_max + crypto::KeyStore::seal_overhead_octets>;

struct Element {
  uint32_t id = 0;
  Iccid iccid;
  Msisdn msisdn;       // of an imported one; empty: reached when it polls. Ours: see its chip row
  uint16_t batch = 0;  // see Batch; 0: none
  ElementKeySource source = ElementKeySource::centre;
  // Of imported ones. What a chip of ours has is the security centre's.
  uint8_t key_version = 0;
  std::string psk_identity;
  SealedElementKeys sealed_keys;  // KIc, KID and PSK
  Instant created;
  friend bool operator==(const Element&, const Element&) = default;
};

// Bound to ICCID, key version and PSK identity: put into another row they do not open.
Result<SealedElementKeys> seal_element_keys(crypto::KeyStore& store, const Iccid& iccid,
                                            const ElementKeys& keys);
// bad_mac when the row was altered; bad_state for an element whose keys are the centre's.
Result<ElementKeys> open_element_keys(crypto::KeyStore& store, const Element& element);

// Cards that were made alike: an allocation of ours, or an imported file. `settings` is a JSON
// object that says what the cards differ in; who reaches them reads it.
struct Batch {
  uint16_t id = 0;  // from 1
  std::string name;
  std::string settings;
  Instant created;
  friend bool operator==(const Batch&, const Batch&) = default;
};

}  // namespace simurgh::fleet
