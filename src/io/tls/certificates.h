// TLS with certificates, as the rest of the world has it: for REST, and for SMPP to the SMSC.
//
// TLS 1.2 and 1.3 with forward secrecy and AEAD only. Files are read when a transport is made. One
// thread, the loop's.
#pragma once

#include <memory>

#include "io/net/tcp.h"
#include "io/tls/policy.h"

namespace simurgh::tls {

struct TransportParts;

struct ServerFiles {
  std::string certificate;  // PEM, the chain, leaf first
  std::string key;          // PEM, without a pass phrase
  std::string client_ca;    // PEM; empty: clients need no certificate
};

class ServerTls final : public net::Transport {
 public:
  // io when a file cannot be used; `problem` names it and says why.
  static Result<std::unique_ptr<ServerTls>> create(const ServerFiles& files, const Limits& limits,
                                                   std::string& problem);
  ~ServerTls() override;

  // authenticated_peer of such a stream: the first DNS name in the client's certificate, or else
  // its common name; empty without client_ca.
  std::unique_ptr<net::Stream> accepted(loop::Loop& loop, net::Socket socket, std::string peer,
                                        net::StreamHandler& handler) override;
  // Servers do not connect: a programmer's mistake.
  std::unique_ptr<net::Stream> connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                       net::StreamHandler& handler) override;
  // Only with client_ca are both ends authenticated.
  bool secure() const override;
  const Figures& figures() const;

 private:
  explicit ServerTls(std::unique_ptr<TransportParts> parts);
  std::unique_ptr<TransportParts> parts_;
};

struct ClientFiles {
  std::string ca;           // PEM; empty: the authorities that the system trusts
  std::string certificate;  // PEM; empty: the server needs none
  std::string key;
};

class ClientTls final : public net::Transport {
 public:
  // `host` is the name (or address) that the server's certificate must be for; empty: the host of
  // the endpoint. io as above.
  static Result<std::unique_ptr<ClientTls>> create(const ClientFiles& files, std::string host,
                                                   const Limits& limits, std::string& problem);
  ~ClientTls() override;

  // Clients do not accept: a programmer's mistake.
  std::unique_ptr<net::Stream> accepted(loop::Loop& loop, net::Socket socket, std::string peer,
                                        net::StreamHandler& handler) override;
  // authenticated_peer is the name that was verified.
  std::unique_ptr<net::Stream> connect(loop::Loop& loop, const net::Endpoint& endpoint,
                                       net::StreamHandler& handler) override;
  // The server is authenticated by its certificate, we by ours or by what the protocol has.
  bool secure() const override { return true; }
  const Figures& figures() const;

 private:
  ClientTls(std::unique_ptr<TransportParts> parts, std::string host);
  std::unique_ptr<TransportParts> parts_;
  std::string host_;
};

}  // namespace simurgh::tls
