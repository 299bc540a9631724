#include "apps/simurgh-lab/daemon.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/process/process.h"

namespace simurgh::lab {

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

std::string Daemon::config_text(const std::string& password_path) const {
  const double answer_wait_s = static_cast<double>(options_.answer_wait_first.ms) / 1000;
  const std::string hlr =
      options_.osmo_hlr_ctrl.empty()
          ? fmt::format("gsup_listen = \"{}\"\n", gsup_) +
                "[[hlr.peer]]\nname = \"VLR-A\"\nimsi_prefixes = [\"90170\"]\n"
                "[[hlr.peer]]\nname = \"VLR-B\"\nimsi_prefixes = [\"90170\"]\n"
          : fmt::format("kind = \"osmo-hlr\"\nosmo_hlr_ctrl = \"{}\"\n", options_.osmo_hlr_ctrl);
  return fmt::format(
      R"(data_dir = "{0}"
store = "{7}"
log_level = "warning"
[api]
listen = "{1}"
[smpp]
connect = "{2}"
password_file = "{3}"
window = 200
[hlr]
{4}
[security_centre]
number = "{5}"
answer_wait_first_s = {6}
answer_wait_max_s = 30
sends_max = 10
work_retry_wait_s = 20
code_tries_max = 20
ask_new_pin = true
{8})",
      options_.data_dir, api_, options_.smpp_connect, password_path, hlr,
      options_.centre_number.text(), answer_wait_s, options_.store, chips_text());
}

std::string Daemon::chips_text() const {
  if (options_.capacity == 0) return {};
  return fmt::format(
      "[chips]\nlisten = \"127.0.0.1:{}\"\nsessions_max = {}\npoll_period_s = {}\n"
      "session_time_s = {}\ntriggers_per_second_max = {}\nreturn_wait_min_s = 5\n"
      "return_wait_max_s = 15\n",
      chips_port_, options_.capacity, options_.poll_period_s, options_.session_time_s,
      options_.triggers_per_second_max);
}

bool Daemon::init(std::string& problem) {
  std::string output;
  const std::string program = options_.programs + "/simurghd";
  if (run_program({program, "init", "--data-dir", options_.data_dir, "--store", options_.store},
                  output) != 0) {
    problem = program + " init failed: " + output;
    return false;
  }
  api_ = fmt::format("127.0.0.1:{}", free_port());
  gsup_ = fmt::format("127.0.0.1:{}", free_port());
  chips_port_ = free_port();
  const std::string password_path = options_.data_dir + "/smpp.password";
  return process::write_new_file(password_path, options_.smpp_password + "\n", 0600, problem) &&
         process::write_new_file(options_.data_dir + "/lab.toml", config_text(password_path), 0600,
                                 problem);
}

std::string Daemon::make_token(const std::string& name, const std::string& roles,
                               const std::string& manufacturer, std::string& problem) {
  const std::string program = options_.programs + "/simurgh";
  const std::string path = token_path(name);
  // The lab is many desks behind one token.
  std::vector<std::string> command = {
      program,   "tokens", "add",     "--file", options_.data_dir + "/tokens",
      "--name",  name,     "--roles", roles,    "--rate",
      "1000000", "--out",  path,      "--quiet"};
  if (!manufacturer.empty()) {
    command.insert(command.end(), {"--manufacturer", manufacturer});
  }
  std::string output;
  if (run_program(command, output) != 0) {
    problem = program + " tokens add failed: " + output;
    return {};
  }
  const auto token = process::read_file(path, 256, problem);
  return token ? token->substr(0, token->find('\n')) : std::string();
}

bool Daemon::start(std::string& problem) {
  const bool started = child_.start({.command = {options_.programs + "/simurghd", "run", "--config",
                                                 options_.data_dir + "/lab.toml"},
                                     .log = log_path()},
                                    problem);
  if (started) ++starts_;
  return started;
}

}  // namespace simurgh::lab
