// A net::Stream whose octets are those of a TLS session, carried by a plain stream. Private to
// io/tls.
//
// The plain stream does all that has to do with sockets; this gives what arrives to the session,
// and what the session says to the plain stream, which sends it after the batch like everything
// else. Until the first octet arrives an accepted stream has no session and costs little.
#pragma once

#include <optional>

#include "io/net/tcp.h"
#include "io/tls/gate.h"
#include "io/tls/session.h"

namespace simurgh::tls {

class TlsStream final : public net::Stream,
                        private net::StreamHandler,
                        private Session::Outlet,
                        private Gate::Waiting {
 public:
  // Context and gate outlive the stream. `credential` and `host` as Session::make has them.
  TlsStream(loop::Loop& loop, Context& context, Gate& gate, net::StreamHandler& handler);
  ~TlsStream() override;

  void begin_accepted(net::Socket socket, std::string peer);
  void begin_connecting(const net::Endpoint& endpoint, const PskCredential* credential,
                        std::string host);

  Result<void> send(ByteView bytes) override;
  size_t room() const override;
  void pause_reading(bool paused) override;
  void tell_when_writable() override;
  void close() override;
  bool connected() const override;
  const std::string& peer() const override { return carrier_ ? carrier_->peer() : peer_; }
  std::string_view authenticated_peer() const override;

 private:
  enum class State : uint8_t {
    refused,     // too many: ends in the next batch
    connecting,  // the plain stream does
    silent,      // accepted, and nothing has come
    waiting,     // for a place to shake hands
    handshake,
    open,
    closed,
  };
  // What only a stream needs whose handshake is not done.
  struct Beginning {
    std::optional<PskCredential> credential;
    std::string host;
    std::vector<uint8_t> output;  // given to send() before there was a session
    uint64_t ticket = 0;
    ~Beginning();
  };

  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_writable() override;
  void on_closed(const net::Closed& closed) override;
  bool on_cipher(ByteView cipher) override;
  void on_place() override;

  net::StreamOptions carrier_options() const;
  void begin_handshake();
  bool make_session();
  void work(ByteView input);
  void hold(ByteView input);
  void work_later();
  void established();
  bool writes(ByteView plain);
  void count_failure();
  void on_deadline();
  void end(const net::Closed& closed);
  void drop();

  loop::Loop& loop_;
  Context& context_;
  Gate& gate_;
  net::StreamHandler& handler_;
  State state_ = State::closed;
  bool paused_ = false;
  bool entered_ = false;  // the gate counts it
  Instant moved_at_;      // octets went one way or the other
  std::string peer_;
  std::unique_ptr<net::Stream> carrier_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Beginning> beginning_;
  std::vector<uint8_t> held_;             // input that waits: for a place, or while paused
  std::unique_ptr<loop::Timer> resumed_;  // works on held input in a batch of its own
  loop::Timer deadline_;
};

}  // namespace simurgh::tls
