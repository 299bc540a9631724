// Debian's osmo-hlr as a child process of the lab, in a folder and on a loopback address of its
// own: its ports are fixed. The visited networks' HLR when Simurgh is to work with another's.
#pragma once

#include <string>

#include "apps/simurgh-lab/child.h"

namespace simurgh::lab {

class OsmoHlr {
 public:
  static constexpr const char* program = "/usr/bin/osmo-hlr";
  static bool installed();

  // Makes the folder with its configuration and starts it there; it listens some time later.
  bool start(const std::string& folder, std::string& problem);
  bool running() { return child_.running(); }
  bool stop() { return child_.stop(); }

  std::string gsup() const { return address_ + ":4222"; }
  std::string ctrl() const { return address_ + ":4259"; }
  std::string log_path() const { return folder_ + "/osmo-hlr.log"; }

 private:
  std::string folder_;
  std::string address_;
  Child child_;
};

}  // namespace simurgh::lab
