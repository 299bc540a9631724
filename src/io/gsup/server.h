// The GSUP side of an HLR: a listener, a session for each connection, and the allow-list. A peer
// that is not on the list, or names itself as one that must show a certificate and does not, is
// disconnected; a message that is not the peer's business is answered with an error (cause "PLMN
// not allowed") and not handed up. Bound to loopback unless the transport is secure (threats 17).
// One thread, the loop's.
#pragma once

#include <memory>

#include "conversations/gsup_session/peer_policy.h"
#include "conversations/gsup_session/session.h"
#include "io/log/log.h"
#include "io/net/tcp.h"

namespace simurgh::gsup {

struct GsupServerOptions {
  gsup_session::SessionOptions session;
  size_t connections_max = 1'000;
};

class GsupServerHandler {
 public:
  // A peer is connected and named. A second connection of the same name replaces the first.
  virtual void on_peer_up(std::string_view peer) = 0;
  virtual void on_peer_down(std::string_view peer) = 0;
  // A message that the peer may send. Views are valid during the call.
  virtual void on_message(std::string_view peer, const Message& message) = 0;

 protected:
  ~GsupServerHandler() = default;
};

class GsupServer {
 public:
  // Listens. not_allowed when the endpoint is not loopback and the transport is not secure;
  // `problem` says in words what is wrong. Everything named outlives the server, and `policy` does
  // not change meanwhile.
  static Result<std::unique_ptr<GsupServer>> open(loop::Loop& loop, const net::Endpoint& endpoint,
                                                  net::Transport& transport,
                                                  const gsup_session::PeerPolicy& policy,
                                                  const GsupServerOptions& options,
                                                  GsupServerHandler& handler, const log::Log& log,
                                                  std::string& problem);
  virtual ~GsupServer() = default;

  // not_found when no such peer is connected; else as gsup_session::Session::send.
  virtual Result<void> send(std::string_view peer, const Message& message) = 0;
  // The same with the message's bytes (without IPA header): an outbox holds those.
  virtual Result<void> send_raw(std::string_view peer, ByteView message) = 0;
  virtual bool connected(std::string_view peer) const = 0;
  virtual const net::Endpoint& endpoint() const = 0;
  virtual size_t connections() const = 0;
};

}  // namespace simurgh::gsup
