// What the server is made of: stores, actors, transports and links.
#include <fmt/format.h>

#include "apps/simurghd/data_dir.h"
#include "apps/simurghd/server_on_loop.h"
#include "apps/simurghd/store.h"

namespace simurgh::simurghd {

namespace {

constexpr size_t secret_file_octets_max = 256;
constexpr size_t tokens_file_octets_max = size_t{1} << 20;

std::string first_line(std::string text) {
  const size_t end = text.find_first_of("\r\n");
  if (end != std::string::npos) text.resize(end);
  return text;
}

}  // namespace

bool ServerOnLoop::open(std::string& problem) {
  return open_stores(problem) && make_actors(problem) && recover(problem) &&
         take_up_chips(problem) && load_campaigns(problem) && open_links(problem);
}

bool ServerOnLoop::open_stores(std::string& problem) {
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
  return read_tokens(problem);
}

bool ServerOnLoop::read_tokens(std::string& problem) {
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

bool ServerOnLoop::make_actors(std::string& problem) {
  audit_ = std::make_unique<audit::Log>(storage_->audit());
  fleet_ = std::make_unique<fleet::Fleet>(storage_->fleet(), *audit_);
  elements_ = std::make_unique<fleet::Elements>(
      fleet::ElementSettings{.refuse_test_keys = config_.production},
      fleet::Elements::Parts{storage_->elements(), *audit_, *keys_});
  step_ = std::make_unique<StorageStep>(*storage_);
  make_hlr();
  if (!make_transports(problem)) return false;
  if (!config_.smpp_connect.empty() && !make_message_link(problem)) return false;
  make_centre();
  make_campaigns();
  make_api();
  return true;
}

void ServerOnLoop::make_hlr() {
  hlr::HlrSettings hlr_settings;
  hlr_settings.import.comp128 = config_.allow_comp128_import;
  hlr_settings.import.bench_keys = !config_.production;
  hlr_ = std::make_unique<hlr::Hlr>(
      hlr_settings, hlr::Hlr::Parts{storage_->hlr(), *fleet_, *audit_, *keys_, random_});
  if (config_.hlr == Config::Hlr::osmo_hlr) {
    remote_ = std::make_unique<hlr::RemoteDirectory>(
        hlr::RemoteSettings{},
        hlr::RemoteDirectory::Parts{storage_->remote_directory(), *fleet_, *audit_, *keys_, *this});
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
}

void ServerOnLoop::make_centre() {
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
}

void ServerOnLoop::make_campaigns() {
  population_ = std::make_unique<campaign::Population>(loop_->now());
  campaigns_ = std::make_unique<campaign::Campaigns>(storage_->campaigns(), *audit_, *population_,
                                                     config_.chips.poll_period);
  own_keys_ = std::make_unique<OwnKeysOfCentre>(*centre_, *storage_);
  update_ = std::make_unique<element_update::ElementUpdate>(element_update::ElementUpdate::Parts{
      storage_->element_update(), *campaigns_, *population_, *elements_, *keys_, *own_keys_});
  key_conversation_ = std::make_unique<CentreInSessions>(*centre_);
  update_->set_key_conversation(*key_conversation_);
  epochs_ = std::make_unique<EpochsToCampaigns>(*update_);
  centre_->set_listener(epochs_.get());
  dispatcher_ = std::make_unique<campaign::Dispatcher>(
      *campaigns_,
      campaign::Settings{.session_time = config_.chips.session_time,
                         .messages_per_second_max = config_.chips.triggers_per_second_max});
  if (!messages_) return;
  update_messages_ = std::make_unique<element_update::Messages>(
      element_update::Messages::Settings{.session = config_.chips.session},
      element_update::Messages::Parts{storage_->element_update(), *campaigns_, *elements_, *keys_,
                                      *own_keys_, *messages_});
  dispatcher_->set_sender(update_messages_.get());
  messages_->set_submitted([this](element_update::PartToken token, bool taken) {
    now_ = loop_->now();
    update_messages_->on_submitted(token, taken, now_);
  });
}

void ServerOnLoop::make_api() {
  api_centre_ = api::over_security_centre(*centre_, storage_->security_centre());
  api::Settings api_settings;
  api_settings.centre_number = config_.centre.own_number;
  api_settings.service_centre = config_.service_centre;
  api_settings.service_provider_name = config_.service_provider_name;
  api_settings.mnc_digits = config_.mnc_digits;
  api_settings.allow_legacy_1997 = config_.allow_legacy_1997;
  api_ = std::make_unique<api::Api>(
      api_settings, api::Api::Parts{*api_centre_, *fleet_, remote_ ? nullptr : hlr_.get(), *audit_,
                                    storage_->audit(), *keys_, storage_->answers(),
                                    storage_->factory(), *tokens_, *this, *step_, random_,
                                    *elements_, storage_->campaigns(), *campaigns_, *population_});
}

hlr::GsupSettings ServerOnLoop::gsup_settings() const {
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

bool ServerOnLoop::make_transports(std::string& problem) {
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

net::Transport& ServerOnLoop::api_transport() {
  return api_tls_ ? static_cast<net::Transport&>(*api_tls_) : transport_;
}

net::Transport& ServerOnLoop::smpp_transport() {
  return smpp_tls_ ? static_cast<net::Transport&>(*smpp_tls_) : transport_;
}

bool ServerOnLoop::make_message_link(std::string& problem) {
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
    auto password = process::read_file(config_.smpp_password_file, secret_file_octets_max, problem);
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
      MessageLink::Parts{*loop_, *smsc, smpp_transport(), options, random_, log_},
      config_.centre.own_number,
      [this](const Msisdn& from, ByteView user_data, bool has_header, bool report) {
        on_short_message(from, user_data, has_header, report);
      });
  return true;
}

bool ServerOnLoop::open_networks(std::string& problem) {
  const auto gsup = net::parse_endpoint(config_.gsup_listen);
  if (!gsup) {
    problem = "hlr.gsup_listen: expected HOST:PORT or unix:PATH";
    return false;
  }
  for (const GsupPeer& peer : config_.gsup_peers) {
    gsup_session::Peer allowed;
    allowed.name = peer.name;
    allowed.operations = gsup_session::Operation::authenticate | gsup_session::Operation::locate;
    allowed.imsi_prefixes = peer.imsi_prefixes;
    if (!gsup_policy_.add(allowed)) {
      problem = fmt::format("hlr.peer {}: a name twice, or a prefix that is not digits", peer.name);
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
  return true;
}

bool ServerOnLoop::open_chip_front(std::string& problem) {
  if (config_.chips.listen.empty()) return true;
  chips_ = ChipFront::open(
      config_.chips,
      {*loop_, *update_, *keys_, random_, log_, [this](Error error) { fatal("chips", error); }},
      problem);
  return chips_ != nullptr;
}

bool ServerOnLoop::open_links(std::string& problem) {
  if (!open_networks(problem) || !open_chip_front(problem)) return false;
  const auto http = net::parse_endpoint(config_.api_listen);
  if (!http) {
    problem = "api.listen: expected HOST:PORT or unix:PATH";
    return false;
  }
  auto server = http::Server::open(*loop_, *http, api_transport(), {}, *this, log_, problem);
  if (!server) return false;
  http_ = std::move(*server);
  if (messages_) messages_->start();
  return true;
}

}  // namespace simurgh::simurghd
