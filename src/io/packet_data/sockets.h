// Packet data of handsets over real sockets: each BIP channel is a TCP connection of its own. It
// goes where the gateway admits, takes as long as a radio does, and breaks when it is told to.
//
// The latency is of what comes in (and of a connection's making): what a handset sends leaves at
// once. One thread, the loop's. Handsets and gateway outlive it; a handset that goes has closed its
// channels.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "base/random.h"
#include "io/loop/loop.h"
#include "io/net/tcp.h"
#include "network/handset.h"
#include "network/packet_gateway.h"

namespace simurgh::packet_data {

struct Options {
  Duration latency_min;
  Duration latency_max;
};

struct Figures {
  uint64_t opened = 0, refused = 0, unreachable = 0;
  uint64_t broken = 0;  // by cut_after
  uint64_t octets_in = 0, octets_out = 0;
};

class Sockets final : public network::PacketNetwork {
 public:
  static constexpr size_t received_octets_max = 8192;  // of a channel; then the peer waits

  // After how many octets, both directions together, the new connection of a handset breaks;
  // 0: never. Asked at each opening.
  using CutAfter = std::function<size_t(network::Handset&)>;

  Sockets(loop::Loop& loop, network::PacketGateway& gateway, Random& random, const Options& options,
          CutAfter cut_after);
  ~Sockets() override;

  terminal::DataOpening open(network::Handset& handset, uint8_t channel,
                             const terminal::DataDestination& to) override;
  Result<void> send(network::Handset& handset, uint8_t channel, ByteView bytes) override;
  Result<size_t> receive(network::Handset& handset, uint8_t channel, MutableByteView out) override;
  void close(network::Handset& handset, uint8_t channel) override;

  const Figures& figures() const { return figures_; }
  size_t connections() const { return links_.size(); }

 private:
  class Link;
  using Key = std::pair<network::Handset*, uint8_t>;
  struct News {
    Key key;
    uint64_t link;  // its number: a later one of the same channel is another
  };

  Link* find(network::Handset& handset, uint8_t channel);
  // Tells the handset of it when the latency is over.
  void tell(Link& link);
  void on_timer();

  loop::Loop& loop_;
  network::PacketGateway& gateway_;
  Random& random_;
  Options options_;
  CutAfter cut_after_;
  net::PlainTransport transport_;
  Figures figures_;
  uint64_t last_link_ = 0;
  std::map<Key, std::unique_ptr<Link>> links_;
  std::multimap<Instant, News> news_;
  loop::Timer timer_;
};

}  // namespace simurgh::packet_data
