// The TLS of virtual chips: uicc::SecureChannels over OpenSSL, each channel a client session under
// the chip's pre-shared key (io/tls). The chip sends and receives the records through BIP.
//
// Shared by all chips of a process that have the same suites. One thread.
#pragma once

#include <string_view>

#include "io/tls/chip_client.h"
#include "uicc/secure_channel.h"

namespace simurgh::chip_tls {

// Who wants to know what channels do: the lab, which counts them. `channel` is another number for
// each; `identity` is the chip's.
class Observer {
 public:
  // Both ends have proved the key. on_ended() follows once, whatever ends it.
  virtual void on_established(uint64_t channel, std::string_view identity) = 0;
  virtual void on_ended(uint64_t channel) = 0;
  // Plaintext that the chip gets when this returns.
  virtual void on_plain(uint64_t channel, ByteView plain) = 0;
  // The chip wants to say something; false: it cannot any more (its power is gone).
  virtual bool may_write(uint64_t channel) = 0;

 protected:
  ~Observer() = default;
};

class TlsChannels final : public uicc::SecureChannels {
 public:
  // Both outlive it and its channels; `observer` may be null. Channels are numbered from
  // `numbers_from` + 1 on, for observers of several of these.
  explicit TlsChannels(tls::ChipClient& client, Observer* observer = nullptr,
                       uint64_t numbers_from = 0)
      : client_(client), observer_(observer), last_channel_(numbers_from) {}

  // Null also for an identity that TLS cannot carry.
  std::unique_ptr<uicc::SecureChannel> connect(ByteView identity, ByteView key,
                                               uicc::SecureChannel::Outlet& outlet) override;

 private:
  tls::ChipClient& client_;
  Observer* observer_;
  uint64_t last_channel_;
};

}  // namespace simurgh::chip_tls
