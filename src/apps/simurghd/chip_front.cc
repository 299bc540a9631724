#include "apps/simurghd/chip_front.h"

#include <fmt/format.h>

#include "io/process/process.h"

namespace simurgh::simurghd {

using element_update::Peer;

namespace {

// Of everything but chips: database, journal, REST, GSUP, SMPP.
constexpr size_t other_descriptors = 512;

}  // namespace

// Tells the session the time before each event of it.
class ChipFront::Visitor final : public remote_admin::Work {
 public:
  Visitor(loop::Loop& loop, std::unique_ptr<element_update::ElementUpdate::Session> session)
      : loop_(loop), session_(std::move(session)) {}

  const remote_admin::CardProfile& profile() const { return session_->profile(); }

  remote_admin::SessionRecord recall() override { return timed().recall(); }
  void keep(const remote_admin::SessionRecord& record) override { timed().keep(record); }
  void on_contact(std::string_view agent_id) override { timed().on_contact(agent_id); }
  std::optional<remote_admin::Script> again(remote_admin::ScriptId id,
                                            remote_admin::Doubt doubt) override {
    return timed().again(id, doubt);
  }
  remote_admin::Next next(Instant now) override { return timed().next(now); }
  void on_response(remote_admin::ScriptId id,
                   const remote_admin::ScriptResponse& response) override {
    timed().on_response(id, response);
  }
  void on_end(remote_admin::SessionEnd end) override { timed().on_end(end); }

 private:
  element_update::ElementUpdate::Session& timed() {
    session_->at(loop_.now());
    return *session_;
  }

  loop::Loop& loop_;
  std::unique_ptr<element_update::ElementUpdate::Session> session_;
};

ChipFront::ChipFront(const Config::Chips& config, Parts parts)
    : config_(config), parts_(std::move(parts)) {}

ChipFront::~ChipFront() {
  server_.reset();  // ends every session, and hears of it here
}

std::unique_ptr<ChipFront> ChipFront::open(const Config::Chips& config, Parts parts,
                                           std::string& problem) {
  std::unique_ptr<ChipFront> front(new ChipFront(config, std::move(parts)));
  if (!front->make_decoy(problem) || !front->listen(problem)) return nullptr;
  return front;
}

bool ChipFront::make_decoy(std::string& problem) {
  fleet::ElementKeys keys;
  keys.psk_identity = "decoy";
  parts_.random.fill(keys.psk.fill(fleet::psk_octets_min));
  const auto sealed = fleet::seal_element_keys(parts_.keys, decoy_.iccid, keys);
  if (!sealed) {
    problem = "the key store seals nothing";
    return false;
  }
  decoy_.source = fleet::ElementKeySource::imported;
  decoy_.psk_identity = keys.psk_identity;
  decoy_.sealed_keys = *sealed;
  return true;
}

bool ChipFront::listen(std::string& problem) {
  const auto endpoint = net::parse_endpoint(config_.listen);
  if (!endpoint) {
    problem = fmt::format("chips.listen: \"{}\" is not HOST:PORT", config_.listen);
    return false;
  }
  // Those that are told to come back shake hands, too.
  const size_t connections = config_.sessions_max + config_.sent_away_max;
  const size_t descriptors = process::raise_descriptor_limit(connections + other_descriptors);
  if (descriptors < connections + other_descriptors) {
    problem = fmt::format(
        "chips.sessions_max: {} sessions and what else is open need {} descriptors, and this "
        "process gets {}: raise its limit (LimitNOFILE, ulimit -n) or take fewer sessions",
        config_.sessions_max, connections + other_descriptors, descriptors);
    return false;
  }
  tls::TlsPolicy policy = tls::chip_policy();
  policy.limits.sessions_max = connections;
  policy.limits.handshakes_at_once_max = config_.handshakes_max;
  auto transport = tls::ChipServer::create(policy, *this, parts_.random, problem);
  if (!transport) return false;
  transport_ = std::move(*transport);
  admin_http::Options options;
  options.sessions_max = config_.sessions_max;
  options.sent_away_max = config_.sent_away_max;
  options.return_wait_min = config_.return_wait_min;
  options.return_wait_max = config_.return_wait_max;
  auto server = admin_http::Server::open(parts_.loop, *endpoint, *transport_, options, *this,
                                         parts_.random, parts_.log, problem);
  if (!server) return false;
  server_ = std::move(*server);
  return true;
}

std::optional<Peer> ChipFront::peer_of(std::string_view identity) {
  auto peer = parts_.update.find_psk(identity);
  if (peer.has_value()) return std::move(*peer);
  if (peer.error().code == ErrorCode::storage) parts_.fatal(peer.error());
  if (peer.error().code != ErrorCode::not_found) {
    // A row that was altered, or sealed under other keys: the chip is refused as an unknown one.
    parts_.log.warning("keys of a chip do not open", {{"error", peer.error()}});
  }
  return std::nullopt;
}

std::optional<tls::Psk> ChipFront::find(std::string_view identity) {
  const auto peer = peer_of(identity);
  if (!peer.has_value()) {
    static_cast<void>(fleet::open_element_keys(parts_.keys, decoy_));  // for its time only
    return std::nullopt;
  }
  return tls::Psk{.key = tls::PskKey(peer->psk.view())};
}

std::optional<admin_http::Visit> ChipFront::enter(std::string_view identity, bool) {
  const auto peer = peer_of(identity);
  if (!peer.has_value()) return std::nullopt;  // gone since the handshake
  auto session = parts_.update.open(*peer, parts_.loop.now());
  if (!session.has_value()) {
    if (session.error().code == ErrorCode::storage) parts_.fatal(session.error());
    parts_.log.warning("a chip is not served: the settings of its batch cannot be read",
                       {{"iccid", peer->iccid}, {"batch", peer->batch}});
    return std::nullopt;
  }
  auto visitor = std::make_unique<Visitor>(parts_.loop, std::move(*session));
  admin_http::Visit visit{.work = visitor.get(), .profile = visitor->profile()};
  visitors_.emplace(visitor.get(), std::move(visitor));
  return visit;
}

void ChipFront::leave(remote_admin::Work& work) {
  visitors_.erase(&work);
}

}  // namespace simurgh::simurghd
