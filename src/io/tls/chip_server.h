// PSK-TLS, server side: the front end for chips that fetch their updates (GlobalPlatform remote
// administration over HTTP).
//
// A transport as any other: give it to http::Server. It has no certificate and takes none; a
// stream is open only when the peer has proved the key of an identity that the source knows. An
// unknown identity and a wrong key fail with the same alert after the same work. authenticated_peer
// of a stream is the identity.
//
// One thread, the loop's.
#pragma once

#include <memory>

#include "io/net/tcp.h"
#include "io/tls/psk.h"

namespace simurgh::tls {

struct TransportParts;

class ChipServer final : public net::Transport {
 public:
  // not_allowed for a bad policy or a source whose keys are for clients; `problem` says what.
  // `keys` outlives the server; `random` is used in here only.
  static Result<std::unique_ptr<ChipServer>> create(const TlsPolicy& policy, PskSource& keys,
                                                    Random& random, std::string& problem);
  ~ChipServer() override;

  std::unique_ptr<net::Stream> accepted(loop::Loop& loop, net::Socket socket, std::string peer,
                                        net::StreamHandler& handler) override;
  // Servers do not connect: a programmer's mistake.
  std::unique_ptr<net::Stream> connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                       net::StreamHandler& handler) override;
  bool secure() const override { return true; }
  const Figures& figures() const;

 private:
  explicit ChipServer(std::unique_ptr<TransportParts> parts);
  std::unique_ptr<TransportParts> parts_;
};

}  // namespace simurgh::tls
