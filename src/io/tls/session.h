// One end of a TLS connection without a socket: ciphertext in, ciphertext out. OpenSSL does the
// work; this says when it may be trusted.
//
// A session is established only when the peer has proved what the context asks for: with
// pre-shared keys the key of the identity in a suite of the policy, never a certificate; with
// certificates what the context was made to verify. Streams over sockets are made by the
// transports (chip_server.h, chip_client.h, certificates.h); a chip that has its octets through a
// BIP channel uses a session directly (ChipClient::session).
//
// One thread. The context outlives its sessions.
#pragma once

#include <memory>
#include <string>

#include "io/tls/psk.h"

// OpenSSL's, seen by context.cc and session.cc only.
struct ssl_st;
struct bio_st;

namespace simurgh::tls {

class Context;

// Why a session failed; for counters and words.
enum class Fault : uint8_t {
  none,
  key,        // identity unknown or key wrong: the two cannot be told apart from outside
  protocol,   // not TLS, no suite in common, a broken record …
  peer_name,  // a certificate that is not valid, or another's
  refused,    // the peer sent an alert
  too_large,  // more octets before the end of the handshake than the policy allows
};

class Session {
 public:
  class Outlet {
   public:
    // Ciphertext to send. False when there is no room: the session then fails.
    virtual bool on_cipher(ByteView cipher) = 0;

   protected:
    ~Outlet() = default;
  };

  enum class Event : uint8_t {
    need_more,    // all input was taken, give more when there is more
    established,  // the handshake is done, the peer is who peer_name() says
    plain,        // `octets` of plaintext are in the buffer
    ended,        // the peer's close_notify: nothing more will come
    failed,       // fault() and words() say why; an alert has gone out where one is due
  };
  struct Step {
    Event event;
    size_t octets = 0;
  };

  // Null when there is no memory. `credential` (clients with a key) is copied and wiped when the
  // handshake is done; `host` (clients with certificates) is the name to be proved.
  static std::unique_ptr<Session> make(Context& context, Outlet& outlet,
                                       const PskCredential* credential, const std::string& host);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Goes one step: takes from the front of `input`, which may end anywhere. To be repeated until
  // need_more, ended or failed. A client's first step, with no input, makes its hello.
  Step step(ByteView& input, MutableByteView plain);

  // Encrypts; the records are with the outlet when this returns. bad_state before established.
  Result<void> write(ByteView plain);
  // Says that nothing more follows.
  void close_notify();

  bool established() const { return established_; }
  // Input was taken that a later step() may still make plaintext of, without more input.
  bool has_pending() const;
  // The identity of the peer's key (servers), the name in its certificate, else empty.
  const std::string& peer_name() const { return peer_name_; }
  Fault fault() const { return fault_; }
  // For people; never has a key in it. Valid after failed.
  const std::string& words() const { return words_; }
  // Plaintext octets in one record, as policy and peer (RFC 6066 4) allow; after established.
  size_t record_octets() const { return record_octets_; }
  // "TLSv1.2 PSK-AES128-CBC-SHA256"; after established.
  std::string suite() const;

 private:
  friend class Context;
  Session(Context& context, Outlet& outlet) : context_(context), outlet_(outlet) {}

  static int bio_read(bio_st* bio, char* out, size_t size, size_t* got);
  static int bio_write(bio_st* bio, const char* data, size_t size, size_t* put);
  static long bio_control(bio_st* bio, int command, long number, void* pointer);
  static unsigned server_key(ssl_st* ssl, const char* identity, unsigned char* out, unsigned max);
  static unsigned client_key(ssl_st* ssl, const char* hint, char* identity, unsigned identity_max,
                             unsigned char* out, unsigned max);

  bool within_limits(ByteView taken);
  size_t find_key(std::string_view identity, MutableByteView out);
  Step shake_hands();
  Step on_established();
  bool proved() const;
  bool suite_allowed(SuiteSet allowed) const;
  Step fail_with(Fault fault, std::string words);
  Step fail_by_library(int result);

  Context& context_;
  Outlet& outlet_;
  ssl_st* ssl_ = nullptr;
  ByteView input_;  // of the present step
  std::unique_ptr<PskCredential> credential_;
  std::string peer_name_;
  std::string words_;
  size_t record_octets_ = 0;
  uint32_t octets_in_ = 0;  // before the handshake was done
  ByteArray<9> head_{};     // the first octets that came: a record's header and a message's
  Fault fault_ = Fault::none;
  bool identity_seen_ = false;
  bool identity_known_ = false;
  bool established_ = false;
  bool failed_ = false;
};

}  // namespace simurgh::tls
