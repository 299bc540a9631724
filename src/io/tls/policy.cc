#include "io/tls/policy.h"

#include <algorithm>

namespace simurgh::tls {
namespace {

constexpr SuiteFacts suites[suite_count] = {
    {Suite::tls13_aes128_gcm_sha256, 0x1301, "AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", true,
     true},
    {Suite::tls13_chacha20_poly1305_sha256, 0x1303, "CHACHA20_POLY1305_SHA256",
     "TLS_CHACHA20_POLY1305_SHA256", true, true},
    {Suite::ecdhe_psk_chacha20_poly1305, 0xccac, "ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
     "ECDHE-PSK-CHACHA20-POLY1305", false, true},
    {Suite::ecdhe_psk_aes128_cbc_sha256, 0xc037, "ECDHE_PSK_WITH_AES_128_CBC_SHA256",
     "ECDHE-PSK-AES128-CBC-SHA256", false, true},
    {Suite::psk_aes128_cbc_sha256, 0x00ae, "PSK_WITH_AES_128_CBC_SHA256", "PSK-AES128-CBC-SHA256",
     false, false},
    {Suite::psk_aes128_gcm_sha256, 0x00a8, "PSK_WITH_AES_128_GCM_SHA256", "PSK-AES128-GCM-SHA256",
     false, false},
    {Suite::psk_aes128_cbc_sha, 0x008c, "PSK_WITH_AES_128_CBC_SHA", "PSK-AES128-CBC-SHA", false,
     false},
};

}  // namespace

const SuiteFacts& facts_of(Suite suite) {
  return suites[static_cast<size_t>(suite)];
}

Result<Suite> parse_suite(std::string_view name) {
  if (name.starts_with("TLS_")) name.remove_prefix(4);
  for (const SuiteFacts& facts : suites) {
    if (name == facts.name) return facts.suite;
  }
  return ErrorCode::bad_value;
}

Limits certificate_limits() {
  Limits limits;
  limits.handshake_octets_max = 65'536;
  return limits;
}

TlsPolicy chip_policy(bool old_cards) {
  TlsPolicy policy;
  policy.suites = {Suite::tls13_aes128_gcm_sha256,     Suite::tls13_chacha20_poly1305_sha256,
                   Suite::ecdhe_psk_chacha20_poly1305, Suite::ecdhe_psk_aes128_cbc_sha256,
                   Suite::psk_aes128_cbc_sha256,       Suite::psk_aes128_gcm_sha256};
  if (old_cards) policy.suites.push_back(Suite::psk_aes128_cbc_sha);
  policy.limits.record_octets_max = 512;
  policy.limits.send_octets_max = 256 * 1024;
  return policy;
}

bool check_policy(const TlsPolicy& policy, std::string& problem) {
  const Limits& limits = policy.limits;
  const auto bad = [&](const char* what) {
    problem = what;
    return false;
  };
  if (policy.suites.empty()) return bad("no suite is allowed: nobody could connect");
  for (const Suite suite : policy.suites) {
    if (std::ranges::count(policy.suites, suite) != 1) return bad("a suite is there twice");
  }
  if (limits.record_octets_max < 512 || limits.record_octets_max > 16'384) {
    return bad("records have room for 512 to 16384 octets");
  }
  if (limits.handshake_octets_max < 1'024 || limits.handshake_octets_max > 131'072) {
    return bad("a handshake needs 1024 to 131072 octets");
  }
  if (limits.sessions_max == 0 || limits.handshakes_at_once_max == 0) {
    return bad("at least one session and one handshake must be possible");
  }
  // A buffer that holds less than a few full records could never send one.
  if (limits.send_octets_max < 4 * limits.record_octets_max + 4'096) {
    return bad("the output buffer is too small for its records");
  }
  return true;
}

}  // namespace simurgh::tls
