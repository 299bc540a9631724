// simurghd as a child process of the lab: its own data directory, free ports, killed and started
// again when a test wants that.
#pragma once

#include <string>

#include "apps/simurgh-lab/child.h"
#include "base/numbers.h"
#include "base/time.h"

namespace simurgh::lab {

class Daemon {
 public:
  struct Options {
    std::string programs;          // folder of simurghd and simurgh
    std::string data_dir;          // made by init() when it is not there
    std::string store = "sqlite";  // or an address of PostgreSQL, without a password
    std::string smpp_connect;
    std::string smpp_password;
    Msisdn centre_number;
    Duration answer_wait_first = seconds(1);  // the lab's network is fast
    std::string osmo_hlr_ctrl;                // HOST:PORT; empty: the built-in HLR
    // The front end for chips; capacity 0: there is none.
    size_t capacity = 0;
    uint32_t poll_period_s = 0;
    uint32_t session_time_s = 0;
    uint32_t triggers_per_second_max = 0;
  };

  explicit Daemon(Options options) : options_(std::move(options)) {}

  // Makes the data directory and the configuration, on ports that are free now.
  bool init(std::string& problem);
  // A token with these roles, made by `simurgh tokens add`; before start(). Empty on failure.
  std::string make_token(const std::string& name, const std::string& roles,
                         const std::string& manufacturer, std::string& problem);
  bool start(std::string& problem);
  void kill_now() { child_.kill_now(); }
  bool stop() { return child_.stop(); }
  bool running() { return child_.running(); }
  uint64_t starts() const { return starts_; }

  const std::string& api() const { return api_; }
  const std::string& gsup() const { return gsup_; }
  uint16_t chips_port() const { return chips_port_; }
  std::string token_path(const std::string& name) const {
    return options_.data_dir + "/" + name + ".token";
  }
  std::string log_path() const { return options_.data_dir + "/simurghd.log"; }

 private:
  std::string config_text(const std::string& password_path) const;
  std::string chips_text() const;

  Options options_;
  std::string api_, gsup_;
  uint16_t chips_port_ = 0;
  Child child_;
  uint64_t starts_ = 0;
};

// A port of the loopback that the kernel would give now. Somebody else may take it first; then
// whoever opens it says so.
uint16_t free_port();

}  // namespace simurgh::lab
