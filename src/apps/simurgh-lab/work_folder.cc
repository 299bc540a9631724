#include "apps/simurgh-lab/work_folder.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "io/process/process.h"

namespace simurgh::lab {

bool WorkFolder::make(const std::string& wanted, std::string& problem) {
  if (!wanted.empty()) {
    std::error_code failed;
    path_ = std::filesystem::absolute(wanted, failed);
    return process::make_folder(path_, problem).has_value();
  }
  char name[] = "/tmp/simurgh-lab.XXXXXX";
  if (mkdtemp(name) == nullptr) {
    problem = "no folder could be made in /tmp";
    return false;
  }
  own_ = true;
  path_ = name;
  return true;
}

void WorkFolder::leave(bool well) const {
  if (path_.empty()) return;
  std::error_code ignored;
  if (well && own_) {
    std::filesystem::remove_all(path_, ignored);
  } else if (!well) {
    std::fprintf(stderr, "simurgh-lab: logs, databases and packs are kept in %s\n", path_.c_str());
  }
}

}  // namespace simurgh::lab
