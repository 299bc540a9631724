// What the REST interface itself keeps: the answers to POSTs that carried an Idempotency-Key, so
// that a request repeated after a lost answer has its effect once and gets the same answer.
//
// A row is written in the transaction of the effect it answers. Rows are kept for
// `idempotency_lifetime`; the shell calls erase_before() now and then.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/key_store.h"

namespace simurgh::api {

constexpr size_t idempotency_key_octets_max = 64;
constexpr Duration idempotency_lifetime = days(2);

struct IdempotentAnswer {
  std::string token;  // name of the token that asked, at most 64 octets
  std::string key;    // the Idempotency-Key of that token's
  // SHA-256 of method, path and body, sealed by the key store: a bare hash would let a reader of
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
  // Adds a row in the open transaction; already_exists when token and key are taken.
  virtual Result<void> add(const IdempotentAnswer& answer) = 0;
  virtual Result<void> erase_before(Instant at) = 0;
};

}  // namespace simurgh::api
