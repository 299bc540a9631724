// What the sessions of one transport share: OpenSSL's SSL_CTX, made once and never changed.
//
// Whatever kind: TLS 1.2 and 1.3 only, no compression, no renegotiation, no resumption (no
// tickets, no cache), the server's order of suites. One with pre-shared keys has no certificate
// and trusts none.
#pragma once

#include <memory>
#include <string>

#include "io/tls/session.h"

struct ssl_ctx_st;
struct bio_method_st;

namespace simurgh::tls {

// Files in PEM form. Empty: none.
struct CertificateFiles {
  std::string certificate;  // the chain, leaf first
  std::string key;
  std::string trusted;  // authorities; a server then demands a certificate from its clients. A
                        // client without trusts the system's
};

class Context {
 public:
  enum class Kind : uint8_t { psk_server, psk_client, certificate_server, certificate_client };

  // Null when OpenSSL refuses; `problem` says what, and for files which and what to do.
  // `keys` (psk_server) outlives the context.
  static std::unique_ptr<Context> make_psk(const TlsPolicy& policy, PskSource* keys, Random* random,
                                           std::string& problem);
  static std::unique_ptr<Context> make_certificate(Kind kind, const CertificateFiles& files,
                                                   const Limits& limits, std::string& problem);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  bool psk() const { return kind_ == Kind::psk_server || kind_ == Kind::psk_client; }
  bool server() const { return kind_ == Kind::psk_server || kind_ == Kind::certificate_server; }
  bool mutual() const { return mutual_; }
  const Limits& limits() const { return limits_; }

 private:
  friend class Session;
  Context(Kind kind, const Limits& limits) : kind_(kind), limits_(limits) {}
  bool make_library_context(std::string& problem);
  bool set_suites(const TlsPolicy& policy, std::string& problem);
  bool load(const CertificateFiles& files, std::string& problem);
  bool load_own(const CertificateFiles& files, std::string& problem);

  Kind kind_;
  Limits limits_;
  bool mutual_ = false;  // both ends are authenticated
  ssl_ctx_st* library_ = nullptr;
  bio_method_st* bio_ = nullptr;
  SuiteSet suites_ = 0;
  PskSource* keys_ = nullptr;
  // Stands in for the key of an identity that nobody has. RFC 4279 7: the handshake then fails
  // like one with a wrong key, and no sooner.
  Key256 nobodys_key_;
};

}  // namespace simurgh::tls
