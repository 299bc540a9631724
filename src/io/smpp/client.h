// An ESME over a socket: EsmeSession with a stream, a timer and reconnecting. Everything that
// submits short messages in earnest goes through here.
//
// What the handler hears, and what submit() means, is said at EsmeSession. Bytes leave after the
// batch (io/loop), so that a message, or an answer to one, never overtakes the commit that it
// speaks of. One thread, the loop's.
#pragma once

#include <memory>

#include "conversations/smpp_session/esme.h"
#include "io/log/log.h"
#include "io/net/tcp.h"

namespace simurgh::smpp {

class SmppClient final : private net::StreamHandler,
                         private smpp_session::Outlet,
                         private loop::Flushable {
 public:
  // Everything named outlives the client. `options` must have passed EsmeSession::check().
  SmppClient(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
             const smpp_session::EsmeOptions& options, smpp_session::EsmeHandler& handler,
             Random& random, const log::Log& log);
  ~SmppClient() override;

  // Connects, and connects again whenever the link is lost, until stop().
  void start();
  // Unbinds in order when nothing is in flight; session().state() is closed when done.
  void stop();

  Result<void> submit(const ShortMessage& message, smpp_session::Token token);
  Result<void> withdraw(smpp_session::Token token) { return session_.withdraw(token); }
  void answer(uint32_t sequence, Status status) { session_.answer(sequence, status); }
  Result<void> query(const QuerySm& query, smpp_session::Token token);
  Result<void> cancel(const CancelSm& cancel, smpp_session::Token token);

  const smpp_session::EsmeSession& session() const { return session_; }

 private:
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_writable() override;
  void on_closed(const net::Closed& closed) override;
  void on_output() override;
  void on_flush() override;
  void on_timer();
  void move_output();
  void arm_timer();
  void lose_stream(std::string_view reason);

  loop::Loop& loop_;
  net::Endpoint endpoint_;
  net::Transport& transport_;
  log::Log log_;
  smpp_session::EsmeSession session_;
  loop::Timer timer_;
  std::unique_ptr<net::Stream> stream_;
  bool started_ = false;
};

}  // namespace simurgh::smpp
