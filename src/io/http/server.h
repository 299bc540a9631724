// HTTP/1.1 server on a loop (RFC 9112): connections in, requests to a Handler, responses out.
//
// Bounded in everything that an outsider can make it hold: connections, header and body octets,
// time for a request to arrive, requests on their way. What is over a limit gets its answer (408,
// 413, 431, 503 with Retry-After) where that can still be said, and is closed. One request of a
// connection is handled at a time; pipelined ones wait.
//
// An answer may be given inside on_request or any time later. It leaves at the end of a batch (see
// io/loop), so never before what it speaks of is durable. All on the loop's thread. TLS is the
// Transport's business.
#pragma once

#include <memory>
#include <string>

#include "formats/http1/parser.h"
#include "io/log/log.h"
#include "io/net/tcp.h"

namespace simurgh::http {

struct Request {
  std::string method;
  std::string target;  // origin form
  http1::Fields fields;
  std::string body;
  std::string peer;  // for logs
};

struct Response {
  uint16_t status = 200;
  http1::Fields fields;  // Content-Length, Connection and Date are the server's
  std::string body;
};

class Server;

// One request's way back. A handle: it may be kept and copied; answering when the connection is
// gone, or a second time, does nothing.
class Exchange {
 public:
  void answer(Response response);

 private:
  friend class Connection;
  Exchange(Server& server, uint64_t id) : server_(&server), id_(id) {}
  Server* server_;
  uint64_t id_;
};

class Handler {
 public:
  // The request is the handler's to take; its body is wiped afterwards in any case.
  virtual void on_request(Exchange exchange, Request& request) = 0;

 protected:
  ~Handler() = default;
};

struct Options {
  size_t connections_max = 1000;
  size_t waiting_max = 256;  // requests handed over and not answered yet; more get 503
  http1::Limits message;     // of one request
  Duration request_wait_max = seconds(20);  // from a request's first octet to its last
  Duration idle_wait_max = seconds(75);     // between requests
  Duration answer_wait_max = seconds(30);   // then 503, and the late answer is dropped
  Duration linger_wait_max = seconds(10);   // for a peer to take its last answer and close
  Duration retry_after = seconds(2);        // said with 503
};

struct Figures {
  uint64_t connections = 0;  // open now
  uint64_t waiting = 0;      // now
  uint64_t accepted = 0, requests = 0, refused = 0, timed_out = 0;
};

class Server {
 public:
  // Listens. Loop, transport and handler outlive the server. On failure `problem` says what is
  // wrong and what to do about it.
  static Result<std::unique_ptr<Server>> open(loop::Loop& loop, const net::Endpoint& endpoint,
                                              net::Transport& transport, const Options& options,
                                              Handler& handler, const log::Log& log,
                                              std::string& problem);
  virtual ~Server() = default;

  virtual const net::Endpoint& endpoint() const = 0;
  virtual Figures figures() const = 0;
  // Takes no new connections and requests; what is on its way is answered. True when nothing is
  // left.
  virtual bool drain() = 0;

 protected:
  friend class Exchange;
  virtual void answer(uint64_t id, Response response) = 0;
};

}  // namespace simurgh::http
