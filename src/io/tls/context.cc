#include "io/tls/context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

namespace simurgh::tls {
namespace {

constexpr const char* groups = "X25519:P-256";
// TLS 1.2 with certificates: forward secrecy and AEAD only. 1.3 has OpenSSL's own choice.
constexpr const char* certificate_suites = "ECDHE+AESGCM:ECDHE+CHACHA20";
// Of a peer's certificates.
constexpr long chain_octets_max = 32'768;
constexpr int chain_depth_max = 6;

std::string library_words() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string words = reason != nullptr ? reason : "no reason given";
  ERR_clear_error();
  return words;
}

// Key files with a pass phrase are not for a server that starts by itself.
int no_pass_phrase(char*, int, int, void*) {
  return 0;
}

}  // namespace

Context::~Context() {
  SSL_CTX_free(library_);
  BIO_meth_free(bio_);
}

bool Context::make_library_context(std::string& problem) {
  library_ = SSL_CTX_new(TLS_method());
  bio_ = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "simurgh session");
  if (library_ == nullptr || bio_ == nullptr) {
    problem = "OpenSSL gives no context: " + library_words();
    return false;
  }
  BIO_meth_set_read_ex(bio_, &Session::bio_read);
  BIO_meth_set_write_ex(bio_, &Session::bio_write);
  BIO_meth_set_ctrl(bio_, &Session::bio_control);
  SSL_CTX_set_min_proto_version(library_, TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(library_, TLS1_3_VERSION);
  SSL_CTX_set_options(library_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(library_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(library_, 0);
  // Buffers go between records: 47 kB a session with them, 14 without.
  SSL_CTX_set_mode(library_, SSL_MODE_RELEASE_BUFFERS);
  // Takes all that is there from the BIO at once instead of header and record one by one.
  SSL_CTX_set_read_ahead(library_, 1);
  SSL_CTX_set_max_send_fragment(library_, static_cast<long>(limits_.record_octets_max));
  SSL_CTX_set_max_cert_list(library_, chain_octets_max);
  SSL_CTX_set_default_passwd_cb(library_, no_pass_phrase);
  if (SSL_CTX_set1_groups_list(library_, groups) != 1) {
    problem = "OpenSSL refuses the groups: " + library_words();
    return false;
  }
  return true;
}

bool Context::set_suites(const TlsPolicy& policy, std::string& problem) {
  std::string tls13;
  std::string tls12;
  for (const Suite suite : policy.suites) {
    const SuiteFacts& facts = facts_of(suite);
    std::string& list = facts.tls13 ? tls13 : tls12;
    list.append(list.empty() ? "" : ":").append(facts.library);
    suites_ |= set_of(suite);
  }
  if (tls13.empty()) SSL_CTX_set_max_proto_version(library_, TLS1_2_VERSION);
  if (tls12.empty()) SSL_CTX_set_min_proto_version(library_, TLS1_3_VERSION);
  if ((!tls12.empty() && SSL_CTX_set_cipher_list(library_, tls12.c_str()) != 1) ||
      SSL_CTX_set_ciphersuites(library_, tls13.c_str()) != 1) {
    problem =
        "this OpenSSL does not have the suites " + tls12 + " " + tls13 + ": " + library_words();
    return false;
  }
  return true;
}

std::unique_ptr<Context> Context::make_psk(const TlsPolicy& policy, PskSource* keys, Random* random,
                                           std::string& problem) {
  if (!check_policy(policy, problem)) return nullptr;
  const bool server = keys != nullptr;
  if (server && keys->role() != PskRole::server) {
    problem = "keys that a client presents cannot serve: one key is never used in both roles";
    return nullptr;
  }
  std::unique_ptr<Context> context(
      new Context(server ? Kind::psk_server : Kind::psk_client, policy.limits));
  if (!context->make_library_context(problem) || !context->set_suites(policy, problem)) {
    return nullptr;
  }
  context->mutual_ = true;
  context->keys_ = keys;
  if (server) {
    random->fill(context->nobodys_key_.fill(Key256::capacity()));
    SSL_CTX_set_psk_server_callback(context->library_, &Session::server_key);
  } else {
    SSL_CTX_set_psk_client_callback(context->library_, &Session::client_key);
    // A certificate in place of the key is trusted by nobody: the store is empty.
    SSL_CTX_set_verify(context->library_, SSL_VERIFY_PEER, nullptr);
    if (policy.asks_small_records) {
      SSL_CTX_set_tlsext_max_fragment_length(context->library_, TLSEXT_max_fragment_length_512);
    }
  }
  return context;
}

std::unique_ptr<Context> Context::make_certificate(Kind kind, const CertificateFiles& files,
                                                   const Limits& limits, std::string& problem) {
  std::unique_ptr<Context> context(new Context(kind, limits));
  if (!context->make_library_context(problem) || !context->load(files, problem)) return nullptr;
  if (SSL_CTX_set_cipher_list(context->library_, certificate_suites) != 1) {
    problem = "OpenSSL refuses the suites: " + library_words();
    return nullptr;
  }
  return context;
}

bool Context::load(const CertificateFiles& files, std::string& problem) {
  if (!load_own(files, problem)) return false;
  mutual_ = kind_ == Kind::certificate_client || !files.trusted.empty();
  SSL_CTX_set_verify_depth(library_, chain_depth_max);
  if (kind_ == Kind::certificate_client) SSL_CTX_set_verify(library_, SSL_VERIFY_PEER, nullptr);
  if (files.trusted.empty()) {
    if (kind_ == Kind::certificate_client) SSL_CTX_set_default_verify_paths(library_);
    return true;
  }
  if (SSL_CTX_load_verify_locations(library_, files.trusted.c_str(), nullptr) != 1) {
    problem = files.trusted +
              ": no certificates of authorities in PEM form can be read: " + library_words();
    return false;
  }
  if (kind_ == Kind::certificate_server) {
    SSL_CTX_set_verify(library_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_client_CA_list(library_, SSL_load_client_CA_file(files.trusted.c_str()));
  }
  return true;
}

bool Context::load_own(const CertificateFiles& files, std::string& problem) {
  if (files.certificate.empty() && files.key.empty() && !server()) return true;
  if (files.certificate.empty() || files.key.empty()) {
    problem = "a certificate and its key belong together: name both files";
    return false;
  }
  if (SSL_CTX_use_certificate_chain_file(library_, files.certificate.c_str()) != 1) {
    problem = files.certificate + ": no certificate in PEM form can be read: " + library_words();
    return false;
  }
  if (SSL_CTX_use_PrivateKey_file(library_, files.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(library_) == 1) {
    return true;
  }
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  const bool read = reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH;
  const std::string words = library_words();
  problem = files.key;
  if (read) {
    problem.append(" is not the key of ").append(files.certificate);
  } else {
    problem.append(": no private key in PEM form without a pass phrase can be read: ")
        .append(words);
  }
  return false;
}

}  // namespace simurgh::tls
