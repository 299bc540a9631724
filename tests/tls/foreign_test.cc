// Chips' server with clients of others: OpenSSL's own program, and GnuTLS as a second library.
#include "rig.h"

namespace simurgh::tls::test {
namespace {

using simurgh::test::Child;
using simurgh::test::program_exists;

// Sends a line and waits for the echo. True when it came.
bool echoed(Rig& rig, const std::string& command, int wait_ms = 10'000) {
  Child child({"/bin/bash", "-c", command + " 2>/dev/null < <(echo over the air; sleep 5)"});
  bool seen = false;
  const bool in_time = rig.reached(
      [&] {
        for (std::string line = child.line(0); !line.empty(); line = child.line(0)) {
          seen = seen || line == "over the air";
        }
        return seen || child.ended() || rig.chips->figures().refused_key > 0 ||
               rig.chips->figures().refused_protocol > 0;
      },
      wait_ms);
  return in_time && seen;
}

std::string s_client(const Rig& rig, const std::string& options, std::string_view key = chip_key) {
  return "exec openssl s_client -quiet -connect " + rig.server->address() + " -psk_identity " +
         std::string(chip_identity) + " -psk " + std::string(key) + " " + options;
}

TEST_CASE("T2: openssl s_client -psk, each suite") {
  for (size_t i = 0; i < suite_count; ++i) {
    const SuiteFacts& facts = facts_of(static_cast<Suite>(i));
    CAPTURE(facts.name);
    Rig rig;
    const std::string version = facts.tls13 ? "-tls1_3 -ciphersuites " : "-tls1_2 -cipher ";
    CHECK(echoed(rig, s_client(rig, version + facts.library)));
    REQUIRE(rig.server->ends.size() == 1);
    CHECK(rig.server->ends[0]->peer_name == chip_identity);
  }
}

TEST_CASE("T2: openssl s_client as it comes, and as a card would ask") {
  for (const char* options :
       {"", "-tls1_2 -cipher PSK", "-tls1_2 -cipher PSK-AES128-CBC-SHA256 -maxfraglen 512",
        "-tls1_3", "-tls1_3 -maxfraglen 512"}) {
    CAPTURE(options);
    Rig rig;
    CHECK(echoed(rig, s_client(rig, options)));
  }
}

TEST_CASE("T-PSK: openssl s_client without our key, or with what we do not speak, gets nothing") {
  for (const char* options :
       {"-tls1_2 -cipher PSK-NULL-SHA256:@SECLEVEL=0", "-tls1_2 -cipher eNULL:@SECLEVEL=0",
        "-tls1_2 -cipher PSK-AES256-CBC-SHA384", "-tls1_2 -cipher DHE-PSK-AES128-CBC-SHA256",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
        "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384", "-tls1_1 -cipher PSK:@SECLEVEL=0"}) {
    CAPTURE(options);
    Rig rig;
    CHECK(!echoed(rig, s_client(rig, options)));
    CHECK(rig.chips->figures().handshakes_done == 0);
    for (const auto& end : rig.server->ends) CHECK(end->received.empty());
  }
  Rig rig;
  CHECK(!echoed(rig, s_client(rig, "-tls1_3", "0123456789abcdef0123456789abcdef")));
  CHECK(rig.chips->figures().refused_key == 1);
}

TEST_CASE("TLS 1.3 with a SHA-384 suite offered first is still the key's handshake") {
  // The library then would drop the key without a word and ask for a certificate (openssl 21226).
  Rig rig;
  CHECK(echoed(rig, s_client(rig,
                             "-tls1_3 -ciphersuites "
                             "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256")));
  CHECK(rig.server->ends[0]->peer_name == chip_identity);
}

TEST_CASE("T2: GnuTLS as client, TLS 1.2 and 1.3") {
  REQUIRE_MESSAGE(program_exists("gnutls-cli"), "install gnutls-bin (./dev setup peers)");
  // Its program prints what was agreed and, with ECDHE-PSK in TLS 1.2, crashes over that (3.7.9,
  // with OpenSSL's server too): the handshake has to do.
  enum class Outcome : uint8_t { echoes, shakes_hands, refused };
  struct Row {
    const char* priority;
    Outcome outcome;
  };
  const std::string base = "NONE:+COMP-NULL:+SIGN-ALL:+GROUP-X25519:+GROUP-SECP256R1:";
  for (const auto& [priority, outcome] :
       {Row{"+VERS-TLS1.2:+PSK:+AES-128-CBC:+SHA256", Outcome::echoes},
        Row{"+VERS-TLS1.2:+PSK:+AES-128-CBC:+SHA1", Outcome::echoes},
        Row{"+VERS-TLS1.2:+PSK:+AES-128-GCM:+AEAD", Outcome::echoes},
        Row{"+VERS-TLS1.2:+ECDHE-PSK:+AES-128-CBC:+SHA256", Outcome::shakes_hands},
        Row{"+VERS-TLS1.2:+ECDHE-PSK:+CHACHA20-POLY1305:+AEAD", Outcome::shakes_hands},
        Row{"+VERS-TLS1.3:+ECDHE-PSK:+AES-128-GCM:+AEAD", Outcome::echoes},
        Row{"+VERS-TLS1.2:+PSK:+3DES-CBC:+SHA1", Outcome::refused},
        Row{"+VERS-TLS1.2:+PSK:+NULL:+SHA256", Outcome::refused},
        // Keys without fresh key shares: no forward secrecy, so not in TLS 1.3.
        Row{"+VERS-TLS1.3:+PSK:+AES-128-GCM:+AEAD", Outcome::refused}}) {
    CAPTURE(priority);
    Rig rig;
    const std::string port = std::to_string(rig.server->endpoint().port);
    const std::string command = "exec gnutls-cli --pskusername " + std::string(chip_identity) +
                                " --pskkey " + std::string(chip_key) + " --priority '" + base +
                                priority + "' -p " + port + " 127.0.0.1";
    const bool came_back = echoed(rig, command);
    if (outcome != Outcome::shakes_hands) CHECK(came_back == (outcome == Outcome::echoes));
    CHECK(rig.chips->figures().handshakes_done == (outcome == Outcome::refused ? 0 : 1));
  }
}

}  // namespace
}  // namespace simurgh::tls::test
