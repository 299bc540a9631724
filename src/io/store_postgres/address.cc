#include "io/store_postgres/address.h"

#include <libpq-fe.h>

#include <cstring>
#include <memory>

namespace simurgh::store_postgres {

namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

std::string value_of(const PQconninfoOption* options, const char* keyword) {
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (std::strcmp(option->keyword, keyword) == 0 && option->val != nullptr) return option->val;
  }
  return {};
}

bool is_here(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
         host == "::1" || host.starts_with("127.");
}

bool all_here(std::string_view hosts) {
  while (true) {
    const size_t comma = hosts.find(',');
    if (!is_here(hosts.substr(0, comma))) return false;
    if (comma == hosts.npos) return true;
    hosts.remove_prefix(comma + 1);
  }
}

}  // namespace

bool is_address(std::string_view text) {
  return text.starts_with("postgresql:") || text.starts_with("postgres:");
}

Result<Address> parse_address(std::string_view text, std::string& problem) {
  Address address;
  address.uri = text;
  const bool is_uri = text.starts_with("postgresql://") || text.starts_with("postgres://");
  const Options options(is_uri ? PQconninfoParse(address.uri.c_str(), nullptr) : nullptr,
                        PQconninfoFree);
  if (!options) {
    // libpq's own words would repeat the address.
    problem =
        "not an address of PostgreSQL: write postgresql://USER@HOST:PORT/DATABASE, or for a "
        "socket postgresql://USER@/DATABASE?host=/run/postgresql";
    return fail(ErrorCode::bad_value);
  }
  address.has_password = !value_of(options.get(), "password").empty() ||
                         !value_of(options.get(), "sslpassword").empty();
  const std::string user = value_of(options.get(), "user");
  const std::string host = value_of(options.get(), "host");
  const std::string port = value_of(options.get(), "port");
  const std::string service = value_of(options.get(), "service");
  const bool socket = host.starts_with('/');
  address.words = "postgresql://" + (user.empty() ? "" : user + "@") + (socket ? "" : host) +
                  (port.empty() ? "" : ":" + port) + "/" + value_of(options.get(), "dbname");
  if (socket) address.words += "?host=" + host;
  if (!service.empty()) address.words += "?service=" + service;
  return address;
}

bool is_private(const Address& address) {
  const Options given(PQconninfoParse(address.uri.c_str(), nullptr), PQconninfoFree);
  const Options otherwise(PQconndefaults(), PQconninfoFree);  // from the environment
  if (!given || !otherwise) return false;
  const auto effective = [&](const char* keyword) {
    const std::string value = value_of(given.get(), keyword);
    return value.empty() ? value_of(otherwise.get(), keyword) : value;
  };
  if (effective("sslmode") == "verify-full") return true;
  if (!effective("service").empty()) return false;  // names a host that is not known here
  const std::string by_number = effective("hostaddr");
  return all_here(by_number.empty() ? effective("host") : by_number);
}

}  // namespace simurgh::store_postgres
