#include "apps/simurghd/config.h"

#include <fmt/format.h>

#include <set>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "apps/simurghd/store.h"
#include "io/log/log.h"
#include "io/net/endpoint.h"

namespace simurgh::simurghd {

namespace {

// Reads one table, notes which keys were asked for, and complains about the rest.
class Table {
 public:
  Table(const toml::table* table, std::string path, std::string_view file, std::string& problem)
      : table_(table), path_(std::move(path)), file_(file), problem_(problem) {}

  void text(const char* key, std::string& out) {
    if (const toml::node* node = take(key)) {
      if (const auto value = node->value_exact<std::string>()) {
        out = *value;
      } else {
        wrong(key, *node, "a text in quotes");
      }
    }
  }
  void flag(const char* key, bool& out) {
    if (const toml::node* node = take(key)) {
      if (const auto value = node->value_exact<bool>()) {
        out = *value;
      } else {
        wrong(key, *node, "true or false");
      }
    }
  }
  template <typename Integer>
  void number(const char* key, Integer& out, int64_t lowest, int64_t highest) {
    if (const toml::node* node = take(key)) {
      const auto value = node->value_exact<int64_t>();
      if (value && *value >= lowest && *value <= highest) {
        out = static_cast<Integer>(*value);
      } else {
        wrong(key, *node, fmt::format("a whole number from {} to {}", lowest, highest));
      }
    }
  }
  void duration_s(const char* key, Duration& out, int64_t highest_s) {
    double value_s = static_cast<double>(out.ms) / 1000;
    if (const toml::node* node = take(key)) {
      const auto value = node->value<double>();
      if (value && *value > 0 && *value <= static_cast<double>(highest_s)) {
        value_s = *value;
      } else {
        wrong(key, *node, fmt::format("seconds, above 0 and at most {}", highest_s));
      }
    }
    out = milliseconds(static_cast<int64_t>(value_s * 1000));
  }
  void texts(const char* key, std::vector<std::string>& out) {
    const toml::node* node = take(key);
    if (!node) return;
    const toml::array* list = node->as_array();
    if (!list) return wrong(key, *node, "a list of texts");
    out.clear();
    for (const toml::node& item : *list) {
      const auto value = item.value_exact<std::string>();
      if (!value) return wrong(key, item, "a list of texts");
      out.push_back(*value);
    }
  }
  Table table(const char* key) {
    const toml::node* node = take(key);
    if (node && !node->is_table()) wrong(key, *node, "a table");
    return {node ? node->as_table() : nullptr, name_of(key), file_, problem_};
  }
  std::vector<Table> tables(const char* key) {
    std::vector<Table> out;
    const toml::node* node = take(key);
    if (!node) return out;
    const toml::array* list = node->as_array();
    if (!list) {
      wrong(key, *node, fmt::format("a list of tables, written [[{}]]", name_of(key)));
      return out;
    }
    for (const toml::node& item : *list) {
      if (!item.is_table()) {
        wrong(key, item, "a list of tables");
        break;
      }
      out.push_back({item.as_table(), name_of(key), file_, problem_});
    }
    return out;
  }
  void complain(const char* key, const std::string& what) {
    const toml::node* node = table_ ? table_->get(key) : nullptr;
    say(node ? node->source().begin.line : 0, fmt::format("{}: {}", name_of(key), what));
  }
  // To be called last: a key that nobody asked for is a spelling mistake.
  void finish() {
    if (!table_) return;
    for (const auto& [key, node] : *table_) {
      if (taken_.contains(std::string(key.str()))) continue;
      std::string known;
      for (const std::string& name : taken_) known += (known.empty() ? "" : ", ") + name;
      say(node.source().begin.line, fmt::format("{}: there is no such key; known here: {}",
                                                name_of(std::string(key.str()).c_str()), known));
    }
  }

 private:
  const toml::node* take(const char* key) {
    taken_.insert(key);
    return table_ ? table_->get(key) : nullptr;
  }
  std::string name_of(const char* key) const { return path_.empty() ? key : path_ + "." + key; }
  void wrong(const char* key, const toml::node& node, const std::string& wanted) {
    say(node.source().begin.line, fmt::format("{}: expected {}", name_of(key), wanted));
  }
  void say(uint32_t line, const std::string& what) {
    if (problem_.empty()) problem_ = fmt::format("{}:{}: {}", file_, line, what);
  }

  const toml::table* table_;
  std::string path_;
  std::string file_;
  std::string& problem_;
  std::set<std::string> taken_;
};

void read_centre(Table table, security_centre::Settings& out) {
  std::string number;
  table.text("number", number);
  if (!number.empty()) {
    if (const auto parsed = Msisdn::parse(number)) {
      out.own_number = *parsed;
    } else {
      table.complain("number", "expected an E.164 number of 1 to 15 digits without '+'");
    }
  }
  table.duration_s("answer_wait_first_s", out.answer_wait_first, 3600);
  table.duration_s("answer_wait_max_s", out.answer_wait_max, 86'400);
  table.number("sends_max", out.sends_max, 1, 100);
  table.duration_s("work_retry_wait_s", out.work_retry_wait, 30 * 86'400);
  table.number("restarts_max", out.restarts_max, 1, 1000);
  table.number("code_tries_max", out.code_tries_max, 1, 100);
  table.number("sessions_max", out.sessions_max, 1, 10'000'000);
  table.flag("ask_new_pin", out.ask_new_pin);
  int64_t interval_s = 0;
  table.number("rekey_interval_s", interval_s, 0, int64_t{10} * 366 * 86'400);
  if (interval_s > 0 && interval_s < 60) {
    table.complain("rekey_interval_s", "expected 0 (off) or at least 60");
  }
  out.rekey_interval = seconds(interval_s);
  table.number("rekeys_per_hour_max", out.rekeys_per_hour_max, 1, 360'000);
  table.finish();
}

void read_cards(Table table, Config& out) {
  std::string number;
  table.text("service_centre", number);
  if (!number.empty()) {
    if (const auto parsed = Msisdn::parse(number)) {
      out.service_centre = *parsed;
    } else {
      table.complain("service_centre", "expected an E.164 number of 1 to 15 digits without '+'");
    }
  }
  table.text("service_provider_name", out.service_provider_name);
  if (out.service_provider_name.size() > 16) {
    table.complain("service_provider_name", "expected at most 16 characters");
  }
  table.number("mnc_digits", out.mnc_digits, 2, 3);
  table.finish();
}

void read_api(Table table, Config& out) {
  table.text("listen", out.api_listen);
  table.text("tls_certificate", out.api_tls_certificate);
  table.text("tls_key", out.api_tls_key);
  table.text("client_ca", out.api_client_ca);
  table.flag("allow_without_tls", out.api_allow_without_tls);
  if (out.api_tls_certificate.empty() != out.api_tls_key.empty()) {
    table.complain(out.api_tls_key.empty() ? "tls_certificate" : "tls_key",
                   "tls_certificate and tls_key belong together: name both files");
  }
  if (!out.api_client_ca.empty() && out.api_tls_certificate.empty()) {
    table.complain("client_ca", "without TLS nobody shows a certificate: set tls_certificate");
  }
  table.finish();
}

void read_smpp(Table table, Config& out) {
  table.text("connect", out.smpp_connect);
  table.text("system_id", out.smpp_system_id);
  table.text("password_file", out.smpp_password_file);
  table.number("window", out.smpp_window, 1, 10'000);
  table.flag("tls", out.smpp_tls);
  table.text("tls_ca", out.smpp_tls_ca);
  table.text("tls_name", out.smpp_tls_name);
  table.text("tls_certificate", out.smpp_tls_certificate);
  table.text("tls_key", out.smpp_tls_key);
  const bool named = !out.smpp_tls_ca.empty() || !out.smpp_tls_name.empty() ||
                     !out.smpp_tls_certificate.empty() || !out.smpp_tls_key.empty();
  if (named && !out.smpp_tls) {
    // Who names an authority believes that the link is encrypted.
    table.complain("tls", "tls_* is set, and TLS is off: set tls = true");
  }
  table.finish();
}

void read_session(Table& table, element_update::SessionSettings& out) {
  std::string address;
  uint32_t port = 0;
  table.text("public_host", out.host);
  table.text("public_uri", out.uri);
  table.text("public_address", address);
  table.number("public_port", port, 0, 65'535);
  table.text("access_point", out.access_point);
  out.port = static_cast<uint16_t>(port);
  if (!address.empty() && !element_update::read_ipv4(address, out.address)) {
    table.complain("public_address", "expected an IPv4 address, as 192.0.2.7");
  }
  if (!element_update::write_trigger(out)) {
    table.complain("public_host", "host, uri or access_point is too long, or not a name");
  }
}

void read_chips(Table table, Config::Chips& out) {
  table.text("listen", out.listen);
  table.number("sessions_max", out.sessions_max, 1, 200'000);
  table.number("sent_away_max", out.sent_away_max, 0, 200'000);
  table.duration_s("return_wait_min_s", out.return_wait_min, 86'400);
  table.duration_s("return_wait_max_s", out.return_wait_max, 86'400);
  if (out.return_wait_min < seconds(1)) {
    table.complain("return_wait_min_s", "expected at least 1");
  }
  if (out.return_wait_max < out.return_wait_min) {
    table.complain("return_wait_max_s", "expected at least return_wait_min_s");
  }
  table.number("handshakes_max", out.handshakes_max, 1, 200'000);
  constexpr int64_t poll_period_s_max = 40 * 86'400;  // the calendar of polls looks 45 days ahead
  int64_t period_s = out.poll_period.ms / 1000;
  table.number("poll_period_s", period_s, 1, poll_period_s_max);
  out.poll_period = seconds(period_s);
  table.duration_s("session_time_s", out.session_time, 900);
  table.number("triggers_per_second_max", out.triggers_per_second_max, 1, 100'000);
  read_session(table, out.session);
  table.finish();
}

void read_hlr(Table table, Config& out) {
  std::string kind = "built-in";
  table.text("kind", kind);
  if (kind == "osmo-hlr") {
    out.hlr = Config::Hlr::osmo_hlr;
  } else if (kind != "built-in") {
    table.complain("kind", "expected \"built-in\" or \"osmo-hlr\"");
  }
  table.text("gsup_listen", out.gsup_listen);
  table.text("osmo_hlr_ctrl", out.osmo_hlr_ctrl);
  table.text("hotline_apn", out.hotline_apn);
  table.flag("allow_comp128_import", out.allow_comp128_import);
  for (Table& peer : table.tables("peer")) {
    GsupPeer read;
    read.operations = {"auth-info", "update-location", "purge"};
    peer.text("name", read.name);
    peer.texts("imsi_prefixes", read.imsi_prefixes);
    peer.texts("operations", read.operations);
    if (read.name.empty()) peer.complain("name", "every peer needs the name that it announces");
    for (const std::string& operation : read.operations) {
      if (operation != "auth-info" && operation != "update-location" && operation != "purge") {
        peer.complain("operations", "expected some of: auth-info, update-location, purge");
      }
    }
    peer.finish();
    out.gsup_peers.push_back(std::move(read));
  }
  table.finish();
}

}  // namespace

namespace {

// What one key's type and range do not say. Empty when all is well.
std::string contradiction_in(const Config& config) {
  if (config.data_dir.empty()) return "data_dir: say in which folder the server keeps its data";
  if (!log::parse_level(config.log_level)) {
    return "log_level: expected debug, info, warning or error";
  }
  const std::string* addresses[] = {&config.api_listen, &config.gsup_listen, &config.osmo_hlr_ctrl,
                                    &config.smpp_connect, &config.chips.listen};
  const char* keys[] = {"api.listen", "hlr.gsup_listen", "hlr.osmo_hlr_ctrl", "smpp.connect",
                        "chips.listen"};
  for (size_t i = 0; i < std::size(addresses); ++i) {
    const bool may_be_empty =
        addresses[i] == &config.smpp_connect || addresses[i] == &config.chips.listen;
    if (may_be_empty && addresses[i]->empty()) continue;
    if (!net::parse_endpoint(*addresses[i])) {
      return fmt::format("{}: \"{}\" is neither HOST:PORT nor unix:PATH", keys[i], *addresses[i]);
    }
  }
  const bool api_leaves = !net::parse_endpoint(config.api_listen)->loopback();
  if (api_leaves && config.api_tls_certificate.empty() && !config.api_allow_without_tls) {
    return fmt::format(
        "api.listen: {} can be reached from other machines, and without TLS everybody on the way "
        "reads the tokens: name api.tls_certificate and api.tls_key, or listen on 127.0.0.1, or "
        "set api.allow_without_tls = true where something in front of it encrypts",
        config.api_listen);
  }
  if (!net::parse_endpoint(config.gsup_listen)->loopback()) {
    return "hlr.gsup_listen: expected a loopback address or unix:PATH: GSUP has no authentication";
  }
  if (config.centre.own_number.empty()) {
    return "security_centre.number: say the E.164 number that the SMSC routes to this server";
  }
  if (config.centre.answer_wait_first > config.centre.answer_wait_max) {
    return "security_centre.answer_wait_max_s: expected at least answer_wait_first_s";
  }
  if (config.production && config.allow_legacy_1997) {
    return "allow_legacy_1997 is insecure and not possible in production";
  }
  return {};
}

}  // namespace

bool parse_config(std::string_view text, std::string_view name, Config& out, std::string& problem) {
  problem.clear();
  const toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    problem = fmt::format("{}:{}: {}", name, parsed.error().source().begin.line,
                          parsed.error().description());
    return false;
  }
  Table top(&parsed.table(), "", name, problem);
  top.text("data_dir", out.data_dir);
  top.text("store", out.store);
  // Whether a password may stand there is for whoever knows the file's mode.
  if (std::string what; !check_store(out.store, true, what)) top.complain("store", what);
  top.flag("production", out.production);
  top.flag("allow_legacy_1997", out.allow_legacy_1997);
  top.text("log_level", out.log_level);
  read_api(top.table("api"), out);
  read_smpp(top.table("smpp"), out);
  read_cards(top.table("cards"), out);
  read_hlr(top.table("hlr"), out);
  read_centre(top.table("security_centre"), out.centre);
  read_chips(top.table("chips"), out.chips);
  top.finish();
  if (problem.empty()) {
    const std::string contradiction = contradiction_in(out);
    if (!contradiction.empty()) problem = fmt::format("{}: {}", name, contradiction);
  }
  return problem.empty();
}

// Long: the text of one file.
std::string config_template(std::string_view data_dir, std::string_view store) {
  return fmt::format(
      R"(# simurghd's configuration. Every key is here with its default; unknown keys are refused.

data_dir = "{}"       # database, key journal, keys, tokens: one server's, mode 0700
store = "{}"          # "sqlite" in data_dir, or "postgresql://USER@HOST/DATABASE?passfile=/FILE"
production = false    # true refuses well-known test keys and insecure profiles
log_level = "info"    # debug, info, warning, error
allow_legacy_1997 = false  # the document's own cryptography: INSECURE, never in production

[api]
listen = "127.0.0.1:8430"  # REST interface; HOST:PORT or unix:PATH
tls_certificate = ""       # PEM, the chain; with tls_key: https only (docs/operator/chip-tls.md)
tls_key = ""               # PEM, without a pass phrase
client_ca = ""             # PEM; clients then need a certificate of it, besides their token
allow_without_tls = false  # true: listen beyond loopback in the clear. INSECURE: tokens are read

[smpp]
connect = ""               # the SMSC, HOST:PORT; empty: no short messages
system_id = "simurgh"
password_file = ""         # a file with the password in its first line
window = 100               # submit_sm without an answer
tls = false                # SMPP over TLS; the SMSC must show a certificate
tls_ca = ""                # PEM, whom to believe; empty: the system's authorities
tls_name = ""              # the name in its certificate; empty: the host of connect
tls_certificate = ""       # PEM, ours, where the SMSC asks for one
tls_key = ""

[cards]
service_centre = ""        # E.164 number of the SMSC, for the cards' EF.SMSP
service_provider_name = "" # EF.SPN, at most 16 characters
mnc_digits = 2

[hlr]
kind = "built-in"          # or "osmo-hlr"
gsup_listen = "127.0.0.1:4222"  # visited networks; loopback only, GSUP has no authentication
osmo_hlr_ctrl = "127.0.0.1:4259"
hotline_apn = "activation"  # the one access point of a hotlined subscriber
allow_comp128_import = false

# One table for each node that may ask, by the name that it announces.
# [[hlr.peer]]
# name = "VLR-A"
# imsi_prefixes = ["90170"]
# operations = ["auth-info", "update-location", "purge"]

[security_centre]
number = "4915550000"      # E.164, where the SMSC sends what chips write: set this
answer_wait_first_s = 20   # before a message is sent again; doubles up to …
answer_wait_max_s = 600
sends_max = 6              # of one message, then the negotiation is given up …
work_retry_wait_s = 3600   # … until then, or until the chip shows up
restarts_max = 20
code_tries_max = 5         # activation codes of an order, then it is frozen
sessions_max = 200000
ask_new_pin = false        # the chip asks its user for a new PIN (D8)
rekey_interval_s = 0       # a key so long in service is renewed, 31536000: a year; 0: by order only
rekeys_per_hour_max = 3600 # of those; see docs/operator/rekeying.md

[chips]                    # that come for updates: docs/operator/campaigns.md, chip-tls.md
listen = ""                # HTTPS with the chips' own keys, HOST:PORT; empty: not over HTTPS
sessions_max = 4000        # at a time; campaigns fill it and never ask for more
sent_away_max = 500        # above it, told to come back within …
return_wait_min_s = 300
return_wait_max_s = 1800   # … more are closed at once
handshakes_max = 2000      # at a time, 45 kB each; more wait their turn
poll_period_s = 604800     # a chip that was served is told to come again about then: a week
session_time_s = 30        # how long a session with a payload takes, until it is learnt
triggers_per_second_max = 1000  # short messages that wake chips
public_host = ""           # what triggers tell chips of this front end; what is empty, they know …
public_uri = "/admin"
public_address = ""        # … IPv4, as the chips' network reaches it
public_port = 0
access_point = ""          # of the chips' network
)",
      data_dir, store);
}

}  // namespace simurgh::simurghd
