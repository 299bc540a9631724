// A program that a test starts: its standard output line by line, and its end. It dies with the
// test, also when that is killed.
#pragma once

#include <string>
#include <vector>

namespace simurgh::test {

class Child {
 public:
  // The program is looked up on the PATH. Standard error is the test's own.
  explicit Child(const std::vector<std::string>& command);
  // SIGTERM, then SIGKILL.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Where its standard output can be read, non-blocking.
  int output_fd() const { return out_; }
  // The next whole line of output, waiting at most that long; empty when none came.
  std::string line(int wait_ms);
  // True when it has ended; then exit_code() is its, or 128 + the signal.
  bool ended();
  int exit_code() const { return exit_code_; }
  void terminate();
  int pid() const { return pid_; }

 private:
  int pid_ = -1;
  int out_ = -1;
  int exit_code_ = -1;
  bool ended_ = false;
  std::string pending_;
};

// Whether a program of that name is on the PATH, or exists where it says.
bool program_exists(const std::string& name);

}  // namespace simurgh::test
