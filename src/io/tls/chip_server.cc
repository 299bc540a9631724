#include "io/tls/chip_server.h"

#include "io/tls/transport.h"

namespace simurgh::tls {

ChipServer::ChipServer(std::unique_ptr<TransportParts> parts) : parts_(std::move(parts)) {}
ChipServer::~ChipServer() = default;

Result<std::unique_ptr<ChipServer>> ChipServer::create(const TlsPolicy& policy, PskSource& keys,
                                                       Random& random, std::string& problem) {
  auto context = Context::make_psk(policy, &keys, &random, problem);
  if (context == nullptr) return ErrorCode::not_allowed;
  return std::unique_ptr<ChipServer>(
      new ChipServer(std::make_unique<TransportParts>(std::move(context))));
}

std::unique_ptr<net::Stream> ChipServer::accepted(loop::Loop& loop, net::Socket socket,
                                                  std::string peer, net::StreamHandler& handler) {
  return parts_->accepted(loop, std::move(socket), std::move(peer), handler);
}

std::unique_ptr<net::Stream> ChipServer::connect(loop::Loop&, const net::Endpoint&,
                                                 net::StreamHandler&) {
  SIMURGH_CHECK(false && "a server does not connect");
  return nullptr;
}

const Figures& ChipServer::figures() const {
  return parts_->gate.figures;
}

}  // namespace simurgh::tls
