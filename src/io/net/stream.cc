// A stream over a socket: input as it arrives, output after the batch.
#include <sys/socket.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "io/net/socket.h"
#include "io/net/tcp.h"

namespace simurgh::net {
namespace {

// Reads of one stream in a row, so that one that never stops sending does not starve the others.
constexpr int reads_per_wakeup_max = 4;
// on_writable comes when the output has fallen to this part of its limit.
constexpr size_t low_water_divisor = 4;
// An empty output buffer that once was larger gives its memory back.
constexpr size_t kept_capacity_octets = 1 << 16;

class TcpStream final : public Stream, private loop::Watch::Handler, private loop::Flushable {
 public:
  TcpStream(loop::Loop& loop, StreamHandler& handler, const StreamOptions& options,
            std::string peer)
      : Flushable(loop),
        loop_(loop),
        handler_(handler),
        options_(options),
        peer_(std::move(peer)),
        watch_(loop, *this),
        connect_timer_(loop, [this] { give_up_connecting(); }) {}

  // --- beginning ----------------------------------------------------------------------------
  void begin_accepted(Socket socket) {
    socket_ = std::move(socket);
    set_no_delay(socket_.fd());
    state_ = State::connected;
    if (!watch_.start(socket_.fd(), true, false).has_value()) fail_later("epoll refuses it");
  }

  void begin_connecting(const Endpoint& endpoint) {
    state_ = State::connecting;
    connect_timer_.set_after(options_.connect_wait);
    addresses_ = numeric_addresses(endpoint);
    if (!addresses_.empty()) {
      try_next_address();
      return;
    }
    // The resolver blocks. The thread outlives this stream if it must, and then tells nobody.
    lookup_ = std::make_shared<Lookup>(&loop_, this);
    std::thread([lookup = lookup_, endpoint] {
      std::string problem;
      std::vector<SocketAddress> found = look_up(endpoint, problem);
      const std::lock_guard lock(lookup->mutex);
      if (lookup->loop == nullptr) return;
      // Full is no loss: the connecting then ends by its time-out.
      (void)lookup->loop->post([lookup, found = std::move(found), problem]() mutable {
        if (lookup->stream != nullptr) lookup->stream->on_looked_up(std::move(found), problem);
      });
    }).detach();
  }

  ~TcpStream() override { forget_lookup(); }

  // --- Stream -------------------------------------------------------------------------------
  Result<void> send(ByteView bytes) override {
    if (state_ != State::connected) return ErrorCode::closed;
    if (bytes.size() > room()) {
      was_full_ = true;
      return ErrorCode::too_large;
    }
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    was_full_ = was_full_ || room() == 0;
    flush_after_batch();
    return {};
  }

  size_t room() const override {
    const size_t queued = out_.size() - sent_;
    return queued >= options_.send_octets_max ? 0 : options_.send_octets_max - queued;
  }

  void tell_when_writable() override {
    was_full_ = true;
    flush_after_batch();
  }

  void pause_reading(bool paused) override {
    paused_ = paused;
    if (watch_.watching() && state_ == State::connected) want();
  }

  void close() override {
    if (state_ == State::closed) return;
    const bool rest = state_ == State::connected && out_.size() > sent_;
    state_ = State::closing;
    forget_lookup();
    connect_timer_.cancel();
    if (rest) {
      flush_after_batch();
    } else {
      shut();
    }
  }

  bool connected() const override { return state_ == State::connected; }
  const std::string& peer() const override { return peer_; }

 private:
  enum class State : uint8_t { connecting, connected, closing, closed };
  struct Lookup {
    Lookup(loop::Loop* its_loop, TcpStream* its_stream) : loop(its_loop), stream(its_stream) {}
    std::mutex mutex;  // of `loop` against the thread; `stream` is for the loop's thread alone
    loop::Loop* loop;
    TcpStream* stream;
  };

  // --- connecting ---------------------------------------------------------------------------
  void on_looked_up(std::vector<SocketAddress> found, const std::string& problem) {
    forget_lookup();
    addresses_ = std::move(found);
    if (addresses_.empty()) {
      fail_later(problem);
    } else {
      try_next_address();
    }
  }

  void forget_lookup() {
    if (lookup_ == nullptr) return;
    const std::lock_guard lock(lookup_->mutex);
    lookup_->loop = nullptr;
    lookup_->stream = nullptr;
    lookup_.reset();
  }

  void try_next_address() {
    watch_.stop();
    while (next_address_ < addresses_.size()) {
      const SocketAddress& address = addresses_[next_address_++];
      socket_ = open_socket(address.family());
      if (!socket_.open()) {
        last_errno_ = errno;
        continue;
      }
      if (::connect(socket_.fd(), address.get(), address.size) == 0 || errno == EINPROGRESS) {
        peer_ = text_of_address(address);
        // Also one that is there at once is told of in a batch of its own.
        if (watch_.start(socket_.fd(), false, true).has_value()) return;
        last_errno_ = errno;
        continue;
      }
      last_errno_ = errno;
    }
    fail_later("cannot connect to it: " + words_of_errno(last_errno_));
  }

  void finish_connecting() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      last_errno_ = error;
      try_next_address();
      return;
    }
    state_ = State::connected;
    connect_timer_.cancel();
    want();
    handler_.on_connected();
  }

  void give_up_connecting() { end({ErrorCode::timed_out, "it does not answer"}); }

  // --- ready --------------------------------------------------------------------------------
  void on_ready(loop::Watch::Ready ready) override {
    if (state_ == State::connecting) {
      finish_connecting();
      return;
    }
    if (ready.writable) flush_after_batch();
    if (ready.readable || ready.failed) read_some(ready.failed);
  }

  void read_some(bool failed) {
    const MutableByteView buffer = loop_.scratch();
    for (int reads = 0; reads < reads_per_wakeup_max; ++reads) {
      if (state_ != State::connected || (paused_ && !failed)) return;
      const ssize_t got = recv(socket_.fd(), buffer.data(), buffer.size(), 0);
      if (got > 0) {
        handler_.on_bytes(buffer.first(static_cast<size_t>(got)));
        if (static_cast<size_t>(got) < buffer.size()) return;
        continue;
      }
      if (got == 0) {
        end({ErrorCode::closed, "the other end closed the connection"});
      } else if (errno != EAGAIN && errno != EINTR) {
        end({ErrorCode::io, words_of_errno(errno)});
      }
      return;
    }
  }

  void on_flush() override {
    if (pending_end_.has_value()) {
      end(*std::exchange(pending_end_, std::nullopt));
      return;
    }
    if (state_ != State::connected && state_ != State::closing) return;
    while (sent_ < out_.size()) {
      const ssize_t put =
          ::send(socket_.fd(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
      if (put > 0) {
        sent_ += static_cast<size_t>(put);
        continue;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN || state_ == State::closing) break;
      end({ErrorCode::io, words_of_errno(errno)});
      return;
    }
    if (state_ == State::closing) {
      shut();
      return;
    }
    tidy_output();
    want();
    if (was_full_ && out_.size() - sent_ <= options_.send_octets_max / low_water_divisor) {
      was_full_ = false;
      handler_.on_writable();
    }
  }

  void tidy_output() {
    if (sent_ == out_.size()) {
      out_.clear();
      sent_ = 0;
      if (out_.capacity() > kept_capacity_octets) out_.shrink_to_fit();
    } else if (sent_ > out_.size() / 2) {
      out_.erase(out_.begin(), out_.begin() + static_cast<ptrdiff_t>(sent_));
      sent_ = 0;
    }
  }

  void want() {
    if (!watch_.watching()) return;
    watch_.want(state_ == State::connected && !paused_, sent_ < out_.size());
  }

  // --- ending -------------------------------------------------------------------------------
  void shut() {
    state_ = State::closed;
    watch_.stop();
    socket_.close();
    out_.clear();
    sent_ = 0;
  }

  // For what fails inside of a call of the owner's: the owner hears of it in step 4.
  void fail_later(const std::string& words) {
    pending_end_ = Closed{ErrorCode::io, words};
    flush_after_batch();
  }

  void end(Closed closed) {
    if (state_ == State::closing || state_ == State::closed) return;
    connect_timer_.cancel();
    forget_lookup();
    shut();
    handler_.on_closed(closed);
  }

  loop::Loop& loop_;
  StreamHandler& handler_;
  StreamOptions options_;
  std::string peer_;
  State state_ = State::closed;
  Socket socket_;
  loop::Watch watch_;
  loop::Timer connect_timer_;
  std::shared_ptr<Lookup> lookup_;
  std::vector<SocketAddress> addresses_;
  size_t next_address_ = 0;
  int last_errno_ = 0;
  bool paused_ = false;
  bool was_full_ = false;
  std::vector<uint8_t> out_;
  size_t sent_ = 0;
  std::optional<Closed> pending_end_;
};

}  // namespace

void close_and_destroy(loop::Loop& loop, std::unique_ptr<Stream> stream) {
  if (stream == nullptr) return;
  stream->close();
  loop.after_flushes([owned = std::move(stream)] {});
}

std::unique_ptr<Stream> make_tcp_stream(loop::Loop& loop, Socket socket, std::string peer,
                                        StreamHandler& handler, const StreamOptions& options) {
  auto stream = std::make_unique<TcpStream>(loop, handler, options, std::move(peer));
  stream->begin_accepted(std::move(socket));
  return stream;
}

std::unique_ptr<Stream> connect_tcp(loop::Loop& loop, const Endpoint& endpoint,
                                    StreamHandler& handler, const StreamOptions& options) {
  auto stream = std::make_unique<TcpStream>(loop, handler, options, endpoint.text());
  stream->begin_connecting(endpoint);
  return stream;
}

std::unique_ptr<Stream> PlainTransport::accepted(loop::Loop& loop, Socket socket, std::string peer,
                                                 StreamHandler& handler) {
  return make_tcp_stream(loop, std::move(socket), std::move(peer), handler, options_);
}

std::unique_ptr<Stream> PlainTransport::connect(loop::Loop& loop, const Endpoint& endpoint,
                                                StreamHandler& handler) {
  return connect_tcp(loop, endpoint, handler, options_);
}

}  // namespace simurgh::net
