// One chip's connection: a stream and, once the chip is known, its session. Private to
// io/admin_http; owned by the server, which forgets it when it says gone().
#pragma once

#include "io/admin_http/server.h"

namespace simurgh::admin_http {

class Connection;

// What a connection asks of its server.
class ConnectionOwner {
 public:
  // The first octets are there, and with them the identity.
  virtual std::optional<Visit> enter(Connection& connection, std::string_view identity) = 0;
  // Destroy the connection, not from inside this call. Its session, if any, has ended.
  virtual void gone(Connection& connection) = 0;
  virtual Random& random() = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection final : private net::StreamHandler, private loop::Flushable {
 public:
  Connection(loop::Loop& loop, const Options& options, ConnectionOwner& owner, bool full);

  void begin(net::Transport& transport, net::Socket socket, std::string peer);
  // Closes now: a newer session of the chip is there, or the server goes.
  void end();

  // There is no room for it: it is told to come back later.
  bool full() const { return full_; }
  bool heard() const { return heard_; }
  bool known() const { return session_.has_value(); }
  const std::string& identity() const { return identity_; }
  remote_admin::Work* work() const { return visit_.work; }
  const remote_admin::AdminServer& session() const { return *session_; }
  std::unique_ptr<net::Stream> take_stream() { return std::move(stream_); }

 private:
  void on_bytes(ByteView bytes) override;
  void on_writable() override { flush_after_batch(); }
  void on_closed(const net::Closed& closed) override;
  void on_flush() override;
  bool meet();
  void on_timer();

  loop::Loop& loop_;
  const Options& options_;
  ConnectionOwner& owner_;
  const bool full_;
  bool heard_ = false;  // its first octet came
  bool ended_ = false;
  std::string identity_;
  Visit visit_;
  std::optional<remote_admin::AdminServer> session_;
  loop::Timer timer_;
  std::unique_ptr<net::Stream> stream_;
};

}  // namespace simurgh::admin_http
