// TLS as the chip's HTTP agent needs it: a client under a pre-shared key, bytes in and bytes out.
// The chip's software is pure and has no TLS of its own; who makes the chip gives it one (the lab:
// io/tls over OpenSSL; tests: one that only checks the key).
//
// One thread. A channel never outlives its outlet.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::uicc {

class SecureChannel {
 public:
  class Outlet {
   public:
    // Ciphertext for the peer, in order.
    virtual void on_cipher(ByteView cipher) = 0;

   protected:
    ~Outlet() = default;
  };

  virtual ~SecureChannel() = default;
  // The client's first words go to the outlet.
  virtual Result<void> start() = 0;
  // Ciphertext that has arrived; plaintext that it brings is appended. `closed` after the peer's
  // close_notify; any other error: the handshake failed, or the peer is not who has the key.
  virtual Result<void> on_bytes(ByteView cipher, std::vector<uint8_t>& plain) = 0;
  // Both ends have proved the key.
  virtual bool established() const = 0;
  // After established; the records go to the outlet at once.
  virtual Result<void> write(ByteView plain) = 0;
  // close_notify, to the outlet.
  virtual void close() = 0;
};

class SecureChannels {
 public:
  virtual ~SecureChannels() = default;
  // A new channel under `key`, named by `identity` towards the server; both are copied. Null when
  // there is no memory.
  virtual std::unique_ptr<SecureChannel> connect(ByteView identity, ByteView key,
                                                 SecureChannel::Outlet& outlet) = 0;
};

}  // namespace simurgh::uicc
