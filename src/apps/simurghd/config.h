// The configuration of simurghd: a TOML file in which every key is known and checked. An unknown
// key, a wrong type or a value out of range is an error that names the key and its place.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "element_update/card.h"
#include "security_centre/security_centre.h"

namespace simurgh::simurghd {

struct GsupPeer {
  std::string name;                        // the IPA unit name of a visited network's node
  std::vector<std::string> imsi_prefixes;  // empty: none allowed
  std::vector<std::string> operations;     // of: auth-info, update-location, purge
};

struct Config {
  std::string data_dir;  // database, journal, key store, tokens
  // "sqlite", in data_dir, or a postgresql:// address: see store.h. May hold a password.
  std::string store = "sqlite";
  bool production = false;  // refuses known test keys and the legacy profile
  std::string log_level = "info";

  std::string api_listen = "127.0.0.1:8430";
  // TLS of the REST interface: PEM files; empty: none.
  std::string api_tls_certificate, api_tls_key;
  // Lets api_listen leave the machine without TLS: tokens are then read on the way.
  bool api_allow_without_tls = false;
  std::string api_client_ca;  // clients then need a certificate of it, besides their token

  std::string smpp_connect;  // HOST:PORT of the SMSC; empty: no short-message link
  std::string smpp_system_id = "simurgh";
  std::string smpp_password_file;
  int smpp_window = 100;
  bool smpp_tls = false;
  std::string smpp_tls_ca;    // PEM; empty: the authorities that the system trusts
  std::string smpp_tls_name;  // in the SMSC's certificate; empty: the host of smpp_connect
  std::string smpp_tls_certificate, smpp_tls_key;  // ours, where the SMSC wants one

  enum class Hlr { built_in, osmo_hlr } hlr = Hlr::built_in;
  std::string gsup_listen = "127.0.0.1:4222";
  std::vector<GsupPeer> gsup_peers;
  std::string osmo_hlr_ctrl = "127.0.0.1:4259";
  std::string hotline_apn = "activation";
  bool allow_comp128_import = false;
  bool allow_legacy_1997 = false;

  // What every card of this operator gets.
  Msisdn service_centre;              // of the SMSC
  std::string service_provider_name;  // shown on terminals
  uint8_t mnc_digits = 2;

  security_centre::Settings centre;

  // Chips that come for updates over HTTPS, and what campaigns may use.
  struct Chips {
    std::string listen;  // HOST:PORT; empty: chips are not served over HTTPS
    // At a time; that many more are told to come back, within these waits.
    uint32_t sessions_max = 4000, sent_away_max = 500;
    Duration return_wait_min = minutes(5), return_wait_max = minutes(30);
    uint32_t handshakes_max = 2000;           // at a time; more wait their turn
    Duration poll_period = days(7);           // of the recurring polls (G1)
    Duration session_time = seconds(30);      // until it is learnt
    uint32_t triggers_per_second_max = 1000;  // through the SMSC
    // What triggers say of where the front end is; empty: the chips know.
    element_update::SessionSettings session;
  } chips;
};

// The text of a configuration; `name` is the file's name for messages. On failure `problem` says
// what is wrong, where, and what is allowed.
bool parse_config(std::string_view text, std::string_view name, Config& out, std::string& problem);

// A complete configuration file with every key, its default and its meaning.
std::string config_template(std::string_view data_dir, std::string_view store);

}  // namespace simurgh::simurghd
