// What the transports of this folder have in common: a context, a gate, and the making of streams.
// Private to io/tls.
#pragma once

#include "io/tls/context.h"
#include "io/tls/gate.h"
#include "io/tls/stream.h"

namespace simurgh::tls {

struct TransportParts {
  explicit TransportParts(std::unique_ptr<Context> its_context)
      : context(std::move(its_context)), gate(context->limits()) {}

  std::unique_ptr<net::Stream> accepted(loop::Loop& loop, net::Socket socket, std::string peer,
                                        net::StreamHandler& handler) {
    auto stream = std::make_unique<TlsStream>(loop, *context, gate, handler);
    stream->begin_accepted(std::move(socket), std::move(peer));
    return stream;
  }
  std::unique_ptr<net::Stream> connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                       net::StreamHandler& handler, const PskCredential* credential,
                                       std::string host) {
    auto stream = std::make_unique<TlsStream>(loop, *context, gate, handler);
    stream->begin_connecting(endpoint, credential, std::move(host));
    return stream;
  }

  std::unique_ptr<Context> context;
  Gate gate;
};

}  // namespace simurgh::tls
