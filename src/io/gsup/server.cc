#include "io/gsup/server.h"

#include <unordered_map>

namespace simurgh::gsup {
namespace {

class Server;

// One peer's connection.
class Connection final : private net::StreamHandler,
                         private gsup_session::Outlet,
                         private loop::Flushable {
 public:
  Connection(loop::Loop& loop, Server& server, const gsup_session::SessionOptions& options);

  void begin(net::Transport& transport, net::Socket socket, std::string peer) {
    stream_ = transport.accepted(loop_, std::move(socket), std::move(peer), *this);
    flush_after_batch();
  }

  gsup_session::Session& session() { return session_; }
  const std::string& address() const { return address_; }
  const gsup_session::Peer* peer() const { return peer_; }
  void set_peer(const gsup_session::Peer* peer) { peer_ = peer; }
  const net::Stream* stream() const { return stream_.get(); }
  std::unique_ptr<net::Stream> take_stream() { return std::move(stream_); }
  void end(std::string_view reason);

 private:
  void on_bytes(ByteView bytes) override {
    session_.on_bytes(bytes, loop_.now());
    flush_after_batch();
  }
  void on_writable() override { flush_after_batch(); }
  void on_closed(const net::Closed& closed) override { end(closed.words); }
  void on_output() override { flush_after_batch(); }
  void on_timer() {
    session_.on_timeout(loop_.now());
    flush_after_batch();
  }

  void on_flush() override {
    if (ended_) return;
    if (address_.empty()) address_ = stream_->peer();
    while (true) {
      const ByteView pending = session_.poll_transmit();
      const size_t octets = std::min(pending.size(), stream_->room());
      if (octets == 0 || !stream_->send(pending.first(octets)).has_value()) break;
      session_.transmitted(octets);
    }
    if (session_.wants_close()) {
      end(name_of(session_.reason()));
    } else {
      timer_.set(session_.poll_timeout());
    }
  }

  loop::Loop& loop_;
  Server& server_;
  gsup_session::Session session_;
  loop::Timer timer_;
  std::unique_ptr<net::Stream> stream_;
  std::string address_;
  const gsup_session::Peer* peer_ = nullptr;  // on the allow-list, once named
  bool ended_ = false;
};

class Server final : public GsupServer,
                     private net::Listener::Handler,
                     private gsup_session::SessionHandler {
 public:
  Server(loop::Loop& loop, net::Transport& transport, const gsup_session::PeerPolicy& policy,
         const GsupServerOptions& options, GsupServerHandler& handler, const log::Log& log)
      : loop_(loop),
        transport_(transport),
        policy_(policy),
        options_(options),
        handler_(handler),
        log_(log) {}

  Result<void> listen(const net::Endpoint& endpoint, std::string& problem) {
    if (!endpoint.loopback() && !transport_.secure()) {
      problem = "GSUP has no authentication of its own: " + endpoint.text() +
                " is reachable by others. Listen on 127.0.0.1 or a unix path, or configure TLS";
      return ErrorCode::not_allowed;
    }
    listener_ = TRY(net::Listener::open(loop_, endpoint, *this, problem));
    log_.info("gsup listening", {{"at", listener_->endpoint().text()}});
    return {};
  }

  Result<void> send(std::string_view peer, const Message& message) override {
    Connection* const connection = find(peer);
    if (connection == nullptr) return ErrorCode::not_found;
    return connection->session().send(message);
  }
  Result<void> send_raw(std::string_view peer, ByteView message) override {
    Connection* const connection = find(peer);
    if (connection == nullptr) return ErrorCode::not_found;
    return connection->session().send_raw(message);
  }
  bool connected(std::string_view peer) const override { return find(peer) != nullptr; }
  const net::Endpoint& endpoint() const override { return listener_->endpoint(); }
  size_t connections() const override { return connections_.size(); }

  gsup_session::SessionHandler& session_handler() { return *this; }

  // Destroyed after this batch: its functions may be running.
  void ended(Connection& connection, std::string_view reason) {
    log_.info("gsup connection ended", {{"address", connection.address()},
                                        {"peer", connection.session().name()},
                                        {"reason", reason}});
    net::close_and_destroy(loop_, connection.take_stream());
    const auto named = by_name_.find(connection.session().name());
    const bool was_up = named != by_name_.end() && named->second == &connection;
    const std::string name = connection.session().name();
    if (was_up) by_name_.erase(named);
    const auto found = connections_.find(&connection.session());
    loop_.after_flushes([owned = std::move(found->second)] {});
    connections_.erase(found);
    if (was_up) handler_.on_peer_down(name);
  }

 private:
  Connection* find(std::string_view peer) const {
    const auto found = by_name_.find(std::string(peer));
    return found == by_name_.end() ? nullptr : found->second;
  }
  Connection& connection_of(gsup_session::Session& session) { return *connections_.at(&session); }

  void on_accepted(net::Socket socket, std::string address) override {
    if (connections_.size() >= options_.connections_max) {
      log_.warning("gsup connection refused: too many",
                   {{"address", address}, {"connections_max", options_.connections_max}});
      return;
    }
    auto connection = std::make_unique<Connection>(loop_, *this, options_.session);
    Connection& begun = *connection;
    connections_.emplace(&begun.session(), std::move(connection));
    begun.begin(transport_, std::move(socket), std::move(address));
  }

  bool on_named(gsup_session::Session& session, std::string_view name) override {
    Connection& connection = connection_of(session);
    const gsup_session::Peer* const peer = policy_.find(name);
    if (peer == nullptr || !proves(connection, *peer)) {
      log_.warning("gsup peer refused",
                   {{"peer", name},
                    {"address", connection.stream()->peer()},
                    {"reason", peer == nullptr ? "not on the list of peers"
                                               : "its certificate is not this peer's"}});
      return false;
    }
    // A peer that lost its link without our knowing comes back: the old connection gives way.
    if (Connection* const old = find(name)) old->end("replaced by a new connection");
    connection.set_peer(peer);
    by_name_[std::string(name)] = &connection;
    log_.info("gsup peer connected", {{"peer", name}, {"address", connection.stream()->peer()}});
    handler_.on_peer_up(name);
    return true;
  }

  // The name that the transport has authenticated must be the one that this peer must have.
  static bool proves(const Connection& connection, const gsup_session::Peer& peer) {
    return peer.tls_name.empty() || connection.stream()->authenticated_peer() == peer.tls_name;
  }

  void on_message(gsup_session::Session& session, const Message& message, ByteView) override {
    Connection& connection = connection_of(session);
    if (connection.peer() == nullptr) return;
    const auto allowed = gsup_session::PeerPolicy::allows(*connection.peer(), message);
    if (allowed.has_value()) {
      handler_.on_message(connection.peer()->name, message);
      return;
    }
    log_.warning("gsup message refused", {{"peer", connection.peer()->name},
                                          {"message", name_of(message.type)},
                                          {"error", allowed.error()}});
    refuse(session, message, allowed.error());
  }

  static void refuse(gsup_session::Session& session, const Message& message, const Error& error) {
    if (!is_request(message.type)) return;
    Message answer;
    answer.type = error_of(message.type);
    answer.imsi = message.imsi;
    answer.cause = error.code == ErrorCode::unsupported ? cause::message_type_unknown
                                                        : cause::plmn_not_allowed;
    answer.session_id = message.session_id;
    if (message.session_id.has_value()) answer.session_state = SessionState::end;
    answer.sm_rp_mr = message.sm_rp_mr;
    answer.source_name = message.destination_name;
    answer.destination_name = message.source_name;
    // Failing means that the session ends, which it says itself.
    (void)session.send(answer);
  }

  void on_malformed(gsup_session::Session& session, ByteView raw, const Error& error) override {
    log_.warning("gsup message does not parse", {{"peer", session.name()},
                                                 {"octets", raw.size()},
                                                 {"error", error},
                                                 {"offset", error.offset}});
  }

  loop::Loop& loop_;
  net::Transport& transport_;
  const gsup_session::PeerPolicy& policy_;
  GsupServerOptions options_;
  GsupServerHandler& handler_;
  log::Log log_;
  std::unique_ptr<net::Listener> listener_;
  std::unordered_map<gsup_session::Session*, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::string, Connection*> by_name_;
};

Connection::Connection(loop::Loop& loop, Server& server,
                       const gsup_session::SessionOptions& options)
    : Flushable(loop),
      loop_(loop),
      server_(server),
      session_(gsup_session::Session::server(options, server.session_handler(), loop.now())),
      timer_(loop, [this] { on_timer(); }) {
  session_.set_outlet(this);
}

void Connection::end(std::string_view reason) {
  if (ended_) return;
  ended_ = true;
  timer_.cancel();
  server_.ended(*this, reason);
}

}  // namespace

Result<std::unique_ptr<GsupServer>> GsupServer::open(
    loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
    const gsup_session::PeerPolicy& policy, const GsupServerOptions& options,
    GsupServerHandler& handler, const log::Log& log, std::string& problem) {
  auto server = std::make_unique<Server>(loop, transport, policy, options, handler, log);
  TRY(server->listen(endpoint, problem));
  return std::unique_ptr<GsupServer>(std::move(server));
}

}  // namespace simurgh::gsup
