#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/net/socket.h"
#include "io/net/tcp.h"

namespace simurgh::net {
namespace {

constexpr int backlog = 1024;
// Out of descriptors: the backlog waits that long before it is looked at again.
constexpr Duration accept_pause = milliseconds(100);

class TcpListener final : public Listener, private loop::Watch::Handler {
 public:
  TcpListener(loop::Loop& loop, const Endpoint& endpoint, Listener::Handler& handler)
      : endpoint_(endpoint),
        handler_(handler),
        watch_(loop, *this),
        resume_timer_(loop, [this] { pause(paused_); }) {}

  ~TcpListener() override {
    watch_.stop();
    if (endpoint_.kind == Endpoint::Kind::unix_path && socket_.open()) {
      unlink(endpoint_.host.c_str());
    }
  }

  Result<void> open(std::string& problem) {
    const auto failed = [&](const std::string& what) {
      problem = "cannot listen on " + endpoint_.text() + ": " + what;
      return ErrorCode::io;
    };
    std::string look_up_problem;
    const std::vector<SocketAddress> addresses = look_up(endpoint_, look_up_problem);
    if (addresses.empty()) return failed(look_up_problem);
    if (endpoint_.kind == Endpoint::Kind::unix_path && !remove_stale_path()) {
      return failed(
          "a file of that name is there that is no socket, or in use; remove it or "
          "choose another path");
    }
    const SocketAddress& address = addresses[0];
    Socket socket = open_socket(address.family());
    if (!socket.open()) return failed(words_of_errno(errno));
    const int on = 1;
    setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(socket.fd(), address.get(), address.size) != 0) return failed(words_of_bind(errno));
    if (listen(socket.fd(), backlog) != 0) return failed(words_of_errno(errno));
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    getsockname(socket.fd(), bound.get(), &bound.size);
    if (endpoint_.kind == Endpoint::Kind::tcp) endpoint_.port = port_of(bound);
    if (!watch_.start(socket.fd(), true, false).has_value()) return failed(words_of_errno(errno));
    socket_ = std::move(socket);
    return {};
  }

  const Endpoint& endpoint() const override { return endpoint_; }

  void pause(bool paused) override {
    paused_ = paused;
    watch_.want(!paused, false);
  }

 private:
  static uint16_t port_of(const SocketAddress& address) {
    const std::string text = text_of_address(address);
    return static_cast<uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
  }

  static std::string words_of_bind(int error) {
    switch (error) {
      case EADDRINUSE: return "another program uses this port; stop it or choose another port";
      case EACCES: return "not permitted; ports below 1024 and this path need other rights";
      case EADDRNOTAVAIL: return "this machine does not have this address";
      default: return words_of_errno(error);
    }
  }

  // A socket file that nobody listens on is left over from a process that was killed.
  bool remove_stale_path() {
    struct stat status{};
    if (lstat(endpoint_.host.c_str(), &status) != 0) return errno == ENOENT;
    if (!S_ISSOCK(status.st_mode)) return false;
    Socket probe = open_socket(AF_UNIX);
    const SocketAddress address = numeric_addresses(endpoint_)[0];
    if (!probe.open() || ::connect(probe.fd(), address.get(), address.size) == 0 ||
        errno != ECONNREFUSED) {
      return false;
    }
    return unlink(endpoint_.host.c_str()) == 0;
  }

  void on_ready(loop::Watch::Ready) override {
    for (size_t i = 0; i < accepts_per_wakeup_max && !paused_; ++i) {
      SocketAddress address;
      address.size = sizeof address.storage;
      Socket socket(
          accept4(socket_.fd(), address.get(), &address.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.open()) {
        handler_.on_accepted(std::move(socket), text_of_address(address));
        continue;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // Level-triggered readiness would spin until a descriptor is free.
        watch_.want(false, false);
        resume_timer_.set_after(accept_pause);
      }
      return;
    }
  }

  Endpoint endpoint_;
  Listener::Handler& handler_;
  Socket socket_;
  loop::Watch watch_;
  loop::Timer resume_timer_;
  bool paused_ = false;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(loop::Loop& loop, const Endpoint& endpoint,
                                                 Handler& handler, std::string& problem) {
  auto listener = std::make_unique<TcpListener>(loop, endpoint, handler);
  TRY(listener->open(problem));
  return std::unique_ptr<Listener>(std::move(listener));
}

}  // namespace simurgh::net
