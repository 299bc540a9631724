// The kernel's socket addresses, for the files of io/net only.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "io/net/endpoint.h"
#include "io/net/tcp.h"

namespace simurgh::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// The addresses of an endpoint without asking anybody: unix paths, numeric hosts, "localhost",
// and for listening the empty host. Empty for names.
std::vector<SocketAddress> numeric_addresses(const Endpoint& endpoint);
// The same for any host, asking the system's resolver, which may take long. Empty when it does not
// know the name; `problem` then says why.
std::vector<SocketAddress> look_up(const Endpoint& endpoint, std::string& problem);
// "127.0.0.1:40312", "unix".
std::string text_of_address(const SocketAddress& address);

// Non-blocking, close-on-exec, TCP_NODELAY where it is TCP. Not open when the kernel refuses.
Socket open_socket(int family);
void set_no_delay(int fd);

// "address already in use" and its like; without a trailing number.
std::string words_of_errno(int error);

}  // namespace simurgh::net
