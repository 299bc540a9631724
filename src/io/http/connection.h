// One connection of the HTTP server: reads requests one by one, hands them over, sends what was
// answered. Private to io/http; owned by the server, which forgets it when it says gone().
#pragma once

#include "io/http/server.h"

namespace simurgh::http {

// What a connection asks of its server.
class ConnectionOwner {
 public:
  // Gives the complete request to the handler; the answer comes back by Connection::answer. False
  // when too many wait already.
  virtual bool hand_over(class Connection& connection, Request& request) = 0;
  // Call take_up() in a deferred task, if the connection is still there.
  virtual void later(class Connection& connection) = 0;
  // The answer is not waited for any more.
  virtual void forget(class Connection& connection) = 0;
  // Destroy the connection, not from inside this call.
  virtual void gone(class Connection& connection) = 0;
  virtual bool draining() const = 0;
  virtual void count_refused() = 0;
  virtual void count_timed_out() = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection final : private net::StreamHandler {
 public:
  Connection(loop::Loop& loop, const Options& options, ConnectionOwner& owner, uint64_t id);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void start(net::Transport& transport, net::Socket socket, std::string peer);
  // Instead of start: one 503 and the end.
  void start_refusing(net::Transport& transport, net::Socket socket, std::string peer);

  void answer(Response response);
  // Goes on with what came while a request was waiting.
  void take_up();
  // No request is under way: close now.
  void close_if_idle();

  uint64_t id() const { return id_; }
  // The exchange that is waited for; 0 when none is.
  uint64_t exchange = 0;
  Exchange handle(Server& server) const { return {server, exchange}; }

 private:
  enum class State : uint8_t {
    idle,       // between requests
    reading,    // a request has begun
    waiting,    // it was handed over
    sending,    // its answer does not fit the stream's buffer yet
    lingering,  // the last answer is on its way; what comes is thrown away
    gone,
  };

  void on_bytes(ByteView bytes) override;
  void on_writable() override;
  void on_closed(const net::Closed& closed) override;
  void on_deadline();

  void read(ByteView bytes);
  // True when a complete request was handed over: the rest waits.
  bool take(const http1::Step& step);
  void begin_request();
  void request_complete();
  void refuse(uint16_t status);
  void send(uint16_t status, const http1::Fields& fields, std::string body, bool keep_alive);
  void send_more();
  void answer_sent();
  void finish();

  loop::Loop& loop_;
  const Options& options_;
  ConnectionOwner& owner_;
  const uint64_t id_;
  State state_ = State::idle;
  http1::RequestParser parser_;
  Request request_;
  bool keep_alive_ = true;
  bool to_head_ = false;  // the request was HEAD
  std::string input_;     // what came while a request was waiting
  std::string output_;    // what the stream has no room for yet
  size_t output_sent_ = 0;
  loop::Timer deadline_;
  std::unique_ptr<net::Stream> stream_;
};

}  // namespace simurgh::http
