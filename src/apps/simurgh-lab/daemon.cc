#include "apps/simurgh-lab/daemon.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "io/process/process.h"

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

}  // namespace

uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  uint16_t port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

int run_program(const std::vector<std::string>& command, std::string& output) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return -1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  pid_t pid = -1;
  const auto arguments = arguments_of(command);
  const int spawned =
      posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
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

Daemon::~Daemon() {
  kill_now();
}

bool Daemon::init(std::string& problem) {
  std::string output;
  if (run_program({options_.program, "init", "--data-dir", options_.data_dir}, output) != 0) {
    problem = options_.program + " init failed: " + output;
    return false;
  }
  const auto token = process::read_file(options_.data_dir + "/admin.token", 256, problem);
  if (!token) return false;
  admin_token_ = token->substr(0, token->find('\n'));
  api_ = fmt::format("127.0.0.1:{}", free_port());
  gsup_ = fmt::format("127.0.0.1:{}", free_port());
  const std::string password_path = options_.data_dir + "/smpp.password";
  if (!process::write_new_file(password_path, options_.smpp_password + "\n", 0600, problem)) {
    return false;
  }
  const double answer_wait_s = static_cast<double>(options_.answer_wait_first.ms) / 1000;
  const std::string config = fmt::format(
      R"(data_dir = "{0}"
log_level = "warning"
[api]
listen = "{1}"
[smpp]
connect = "{2}"
password_file = "{3}"
window = 200
[hlr]
gsup_listen = "{4}"
[[hlr.peer]]
name = "VLR-A"
imsi_prefixes = ["90170"]
[[hlr.peer]]
name = "VLR-B"
imsi_prefixes = ["90170"]
[security_centre]
number = "{5}"
answer_wait_first_s = {6}
answer_wait_max_s = 30
sends_max = 10
work_retry_wait_s = 20
code_tries_max = 20
)",
      options_.data_dir, api_, options_.smpp_connect, password_path, gsup_,
      options_.centre_number.text(), answer_wait_s);
  const auto written =
      process::write_new_file(options_.data_dir + "/lab.toml", config, 0600, problem);
  return written.has_value();
}

bool Daemon::start(std::string& problem) {
  const std::vector<std::string> command = {options_.program, "run", "--config",
                                            options_.data_dir + "/lab.toml"};
  const std::string log_path = options_.data_dir + "/simurghd.log";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_path.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  const auto arguments = arguments_of(command);
  const int spawned =
      posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (spawned != 0) {
    pid_ = -1;
    problem = fmt::format("{}: {}", options_.program, std::strerror(spawned));
    return false;
  }
  ++starts_;
  return true;
}

bool Daemon::running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void Daemon::kill_now() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool Daemon::stop() {
  if (pid_ < 0) return false;
  kill(pid_, SIGTERM);
  constexpr int tries = 100;
  for (int i = 0; i < tries; ++i) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    sleep_ms(100);
  }
  kill_now();
  return false;
}

}  // namespace simurgh::lab
