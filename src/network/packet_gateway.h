// The operator's gateway between access points and packet networks: where a data session on an
// access point may connect to. What an access point's row does not name it does not reach, so a
// subscriber before his release, whose only access point is the hotline's, reaches the security
// centre's front end and nothing else (D6, I7).
//
// A rule, not a transport: who has the connections asks before making one. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "terminal/data_network.h"

namespace simurgh::network {

struct PacketRoute {
  std::string access_point;
  bool everywhere = false;       // else this destination only
  std::vector<uint8_t> address;  // 4 or 16 octets
  uint16_t port = 0;
};

class PacketGateway {
 public:
  void add(PacketRoute route) { routes_.push_back(std::move(route)); }
  // Counts what it refuses.
  bool admits(const terminal::DataDestination& to);
  uint64_t refused() const { return refused_; }

 private:
  std::vector<PacketRoute> routes_;
  uint64_t refused_ = 0;
};

}  // namespace simurgh::network
