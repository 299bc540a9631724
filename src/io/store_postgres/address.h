// Where a PostgreSQL database is: the operator's postgresql:// address, looked through before any
// connection is made. A password may stand in it, so its text is never printed; `words` is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace simurgh::store_postgres {

struct Address {
  std::string uri;            // as given: secret when has_password
  std::string words;          // postgresql://USER@HOST:PORT/DATABASE, for people
  bool has_password = false;  // in the address itself, where others may read it
};

// True when `text` is meant as such an address, right or wrong.
bool is_address(std::string_view text);

// bad_value for what libpq does not understand; `problem` in words, without the address.
Result<Address> parse_address(std::string_view text, std::string& problem);

// True when a connection to it stays on this machine (a socket, the loopback), or is TLS with the
// server's name verified. What the address leaves open is taken from libpq's environment variables;
// with a service file the address itself must say sslmode=verify-full.
bool is_private(const Address& address);

}  // namespace simurgh::store_postgres
