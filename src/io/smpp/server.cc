#include "io/smpp/server.h"

#include <unordered_map>

namespace simurgh::smpp {
namespace {

class Server;

// One ESME's connection.
class Connection final : private net::StreamHandler,
                         private smpp_session::Outlet,
                         private loop::Flushable {
 public:
  Connection(Server& server, loop::Loop& loop, const smpp_session::SmscOptions& options,
             smpp_session::SmscHandler& handler)
      : Flushable(loop),
        server_(server),
        loop_(loop),
        session_(options, handler, loop.now()),
        timer_(loop, [this] { on_timer(); }) {
    session_.set_outlet(this);
  }

  void begin(net::Transport& transport, net::Socket socket, std::string peer) {
    stream_ = transport.accepted(loop_, std::move(socket), std::move(peer), *this);
    flush_after_batch();
  }

  void unbind() { session_.unbind(loop_.now()); }
  const std::string& peer() const { return stream_->peer(); }
  smpp_session::SmscSession& session() { return session_; }
  std::unique_ptr<net::Stream> take_stream() { return std::move(stream_); }

 private:
  void on_connected() override {}
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
    while (true) {
      const ByteView pending = session_.poll_transmit();
      const size_t octets = std::min(pending.size(), stream_->room());
      if (octets == 0 || !stream_->send(pending.first(octets)).has_value()) break;
      session_.transmitted(octets, loop_.now());
    }
    if (session_.wants_close()) {
      end("the session ended it");
    } else {
      timer_.set(session_.poll_timeout());
    }
  }

  void end(std::string_view reason);

  Server& server_;
  loop::Loop& loop_;
  smpp_session::SmscSession session_;
  loop::Timer timer_;
  std::unique_ptr<net::Stream> stream_;
  bool ended_ = false;
};

class Server final : public SmppServer, private net::Listener::Handler {
 public:
  Server(loop::Loop& loop, net::Transport& transport, const SmppServerOptions& options,
         smpp_session::SmscHandler& handler, const log::Log& log)
      : loop_(loop), transport_(transport), options_(options), handler_(handler), log_(log) {}

  // The handler hears of every session's end, so that it keeps no pointer to one.
  ~Server() override {
    for (auto& [key, connection] : connections_) {
      connection->session().on_disconnected(loop_.now());
    }
  }

  Result<void> listen(const net::Endpoint& endpoint, std::string& problem) {
    listener_ = TRY(net::Listener::open(loop_, endpoint, *this, problem));
    log_.info("smpp listening", {{"at", listener_->endpoint().text()}});
    return {};
  }

  const net::Endpoint& endpoint() const override { return listener_->endpoint(); }
  size_t connections() const override { return connections_.size(); }

  void stop() override {
    listener_->pause(true);
    for (auto& [key, connection] : connections_) connection->unbind();
  }

  // The connection has told its handler everything; it is destroyed after this batch, as its
  // functions may be running.
  void ended(Connection& connection, std::string_view reason) {
    log_.info("smpp connection ended", {{"peer", connection.peer()},
                                        {"system_id", connection.session().esme_system_id()},
                                        {"reason", reason}});
    net::close_and_destroy(loop_, connection.take_stream());
    const auto found = connections_.find(&connection);
    loop_.after_flushes([owned = std::move(found->second)] {});
    connections_.erase(found);
  }

 private:
  void on_accepted(net::Socket socket, std::string peer) override {
    if (connections_.size() >= options_.connections_max) {
      log_.warning("smpp connection refused: too many",
                   {{"peer", peer}, {"connections_max", options_.connections_max}});
      return;
    }
    auto connection = std::make_unique<Connection>(*this, loop_, options_.session, handler_);
    Connection* const key = connection.get();
    connections_.emplace(key, std::move(connection));
    key->begin(transport_, std::move(socket), std::move(peer));
  }

  loop::Loop& loop_;
  net::Transport& transport_;
  SmppServerOptions options_;
  smpp_session::SmscHandler& handler_;
  log::Log log_;
  std::unique_ptr<net::Listener> listener_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
};

void Connection::end(std::string_view reason) {
  if (ended_) return;
  ended_ = true;
  timer_.cancel();
  session_.on_disconnected(loop_.now());
  server_.ended(*this, reason);
}

}  // namespace

Result<std::unique_ptr<SmppServer>> SmppServer::open(loop::Loop& loop,
                                                     const net::Endpoint& endpoint,
                                                     net::Transport& transport,
                                                     const SmppServerOptions& options,
                                                     smpp_session::SmscHandler& handler,
                                                     const log::Log& log, std::string& problem) {
  auto server = std::make_unique<Server>(loop, transport, options, handler, log);
  TRY(server->listen(endpoint, problem));
  return std::unique_ptr<SmppServer>(std::move(server));
}

}  // namespace simurgh::smpp
