#include "apps/simurgh-lab/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/check.h"

extern char** environ;

namespace simurgh::lab {

namespace {

std::vector<char*> arguments_of(const std::vector<std::string>& command) {
  std::vector<char*> out;
  for (const std::string& word : command) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

void sleep_ms(long ms) {
  const timespec wait{ms / 1000, (ms % 1000) * 1'000'000};
  nanosleep(&wait, nullptr);
}

// What posix_spawn does to the new process's files before the program begins.
class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

}  // namespace

int run_program(const std::vector<std::string>& command, std::string& output) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return -1;
  FileActions actions;
  posix_spawn_file_actions_adddup2(actions.get(), pipe_ends[1], STDOUT_FILENO);
  pid_t pid = -1;
  const auto arguments = arguments_of(command);
  const int spawned =
      posix_spawnp(&pid, arguments[0], actions.get(), nullptr, arguments.data(), environ);
  close(pipe_ends[1]);
  char room[4096];
  ssize_t got = 0;
  while (spawned == 0 && ((got = read(pipe_ends[0], room, sizeof room)) > 0 || errno == EINTR)) {
    if (got > 0)
      output.append(room, static_cast<size_t>(got));
    else if (got == 0)
      break;
  }
  close(pipe_ends[0]);
  int status = 0;
  if (spawned != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

bool Child::start(const Options& options, std::string& problem) {
  SIMURGH_CHECK(pid_ < 0);
  FileActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, options.log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (options.output.empty()) {
    posix_spawn_file_actions_adddup2(actions.get(), STDERR_FILENO, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, options.output.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  }
  if (!options.folder.empty()) {
    posix_spawn_file_actions_addchdir_np(actions.get(), options.folder.c_str());
  }
  const auto arguments = arguments_of(options.command);
  const int spawned =
      posix_spawnp(&pid_, arguments[0], actions.get(), nullptr, arguments.data(), environ);
  exit_status_.reset();
  if (spawned == 0) return true;
  pid_ = -1;
  problem = fmt::format("{}: {}", options.command[0], std::strerror(spawned));
  return false;
}

void Child::ended(int status) {
  pid_ = -1;
  exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool Child::running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return true;
  ended(status);
  return false;
}

void Child::kill_now() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  ended(status);
}

bool Child::stop() {
  if (pid_ < 0) return false;
  kill(pid_, SIGTERM);
  constexpr int tries = 100;
  for (int i = 0; i < tries; ++i) {
    if (!running()) return exit_status_ == 0;
    sleep_ms(100);
  }
  kill_now();
  return false;
}

}  // namespace simurgh::lab
