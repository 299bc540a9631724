// The TLS of virtual chips: uicc::SecureChannels over OpenSSL, each channel a client session under
// the chip's pre-shared key (io/tls). The chip sends and receives the records through BIP.
//
// Shared by all chips of a process that have the same suites. One thread.
#pragma once

#include "io/tls/chip_client.h"
#include "uicc/secure_channel.h"

namespace simurgh::chip_tls {

// Who wants to know what channels do: the lab, which counts them.
class Observer {
 public:
  // Both ends have proved the key. The end of such a channel follows once, whatever ends it.
  virtual void on_established() = 0;
  virtual void on_ended() = 0;
  // Plaintext that the chip gets when this returns.
  virtual void on_plain(ByteView identity, ByteView plain) = 0;
  // The chip wants to say something; false: it cannot any more (its power is gone).
  virtual bool may_write(ByteView identity) = 0;

 protected:
  ~Observer() = default;
};

class TlsChannels final : public uicc::SecureChannels {
 public:
  // Both outlive it and its channels; `observer` may be null.
  explicit TlsChannels(tls::ChipClient& client, Observer* observer = nullptr)
      : client_(client), observer_(observer) {}

  // Null also for an identity that TLS cannot carry.
  std::unique_ptr<uicc::SecureChannel> connect(ByteView identity, ByteView key,
                                               uicc::SecureChannel::Outlet& outlet) override;

 private:
  tls::ChipClient& client_;
  Observer* observer_;
};

}  // namespace simurgh::chip_tls
