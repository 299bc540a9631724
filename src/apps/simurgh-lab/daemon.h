// simurghd as a child process of the lab: its own data directory, free ports, killed and started
// again when a test wants that.
#pragma once

#include <string>
#include <vector>

#include "base/numbers.h"
#include "base/time.h"

namespace simurgh::lab {

class Daemon {
 public:
  struct Options {
    std::string program;   // path of simurghd
    std::string data_dir;  // made by init() when it is not there
    std::string smpp_connect;
    std::string smpp_password;
    Msisdn centre_number;
    Duration answer_wait_first = seconds(1);  // the lab's network is fast
  };

  explicit Daemon(Options options) : options_(std::move(options)) {}
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Makes the data directory and the configuration, on ports that are free now.
  bool init(std::string& problem);
  bool start(std::string& problem);
  void kill_now();  // SIGKILL, waited for
  bool stop();      // SIGTERM; false when it did not end in order
  bool running();   // false when it ended by itself
  uint64_t starts() const { return starts_; }

  const std::string& api() const { return api_; }
  const std::string& gsup() const { return gsup_; }
  const std::string& admin_token() const { return admin_token_; }

 private:
  Options options_;
  std::string api_, gsup_, admin_token_;
  int pid_ = -1;
  uint64_t starts_ = 0;
};

// A port of the loopback that the kernel would give now. Somebody else may take it first; then
// whoever opens it says so.
uint16_t free_port();

// Runs a program to its end, its standard output in `output`; the exit status, -1 when it could
// not be run.
int run_program(const std::vector<std::string>& command, std::string& output);

}  // namespace simurgh::lab
