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

namespace simurgh::cli {

// The path with one more query parameter, unless its value is empty.
std::string with_parameter(const std::string& path, std::string_view name, std::string_view value);

class ApiClient {
 public:
  // `server`: http://HOST:PORT or unix:PATH. `random` outlives the client.
  ApiClient(std::string server, std::string token_file, Random& random);
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

  struct Connection;
  std::string server_;
  std::string token_file_;
  std::string token_;
  Random& random_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace simurgh::cli
