#include "network/packet_gateway.h"

namespace simurgh::network {

bool PacketGateway::admits(const terminal::DataDestination& to) {
  for (const PacketRoute& route : routes_) {
    if (route.access_point != to.access_point) continue;
    if (route.everywhere) return true;
    if (route.port == to.port && equal(route.address, to.address)) return true;
  }
  ++refused_;
  return false;
}

}  // namespace simurgh::network
