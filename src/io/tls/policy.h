// What a TLS end speaks and how much of it: suites and limits, as data.
//
// Suites that encrypt nothing, 3DES and those of TLS below 1.2 have no name here, so no policy can
// choose them (RFC 4785 suites are in the profiles of old cards; docs/operator/chip-tls.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace simurgh::tls {

// Suites with a pre-shared key (RFC 4279, 5487, 5489, 7905; RFC 8446 with psk_dhe_ke), all with
// SHA-256 in the key schedule but for the last.
enum class Suite : uint8_t {
  tls13_aes128_gcm_sha256,         // 13 01
  tls13_chacha20_poly1305_sha256,  // 13 03
  ecdhe_psk_chacha20_poly1305,     // CC AC
  ecdhe_psk_aes128_cbc_sha256,     // C0 37
  psk_aes128_cbc_sha256,           // 00 AE: what every card for remote administration has
  psk_aes128_gcm_sha256,           // 00 A8
  psk_aes128_cbc_sha,              // 00 8C: old cards only
};
constexpr size_t suite_count = 7;

// A set of suites, one bit for each.
using SuiteSet = uint8_t;
constexpr SuiteSet set_of(Suite suite) {
  return static_cast<SuiteSet>(1u << static_cast<unsigned>(suite));
}
constexpr SuiteSet all_suites = (1u << suite_count) - 1;
// What a chip may use unless its own record says more.
constexpr SuiteSet usual_suites = all_suites & ~set_of(Suite::psk_aes128_cbc_sha);

struct SuiteFacts {
  Suite suite;
  uint16_t code;        // as in the hello messages
  const char* name;     // IANA's, without the leading TLS_; what a configuration says
  const char* library;  // OpenSSL's
  bool tls13;
  bool forward_secret;
};
const SuiteFacts& facts_of(Suite suite);
// bad_value for a name that is none of ours.
Result<Suite> parse_suite(std::string_view name);

// Limits of one transport; every one of them is an outsider's cost to us.
struct Limits {
  // Open streams; more are closed at once.
  size_t sessions_max = 15'000;
  // Handshakes that may hold memory (about 45 kB each) and wait for their peer at the same time.
  size_t handshakes_at_once_max = 2'000;
  enum class Full : uint8_t {
    wait,    // further ones wait for a place, unread, until their time is over
    refuse,  // further ones are closed at once: a card then tries again later
  } when_full = Full::wait;
  // From the connection to the last handshake message. Cards over BIP and GPRS need many seconds.
  Duration handshake_wait_max = seconds(30);
  // Without an octet in either direction.
  Duration idle_wait_max = minutes(5);
  // What a peer may send before the handshake is done, and in its first message.
  size_t handshake_octets_max = 8'192;
  // Output that waits for the peer to take it, encrypted.
  size_t send_octets_max = 1 << 20;
  // Plaintext in a record that we send: 512 to 16,384. A card has a buffer of 512 (RFC 6066 4).
  size_t record_octets_max = 16'384;
  // Clients: until the connection is there, without the handshake.
  Duration connect_wait_max = seconds(10);
};

// For connections with certificates, whose chains are part of the handshake.
Limits certificate_limits();

struct TlsPolicy {
  std::vector<Suite> suites;  // the server's choice is the first one that the client has
  // Clients: ask for records of at most 512 octets, as cards do (RFC 6066 4).
  bool asks_small_records = false;
  Limits limits;
};

// The front end's: forward secrecy where the card has it, then PSK_AES128_CBC_SHA256 before GCM as
// cards order them. `old_cards` adds PSK_AES128_CBC_SHA, for chips whose record allows it.
TlsPolicy chip_policy(bool old_cards = false);

// True when the policy can be used; `problem` says what is wrong.
bool check_policy(const TlsPolicy& policy, std::string& problem);

// What happened at a transport, for metrics.
struct Figures {
  uint64_t sessions = 0, handshakes = 0, waiting = 0;  // now
  uint64_t handshakes_begun = 0, handshakes_done = 0;
  uint64_t refused_full = 0;      // closed because of sessions_max or handshakes_at_once_max
  uint64_t refused_key = 0;       // identity unknown, or another key
  uint64_t refused_protocol = 0;  // not TLS, no suite in common, certificate not valid …
  uint64_t handshake_timeouts = 0, idle_timeouts = 0;
  uint64_t truncated = 0;  // ended without close_notify
};

}  // namespace simurgh::tls
