// A program that the lab runs as a process of its own: simurghd, osmo-hlr, the factory's tool. Its
// standard error (and output, if wanted) goes to a log file. It ends with its owner at the latest.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace simurgh::lab {

class Child {
 public:
  struct Options {
    std::vector<std::string> command;  // the program's path or name first
    std::string log;                   // file that standard error is appended to
    std::string output;                // new file for standard output; empty: to the log as well
    std::string folder;                // to start in; empty: the lab's own
  };

  Child() = default;
  ~Child() { kill_now(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // False with `problem` in words; one that runs already is the caller's mistake.
  bool start(const Options& options, std::string& problem);
  bool running();   // false when it ended by itself, or was never started
  void kill_now();  // SIGKILL, waited for
  bool stop();      // SIGTERM, waited for; false when it did not end in order with status 0
  // Of the run that ended; nothing while it runs, -1 when a signal ended it.
  std::optional<int> exit_status() const { return exit_status_; }

 private:
  void ended(int status);

  int pid_ = -1;
  std::optional<int> exit_status_;
};

// Runs a program to its end, its standard output in `output`; the exit status, -1 when it could
// not be run.
int run_program(const std::vector<std::string>& command, std::string& output);

}  // namespace simurgh::lab
