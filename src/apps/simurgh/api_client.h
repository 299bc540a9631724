// The server's REST interface as the commands see it: JSON in, JSON out, failures in words.
//
// Every POST carries an Idempotency-Key, so that a request whose answer was lost is sent again
// without having its effect twice. The token is read from its file at first use and never shown.
#pragma once

#include <memory>
#include <string>

#include "apps/simurgh/outcome.h"
#include "base/random.h"
#include "formats/json/value.h"
#include "io/tls/certificates.h"

namespace simurgh::cli {

// The path with one more query parameter, unless its value is empty.
std::string with_parameter(const std::string& path, std::string_view name, std::string_view value);

struct ServerAccess {
  std::string server;  // https://HOST:PORT, unix:PATH, or http:// for an address of this machine
  std::string token_file;
  tls::ClientFiles files;  // https
};

class ApiClient {
 public:
  // `random` outlives the client.
  ApiClient(ServerAccess access, Random& random);
  ~ApiClient();

  Outcome<json::Value> get(const std::string& path);
  Outcome<json::Value> post(const std::string& path, const json::Value& body);
  Outcome<json::Value> remove(const std::string& path);
  // The rows behind a paginated path, page after page, at most rows_max, from behind
  // `after` on.
  Outcome<json::Value::Array> list(const std::string& path, size_t rows_max,
                                   std::string after = {});

 private:
  struct Call;
  Outcome<json::Value> call(const Call& call);
  Outcome<void> prepare();
  Outcome<void> connect();

  struct Connection;
  ServerAccess access_;
  std::string token_;
  Random& random_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace simurgh::cli
