// The server's half of remote administration over HTTP, for one connection of a card that TLS has
// authenticated. No I/O: bytes and time go in, bytes and a deadline come out. What the card is to
// do is the caller's Work; the other half is admin_agent.h.
//
// A script is given out with a Next-URI that names it by a random token, and its response is what
// is posted to that URI. So:
//   - a response to the script that is out is handed to the Work, once; the same POST again,
//   because
//     our answer was lost, changes nothing;
//   - a card that comes without a response while a script is out gets the same script again, under
//     the same name; one that is known to keep responses has then not executed it, of another kind
//     of card that is not known, and the Work is asked (Doubt);
//   - nothing counts as done without its response.
// Everything that must be durable is given to the Work before the answer that speaks of it is in
// poll_transmit(); the caller commits before it sends (io/loop's batch does).
//
// Two connections of one card: the caller shall close the older one. Even if both live, the Work's
// record decides, as long as both sessions use it: recall() is asked at every request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "conversations/remote_admin/card_profile.h"
#include "conversations/remote_admin/session_record.h"
#include "formats/http1/parser.h"

namespace simurgh::remote_admin {

using remote_admin_http::ScriptKind;
using remote_admin_http::ScriptStatus;

struct Script {
  ScriptId id = 0;
  ScriptKind kind = ScriptKind::card_content;
  std::string targeted_application = {};  // remote_admin_http::target_of; empty: the default
  std::vector<uint8_t> body = {};         // 1…profile.script_octets_max octets
  // False: 200 without Next-URI. The session ends with it, and nobody learns what came of it.
  bool wants_response = true;
};

// What the server says to a card that waits.
struct Next {
  enum class Kind : uint8_t {
    script,    // `script`
    finished,  // 204: no more
    stay,      // 204 with a Next-URI: come again at once, something will be there
    later,     // too much to do now: come back in `come_back_in`
  };
  Kind kind = Kind::finished;
  std::optional<Script> script = {};
  std::optional<Duration> come_back_in = {};  // with finished (G1) and later
};

// How a script came to be given out again.
enum class Doubt : uint8_t {
  not_executed,    // the card keeps responses and has none
  maybe_executed,  // nobody knows
};

// Views are valid during the call.
struct ScriptResponse {
  ScriptStatus status = ScriptStatus::ok;
  ScriptKind kind = ScriptKind::card_content;
  ByteView body = {};  // a response script as it came, not looked at; empty only with an error
};

// How a session ended.
enum class SessionEnd : uint8_t {
  finished,   // the card was told that there is no more
  sent_away,  // told to come back later
  broken,     // the card went in the middle
  timed_out,  // it was silent or too slow
  refused,    // it broke the protocol or a limit
  unfit,      // the Work's script does not fit the card's profile, or a request's head
};

// The caller's side. Called synchronously; must not call back into the session.
class Work {
 public:
  // The record as keep() last had it, or a fresh one.
  virtual SessionRecord recall() = 0;
  // Keeps the record; durable before the answer leaves.
  virtual void keep(const SessionRecord& record) = 0;
  // The first request of this connection. `agent_id` is what the card calls itself: for logs.
  virtual void on_contact(std::string_view agent_id) = 0;
  // The script that is out, byte for byte as it was. nullopt: it is not given again (withdrawn, or
  // too dangerous to repeat: the Work has then noted what became of it); next() follows.
  virtual std::optional<Script> again(ScriptId id, Doubt doubt) = 0;
  // What comes next; the script that was out is answered or gone. A script's id is new.
  virtual Next next(Instant now) = 0;
  // The response of the script that is out. Comes once for each script that was given out.
  virtual void on_response(ScriptId id, const ScriptResponse& response) = 0;
  virtual void on_end(SessionEnd end) = 0;

 protected:
  ~Work() = default;
};

struct ServerOptions {
  std::string path = "/admin";  // of the Next-URIs; at most path_octets_max
  Duration first_request_wait = seconds(30);
  Duration request_wait = seconds(60);  // from a request's first octet to its last
  Duration idle_wait = seconds(120);    // the card executes a script
  Duration send_wait = seconds(60);     // for an answer to be taken
  Duration linger_wait = seconds(10);   // for the card to close after the last answer
  Duration session_wait = hours(1);     // everything
  uint32_t rounds_max = 4096;           // requests in one connection
  uint32_t repeats_max = 3;             // of one script in one connection
  size_t head_octets_max = 2048;

  static constexpr size_t path_octets_max = 64;
};

struct ServerCounts {
  uint32_t requests = 0;
  uint32_t scripts = 0;    // given out, again ones included
  uint32_t repeats = 0;    // given out again
  uint32_t responses = 0;  // handed to the Work
  uint32_t stale = 0;      // responses to something that is not out: not counted
};

class AdminServer {
 public:
  static Result<void> check(const ServerOptions& options);

  // Options and profile have passed check(). Options, work and random outlive the session.
  AdminServer(const ServerOptions& options, const CardProfile& profile, Work& work, Random& random,
              Instant now);

  // The front end is full: the first request gets "later" without the Work being asked.
  void send_away(Duration come_back_in) { send_away_ = come_back_in; }

  void on_bytes(ByteView bytes, Instant now);
  void on_timeout(Instant now);
  Instant poll_timeout() const;
  ByteView poll_transmit() const { return bytes_of(std::string_view(out_).substr(out_sent_)); }
  void transmitted(size_t octets, Instant now);
  // Send what poll_transmit() has, close the link (TLS: close_notify) and forget the session.
  bool wants_close() const { return wants_close_; }
  // The link is gone.
  void on_disconnected();

  // How the session ended, once it has.
  std::optional<SessionEnd> how_ended() const { return ended_; }
  const ServerCounts& counts() const { return counts_; }

 private:
  void take_head(Instant now);
  void take_request(Instant now);
  void take_response(const remote_admin_http::AdminRequest& request, SessionRecord& record);
  void answer(SessionRecord& record, Instant now);
  bool give_again(const SessionRecord& record, Instant now);
  void give(const Script& script, const SessionRecord& record, Instant now);
  bool fits(const Script& script) const;
  void finish_unfit(Instant now);
  void stay(SessionRecord& record, Instant now);
  void finish(std::optional<Duration> come_back_in, Instant now);
  void put_later(std::optional<Duration> come_back_in, Instant now);
  void put(const remote_admin_http::AdminResponse& response, ByteView script, Instant now);
  void refuse(uint16_t status, Instant now);
  void end(SessionEnd end);
  uint64_t new_token();

  const ServerOptions& options_;
  const CardProfile profile_;
  Work& work_;
  Random& random_;
  http1::RequestParser parser_;
  std::optional<remote_admin_http::AdminRequest> request_;  // its head is there
  std::vector<uint8_t> body_;
  bool keep_alive_ = true;
  bool reading_ = false;    // a request has begun
  bool lingering_ = false;  // the last answer is on its way or sent
  bool wants_close_ = false;
  std::optional<SessionEnd> ended_;
  bool contacted_ = false;
  std::optional<Duration> send_away_;
  uint64_t repeated_token_ = 0;
  uint32_t repeats_in_a_row_ = 0;
  Instant deadline_;
  Instant session_deadline_;
  std::string out_;
  size_t out_sent_ = 0;
  ServerCounts counts_;
};

}  // namespace simurgh::remote_admin
