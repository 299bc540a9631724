// Packet data as the bearer independent protocol needs it (TS 102 223 6.4.27 … 6.4.31): what a
// terminal asks of the network on behalf of its card. Connections are TCP, the terminal the client.
//
// The terminal pulls what has arrived, so that a card which does not fetch stops the peer and
// nothing grows: receive() is asked again whenever there is room. One thread; none of these calls
// back into the terminal.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::terminal {

struct DataDestination {
  std::string_view access_point;  // empty: the subscription's default
  ByteView address;               // 4 octets IPv4, 16 octets IPv6
  uint16_t port = 0;
};

enum class DataOpening : uint8_t {
  pending,          // Terminal::on_data_opened will tell
  open,             // connected already
  network_refused,  // no data service here (result 21)
  not_reachable,    // nobody answers there (3A 07)
};

class DataNetwork {
 public:
  virtual ~DataNetwork() = default;
  // `channel` (1…7) names the connection until close(); the views are valid during the call.
  virtual DataOpening open(uint8_t channel, const DataDestination& to) = 0;
  // Takes all of it or fails: `busy` when the way is full, `closed` when the connection is gone.
  virtual Result<void> send(uint8_t channel, ByteView bytes) = 0;
  // Octets that have arrived, at most out.size(); 0: none now. `closed`: everything was received,
  // and the peer has closed or the connection is lost.
  virtual Result<size_t> receive(uint8_t channel, MutableByteView out) = 0;
  virtual void close(uint8_t channel) = 0;
};

}  // namespace simurgh::terminal
