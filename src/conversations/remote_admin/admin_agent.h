// The card's half of remote administration over HTTP: the agent that opens a session when it is
// told to, asks for scripts, has them executed, and brings their responses back. No I/O: bytes and
// time go in, bytes and a deadline come out. The other half is admin_server.h.
//
//   idle ─begin→ wanting ─on_connected→ asking ⇄ (script: execute, post its response) ─204→ idle
//                   ▲                      │ the link breaks: wait, connect, resume
//                   └──────────────────────┘
//
// Exactly once (I5): execute() makes the effects of a script and its outcome durable in one step,
// under the script's name, which is the Next-URI that it came with. A link that breaks before the
// server's next answer is whole only makes the agent post the same outcome again; a script whose
// name is that of the kept outcome is not executed again. After a crash recall() says where things
// stand, and begin() goes on from there.
//
// TLS, and BIP below it, are the owner's. One thread; the executor and the handler must not call
// back into the agent.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "conversations/remote_admin/card_profile.h"
#include "formats/http1/parser.h"

namespace simurgh::remote_admin {

using remote_admin_http::ScriptKind;
using remote_admin_http::ScriptStatus;

// A script as it came, whole.
struct ReceivedScript {
  ScriptKind kind = ScriptKind::card_content;
  std::string_view targeted_application = {};  // "//aid/…"; empty: the domain of the session
  ByteView body = {};                          // in the expanded format
  std::string_view response_uri = {};          // the script's name; empty: no response is wanted
};

// What a script came to.
struct ScriptOutcome {
  ScriptStatus status = ScriptStatus::ok;
  ScriptKind kind = ScriptKind::card_content;
  std::vector<uint8_t> body = {};  // a response script; empty only when the status is not ok
  friend bool operator==(const ScriptOutcome&, const ScriptOutcome&) = default;
};

// What the agent has durably.
struct AgentRecord {
  std::string response_uri = {};  // of the last script that was executed; empty: none ever
  ScriptOutcome outcome = {};
  bool unsettled = false;  // the server has not shown yet that it has the outcome
  friend bool operator==(const AgentRecord&, const AgentRecord&) = default;
};

// What executes scripts and keeps the record: the card.
class Executor {
 public:
  // After a start, and whenever a session begins.
  virtual AgentRecord recall() = 0;
  // Executes the script. When response_uri is not empty, the record {response_uri, outcome,
  // unsettled} is durable together with the script's effects when this returns: after a crash
  // either both are there or none is. The outcome's body is not longer than the profile's
  // response_octets_max. A script without response_uri leaves the record as it is, but settled.
  // The error ends the session without an answer, and with it nothing may have been done.
  virtual Result<ScriptOutcome> execute(const ReceivedScript& script) = 0;
  // The server has the outcome: the record is settled. Not urgent; losing it costs a repeated POST.
  virtual void settle() = 0;

 protected:
  ~Executor() = default;
};

// How a session is found and tried again (the trigger's 89 and 86).
struct AgentParameters {
  std::string host = {};
  std::string agent_id = {};  // X-Admin-From; may be empty
  std::string uri = "/";      // of the first POST
  uint16_t tries = 3;         // after the first one
  Duration pause = minutes(1);

  static constexpr uint16_t tries_limit = 1000;
};

struct AgentLimits {
  Duration answer_wait = seconds(60);  // from a request to the last octet of its answer
  uint32_t rounds_max = 4096;          // answers in one session
  uint32_t postponements_max = 8;      // times that the server may say "later"
  Duration postponement_max = hours(24);
  size_t head_octets_max = 2048;
};

enum class AgentEnd : uint8_t {
  done,       // the server said that there is no more
  gave_up,    // the link broke or stayed away, more often than the retry policy has it
  refused,    // the server refused the agent or broke the protocol, as often
  postponed,  // the server said "later" too often
  stopped,    // by stop()
};

class AgentHandler {
 public:
  // The session is over, its connection closed, and the agent idle. `come_back_in` is what the
  // server asked for with its last answer (G1); negative: nothing.
  virtual void on_session_end(AgentEnd end, Duration come_back_in) = 0;

 protected:
  ~AgentHandler() = default;
};

struct AgentCounts {
  uint64_t posts = 0;
  uint64_t executed = 0;
  uint64_t repeated = 0;  // scripts not executed again, because their outcome is kept
  uint64_t broken = 0;    // connections that ended before the session did
};

class AdminAgent {
 public:
  enum class State : uint8_t {
    idle,
    wanting,  // waits for its time, then for a connection
    asking,   // a POST is on its way or waits for its answer
    closing,  // the session is over, the connection not yet closed
  };

  // `profile` has passed check(). Executor and handler outlive the agent.
  AdminAgent(const CardProfile& profile, const AgentLimits& limits, Executor& executor,
             AgentHandler& handler);

  // Opens a session: a trigger came, or it is time for the recurring poll. bad_state while one is
  // under way; bad_value for parameters that no request can carry.
  Result<void> begin(const AgentParameters& parameters, Instant now);
  // Gives the session up (on_session_end(stopped), unless idle).
  void stop();

  // --- the link -------------------------------------------------------------------------------
  // When a connection shall be opened: never() while there is one, or nothing to do.
  Instant connect_at() const;
  // The transport is up, TLS included.
  void on_connected(Instant now);
  // It ended, or never came up.
  void on_disconnected(Instant now);
  void on_bytes(ByteView bytes, Instant now);
  void on_timeout(Instant now);
  // The next deadline; connect_at() without a connection.
  Instant poll_timeout() const;
  ByteView poll_transmit() const { return bytes_of(std::string_view(out_).substr(out_sent_)); }
  void transmitted(size_t octets);
  // Send what poll_transmit() has, close the link and say on_disconnected().
  bool wants_close() const { return wants_close_; }

  State state() const { return state_; }
  const AgentCounts& counts() const { return counts_; }

 private:
  void post(Instant now);
  void take_head();
  void take_answer(Instant now);
  void take_script(const remote_admin_http::AdminResponse& answer, Instant now);
  void take_end(const remote_admin_http::AdminResponse& answer, Instant now);
  void postpone(Duration wait, Instant now);
  void go_on(const remote_admin_http::AdminResponse& answer, Instant now);
  void refuse();
  void end(AgentEnd why, Duration come_back_in = no_request);
  void on_broken(Instant now);
  void report();

  static constexpr Duration no_request = milliseconds(-1);

  CardProfile profile_;
  AgentLimits limits_;
  Executor& executor_;
  AgentHandler& handler_;
  State state_ = State::idle;
  AgentParameters parameters_;
  AgentRecord record_;
  std::string next_uri_;  // of the next POST, when no outcome is unsettled
  bool resume_ = false;   // the session broke
  bool connected_ = false;
  bool wants_close_ = false;
  bool server_refused_ = false;  // in this connection: it refused us, or broke the protocol
  bool posted_outcome_ = false;  // by the POST that waits for its answer
  uint32_t rounds_ = 0;
  uint32_t failures_in_a_row_ = 0;
  uint32_t postponements_ = 0;
  Instant connect_at_ = Instant::never();
  Instant reconnect_at_ = Instant::never();  // an orderly new connection, when this one is closed
  Instant deadline_ = Instant::never();
  AgentEnd end_ = AgentEnd::done;  // told when the connection is closed
  Duration come_back_in_ = no_request;
  std::optional<http1::ResponseParser> parser_;
  std::vector<uint8_t> body_;
  std::string out_;
  size_t out_sent_ = 0;
  AgentCounts counts_;
};

}  // namespace simurgh::remote_admin
