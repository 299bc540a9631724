// The folder of one run of the lab: named by the user and kept, or a new one in /tmp that goes when
// all went well.
#pragma once

#include <string>

namespace simurgh::lab {

class WorkFolder {
 public:
  // `wanted` empty: a new one in /tmp. False with words.
  bool make(const std::string& wanted, std::string& problem);
  const std::string& path() const { return path_; }
  // Once, at the end of the run: removes it, or says on standard error where everything is kept.
  void leave(bool well) const;

 private:
  std::string path_;
  bool own_ = false;
};

}  // namespace simurgh::lab
