// A GSUP client over a socket, as an MSC/VLR, SGSN or SMSC is to its HLR: connects, names itself,
// pings, and connects again when the link is lost. One thread, the loop's.
#pragma once

#include <memory>

#include "conversations/gsup_session/session.h"
#include "io/log/log.h"
#include "io/net/tcp.h"

namespace simurgh::gsup {

struct GsupClientOptions {
  gsup_session::SessionOptions session;
  gsup_session::ClientIdentity identity;
  Duration reconnect_wait_min = milliseconds(500);
  Duration reconnect_wait_max = minutes(1);
};

class GsupClientHandler {
 public:
  virtual void on_up() = 0;    // named: messages may be sent
  virtual void on_down() = 0;  // requests without an answer get none any more
  virtual void on_message(const Message& message, ByteView raw) = 0;

 protected:
  ~GsupClientHandler() = default;
};

class GsupClient final : private net::StreamHandler,
                         private gsup_session::SessionHandler,
                         private gsup_session::Outlet,
                         private loop::Flushable {
 public:
  // Everything named outlives the client.
  GsupClient(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
             const GsupClientOptions& options, GsupClientHandler& handler, const log::Log& log);
  ~GsupClient() override;

  void start();
  void stop();
  bool up() const;
  // bad_state when not up; else as gsup_session::Session::send.
  Result<void> send(const Message& message);
  Result<void> send_raw(ByteView message);

 private:
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_writable() override;
  void on_closed(const net::Closed& closed) override;
  bool on_named(gsup_session::Session& session, std::string_view name) override;
  void on_message(gsup_session::Session& session, const Message& message, ByteView raw) override;
  void on_malformed(gsup_session::Session& session, ByteView raw, const Error& error) override;
  void on_output() override;
  void on_flush() override;
  void on_timer();
  void lose_link(std::string_view reason);

  loop::Loop& loop_;
  net::Endpoint endpoint_;
  net::Transport& transport_;
  GsupClientOptions options_;
  GsupClientHandler& handler_;
  log::Log log_;
  loop::Timer timer_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<gsup_session::Session> session_;  // while the stream is connected
  bool started_ = false;
  bool up_ = false;
  Duration reconnect_wait_;
  Instant connect_at_;
};

}  // namespace simurgh::gsup
