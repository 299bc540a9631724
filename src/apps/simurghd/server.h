// The server put together: stores, actors and links on one loop (docs/architecture.md).
//
// Every batch of the loop ends with the journal's sync and the database's commit, and only then do
// bytes leave (io/loop). A commit that fails ends the process at once, with nothing said.
#pragma once

#include <memory>

#include "apps/simurghd/config.h"
#include "io/log/log.h"

namespace simurgh::simurghd {

class Server {
 public:
  // Opens everything, puts the stores right after a crash or a restored database, and listens.
  // Null when something is wrong; `problem` says what, and what to do.
  static std::unique_ptr<Server> open(const Config& config, const log::Log& log,
                                      std::string& problem);
  virtual ~Server() = default;
  // Serves until SIGTERM or SIGINT. The exit status of the process.
  virtual int run() = 0;
};

}  // namespace simurgh::simurghd
