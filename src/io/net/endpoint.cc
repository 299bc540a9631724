#include "io/net/endpoint.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>

namespace simurgh::net {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr size_t unix_path_octets_max = sizeof(sockaddr_un::sun_path) - 1;
constexpr size_t host_octets_max = 253;  // of a DNS name

Result<uint16_t> parse_port(std::string_view text, size_t offset) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port > 0xffff) {
    return fail(ErrorCode::bad_value, offset);
  }
  return static_cast<uint16_t>(port);
}

bool host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

Result<Endpoint> parse_ipv6(std::string_view text) {
  const size_t end = text.find(']');
  if (end == text.npos || end + 1 >= text.size() || text[end + 1] != ':') {
    return fail(ErrorCode::bad_value, std::min(end, text.size()));
  }
  Endpoint endpoint;
  endpoint.host = text.substr(1, end - 1);
  in6_addr address{};
  if (inet_pton(AF_INET6, endpoint.host.c_str(), &address) != 1) {
    return fail(ErrorCode::bad_value, 1);
  }
  endpoint.port = TRY(parse_port(text.substr(end + 2), end + 2));
  return endpoint;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  if (text.starts_with(unix_prefix)) {
    const std::string_view path = text.substr(unix_prefix.size());
    if (path.empty() || path.size() > unix_path_octets_max || path.find('\0') != path.npos) {
      return fail(ErrorCode::bad_value, unix_prefix.size());
    }
    return Endpoint{.kind = Endpoint::Kind::unix_path, .host = std::string(path), .port = 0};
  }
  if (text.starts_with('[')) return parse_ipv6(text);
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return fail(ErrorCode::bad_value, text.size());
  const std::string_view host = text.substr(0, colon);
  if (host.size() > host_octets_max) return fail(ErrorCode::bad_value, host_octets_max);
  for (size_t i = 0; i < host.size(); ++i) {
    if (!host_character(host[i])) return fail(ErrorCode::bad_value, i);
  }
  Endpoint endpoint;
  endpoint.host = host;
  endpoint.port = TRY(parse_port(text.substr(colon + 1), colon + 1));
  return endpoint;
}

bool Endpoint::loopback() const {
  if (kind == Kind::unix_path || host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string Endpoint::text() const {
  if (kind == Kind::unix_path) return std::string(unix_prefix) + host;
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace simurgh::net
