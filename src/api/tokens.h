// Who may ask what: bearer tokens with roles, checked against a file of salted hashes.
//
// A token is `<name>.<64 hexadecimal digits>`; the digits are 256 random bits, so that a fast hash
// is enough. The file has one line a token, and holds nothing that opens anything:
//
//   # name  role[,role…]  salt  hash  [manufacturer=NAME]  [rate=REQUESTS_PER_MINUTE]
//   desk-3  dealer        9f3c… 51aa…
//
// `hash` is HMAC-SHA256(salt, token). A factory token names the manufacturer whose allocations
// it sees. Reading the file and keeping the bucket of each token's rate; not the reading of a
// request (router.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/primitives.h"

namespace simurgh::api {

enum class Role : uint8_t { viewer, operator_, approver, factory, dealer, device, admin };
constexpr size_t role_count = 7;
const char* name_of(Role role);
std::optional<Role> role_of(std::string_view name);

// A set of roles: who may use a route, and what a token is.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) add(role);
  }
  constexpr void add(Role role) { bits_ = static_cast<uint8_t>(bits_ | 1u << int(role)); }
  constexpr bool contains(Role role) const { return (bits_ >> int(role) & 1) != 0; }
  constexpr bool intersects(Roles other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(Roles, Roles) = default;

 private:
  uint8_t bits_ = 0;
};

constexpr size_t token_name_octets_max = 32;
constexpr size_t token_secret_octets = 32;
constexpr size_t token_octets_max = token_name_octets_max + 1 + 2 * token_secret_octets;
constexpr size_t tokens_max = 1000;
constexpr uint32_t requests_per_minute_default = 6000;

struct Token {
  std::string name;  // lower-case letters, digits, '-', '_'
  Roles roles;
  ByteArray<16> salt{};
  crypto::Digest hash{};
  std::string manufacturer;  // a factory token's own; empty for others
  uint32_t requests_per_minute = requests_per_minute_default;

  friend bool operator==(const Token&, const Token&) = default;
};

// Makes a new token: its text (shown once, to whoever asked for it) and its line's content.
// bad_value when the name is not one.
struct NewToken {
  Secret<token_octets_max> text;
  Token token;
};
Result<NewToken> make_token(std::string_view name, Roles roles, const Key256& secret,
                            const ByteArray<16>& salt);

// The tokens file. Errors point at the offset of the line: bad_value, already_exists for a name
// twice, too_large beyond tokens_max, not_allowed for a factory token without manufacturer.
Result<std::vector<Token>> parse_tokens(std::string_view text);
std::string write_tokens(const std::vector<Token>& tokens);

class Tokens {
 public:
  explicit Tokens(std::vector<Token> tokens);

  // The token behind the value of an Authorization header, null when it is none of ours. The time
  // taken does not depend on what the secret part holds; an unknown name costs the same.
  const Token* check(std::string_view authorization) const;

  // Takes one request from the token's bucket, which holds ten seconds' worth. When it is empty,
  // the time until the next one.
  std::optional<Duration> over_rate(const Token& token, Instant now);

  size_t size() const { return tokens_.size(); }

 private:
  struct Bucket {
    double requests = 0;
    Instant filled_at;
    bool begun = false;
  };
  std::vector<Token> tokens_;
  std::vector<Bucket> buckets_;
};

}  // namespace simurgh::api
