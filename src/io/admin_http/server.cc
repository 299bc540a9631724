#include "io/admin_http/server.h"

#include <unordered_map>

#include "io/admin_http/connection.h"

namespace simurgh::admin_http {
namespace {

using remote_admin::SessionEnd;

class ServerOnLoop final : public Server, private ConnectionOwner, private net::Listener::Handler {
 public:
  ServerOnLoop(loop::Loop& loop, net::Transport& transport, const Options& options, Chips& chips,
               Random& random, const log::Log& log)
      : loop_(loop),
        transport_(transport),
        options_(options),
        chips_(chips),
        random_(random),
        log_(log) {}

  // The caller hears of every session's end, so that it keeps nothing of one.
  ~ServerOnLoop() override {
    while (!connections_.empty()) connections_.begin()->first->end();
  }

  Result<void> listen(const net::Endpoint& endpoint, std::string& problem) {
    listener_ = TRY(net::Listener::open(loop_, endpoint, *this, problem));
    log_.info("chips' front end listening",
              {{"at", listener_->endpoint().text()}, {"sessions_max", options_.sessions_max}});
    return {};
  }

  const net::Endpoint& endpoint() const override { return listener_->endpoint(); }

  Figures figures() const override {
    Figures figures = figures_;
    figures.connections = connections_.size();
    figures.sessions = sessions_;
    return figures;
  }

  bool drain() override {
    listener_->pause(true);
    return connections_.empty();
  }

 private:
  void on_accepted(net::Socket socket, std::string peer) override {
    ++figures_.accepted;
    const bool full = connections_.size() - away_ >= options_.sessions_max;
    if (full && away_ >= options_.sent_away_max) {
      ++figures_.refused_full;
      return;
    }
    if (full) ++away_;
    auto connection =
        std::make_unique<Connection>(loop_, options_, static_cast<ConnectionOwner&>(*this), full);
    Connection* const key = connection.get();
    connections_.emplace(key, std::move(connection));
    key->begin(transport_, std::move(socket), std::move(peer));
  }

  std::optional<Visit> enter(Connection& connection, std::string_view identity) override {
    // On a transport that authenticates nobody all would be one chip.
    if (transport_.secure()) {
      const auto older = by_identity_.find(std::string(identity));
      if (older != by_identity_.end()) {
        ++figures_.superseded;
        older->second->end();
      }
    }
    auto visit = chips_.enter(identity, connection.full());
    if (!visit.has_value()) {
      ++figures_.unknown;
      return visit;
    }
    SIMURGH_CHECK(visit->work != nullptr);
    ++sessions_;
    if (transport_.secure()) by_identity_[std::string(identity)] = &connection;
    return visit;
  }

  // The connection's functions may be running: it is destroyed after this batch.
  void gone(Connection& connection) override {
    if (connection.full()) --away_;
    if (connection.known()) {
      count(connection.session());
      --sessions_;
      const auto mine = by_identity_.find(connection.identity());
      if (mine != by_identity_.end() && mine->second == &connection) by_identity_.erase(mine);
      chips_.leave(*connection.work());
    } else if (!connection.heard()) {
      ++figures_.unheard;
    }
    net::close_and_destroy(loop_, connection.take_stream());
    const auto found = connections_.find(&connection);
    loop_.after_flushes([owned = std::move(found->second)] {});
    connections_.erase(found);
  }

  void count(const remote_admin::AdminServer& session) {
    switch (*session.how_ended()) {
      case SessionEnd::finished: ++figures_.finished; break;
      case SessionEnd::sent_away: ++figures_.sent_away; break;
      case SessionEnd::broken: ++figures_.broken; break;
      case SessionEnd::timed_out: ++figures_.timed_out; break;
      case SessionEnd::refused: ++figures_.refused; break;
      case SessionEnd::unfit: ++figures_.unfit; break;
    }
    const remote_admin::ServerCounts& counts = session.counts();
    figures_.requests += counts.requests;
    figures_.scripts += counts.scripts;
    figures_.repeats += counts.repeats;
    figures_.responses += counts.responses;
    figures_.stale += counts.stale;
  }

  Random& random() override { return random_; }

  loop::Loop& loop_;
  net::Transport& transport_;
  const Options options_;
  Chips& chips_;
  Random& random_;
  const log::Log log_;
  std::unique_ptr<net::Listener> listener_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::string, Connection*> by_identity_;
  size_t away_ = 0;  // connections that are only told to come back later
  size_t sessions_ = 0;
  Figures figures_;
};

bool check(const Options& options, const net::Transport& transport, std::string& problem) {
  if (!transport.secure() && !options.insecure) {
    problem = "the chips' front end needs TLS with pre-shared keys: without it anybody is any chip";
    return false;
  }
  if (options.sessions_max == 0 || options.return_wait_max < options.return_wait_min ||
      options.return_wait_min < seconds(1) || !remote_admin::AdminServer::check(options.session)) {
    problem = "the chips' front end: sessions_max, the return wait or the path is not valid";
    return false;
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(loop::Loop& loop, const net::Endpoint& endpoint,
                                             net::Transport& transport, const Options& options,
                                             Chips& chips, Random& random, const log::Log& log,
                                             std::string& problem) {
  if (!check(options, transport, problem)) {
    return transport.secure() || options.insecure ? ErrorCode::bad_value : ErrorCode::not_allowed;
  }
  auto server = std::make_unique<ServerOnLoop>(loop, transport, options, chips, random, log);
  TRY(server->listen(endpoint, problem));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace simurgh::admin_http
