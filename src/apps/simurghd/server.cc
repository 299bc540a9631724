// Long: the wiring of one program: every part is named once, and nothing is decided here.
#include "apps/simurghd/server.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <unordered_map>

#include "api/api.h"
#include "apps/simurghd/store.h"
#include "formats/sms/user_data.h"
#include "hlr/gsup_server.h"
#include "io/gsup/server.h"
#include "io/http/api_messages.h"
#include "io/http/server.h"
#include "io/journal/journal_file.h"
#include "io/keystore/file_key_store.h"
#include "io/osmo_hlr/link.h"
#include "io/process/process.h"
#include "io/smpp/client.h"
#include "io/tls/certificates.h"

namespace simurgh::simurghd {

namespace {

constexpr int exit_storage_failed =
    74;  // EX_IOERR: the supervisor starts us again, recovery decides
constexpr size_t secret_file_octets_max = 256;
constexpr size_t tokens_file_octets_max = size_t{1} << 20;
constexpr Duration housekeeping_wait = minutes(10);

std::string keys_path(const std::string& data_dir) {
  return data_dir + "/keys";
}
std::string tokens_path(const std::string& data_dir) {
  return data_dir + "/tokens";
}

std::string first_line(std::string text) {
  const size_t end = text.find_first_of("\r\n");
  if (end != std::string::npos) text.resize(end);
  return text;
}

// The security centre's way to the SMSC, and back.
class MessageLink final : public security_centre::Bearer, private smpp_session::EsmeHandler {
 public:
  using Received =
      std::move_only_function<void(const Msisdn& from, ByteView user_data, bool has_header)>;
  MessageLink(loop::Loop& loop, const net::Endpoint& smsc, net::Transport& transport,
              const smpp_session::EsmeOptions& options, Random& random, const log::Log& log,
              const Msisdn& own_number, Received received)
      : own_number_(own_number),
        received_(std::move(received)),
        log_(log),
        client_(loop, smsc, transport, options, *this, random, log) {}

  void start() { client_.start(); }
  void stop() { client_.stop(); }
  bool bound() const { return client_.session().bound(); }
  const smpp_session::EsmeSession& session() const { return client_.session(); }
  uint64_t dropped() const { return dropped_; }

  void send_short_message(const Msisdn& to, ByteView user_data) override {
    smpp::ShortMessage message;
    message.source = {.ton = 1, .npi = 1, .digits = own_number_.text()};
    message.destination = {.ton = 1, .npi = 1, .digits = to.text()};
    message.esm_class = 0x40;  // UDHI
    message.protocol_id = sms::pid_sim_data_download;
    message.data_coding = sms::dcs_octets_class_2;
    message.short_message = user_data;
    // A full queue drops the message: the centre repeats what is not answered.
    const smpp_session::Token token = ++last_token_;
    if (!client_.submit(message, token)) {
      ++dropped_;
      return;
    }
    unsent_.emplace(token, to.text());
    ++unsent_for_[std::string(to.text())];
  }
  bool has_unsent(const Msisdn& to) const override {
    return unsent_for_.contains(std::string(to.text()));
  }

 private:
  void on_bound(std::string_view smsc) override { log_.info("smpp bound", {{"smsc", smsc}}); }
  void on_unbound(smpp::Status) override { log_.warning("smpp link lost"); }
  void on_submit_done(smpp_session::Token token, const smpp_session::SubmitDone& done) override {
    if (const auto message = unsent_.find(token); message != unsent_.end()) {
      const auto count = unsent_for_.find(message->second);
      if (--count->second == 0) unsent_for_.erase(count);
      unsent_.erase(message);
    }
    if (done.outcome == smpp_session::SubmitDone::Outcome::rejected) {
      log_.warning("short message rejected", {{"status", name_of(done.status)}});
    }
  }
  void on_deliver(uint32_t sequence, const smpp::ShortMessage& message) override {
    // Delivery receipts are hints (threats 31): nothing is decided by them.
    constexpr uint8_t receipt_types = 0x3c;
    const auto from = Msisdn::parse(message.source.digits);
    if ((message.esm_class & receipt_types) == 0 && from) {
      received_(*from, message.content(), (message.esm_class & 0x40) != 0);
    }
    // Leaves after the commit, as everything does: what the SMSC forgets, we have.
    client_.answer(sequence, smpp::Status::ok);
  }

  Msisdn own_number_;
  Received received_;
  log::Log log_;
  uint64_t dropped_ = 0;
  // What the SMSC has not answered yet: numbers by token, and how many for each number. Bounded by
  // the session's queue and window.
  smpp_session::Token last_token_ = 0;
  std::unordered_map<smpp_session::Token, std::string> unsent_;
  std::unordered_map<std::string, uint32_t> unsent_for_;
  smpp::SmppClient client_;
};

// The HLR's GSUP server on its sockets.
class GsupLinks final : public hlr::GsupLink, private gsup::GsupServerHandler {
 public:
  explicit GsupLinks(const log::Log& log) : log_(log) {}

  bool open(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
            const gsup_session::PeerPolicy& policy, std::string& problem) {
    auto server =
        gsup::GsupServer::open(loop, endpoint, transport, policy, {}, *this, log_, problem);
    if (server) server_ = std::move(*server);
    return server_ != nullptr;
  }
  // `checked` takes every outcome; `now` is the server's present instant.
  using Checked = std::move_only_function<void(const Result<void>&)>;
  void set_hlr(hlr::GsupServer& hlr, std::function<Instant()> now, Checked checked) {
    hlr_ = &hlr;
    now_ = std::move(now);
    checked_ = std::move(checked);
  }
  size_t peers() const { return peers_; }

  void send(std::string_view peer, ByteView message) override {
    if (const auto sent = server_->send_raw(peer, message); !sent) {
      log_.warning("gsup message not sent", {{"peer", peer}, {"error", sent.error()}});
    }
  }

 private:
  void on_peer_up(std::string_view peer) override {
    ++peers_;
    log_.info("gsup peer connected", {{"peer", peer}});
    checked_(hlr_->on_peer_up(peer, now_()));
  }
  void on_peer_down(std::string_view peer) override {
    --peers_;
    hlr_->on_peer_down(peer);
  }
  void on_message(std::string_view peer, const gsup::Message& message) override {
    checked_(hlr_->on_message(peer, message, now_()));
  }

  log::Log log_;
  std::unique_ptr<gsup::GsupServer> server_;
  hlr::GsupServer* hlr_ = nullptr;
  std::function<Instant()> now_;
  Checked checked_;
  size_t peers_ = 0;
};

class StorageStep final : public api::Step {
 public:
  explicit StorageStep(storage::Storage& storage) : storage_(storage) {}
  Result<void> begin() override { return storage_.begin_step(); }
  Result<void> keep() override { return storage_.keep_step(); }
  Result<void> undo() override { return storage_.undo_step(); }

 private:
  storage::Storage& storage_;
};

class ServerOnLoop final : public Server,
                           private hlr::Events,
                           private hlr::RemoteEvents,
                           private api::Surroundings,
                           private http::Handler {
 public:
  ServerOnLoop(const Config& config, const log::Log& log) : config_(config), log_(log) {}

  bool open(std::string& problem) {
    return open_stores(problem) && make_actors(problem) && recover(problem) && open_links(problem);
  }

  int run() override {
    loop_->set_end_of_batch([this] { end_of_batch(); });
    const auto stop = [this](int signal) {
      log_.info("stopping", {{"signal", signal}});
      if (messages_) messages_->stop();
      loop_->stop();
    };
    for (const int signal : {SIGTERM, SIGINT}) {
      if (!loop_->on_signal(signal, stop)) return 1;
    }
    timer_ = std::make_unique<loop::Timer>(*loop_, [this] { on_timer(); });
    housekeeping_ = std::make_unique<loop::Timer>(*loop_, [this] { keep_house(); });
    timer_->set(loop_->now());
    housekeeping_->set_after(housekeeping_wait);
    warn_of_legacy_1997();
    log_.info("ready", {{"api", http_->endpoint().text()},
                        {"gsup", config_.gsup_listen},
                        {"store", store_words(config_)}});
    loop_->run();
    return 0;
  }

 private:
  // --- opening -------------------------------------------------------------------------------
  bool open_stores(std::string& problem) {
    auto loop = loop::Loop::create(problem);
    if (!loop) return false;
    loop_ = std::move(*loop);
    auto keys =
        keystore::FileKeyStore::open(keys_path(config_.data_dir), config_.production, problem);
    if (!keys) return false;
    keys_ = std::move(*keys);
    storage_ = open_store(config_, random_, problem);
    if (!storage_) return false;
    auto journal = journal::JournalFile::open(config_.data_dir, storage_->mark().database, *keys_,
                                              random_, problem);
    if (!journal) return false;
    journal_ = std::move(journal->journal);
    if (journal->torn_octets > 0) {
      log_.warning("journal: a torn batch was cut off", {{"octets", journal->torn_octets}});
    }
    const auto text =
        process::read_file(tokens_path(config_.data_dir), tokens_file_octets_max, problem);
    if (!text) return false;
    auto tokens = api::parse_tokens(*text);
    if (!tokens) {
      problem =
          fmt::format("{}: the line at octet {} is not a token: {}", tokens_path(config_.data_dir),
                      tokens.error().offset, name_of(tokens.error().code));
      return false;
    }
    tokens_ = std::make_unique<api::Tokens>(std::move(*tokens));
    return true;
  }

  bool make_actors(std::string& problem) {
    audit_ = std::make_unique<audit::Log>(storage_->audit());
    fleet_ = std::make_unique<fleet::Fleet>(storage_->fleet(), *audit_);
    elements_ = std::make_unique<fleet::Elements>(
        fleet::ElementSettings{.refuse_test_keys = config_.production},
        fleet::Elements::Parts{storage_->elements(), *audit_, *keys_});
    hlr::HlrSettings hlr_settings;
    hlr_settings.import.comp128 = config_.allow_comp128_import;
    hlr_settings.import.bench_keys = !config_.production;
    hlr_ = std::make_unique<hlr::Hlr>(
        hlr_settings, hlr::Hlr::Parts{storage_->hlr(), *fleet_, *audit_, *keys_, random_});
    if (config_.hlr == Config::Hlr::osmo_hlr) {
      remote_ = std::make_unique<hlr::RemoteDirectory>(
          hlr::RemoteSettings{}, hlr::RemoteDirectory::Parts{storage_->remote_directory(), *fleet_,
                                                             *audit_, *keys_, *this});
    }
    gsup_links_ = std::make_unique<GsupLinks>(log_);
    gsup_ = std::make_unique<hlr::GsupServer>(
        gsup_settings(),
        hlr::GsupServer::Parts{*hlr_, *fleet_, *audit_, *gsup_links_, *this, random_}, now_);
    gsup_links_->set_hlr(
        *gsup_, [this] { return now_ = loop_->now(); },
        [this](const Result<void>& done) {
          // Anything but the store's failure is the peer's fault, and was answered.
          if (!done && done.error().code == ErrorCode::storage) fatal("hlr", done.error());
        });
    hlr_->set_work_listener(gsup_.get());
    if (!make_transports(problem)) return false;
    if (!config_.smpp_connect.empty() && !make_message_link(problem)) return false;
    security_centre::Bearer& bearer =
        messages_ ? static_cast<security_centre::Bearer&>(*messages_) : nowhere_;
    hlr::SubscriberDirectory& directory =
        remote_ ? static_cast<hlr::SubscriberDirectory&>(*remote_) : *hlr_;
    security_centre::Settings centre_settings = config_.centre;
    centre_settings.allow_legacy_1997 = config_.allow_legacy_1997;
    centre_ = std::make_unique<security_centre::SecurityCentre>(
        centre_settings,
        security_centre::SecurityCentre::Parts{storage_->security_centre(), *fleet_, *elements_,
                                               directory, *journal_, *keys_, random_, bearer});
    api_centre_ = api::over_security_centre(*centre_, storage_->security_centre());
    api::Settings api_settings;
    api_settings.centre_number = config_.centre.own_number;
    api_settings.service_centre = config_.service_centre;
    api_settings.service_provider_name = config_.service_provider_name;
    api_settings.mnc_digits = config_.mnc_digits;
    api_settings.allow_legacy_1997 = config_.allow_legacy_1997;
    step_ = std::make_unique<StorageStep>(*storage_);
    api_ = std::make_unique<api::Api>(
        api_settings,
        api::Api::Parts{*api_centre_, *fleet_, remote_ ? nullptr : hlr_.get(), *audit_,
                        storage_->audit(), *keys_, storage_->answers(), storage_->factory(),
                        *tokens_, *this, *step_, random_, *elements_, storage_->campaigns()});
    return true;
  }

  hlr::GsupSettings gsup_settings() const {
    hlr::GsupSettings settings;
    settings.hotline_number = config_.centre.own_number;
    settings.hotline_apn = config_.hotline_apn;
    for (const GsupPeer& peer : config_.gsup_peers) {
      hlr::PeerPolicy policy;
      policy.name = peer.name;
      policy.imsi_prefixes = peer.imsi_prefixes;
      for (const std::string& operation : peer.operations) {
        policy.send_auth_info |= operation == "auth-info";
        policy.update_location |= operation == "update-location";
        policy.purge |= operation == "purge";
      }
      settings.peers.push_back(std::move(policy));
    }
    return settings;
  }

  bool make_transports(std::string& problem) {
    if (!config_.api_tls_certificate.empty()) {
      auto made = tls::ServerTls::create(
          {config_.api_tls_certificate, config_.api_tls_key, config_.api_client_ca},
          tls::certificate_limits(), problem);
      if (!made) return false;
      api_tls_ = std::move(*made);
    }
    if (config_.smpp_tls) {
      auto made = tls::ClientTls::create(
          {config_.smpp_tls_ca, config_.smpp_tls_certificate, config_.smpp_tls_key},
          config_.smpp_tls_name, tls::certificate_limits(), problem);
      if (!made) return false;
      smpp_tls_ = std::move(*made);
    }
    return true;
  }
  net::Transport& api_transport() {
    return api_tls_ ? static_cast<net::Transport&>(*api_tls_) : transport_;
  }
  net::Transport& smpp_transport() {
    return smpp_tls_ ? static_cast<net::Transport&>(*smpp_tls_) : transport_;
  }

  bool make_message_link(std::string& problem) {
    const auto smsc = net::parse_endpoint(config_.smpp_connect);
    if (!smsc) {
      problem = fmt::format("smpp.connect: \"{}\" is not HOST:PORT", config_.smpp_connect);
      return false;
    }
    smpp_session::EsmeOptions options;
    options.system_id = config_.smpp_system_id;
    options.window_max = static_cast<uint32_t>(config_.smpp_window);
    options.queue_max = 100'000;
    if (!config_.smpp_password_file.empty()) {
      auto password =
          process::read_file(config_.smpp_password_file, secret_file_octets_max, problem);
      if (!password) return false;
      const std::string line = first_line(*password);
      if (line.size() > smpp::password_chars_max) {
        problem = config_.smpp_password_file + ": an SMPP password has at most 8 characters";
        return false;
      }
      options.password.assign(bytes_of(line));
    }
    if (const auto good = smpp_session::EsmeSession::check(options); !good) {
      problem = "smpp: system_id or window is out of bounds";
      return false;
    }
    messages_ = std::make_unique<MessageLink>(
        *loop_, *smsc, smpp_transport(), options, random_, log_, config_.centre.own_number,
        [this](const Msisdn& from, ByteView user_data, bool has_header) {
          now_ = loop_->now();
          require("short message", centre_->on_short_message(from, user_data, has_header, now_));
        });
    return true;
  }

  // Threats row 3: no published key, and no key twice.
  bool check_imported_keys(std::string& problem) {
    const auto faults = hlr_->check_imported_keys();
    if (!faults) {
      problem = fmt::format("the imported subscribers cannot be read: {}", storage_->problem());
      return false;
    }
    if (faults->known_test_keys == 0 && faults->shared_keys == 0) return true;
    const std::string words =
        fmt::format("imported subscribers: {} with a published test key, {} with the Ki of another",
                    faults->known_test_keys, faults->shared_keys);
    if (!config_.production) {
      log_.warning(words, {{"example", faults->example.text()}});
      return true;
    }
    problem = fmt::format(
        "{} (IMSI {} is one): production does not start with these; remove them with "
        "production = false, by simurgh subscribers remove, and give them new chips",
        words, faults->example.text());
    return false;
  }

  void warn_of_legacy_1997() {
    if (config_.allow_legacy_1997) {
      log_.warning("legacy-1997 is switched on", {{"mark", "INSECURE"}});
    }
    const auto profiles = storage_->fleet().profiles();
    if (!profiles) return;
    for (const fleet::CardProfile& profile : *profiles) {
      if (!profile.legacy_1997) continue;
      log_.warning("card profile legacy-1997", {{"profile", profile.name}, {"mark", "INSECURE"}});
    }
  }

  // D1: what was given out stays given out; on failure `why` says which numbers and what to do.
  Result<void> skip_numbers(const std::vector<fleet::GivenOut>& all, const audit::By& by,
                            std::string& why) {
    for (const fleet::GivenOut& given : all) {
      const auto done = fleet_->skip_numbers(given, by);
      if (done.has_value()) continue;
      why = fmt::format(
          "{} numbers of range {} (first ICCID {}) were given out, says the key journal, and the "
          "database has no such range, or another in its place: restore a newer copy of it",
          given.count, given.range,
          given.first_iccid.empty() ? "not recorded" : given.first_iccid.text());
      return done.error();
    }
    return {};
  }

  // Puts the stores right by the journal, in one commit, before anybody can ask.
  bool recover(std::string& problem) {
    now_ = loop_->now();
    const auto plan = hlr::plan_recovery(
        *journal_, storage_->mark(), [this](const Iccid& iccid) { return centre_->stored(iccid); });
    if (!plan) {
      problem = fmt::format("the key journal cannot be read: {}", name_of(plan.error().code));
      return false;
    }
    using Condition = hlr::StartCondition;
    if (plan->condition == Condition::foreign || plan->condition == Condition::journal_behind) {
      problem = fmt::format(
          "{}: database and key journal do not belong together ({}): restore both from the same "
          "backup, or the newer journal; keys that chips hold may be missing otherwise",
          config_.data_dir, name_of(plan->condition));
      return false;
    }
    const audit::By by{"simurghd", now_};
    std::string why;
    const auto done = [&]() -> Result<void> {
      TRY(centre_->recover(*plan, now_));
      TRY(skip_numbers(plan->numbers, by, why));
      if (plan->condition == Condition::restored) TRY(hlr_->after_restore(by));
      if (plan->condition != Condition::clean) TRY(storage_->set_generation(plan->generation));
      TRY(journal_->sync());
      TRY(storage_->commit(journal_->sequence()));
      TRY(gsup_->resume(now_));
      return centre_->resume(now_);
    }();
    if (!done) {
      problem = fmt::format("recovery failed: {}: {}", name_of(done.error().code),
                            why.empty() ? storage_->problem() : why);
      return false;
    }
    if (!check_imported_keys(problem)) return false;
    if (plan->condition != Condition::clean) {
      log_.warning("recovered",
                   {{"condition", name_of(plan->condition)}, {"steps", plan->steps.size()}});
    }
    return true;
  }

  bool open_links(std::string& problem) {
    const auto gsup = net::parse_endpoint(config_.gsup_listen);
    const auto http = net::parse_endpoint(config_.api_listen);
    if (!gsup || !http) {
      problem = "hlr.gsup_listen and api.listen: expected HOST:PORT or unix:PATH";
      return false;
    }
    for (const GsupPeer& peer : config_.gsup_peers) {
      gsup_session::Peer allowed;
      allowed.name = peer.name;
      allowed.operations = gsup_session::Operation::authenticate | gsup_session::Operation::locate;
      allowed.imsi_prefixes = peer.imsi_prefixes;
      if (!gsup_policy_.add(allowed)) {
        problem =
            fmt::format("hlr.peer {}: a name twice, or a prefix that is not digits", peer.name);
        return false;
      }
    }
    if (remote_) {
      const auto ctrl = net::parse_endpoint(config_.osmo_hlr_ctrl);
      if (!ctrl) {
        problem = "hlr.osmo_hlr_ctrl: expected HOST:PORT";
        return false;
      }
      auto link = osmo_hlr::Link::open(*loop_, *ctrl, transport_, {}, *remote_, log_, problem);
      if (!link) return false;
      osmo_link_ = std::move(*link);
    } else if (!gsup_links_->open(*loop_, *gsup, transport_, gsup_policy_, problem)) {
      return false;
    }
    auto server = http::Server::open(*loop_, *http, api_transport(), {}, *this, log_, problem);
    if (!server) return false;
    http_ = std::move(*server);
    if (messages_) messages_->start();
    return true;
  }

  // --- the batch -----------------------------------------------------------------------------
  void end_of_batch() {
    Instant next = earlier(centre_->next_deadline(), gsup_->next_deadline());
    if (remote_) next = earlier(next, remote_->next_deadline());
    timer_->set(next);
    if (!storage_->has_changes()) return;
    if (numbers_given_out_) journal_numbers();
    const auto done = [&]() -> Result<void> {
      TRY(journal_->sync());
      const hlr::CommitMark mark = TRY(storage_->commit(journal_->sequence()));
      return journal_->committed(mark);
    }();
    if (!done) fatal("commit", done.error());
    ++commits_;
  }

  // Numbers that left for a manufacturer must never be given out again, whatever becomes of the
  // database (D1).
  void journal_numbers() {
    numbers_given_out_ = false;
    const auto done = [&]() -> Result<void> {
      for (const fleet::Range& range : TRY(storage_->fleet().ranges())) {
        if (journalled_numbers_[range.id] == range.allocated) continue;
        journalled_numbers_[range.id] = range.allocated;
        hlr::JournalRecord record;
        record.kind = hlr::JournalRecord::Kind::numbers;
        record.range = range.id;
        record.iccid = range.run.iccid_at(0);
        record.imsi = range.run.imsi_at(0);
        record.allocated = range.allocated;
        TRY(journal_->append(record));
      }
      return {};
    }();
    require("numbers", done);
  }

  void on_timer() {
    now_ = loop_->now();
    require("hlr", gsup_->on_time(now_));
    if (remote_) require("osmo-hlr", remote_->on_time(now_));
    require("security centre", centre_->on_time(now_));
  }

  void keep_house() {
    now_ = loop_->now();
    require("answers", storage_->answers().erase_before(now_ - api::idempotency_lifetime));
    housekeeping_->set_after(housekeeping_wait);
  }

  void require(std::string_view what, const Result<void>& result) {
    if (!result) fatal(what, result.error());
  }
  // The store can no longer be trusted, or an actor has left half a change: nothing more leaves.
  [[noreturn]] void fatal(std::string_view what, Error error) {
    log_.error("ends: recovery at the next start decides",
               {{"in", what}, {"error", error}, {"store", storage_->problem()}});
    _exit(exit_storage_failed);
  }

  // --- hlr::Events ---------------------------------------------------------------------------
  void on_located(const Imsi& imsi, hlr::Domain, std::string_view, Instant now) override {
    require("located", centre_->on_located(imsi, now));
  }
  void on_sync_failure(const Imsi& imsi, std::string_view peer, Instant) override {
    log_.info("sequence numbers resynchronised", {{"imsi", imsi}, {"peer", peer}});
  }
  void on_auth_failure(const Imsi& imsi, std::string_view peer, Instant) override {
    log_.info("authentication failed", {{"imsi", imsi}, {"peer", peer}});
  }

  // --- hlr::RemoteEvents
  void on_confirmed(const Imsi& imsi, Instant now) override {
    require("osmo-hlr", centre_->on_directory_confirmed(imsi, now));
  }

  // --- REST ----------------------------------------------------------------------------------
  void on_request(http::Exchange exchange, http::Request& http_request) override {
    now_ = loop_->now();
    api::Request request = http::api_request(http_request);
    numbers_given_out_ |= request.method == "POST" && request.target == "/v1/allocations";
    auto answer = api_->handle(request, now_);
    if (!answer) fatal("request", answer.error());
    exchange.answer(http::response_of(std::move(*answer)));
  }

  json::Value status() override {
    const auto& figures = centre_->figures();
    json::Value out = json::Value::object();
    out.set("smpp_bound", messages_ && messages_->bound());
    out.set("gsup_peers", gsup_links_->peers());
    out.set("sessions", centre_->sessions());
    out.set("personalised", figures.personalised);
    out.set("rekeyed", figures.rekeyed);
    out.set("resets_confirmed", figures.resets_confirmed);
    out.set("refused_packets", figures.refused_packets);
    out.set("two_chips", figures.two_chips);
    out.set("production", config_.production);
    out.set("version", SIMURGH_VERSION);
    return out;
  }
  bool ready(std::string& why_not) override {
    if (messages_ && !messages_->bound()) {
      why_not = "no bind with the SMSC";
      return false;
    }
    return true;
  }
  std::string metrics() override;

  Config config_;
  log::Log log_;
  process::OsRandom random_;
  Instant now_;
  std::unique_ptr<loop::Loop> loop_;
  net::PlainTransport transport_;
  std::unique_ptr<tls::ServerTls> api_tls_;   // null: plain
  std::unique_ptr<tls::ClientTls> smpp_tls_;  // null: plain
  std::unique_ptr<keystore::FileKeyStore> keys_;
  std::unique_ptr<sql_rows::SqlStorage> storage_;
  std::unique_ptr<journal::JournalFile> journal_;
  std::unique_ptr<api::Tokens> tokens_;
  std::unique_ptr<audit::Log> audit_;
  std::unique_ptr<fleet::Fleet> fleet_;
  std::unique_ptr<fleet::Elements> elements_;
  std::unique_ptr<hlr::Hlr> hlr_;
  std::unique_ptr<hlr::RemoteDirectory> remote_;  // osmo-hlr instead of the built-in HLR
  std::unique_ptr<osmo_hlr::Link> osmo_link_;
  gsup_session::PeerPolicy gsup_policy_;
  std::unique_ptr<GsupLinks> gsup_links_;
  std::unique_ptr<hlr::GsupServer> gsup_;
  struct Nowhere final : security_centre::Bearer {
    void send_short_message(const Msisdn&, ByteView) override {}
  } nowhere_;  // without an SMSC; the centre's repetitions cost nothing
  std::unique_ptr<MessageLink> messages_;
  std::unique_ptr<security_centre::SecurityCentre> centre_;
  std::unique_ptr<api::Centre> api_centre_;
  std::unique_ptr<StorageStep> step_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<loop::Timer> timer_;
  std::unique_ptr<loop::Timer> housekeeping_;
  bool numbers_given_out_ = false;
  std::map<uint64_t, uint64_t> journalled_numbers_;
  uint64_t commits_ = 0;
};

std::string ServerOnLoop::metrics() {
  std::string out;
  const auto counter = [&](std::string_view name, std::string_view help, uint64_t value) {
    out += fmt::format("# HELP simurgh_{0} {1}\n# TYPE simurgh_{0} counter\nsimurgh_{0} {2}\n",
                       name, help, value);
  };
  const auto gauge = [&](std::string_view name, std::string_view help, uint64_t value) {
    out += fmt::format("# HELP simurgh_{0} {1}\n# TYPE simurgh_{0} gauge\nsimurgh_{0} {2}\n", name,
                       help, value);
  };
  const auto& centre = centre_->figures();
  counter("negotiations_begun_total", "INITs of new key agreements", centre.negotiations_begun);
  counter("personalised_total", "First logons that ended in a new key", centre.personalised);
  counter("rekeyed_total", "Keys renewed in service", centre.rekeyed);
  counter("rekeys_by_interval_total", "Re-keyings ordered by rekey_interval_s",
          centre.rekeys_by_interval);
  counter("rekeys_postponed_total", "Re-keyings due of chips that cannot be re-keyed now",
          centre.rekeys_postponed);
  counter("resets_confirmed_total", "Chips returned for another life", centre.resets_confirmed);
  counter("chip_messages_sent_total", "Messages to chips", centre.messages_out);
  counter("chip_messages_received_total", "Authentic messages of chips", centre.messages_in);
  counter("chip_packets_refused_total", "Packets that were no chip's", centre.refused_packets);
  counter("code_refusals_total", "Activation codes typed again", centre.code_refusals);
  counter("two_chips_total", "Identities that two chips answered under", centre.two_chips);
  gauge("negotiations", "Key agreements under way", centre_->sessions());
  const auto& gsup = gsup_->figures();
  counter("gsup_auth_infos_total", "SendAuthInfo answered", gsup.auth_infos);
  counter("gsup_auth_info_errors_total", "SendAuthInfo refused", gsup.auth_info_errors);
  counter("gsup_locations_total", "UpdateLocation done", gsup.locations);
  counter("gsup_refused_total", "Requests that a peer may not make", gsup.refused);
  gauge("gsup_peers", "Connected visited networks", gsup_links_->peers());
  if (messages_) {
    const auto& smpp = messages_->session().counts();
    counter("smpp_submitted_total", "submit_sm sent", smpp.submitted);
    counter("smpp_throttled_total", "submit_sm answered with throttling", smpp.throttled);
    counter("smpp_delivered_total", "deliver_sm taken", smpp.delivered);
    gauge("smpp_bound", "1 while bound to the SMSC", messages_->bound() ? 1 : 0);
    gauge("smpp_queued", "Messages waiting for the SMSC", messages_->session().queued());
  }
  if (api_tls_) {
    const auto& tls = api_tls_->figures();
    counter("api_tls_handshakes_total", "TLS handshakes of REST clients", tls.handshakes_done);
    counter("api_tls_refused_total", "Connections that were no TLS, or no client's of ours",
            tls.refused_protocol + tls.refused_full + tls.handshake_timeouts);
    gauge("api_tls_sessions", "Open TLS connections of REST clients", tls.sessions);
  }
  counter("commits_total", "Transactions made durable", commits_);
  return out;
}

}  // namespace

std::unique_ptr<Server> Server::open(const Config& config, const log::Log& log,
                                     std::string& problem) {
  auto server = std::make_unique<ServerOnLoop>(config, log);
  if (!server->open(problem)) return nullptr;
  return server;
}

bool make_data_dir(const std::string& path, NewData& out, std::string& problem) {
  if (const auto made = process::make_empty_folder(path, problem); !made) {
    if (made.error().code == ErrorCode::already_exists) problem += ": name a new folder";
    return false;
  }
  process::OsRandom random;
  Key256 secret;
  random.fill(secret.fill(api::token_secret_octets));
  const auto token = api::make_token("admin", {api::Role::admin}, secret, random.array<16>());
  if (!token) {
    problem = "no token could be made";
    return false;
  }
  if (!keystore::FileKeyStore::create(keys_path(path), problem)) return false;
  if (!process::write_new_file(tokens_path(path), api::write_tokens({token->token}), 0600,
                               problem)) {
    return false;
  }
  out.admin_token = text_of(token->text.view());
  return true;
}

}  // namespace simurgh::simurghd
