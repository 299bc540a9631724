// A small blocking HTTP/1.1 client for command lines: one connection, one request at a time.
//
// It runs a loop of its own and uses the same Transport as the servers, so TLS comes with that. Not
// for use inside a server. The connection is kept between requests and made anew when the peer has
// closed it; whether a request whose answer was lost is sent again is the caller's decision.
#pragma once

#include "io/http/server.h"

namespace simurgh::http {

struct ClientOptions {
  Duration connect_wait_max = seconds(5);
  Duration answer_wait_max = seconds(60);
  size_t answer_octets_max = size_t{64} << 20;
};

class Client {
 public:
  // `transport` outlives the client. io with `problem` when the kernel gives no loop.
  static Result<std::unique_ptr<Client>> create(const net::Endpoint& endpoint,
                                                net::Transport& transport,
                                                const ClientOptions& options, std::string& problem);
  virtual ~Client() = default;

  // Sends the request (Host, Content-Length and Connection are the client's) and waits for the
  // answer. closed or io when there is no connection or it broke, timed_out, bad_value for an
  // answer that is not HTTP, too_large. `problem` has words for people.
  virtual Result<Response> exchange(const Request& request, std::string& problem) = 0;
};

}  // namespace simurgh::http
