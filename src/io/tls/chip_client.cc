#include "io/tls/chip_client.h"

#include "io/tls/transport.h"

namespace simurgh::tls {

ChipClient::ChipClient(std::unique_ptr<TransportParts> parts) : parts_(std::move(parts)) {}
ChipClient::~ChipClient() = default;

Result<std::unique_ptr<ChipClient>> ChipClient::create(const TlsPolicy& policy,
                                                       std::string& problem) {
  auto context = Context::make_psk(policy, nullptr, nullptr, problem);
  if (context == nullptr) return ErrorCode::not_allowed;
  return std::unique_ptr<ChipClient>(
      new ChipClient(std::make_unique<TransportParts>(std::move(context))));
}

std::unique_ptr<net::Stream> ChipClient::connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                                 net::StreamHandler& handler,
                                                 const PskCredential& credential) {
  SIMURGH_CHECK(credential.role == PskRole::client && good_identity(credential.identity));
  return parts_->connect(loop, endpoint, handler, &credential, "");
}

std::unique_ptr<Session> ChipClient::session(const PskCredential& credential,
                                             Session::Outlet& outlet) {
  SIMURGH_CHECK(credential.role == PskRole::client && good_identity(credential.identity));
  return Session::make(*parts_->context, outlet, &credential, "");
}

const Figures& ChipClient::figures() const {
  return parts_->gate.figures;
}

std::unique_ptr<net::Stream> ChipTransport::accepted(loop::Loop&, net::Socket, std::string,
                                                     net::StreamHandler&) {
  SIMURGH_CHECK(false && "a client does not accept");
  return nullptr;
}

std::unique_ptr<net::Stream> ChipTransport::connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                                    net::StreamHandler& handler) {
  return client_.connect(loop, endpoint, handler, credential_);
}

}  // namespace simurgh::tls
