#include "io/tls/session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "io/tls/context.h"

namespace simurgh::tls {
namespace {

constexpr uint8_t record_handshake = 22;     // RFC 8446 5.1
constexpr uint8_t message_client_hello = 1;  // RFC 8446 4

Session& session_of(const SSL* ssl) {
  return *static_cast<Session*>(SSL_get_app_data(ssl));
}

bool numeric_address(const std::string& host) {
  ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  return address != nullptr;
}

// The name that a verified certificate is known by: its first DNS name, else its common name.
std::string name_in(X509* certificate) {
  std::string out;
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && out.empty(); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    out.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
               static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(names);
  if (out.empty()) {
    char common[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common,
                              sizeof common);
    out = common;
  }
  return out;
}

}  // namespace

// --- OpenSSL's way to the octets -----------------------------------------------------------------

int Session::bio_read(BIO* bio, char* out, size_t size, size_t* got) {
  auto& session = *static_cast<Session*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *got = std::min(size, session.input_.size());
  if (*got == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  const ByteView taken = session.input_.first(*got);
  if (!session.established_ && !session.within_limits(taken)) return 0;
  std::memcpy(out, taken.data(), taken.size());
  session.input_ = session.input_.subspan(*got);
  return 1;
}

int Session::bio_write(BIO* bio, const char* data, size_t size, size_t* put) {
  auto& session = *static_cast<Session*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *put = 0;
  if (!session.outlet_.on_cipher({reinterpret_cast<const uint8_t*>(data), size})) return 0;
  *put = size;
  return 1;
}

long Session::bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// The library would make room for what a hello's header announces (up to 128 kB) before any of it
// has come.
bool Session::within_limits(ByteView taken) {
  for (size_t i = octets_in_; i < head_.size() && i - octets_in_ < taken.size(); ++i) {
    head_[i] = taken[i - octets_in_];
  }
  octets_in_ += static_cast<uint32_t>(taken.size());
  const size_t max = context_.limits_.handshake_octets_max;
  bool too_large = context_.server() && octets_in_ > max;
  if (octets_in_ >= head_.size() && head_[0] == record_handshake &&
      head_[5] == message_client_hello) {
    const size_t announced = size_t{head_[6]} << 16 | size_t{head_[7]} << 8 | head_[8];
    too_large = too_large || announced > max;
  }
  if (too_large) fault_ = Fault::too_large;
  return !too_large;
}

// --- keys ----------------------------------------------------------------------------------------

unsigned Session::server_key(SSL* ssl, const char* identity, unsigned char* out, unsigned max) {
  return static_cast<unsigned>(session_of(ssl).find_key(identity, {out, max}));
}

size_t Session::find_key(std::string_view identity, MutableByteView out) {
  identity_seen_ = true;
  const std::optional<Psk> found = context_.keys_->find(identity);
  identity_known_ =
      found.has_value() && found->key.size() >= psk_octets_min && suite_allowed(found->suites);
  const ByteView key = identity_known_ ? found->key.view() : context_.nobodys_key_.view();
  SIMURGH_CHECK(key.size() <= out.size());
  std::memcpy(out.data(), key.data(), key.size());
  peer_name_ = identity_known_ ? identity : std::string_view();
  return key.size();
}

unsigned Session::client_key(SSL* ssl, const char*, char* identity, unsigned identity_max,
                             unsigned char* out, unsigned max) {
  const Session& session = session_of(ssl);
  if (session.credential_ == nullptr) return 0;
  const std::string& name = session.credential_->identity;
  const ByteView key = session.credential_->key.view();
  if (name.size() >= identity_max || key.size() > max) return 0;
  std::memcpy(identity, name.c_str(), name.size() + 1);
  std::memcpy(out, key.data(), key.size());
  return static_cast<unsigned>(key.size());
}

// --- making --------------------------------------------------------------------------------------

std::unique_ptr<Session> Session::make(Context& context, Outlet& outlet,
                                       const PskCredential* credential, const std::string& host) {
  std::unique_ptr<Session> session(new Session(context, outlet));
  session->ssl_ = SSL_new(context.library_);
  BIO* const bio = BIO_new(context.bio_);
  if (session->ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    ERR_clear_error();
    return nullptr;
  }
  BIO_set_data(bio, session.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session->ssl_, bio, bio);
  SSL_set_app_data(session->ssl_, session.get());
  if (context.server()) {
    SSL_set_accept_state(session->ssl_);
    return session;
  }
  SSL_set_connect_state(session->ssl_);
  if (credential != nullptr) {
    session->credential_ = std::make_unique<PskCredential>(*credential);
  }
  if (context.psk()) return session;
  session->peer_name_ = host;
  if (numeric_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session->ssl_), host.c_str());
  } else {
    // No partial wildcards (RFC 6125 6.4.3).
    SSL_set_hostflags(session->ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(session->ssl_, host.c_str());
    SSL_set_tlsext_host_name(session->ssl_, host.c_str());
  }
  return session;
}

Session::~Session() {
  SSL_free(ssl_);
}

// --- stepping ------------------------------------------------------------------------------------

Session::Step Session::step(ByteView& input, MutableByteView plain) {
  if (failed_) return {Event::failed};
  input_ = input;
  ERR_clear_error();
  Step step{Event::need_more};
  if (!established_) {
    step = shake_hands();
  } else {
    size_t got = 0;
    const int result = SSL_read_ex(ssl_, plain.data(), plain.size(), &got);
    step = result == 1 ? Step{Event::plain, got} : fail_by_library(result);
  }
  input = input_;
  input_ = {};
  return step;
}

Session::Step Session::shake_hands() {
  const int result = SSL_do_handshake(ssl_);
  return result == 1 ? on_established() : fail_by_library(result);
}

Session::Step Session::on_established() {
  credential_.reset();
  if (!proved()) {
    // The library was content with something that this context does not allow.
    return fail_with(Fault::protocol, "the peer did not prove what it has to");
  }
  if (!context_.psk() && context_.server()) {
    X509* const certificate = SSL_get0_peer_certificate(ssl_);
    if (certificate != nullptr) peer_name_ = name_in(certificate);
  }
  record_octets_ = context_.limits_.record_octets_max;
  const uint8_t mode = SSL_SESSION_get_max_fragment_length(SSL_get0_session(ssl_));
  if (mode != TLSEXT_max_fragment_length_DISABLED) {
    record_octets_ = std::min(record_octets_, size_t{512} << (mode - 1));  // RFC 6066 4
  }
  established_ = true;
  return {Event::established};
}

bool Session::proved() const {
  if (!context_.psk()) {
    return !context_.mutual() ||
           (SSL_get0_peer_certificate(ssl_) != nullptr && SSL_get_verify_result(ssl_) == X509_V_OK);
  }
  // TLS 1.3 has the key's proof in the binder, which OpenSSL tells as a resumption; TLS 1.2 in the
  // suite.
  const bool by_key = SSL_version(ssl_) == TLS1_3_VERSION
                          ? SSL_session_reused(ssl_) == 1
                          : SSL_CIPHER_get_auth_nid(SSL_get_current_cipher(ssl_)) == NID_auth_psk;
  return by_key && SSL_get0_peer_certificate(ssl_) == nullptr &&
         SSL_get_certificate(ssl_) == nullptr && suite_allowed(context_.suites_) &&
         (!context_.server() || identity_known_);
}

bool Session::suite_allowed(SuiteSet allowed) const {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
  if (cipher == nullptr) cipher = SSL_get_pending_cipher(ssl_);
  if (cipher == nullptr) return false;
  const uint16_t code = SSL_CIPHER_get_protocol_id(cipher);
  for (size_t i = 0; i < suite_count; ++i) {
    const auto suite = static_cast<Suite>(i);
    if (facts_of(suite).code == code) return (allowed & set_of(suite)) != 0;
  }
  return false;
}

Session::Step Session::fail_with(Fault fault, std::string words) {
  failed_ = true;
  established_ = false;
  credential_.reset();
  fault_ = fault;
  words_ = std::move(words);
  ERR_clear_error();
  return {Event::failed};
}

Session::Step Session::fail_by_library(int result) {
  const int error = SSL_get_error(ssl_, result);
  if (fault_ == Fault::too_large) {
    return fail_with(Fault::too_large, "it sent more than a handshake needs");
  }
  if (error == SSL_ERROR_WANT_READ) return {Event::need_more};
  if (error == SSL_ERROR_ZERO_RETURN) return {Event::ended};
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  if (error != SSL_ERROR_SSL || code == 0) {
    return fail_with(Fault::protocol, "the way to it has no room");
  }
  if (reason >= SSL_AD_REASON_OFFSET) {
    const char* const text = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
    return fail_with(Fault::refused, std::string("it refused with the alert ") + text);
  }
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const char* const why = X509_verify_cert_error_string(SSL_get_verify_result(ssl_));
    return fail_with(Fault::peer_name, std::string("its certificate is not accepted: ") + why);
  }
  // With another key the peer's first protected message cannot be read.
  const bool unreadable = reason == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC ||
                          reason == SSL_R_BINDER_DOES_NOT_VERIFY ||
                          reason == SSL_R_DIGEST_CHECK_FAILED;
  if (unreadable && identity_seen_ && !established_) {
    return fail_with(Fault::key, "it does not have the key of the identity that it names");
  }
  const char* const text = ERR_reason_error_string(code);
  return fail_with(Fault::protocol, text != nullptr ? text : "TLS failed");
}

// --- writing -------------------------------------------------------------------------------------

Result<void> Session::write(ByteView plain) {
  if (!established_ || failed_) return ErrorCode::bad_state;
  ERR_clear_error();
  size_t put = 0;
  if (!plain.empty() && SSL_write_ex(ssl_, plain.data(), plain.size(), &put) != 1) {
    static_cast<void>(fail_by_library(0));
    return ErrorCode::closed;
  }
  return {};
}

void Session::close_notify() {
  if (!established_ || failed_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool Session::has_pending() const {
  return SSL_has_pending(ssl_) == 1;
}

std::string Session::suite() const {
  std::string out(SSL_get_version(ssl_));
  return out.append(" ").append(SSL_get_cipher_name(ssl_));
}

}  // namespace simurgh::tls
