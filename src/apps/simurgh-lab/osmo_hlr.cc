#include "apps/simurgh-lab/osmo_hlr.h"

#include <fmt/format.h>
#include <unistd.h>

#include "io/process/process.h"

namespace simurgh::lab {

bool OsmoHlr::installed() {
  return access(program, X_OK) == 0;
}

bool OsmoHlr::start(const std::string& folder, std::string& problem) {
  if (!installed()) {
    problem = "osmo-hlr is not installed: ./dev setup peers, or apt-get install osmo-hlr";
    return false;
  }
  folder_ = folder;
  // An address of 127.0.0.0/8 for each lab, so that two of them do not meet.
  const auto pid = static_cast<unsigned>(getpid());
  address_ = fmt::format("127.{}.{}.{}", 1 + pid % 250, pid / 250 % 250, 2 + pid / 62'500 % 250);
  const std::string config = fmt::format(
      "log stderr\n logging filter all 1\n logging level set-all error\n"
      "line vty\n bind {0}\nctrl\n bind {0}\nhlr\n gsup\n  bind ip {0}\n",
      address_);
  if (!process::make_folder(folder, problem)) return false;
  if (!process::write_new_file(folder + "/hlr.cfg", config, 0600, problem)) return false;
  return child_.start({.command = {program, "-c", folder + "/hlr.cfg", "-l", folder + "/hlr.db"},
                       .log = log_path(),
                       .folder = folder},
                      problem);
}

}  // namespace simurgh::lab
