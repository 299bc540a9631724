// What the REST interface itself keeps: the manufacturers it seals K1 to, what they delivered, and
// the answers to POSTs that carried an Idempotency-Key, so that a request repeated after a lost
// answer has its effect once and gets the same answer.
//
// All writes go to the open transaction, together with the effect they belong to; reads see it.
// `storage` when the store cannot answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/key_store.h"

namespace simurgh::api {

constexpr size_t manufacturer_name_octets_max = 32;
constexpr size_t idempotency_key_octets_max = 64;
constexpr Duration idempotency_lifetime = days(2);

// Who makes chips. The name is the key, and what allocations and factory tokens refer to.
struct Manufacturer {
  std::string name;
  ByteArray<crypto::x25519_share_octets> transport_public_key{};
  Instant created;
  friend bool operator==(const Manufacturer&, const Manufacturer&) = default;
};

// A factory's order file as it was reported: a count and a checksum, no secrets. One an
// allocation; a later report replaces it.
struct Delivery {
  uint64_t allocation = 0;
  uint64_t made = 0;             // chips, from the allocation's first position
  ByteArray<32> chips_sha256{};  // as factory/order_file.h computes it
  std::string token;             // who reported it
  Instant at;
  friend bool operator==(const Delivery&, const Delivery&) = default;
};

struct IdempotentAnswer {
  std::string token;  // name of the token that asked
  std::string key;    // the Idempotency-Key of that token's
  // SHA-256 of method, target and body, sealed by the key store: a bare hash would let a reader of
  // the database try activation codes.
  ByteString<32 + crypto::KeyStore::seal_overhead_octets> request;
  uint16_t status = 0;  // HTTP status of the answer
  std::string body;     // the answer; never holds a secret
  Instant at;
  friend bool operator==(const IdempotentAnswer&, const IdempotentAnswer&) = default;
};

class AnswerStore {
 public:
  virtual ~AnswerStore() = default;
  // By token and key; nullopt when there is none.
  virtual Result<std::optional<IdempotentAnswer>> load(std::string_view token,
                                                       std::string_view key) = 0;
  // already_exists when token and key are taken.
  virtual Result<void> add(const IdempotentAnswer& answer) = 0;
  // Rows with `at` before this; called by the shell now and then, with idempotency_lifetime.
  virtual Result<void> erase_before(Instant at) = 0;
};

class FactoryStore {
 public:
  virtual ~FactoryStore() = default;
  // Writes the whole row, new or not.
  virtual Result<void> save_manufacturer(const Manufacturer& row) = 0;
  virtual Result<std::optional<Manufacturer>> manufacturer(std::string_view name) = 0;
  virtual Result<std::vector<Manufacturer>> manufacturers() = 0;  // in order of name

  virtual Result<void> save_delivery(const Delivery& row) = 0;
  virtual Result<std::optional<Delivery>> delivery(uint64_t allocation) = 0;
};

}  // namespace simurgh::api
