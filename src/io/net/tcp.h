// TCP and unix sockets: listening, connecting, and the stream over them. Non-blocking,
// TCP_NODELAY, close-on-exec.
#pragma once

#include <memory>
#include <utility>

#include "base/time.h"
#include "io/loop/loop.h"
#include "io/net/endpoint.h"
#include "io/net/stream.h"

namespace simurgh::net {

// A file descriptor that closes itself.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

struct StreamOptions {
  size_t send_octets_max = Stream::send_octets_max_default;
  Duration connect_wait = seconds(10);
};

// A stream over an accepted socket. `peer` is for logs.
std::unique_ptr<Stream> make_tcp_stream(loop::Loop& loop, Socket socket, std::string peer,
                                        StreamHandler& handler, const StreamOptions& options = {});

// Starts connecting; the outcome comes by on_connected or on_closed, never from inside this call.
// Names are looked up on a thread, so that the loop does not wait for them.
std::unique_ptr<Stream> connect_tcp(loop::Loop& loop, const Endpoint& endpoint,
                                    StreamHandler& handler, const StreamOptions& options = {});

// Accepts connections. Closed, and its unix path removed, when destroyed.
class Listener {
 public:
  static constexpr size_t accepts_per_wakeup_max = 64;

  class Handler {
   public:
    virtual void on_accepted(Socket socket, std::string peer) = 0;

   protected:
    ~Handler() = default;
  };

  // Listens; port 0 lets the kernel choose. On failure io (or not_allowed, already_exists) and
  // `problem` says in words what is wrong and what to do about it.
  static Result<std::unique_ptr<Listener>> open(loop::Loop& loop, const Endpoint& endpoint,
                                                Handler& handler, std::string& problem);
  virtual ~Listener() = default;
  // With the port that the kernel chose.
  virtual const Endpoint& endpoint() const = 0;
  // Stops accepting while paused: the backlog fills and the kernel refuses.
  virtual void pause(bool paused) = 0;
};

// How a protocol gets its streams: plain ones as above, or encrypted ones by an implementation of
// io/tls. Shared by all streams of a server or client, and outlives them.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual std::unique_ptr<Stream> accepted(loop::Loop& loop, Socket socket, std::string peer,
                                           StreamHandler& handler) = 0;
  virtual std::unique_ptr<Stream> connect(loop::Loop& loop, const Endpoint& endpoint,
                                          StreamHandler& handler) = 0;
  // True when what travels cannot be read or changed on the way, and both ends are authenticated.
  virtual bool secure() const = 0;
};

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(const StreamOptions& options = {}) : options_(options) {}
  std::unique_ptr<Stream> accepted(loop::Loop& loop, Socket socket, std::string peer,
                                   StreamHandler& handler) override;
  std::unique_ptr<Stream> connect(loop::Loop& loop, const Endpoint& endpoint,
                                  StreamHandler& handler) override;
  bool secure() const override { return false; }

 private:
  StreamOptions options_;
};

}  // namespace simurgh::net
