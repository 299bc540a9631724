// The lab's way to simurghd's REST interface: requests from the loop, answers back on the loop,
// the waiting done by a few threads. POSTs carry an Idempotency-Key and are repeated while the
// server is away (it is killed on purpose), so that each has its effect once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/json/value.h"
#include "io/loop/loop.h"

namespace simurgh::lab {

struct RestAnswer {
  int status = 0;  // 0: the server did not answer for `patience`
  json::Value body;
  std::string text;  // the body as it came
};

// A POST that the server has acknowledged (2xx): what it must answer, whatever happens to it.
struct Acknowledged {
  std::string path, body, key;  // the request, with its Idempotency-Key
  int status = 0;
  std::string answer;
};

class Rest {
 public:
  using Done = std::function<void(const RestAnswer&)>;

  // `server` as HOST:PORT, `token` the bearer token's text. Patience: how long a request is
  // repeated. The loop outlives it.
  static std::unique_ptr<Rest> open(loop::Loop& loop, const std::string& server,
                                    const std::string& token, Duration patience);
  virtual ~Rest() = default;  // requests under way are given up, their callers not called

  virtual void get(const std::string& path, Done done) = 0;
  virtual void post(const std::string& path, json::Value body, Done done) = 0;

  // The POSTs acknowledged since the last call, when they are kept.
  virtual void keep_acknowledged() = 0;
  virtual std::vector<Acknowledged> take_acknowledged() = 0;
  // The same request again, under the same key.
  virtual void repeat(const Acknowledged& before, Done done) = 0;
  virtual size_t under_way() const = 0;
};

}  // namespace simurgh::lab
