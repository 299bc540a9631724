#include "io/net/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace simurgh::net {
namespace {

SocketAddress unix_address(const std::string& path) {
  SocketAddress address;
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.c_str(), path.size() + 1);
  address.size = sizeof *un;
  return address;
}

SocketAddress ipv4_address(in_addr host, uint16_t port) {
  SocketAddress address;
  auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
  in->sin_family = AF_INET;
  in->sin_addr = host;
  in->sin_port = htons(port);
  address.size = sizeof *in;
  return address;
}

SocketAddress ipv6_address(const in6_addr& host, uint16_t port) {
  SocketAddress address;
  auto* in = reinterpret_cast<sockaddr_in6*>(&address.storage);
  in->sin6_family = AF_INET6;
  in->sin6_addr = host;
  in->sin6_port = htons(port);
  address.size = sizeof *in;
  return address;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Socket::~Socket() {
  close();
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::vector<SocketAddress> numeric_addresses(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::unix_path) return {unix_address(endpoint.host)};
  if (endpoint.host.empty()) return {ipv4_address({htonl(INADDR_ANY)}, endpoint.port)};
  if (endpoint.host == "localhost") {
    return {ipv4_address({htonl(INADDR_LOOPBACK)}, endpoint.port)};
  }
  in_addr v4{};
  if (inet_pton(AF_INET, endpoint.host.c_str(), &v4) == 1) {
    return {ipv4_address(v4, endpoint.port)};
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, endpoint.host.c_str(), &v6) == 1) {
    return {ipv6_address(v6, endpoint.port)};
  }
  return {};
}

std::vector<SocketAddress> look_up(const Endpoint& endpoint, std::string& problem) {
  std::vector<SocketAddress> addresses = numeric_addresses(endpoint);
  if (!addresses.empty()) return addresses;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (error != 0) {
    problem = "the name " + endpoint.host + " cannot be looked up: " + gai_strerror(error);
    return {};
  }
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    SocketAddress address;
    if (it->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, it->ai_addr, it->ai_addrlen);
    address.size = it->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  if (addresses.empty()) problem = "the name " + endpoint.host + " has no address";
  return addresses;
}

std::string text_of_address(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.family() == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    return std::string(text).append(":").append(std::to_string(ntohs(in->sin_port)));
  }
  if (address.family() == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    std::string out("[");
    return out.append(text).append("]:").append(std::to_string(ntohs(in->sin6_port)));
  }
  return "unix";
}

void set_no_delay(int fd) {
  // Small messages with answers that are waited for; fails on unix sockets, which need none.
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Socket open_socket(int family) {
  Socket socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.open()) set_no_delay(socket.fd());
  return socket;
}

std::string words_of_errno(int error) {
  return std::strerror(error);
}

}  // namespace simurgh::net
