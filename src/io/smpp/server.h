// An SMSC's socket side: a listener, and an SmscSession for each connection. What the messages
// mean is the handler's (network/smsc in the lab, tests). One thread, the loop's.
#pragma once

#include <memory>

#include "conversations/smpp_session/smsc.h"
#include "io/log/log.h"
#include "io/net/tcp.h"

namespace simurgh::smpp {

struct SmppServerOptions {
  smpp_session::SmscOptions session;
  size_t connections_max = 1'000;  // more are closed at once
};

class SmppServer {
 public:
  // Listens. On failure `problem` says in words what is wrong. Everything named outlives the
  // server; `options.session` must have passed SmscSession::check().
  static Result<std::unique_ptr<SmppServer>> open(loop::Loop& loop, const net::Endpoint& endpoint,
                                                  net::Transport& transport,
                                                  const SmppServerOptions& options,
                                                  smpp_session::SmscHandler& handler,
                                                  const log::Log& log, std::string& problem);
  virtual ~SmppServer() = default;
  virtual const net::Endpoint& endpoint() const = 0;
  virtual size_t connections() const = 0;
  // Unbinds everybody and accepts no more; connections() falls to 0.
  virtual void stop() = 0;
};

}  // namespace simurgh::smpp
