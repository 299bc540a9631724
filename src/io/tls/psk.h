// Pre-shared keys: where a server finds the key of an identity, and which side of a connection a
// key is for.
//
// A key belongs to one client and one server that never change places (RFC 9257 4.2): a key that
// serves both ways lets an attacker reflect a client's messages to itself (Selfie). So every key
// here has a role, servers take sources of role server only, and PskTable refuses a key that it
// has in the other role.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "io/tls/policy.h"

namespace simurgh::tls {

constexpr size_t psk_octets_min = 16;  // RFC 9257 6: 128 bits of entropy, as we make them
constexpr size_t psk_octets_max = 64;
constexpr size_t psk_identity_chars_max = 128;  // RFC 4279 5.3

using PskKey = Secret<psk_octets_max>;

// The end that holds the key: who presents the identity is the client.
enum class PskRole : uint8_t { client, server };

struct Psk {
  PskKey key;
  SuiteSet suites = usual_suites;  // what this chip may use of what the policy has
};

// Where a server finds keys; declared here, implemented by who knows the chips.
class PskSource {
 public:
  virtual ~PskSource() = default;
  // The key of an identity, or nothing. Called inside the handshake, on the loop's thread, before
  // anything about the peer is proved. What it does for an unknown identity should take as long as
  // for a known one (a look-up and an unsealing of something): the rest of the handshake does.
  virtual std::optional<Psk> find(std::string_view identity) = 0;
  // What the keys are for; a server refuses a source of client keys.
  virtual PskRole role() const = 0;
};

// What a client presents.
struct PskCredential {
  std::string identity;
  PskKey key;
  PskRole role = PskRole::client;
};

// True for identities that cards and this library can carry: 1 to 128 printable ASCII characters.
bool good_identity(std::string_view identity);

// Keys in memory, for a lab, tests and small installations. Provisioning is where the roles of a
// key are checked.
class PskTable final : public PskSource {
 public:
  explicit PskTable(PskRole role) : role_(role) {}

  // bad_value for an identity or key of the wrong form; already_exists for an identity with
  // another key; not_allowed for a key that another identity has here, or anybody in `other` (the
  // table of the other role).
  Result<void> add(std::string_view identity, const Psk& psk, const PskTable* other = nullptr);
  void remove(std::string_view identity);
  size_t size() const { return keys_.size(); }
  bool has_key(const PskKey& key) const;

  std::optional<Psk> find(std::string_view identity) override;
  PskRole role() const override { return role_; }

 private:
  using Fingerprint = ByteArray<32>;

  PskRole role_;
  std::map<std::string, Psk, std::less<>> keys_;
  std::map<Fingerprint, std::string> owners_;  // which identity has a key
};

}  // namespace simurgh::tls
