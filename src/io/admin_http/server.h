// The front end that chips come to (G2): takes their connections, runs a session of remote
// administration on each, and asks the caller who a chip is and what it is to do.
//
// Bounded in all that an outsider can make it hold: sessions, those that are only told to come back
// later, octets and time of each. One session of a chip at a time: a new one ends the one before,
// as a chip has one connection, and of an older one only the link is left. Answers leave at the end
// of a batch (io/loop), so never before what they speak of is committed.
//
// All on the loop's thread. TLS is the Transport's business; the peer that it has authenticated is
// the chip's identity.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "conversations/remote_admin/admin_server.h"
#include "io/log/log.h"
#include "io/net/tcp.h"

namespace simurgh::admin_http {

// What the caller gives for a chip. The work lives until Chips::leave.
struct Visit {
  remote_admin::Work* work = nullptr;
  remote_admin::CardProfile profile = {};  // has passed check()
  // The caller has no time for this chip now.
  std::optional<Duration> come_back_in = {};
};

// The caller: who chips are.
class Chips {
 public:
  // The chip with this identity is there, and asks. nullopt: nobody is known by that name, the
  // connection is closed without a word. `full`: the front end will send the chip away, whatever
  // the visit says.
  virtual std::optional<Visit> enter(std::string_view identity, bool full) = 0;
  // Its session is over; nothing of it is used any more.
  virtual void leave(remote_admin::Work& work) = 0;

 protected:
  ~Chips() = default;
};

struct Options {
  size_t sessions_max = 10'000;
  // Connections above it that are still heard and told when to come back; more are closed at once.
  size_t sent_away_max = 500;
  // When, if the visit does not say: spread over this time, so that they do not come all at once.
  Duration return_wait_min = minutes(5);
  Duration return_wait_max = minutes(30);
  // From a connection to the first octet that TLS lets through.
  Duration first_octet_wait = seconds(60);
  remote_admin::ServerOptions session = {};
  // For tests and laboratories: takes a transport that authenticates nobody. Every chip then has
  // the empty identity.
  bool insecure = false;
};

struct Figures {
  uint64_t connections = 0;  // now
  uint64_t sessions = 0;     // of these, the ones whose chip is known
  uint64_t accepted = 0;
  uint64_t refused_full = 0;  // closed at once
  uint64_t unknown = 0;       // closed: Chips::enter knows nobody
  uint64_t unheard = 0;       // ended before the chip was known: handshakes that failed, silence
  uint64_t superseded = 0;    // ended by a newer session of the same chip
  // How sessions ended.
  uint64_t finished = 0, sent_away = 0, broken = 0, timed_out = 0, refused = 0, unfit = 0;
  // What was in them.
  uint64_t requests = 0, scripts = 0, repeats = 0, responses = 0, stale = 0;
};

class Server {
 public:
  // Listens. Everything handed over outlives the server. not_allowed for a transport that does not
  // authenticate (unless `insecure`), bad_value for options, io; `problem` says what is wrong and
  // what to do about it.
  static Result<std::unique_ptr<Server>> open(loop::Loop& loop, const net::Endpoint& endpoint,
                                              net::Transport& transport, const Options& options,
                                              Chips& chips, Random& random, const log::Log& log,
                                              std::string& problem);
  virtual ~Server() = default;

  virtual const net::Endpoint& endpoint() const = 0;
  virtual Figures figures() const = 0;
  // Takes no new connections; those that are there go on. True when none is left.
  virtual bool drain() = 0;
};

}  // namespace simurgh::admin_http
