// Where a server listens or a client connects: "HOST:PORT", "[IPv6]:PORT", "unix:PATH".
#pragma once

#include <string>

#include "base/result.h"

namespace simurgh::net {

struct Endpoint {
  enum class Kind : uint8_t { tcp, unix_path };
  Kind kind = Kind::tcp;
  std::string host;  // a name or address; of unix_path the path. Empty: all addresses (listening)
  uint16_t port = 0;

  // True for 127.0.0.0/8, ::1, "localhost" and unix paths: only processes of this machine reach it.
  bool loopback() const;
  // As parse_endpoint reads it.
  std::string text() const;
};

// bad_value with the offset of the fault; unix paths are bounded by the kernel (107 octets).
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace simurgh::net
