// The inside of the server: every part is named once, and nothing is decided here. What is opened
// and made is in opening.cc, what start-up puts right in recovery.cc, the loop's batch and what
// comes in from outside in server.cc, figures in figures.cc.
#pragma once

#include <map>
#include <memory>

#include "api/api.h"
#include "apps/simurghd/chip_front.h"
#include "apps/simurghd/gsup_links.h"
#include "apps/simurghd/message_link.h"
#include "apps/simurghd/own_keys.h"
#include "apps/simurghd/server.h"
#include "campaign/dispatcher.h"
#include "element_update/element_update.h"
#include "io/http/server.h"
#include "io/journal/journal_file.h"
#include "io/keystore/file_key_store.h"
#include "io/osmo_hlr/link.h"
#include "io/process/process.h"
#include "io/sql_rows/sql_storage.h"
#include "io/tls/certificates.h"

namespace simurgh::simurghd {

class MetricsText;

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

  // False when something is wrong; `problem` says what, and what to do.
  bool open(std::string& problem);
  int run() override;

 private:
  // --- opening.cc
  bool open_stores(std::string& problem);
  bool read_tokens(std::string& problem);
  bool make_actors(std::string& problem);
  void make_hlr();
  void make_centre();
  void make_campaigns();
  void make_api();
  hlr::GsupSettings gsup_settings() const;
  bool make_transports(std::string& problem);
  net::Transport& api_transport();
  net::Transport& smpp_transport();
  bool make_message_link(std::string& problem);
  bool open_links(std::string& problem);
  bool open_networks(std::string& problem);
  bool open_chip_front(std::string& problem);

  // --- recovery.cc
  bool check_imported_keys(std::string& problem);
  void warn_of_legacy_1997();
  Result<void> skip_numbers(const std::vector<fleet::GivenOut>& all, const audit::By& by,
                            std::string& why);
  bool recover(std::string& problem);
  bool take_up_chips(std::string& problem);
  Result<size_t> take_up_some(const audit::By& by);
  bool load_campaigns(std::string& problem);

  // --- server.cc
  void end_of_batch();
  Result<void> commit();
  void journal_numbers();
  void on_timer();
  void on_second();
  void on_short_message(const Msisdn& from, ByteView user_data, bool has_header, bool report);
  void keep_house();
  void require(std::string_view what, const Result<void>& result);
  // The store can no longer be trusted, or an actor has left half a change: nothing more leaves.
  [[noreturn]] void fatal(std::string_view what, Error error);
  // hlr::Events
  void on_located(const Imsi& imsi, hlr::Domain, std::string_view, Instant now) override;
  void on_sync_failure(const Imsi& imsi, std::string_view peer, Instant) override;
  void on_auth_failure(const Imsi& imsi, std::string_view peer, Instant) override;
  // hlr::RemoteEvents
  void on_confirmed(const Imsi& imsi, Instant now) override;
  // http::Handler: REST
  void on_request(http::Exchange exchange, http::Request& http_request) override;

  // --- figures.cc: api::Surroundings
  json::Value status() override;
  bool ready(std::string& why_not) override;
  std::string metrics() override;
  void centre_metrics(MetricsText& out) const;
  void network_metrics(MetricsText& out) const;
  void chip_metrics(MetricsText& out) const;
  void campaign_metrics(MetricsText& out) const;

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
  std::unique_ptr<campaign::Population> population_;
  std::unique_ptr<campaign::Campaigns> campaigns_;
  std::unique_ptr<OwnKeysOfCentre> own_keys_;
  std::unique_ptr<CentreInSessions> key_conversation_;
  std::unique_ptr<element_update::ElementUpdate> update_;
  std::unique_ptr<EpochsToCampaigns> epochs_;
  std::unique_ptr<ChipFront> chips_;  // null: chips are not served over HTTPS
  std::unique_ptr<element_update::Messages> update_messages_;  // null without an SMSC
  std::unique_ptr<campaign::Dispatcher> dispatcher_;
  std::unique_ptr<api::Centre> api_centre_;
  std::unique_ptr<StorageStep> step_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<loop::Timer> timer_;
  std::unique_ptr<loop::Timer> second_;
  std::unique_ptr<loop::Timer> housekeeping_;
  bool numbers_given_out_ = false;
  std::map<uint64_t, uint64_t> journalled_numbers_;
  uint64_t commits_ = 0;
};

}  // namespace simurgh::simurghd
