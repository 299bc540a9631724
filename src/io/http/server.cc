#include "io/http/server.h"

#include <unordered_map>

#include "io/http/connection.h"

namespace simurgh::http {
namespace {

// Connections above the limit that are told so; more are closed without a word.
constexpr size_t refusing_max = 64;

}  // namespace

class ServerOnLoop final : public Server, private ConnectionOwner, private net::Listener::Handler {
 public:
  ServerOnLoop(loop::Loop& loop, net::Transport& transport, const Options& options,
               http::Handler& handler, const log::Log& log)
      : loop_(loop), transport_(transport), options_(options), handler_(handler), log_(log) {}

  bool listen(const net::Endpoint& endpoint, std::string& problem) {
    auto listener = net::Listener::open(loop_, endpoint, *this, problem);
    if (!listener.has_value()) return false;
    listener_ = std::move(*listener);
    return true;
  }

  const net::Endpoint& endpoint() const override { return listener_->endpoint(); }

  Figures figures() const override {
    Figures figures = figures_;
    figures.connections = connections_.size();
    figures.waiting = waiting_.size();
    return figures;
  }

  bool drain() override {
    draining_ = true;
    listener_->pause(true);
    for (const auto& [id, connection] : connections_) connection->close_if_idle();
    return connections_.empty();
  }

 private:
  void on_accepted(net::Socket socket, std::string peer) override {
    ++figures_.accepted;
    const bool room = connections_.size() < options_.connections_max && !draining_;
    if (!room && connections_.size() >= options_.connections_max + refusing_max) {
      ++figures_.refused;
      return;
    }
    const uint64_t id = ++last_id_;
    auto& connection = connections_[id];
    connection =
        std::make_unique<Connection>(loop_, options_, static_cast<ConnectionOwner&>(*this), id);
    if (room) {
      connection->start(transport_, std::move(socket), std::move(peer));
    } else {
      connection->start_refusing(transport_, std::move(socket), std::move(peer));
    }
  }

  bool hand_over(Connection& connection, Request& request) override {
    if (waiting_.size() >= options_.waiting_max) return false;
    ++figures_.requests;
    const uint64_t exchange = ++last_id_;
    connection.exchange = exchange;
    waiting_[exchange] = connection.id();
    handler_.on_request(connection.handle(*this), request);
    return true;
  }

  void answer(uint64_t id, Response response) override {
    const auto waiting = waiting_.find(id);
    if (waiting == waiting_.end()) return;
    Connection& connection = *connections_.at(waiting->second);
    waiting_.erase(waiting);
    connection.exchange = 0;
    if (response.status >= 500) {
      log_.warning("http: a request failed", {{"status", response.status}});
    }
    connection.answer(std::move(response));
  }

  void forget(Connection& connection) override {
    if (connection.exchange != 0) waiting_.erase(connection.exchange);
    connection.exchange = 0;
  }

  void later(Connection& connection) override {
    defer([this, id = connection.id()] {
      const auto found = connections_.find(id);
      if (found != connections_.end()) found->second->take_up();
    });
  }

  void gone(Connection& connection) override {
    defer([this, id = connection.id()] { connections_.erase(id); });
  }

  bool draining() const override { return draining_; }
  void count_refused() override { ++figures_.refused; }
  void count_timed_out() override { ++figures_.timed_out; }

  // A task that is dropped when the server is gone.
  template <typename Work>
  void defer(Work work) {
    loop_.defer([alive = std::weak_ptr<const bool>(alive_), work = std::move(work)] {
      if (!alive.expired()) work();
    });
  }

  loop::Loop& loop_;
  net::Transport& transport_;
  const Options options_;
  http::Handler& handler_;
  const log::Log log_;
  std::unique_ptr<net::Listener> listener_;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::unordered_map<uint64_t, uint64_t> waiting_;  // exchange to connection
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  Figures figures_;
  uint64_t last_id_ = 0;
  bool draining_ = false;
};

void Exchange::answer(Response response) {
  server_->answer(id_, std::move(response));
}

Result<std::unique_ptr<Server>> Server::open(loop::Loop& loop, const net::Endpoint& endpoint,
                                             net::Transport& transport, const Options& options,
                                             Handler& handler, const log::Log& log,
                                             std::string& problem) {
  auto server = std::make_unique<ServerOnLoop>(loop, transport, options, handler, log);
  if (!server->listen(endpoint, problem)) return ErrorCode::io;
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace simurgh::http
