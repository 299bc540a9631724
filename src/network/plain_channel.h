// A stand-in for TLS where no OpenSSL may be: the simulator's worlds and the tests of the chip.
// Both ends prove the pre-shared key and the client's identity, nothing is enciphered.
//
// Frames: type (1), length (2, big endian), value. 01 hello: identity, nonce (16), proof (32) by
// HMAC-SHA256 over label, nonce and identity; 02 accepted: proof of the server's; 03 data; 04 the
// end. Never on a wire.
#pragma once

#include <string>

#include "base/random.h"
#include "uicc/secure_channel.h"

namespace simurgh::network {

class PlainChannels final : public uicc::SecureChannels {
 public:
  // `random` outlives it and its channels.
  explicit PlainChannels(Random& random) : random_(random) {}
  std::unique_ptr<uicc::SecureChannel> connect(ByteView identity, ByteView key,
                                               uicc::SecureChannel::Outlet& outlet) override;

 private:
  Random& random_;
};

// The other end, for who plays the server.
class PlainChannelServer {
 public:
  // The key of an identity; empty: unknown.
  class Keys {
   public:
    virtual ~Keys() = default;
    virtual std::vector<uint8_t> key_of(std::string_view identity) = 0;
  };
  explicit PlainChannelServer(Keys& keys) : keys_(keys) {}

  // bad_mac: unknown identity or wrong key (the two look alike); `closed` after the client's end;
  // bad_value for what is no frame. Plaintext is appended.
  Result<void> on_bytes(ByteView bytes, std::vector<uint8_t>& plain);
  void write(ByteView plain);
  void close();
  bool established() const { return established_; }
  const std::string& identity() const { return identity_; }
  // What goes to the client, taken.
  std::vector<uint8_t> take_out();

 private:
  Keys& keys_;
  std::string identity_;
  bool established_ = false;
  std::vector<uint8_t> in_;
  std::vector<uint8_t> out_;
};

}  // namespace simurgh::network
