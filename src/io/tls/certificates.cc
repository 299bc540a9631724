#include "io/tls/certificates.h"

#include "io/tls/transport.h"

namespace simurgh::tls {
namespace {

std::unique_ptr<TransportParts> make_parts(Context::Kind kind, const CertificateFiles& files,
                                           const Limits& limits, std::string& problem) {
  auto context = Context::make_certificate(kind, files, limits, problem);
  if (context == nullptr) return nullptr;
  return std::make_unique<TransportParts>(std::move(context));
}

}  // namespace

// --- server --------------------------------------------------------------------------------------

ServerTls::ServerTls(std::unique_ptr<TransportParts> parts) : parts_(std::move(parts)) {}
ServerTls::~ServerTls() = default;

Result<std::unique_ptr<ServerTls>> ServerTls::create(const ServerFiles& files, const Limits& limits,
                                                     std::string& problem) {
  auto parts = make_parts(Context::Kind::certificate_server,
                          {files.certificate, files.key, files.client_ca}, limits, problem);
  if (parts == nullptr) return ErrorCode::io;
  return std::unique_ptr<ServerTls>(new ServerTls(std::move(parts)));
}

std::unique_ptr<net::Stream> ServerTls::accepted(loop::Loop& loop, net::Socket socket,
                                                 std::string peer, net::StreamHandler& handler) {
  return parts_->accepted(loop, std::move(socket), std::move(peer), handler);
}

std::unique_ptr<net::Stream> ServerTls::connect(loop::Loop&, const net::Endpoint&,
                                                net::StreamHandler&) {
  SIMURGH_CHECK(false && "a server does not connect");
  return nullptr;
}

bool ServerTls::secure() const {
  return parts_->context->mutual();
}

const Figures& ServerTls::figures() const {
  return parts_->gate.figures;
}

// --- client --------------------------------------------------------------------------------------

ClientTls::ClientTls(std::unique_ptr<TransportParts> parts, std::string host)
    : parts_(std::move(parts)), host_(std::move(host)) {}
ClientTls::~ClientTls() = default;

Result<std::unique_ptr<ClientTls>> ClientTls::create(const ClientFiles& files, std::string host,
                                                     const Limits& limits, std::string& problem) {
  auto parts = make_parts(Context::Kind::certificate_client,
                          {files.certificate, files.key, files.ca}, limits, problem);
  if (parts == nullptr) return ErrorCode::io;
  return std::unique_ptr<ClientTls>(new ClientTls(std::move(parts), std::move(host)));
}

std::unique_ptr<net::Stream> ClientTls::accepted(loop::Loop&, net::Socket, std::string,
                                                 net::StreamHandler&) {
  SIMURGH_CHECK(false && "a client does not accept");
  return nullptr;
}

std::unique_ptr<net::Stream> ClientTls::connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                                net::StreamHandler& handler) {
  return parts_->connect(loop, endpoint, handler, nullptr, host_.empty() ? endpoint.host : host_);
}

const Figures& ClientTls::figures() const {
  return parts_->gate.figures;
}

}  // namespace simurgh::tls
