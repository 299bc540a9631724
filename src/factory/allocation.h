// An allocation as it travels to the manufacturer: the numbers of a batch (D1), the version, K1 in
// its sealing (D2), the centre's public keys, and what the cards are to be. One JSON form, written
// by the server and read by the factory's tool, signed by the security centre so that nobody on
// the way can put their own public keys into the operator's chips.
//
// No secret is in it but the sealed K1. It is not the operator's row (fleet::Allocation), which
// knows nothing of keys.
#pragma once

#include "conversations/personalisation/chip_record.h"
#include "crypto/key_store.h"
#include "factory/transport.h"
#include "fleet/number_pool.h"
#include "formats/json/fields.h"

namespace simurgh::factory {

struct AllocationNote {
  uint64_t id = 0;
  std::string manufacturer;
  fleet::Run run;
  fleet::Ver ver{};
  fleet::CardProfile profile;
  Msisdn centre_number;               // of the security centre (D6); empty: the chips have none
  Msisdn service_centre;              // of the SMSC, for EF.SMSP; may be empty
  std::string service_provider_name;  // EF.SPN, at most 16 octets; may be empty
  uint8_t mnc_digits = 2;             // EF.AD
  personalisation::ServerKeys server_keys;
  SealedK1 k1_sealed{};
  // Of the security centre's Ed25519 key over signed_content().
  ByteArray<crypto::ed25519_signature_octets> signature{};

  personalisation::SuiteSet suites() const;
  friend bool operator==(const AllocationNote&, const AllocationNote&) = default;
};

// What the signature covers: a label and every field above, length-prefixed, as one hash.
crypto::Digest signed_content(const AllocationNote& note);

// Signs with the key store's key; fills `signature`.
Result<void> sign(AllocationNote& note, crypto::KeyStore& keys);
// bad_signature unless it was signed by this key: the one that the factory has pinned.
Result<void> verify(const AllocationNote& note, ByteView ed25519_public);

json::Value write_allocation(const AllocationNote& note);
// On failure `problem` names the field.
Result<AllocationNote> parse_allocation(const json::Value& value, json::Problem& problem);

}  // namespace simurgh::factory
