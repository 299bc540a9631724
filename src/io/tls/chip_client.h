// PSK-TLS, client side: what a chip's HTTP agent is. Used by the lab, where ten thousand chips
// share one of these in a process, each with its own identity and key.
//
// It never accepts a certificate in place of the key. One thread.
#pragma once

#include <memory>

#include "io/net/tcp.h"
#include "io/tls/session.h"

namespace simurgh::tls {

struct TransportParts;

class ChipClient {
 public:
  // not_allowed for a bad policy; `problem` says what.
  static Result<std::unique_ptr<ChipClient>> create(const TlsPolicy& policy, std::string& problem);
  ~ChipClient();
  ChipClient(const ChipClient&) = delete;
  ChipClient& operator=(const ChipClient&) = delete;

  // As Transport::connect. The credential is copied, and wiped after the handshake. Its role must
  // be client: a key that serves is never presented.
  std::unique_ptr<net::Stream> connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                       net::StreamHandler& handler,
                                       const PskCredential& credential);
  // For a chip without a socket of its own (BIP): ciphertext goes to `outlet`. Null when there is
  // no memory. Not counted in figures().
  std::unique_ptr<Session> session(const PskCredential& credential, Session::Outlet& outlet);
  const Figures& figures() const;

 private:
  explicit ChipClient(std::unique_ptr<TransportParts> parts);
  std::unique_ptr<TransportParts> parts_;
};

// One chip's view of it, as a transport.
class ChipTransport final : public net::Transport {
 public:
  // `client` outlives this.
  ChipTransport(ChipClient& client, PskCredential credential)
      : client_(client), credential_(std::move(credential)) {}
  // Clients do not accept: a programmer's mistake.
  std::unique_ptr<net::Stream> accepted(loop::Loop& loop, net::Socket socket, std::string peer,
                                        net::StreamHandler& handler) override;
  std::unique_ptr<net::Stream> connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                       net::StreamHandler& handler) override;
  bool secure() const override { return true; }

 private:
  ChipClient& client_;
  PskCredential credential_;
};

}  // namespace simurgh::tls
