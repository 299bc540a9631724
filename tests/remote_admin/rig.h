// A card and a server that talk through a link which breaks where it is told to, and that crash
// where they are told to. What is durable outlives a crash; everything else is made anew.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conversations/remote_admin/admin_agent.h"
#include "conversations/remote_admin/admin_server.h"

namespace simurgh::test {

using namespace remote_admin;

class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      octet = static_cast<uint8_t>(state_ >> 56);
    }
  }

 private:
  uint64_t state_ = 1;
};

inline std::string text_of_bytes(ByteView bytes) {
  return std::string(text_of(bytes));
}

// The card's memory, and what it does with scripts: an effect each, and the response "done
// <script>".
struct Card final : Executor, AgentHandler {
  AgentRecord recall() override { return record; }
  Result<ScriptOutcome> execute(const ReceivedScript& script) override {
    if (fail_next) {
      fail_next = false;
      return ErrorCode::storage;
    }
    const std::string body = text_of_bytes(script.body);
    effects.push_back(body);
    ScriptOutcome outcome;
    outcome.kind = script.kind;
    outcome.status = status;
    const std::string response = "done " + body;
    if (status == ScriptStatus::ok) outcome.body.assign(response.begin(), response.end());
    if (script.response_uri.empty()) {
      record.unsettled = false;
    } else {
      record = {std::string(script.response_uri), outcome, true};
    }
    return outcome;
  }
  void settle() override { record.unsettled = false; }
  void on_session_end(AgentEnd why, Duration come_back) override {
    end = why;
    come_back_in = come_back;
    ++ends;
  }

  AgentRecord record;
  std::vector<std::string> effects;
  ScriptStatus status = ScriptStatus::ok;
  bool fail_next = false;
  AgentEnd end = AgentEnd::stopped;
  Duration come_back_in{};
  int ends = 0;
};

// The campaign's side: scripts in order, and what became of them. `durable` is what a crash leaves.
struct Server final : Work {
  struct State {
    SessionRecord record;
    size_t given = 0;  // scripts that were given out
    std::map<ScriptId, std::string> responses;
    std::map<ScriptId, int> answered;  // how often a response was handed over
    std::vector<ScriptId> unknown;     // not given again
  };

  SessionRecord recall() override { return state.record; }
  void keep(const SessionRecord& record) override {
    state.record = *parse_session_record(write_session_record(record));
  }
  void on_contact(std::string_view id) override { agent_id = id; }
  std::optional<Script> again(ScriptId id, Doubt doubt) override {
    ++agains;
    last_doubt = doubt;
    if (doubt == Doubt::maybe_executed && !repeat_when_in_doubt) {
      state.unknown.push_back(id);
      return std::nullopt;
    }
    return script(id);
  }
  Next next(Instant) override {
    if (hook != nullptr) return hook(*this);
    if (state.given == scripts.size())
      return {.kind = Next::Kind::finished, .come_back_in = last_words};
    return {.kind = Next::Kind::script, .script = script(++state.given)};
  }
  void on_response(ScriptId id, const ScriptResponse& response) override {
    ++state.answered[id];
    state.responses[id] = text_of_bytes(response.body);
    last_status = response.status;
    // Nothing is counted that the card has not done.
    const std::string effect = text_of_bytes(script(id).body);
    CHECK(std::count(card->effects.begin(), card->effects.end(), effect) == 1);
  }
  void on_end(SessionEnd why) override { ends.push_back(why); }

  Script script(ScriptId id) const {
    Script out;
    out.id = id;
    const std::string& body = scripts[id - 1];
    out.body.assign(body.begin(), body.end());
    out.kind = id % 2 == 0 ? ScriptKind::file : ScriptKind::card_content;
    if (id == 2) out.targeted_application = "//aid/A000000087/1002";
    return out;
  }

  void commit() { durable = state; }
  void crash() { state = durable; }

  State state, durable;
  std::vector<std::string> scripts;
  const Card* card = nullptr;
  std::string agent_id;
  std::optional<Duration> last_words;
  Next (*hook)(Server&) = nullptr;
  int agains = 0;
  Doubt last_doubt = Doubt::not_executed;
  bool repeat_when_in_doubt = false;
  ScriptStatus last_status = ScriptStatus::ok;
  std::vector<SessionEnd> ends;
};

// What goes wrong, and when.
struct Faults {
  static constexpr size_t never = SIZE_MAX;
  std::vector<size_t> cuts;     // octets of both directions after which the link breaks, rising
  size_t piece = SIZE_MAX;      // octets that arrive at a time
  bool card_crashes = false;    // with each cut
  bool server_crashes = false;  // with each cut: what is not committed is lost
  bool late = false;  // what was on its way to the server arrives when the next session is there
  size_t crash_before_commit = never;  // the n-th commit
  size_t crash_after_commit = never;
};

struct Rig {
  explicit Rig(const CardProfile& card_profile = {}, size_t scripts = 3) : profile(card_profile) {
    server.card = &card;
    for (size_t i = 1; i <= scripts; ++i) server.scripts.push_back("script " + std::to_string(i));
    parameters.host = "admin.example";
    parameters.agent_id = "//se-id/CUD/0123456789";
    parameters.uri = "/server/adminagent?cmd=1";
    start_card();
  }

  void start_card() { agent = std::make_unique<AdminAgent>(profile, AgentLimits{}, card, card); }

  // Until the agent is idle, with faults. False when that takes longer than it may.
  bool run(const Faults& faults = {}, int steps_max = 10'000) {
    plan = faults;
    if (agent->state() == AdminAgent::State::idle) REQUIRE(agent->begin(parameters, now));
    for (int i = 0; i < steps_max; ++i) {
      if (agent->state() == AdminAgent::State::idle) {
        if (session != nullptr) drop(session);
        return true;
      }
      step();
    }
    return false;
  }

  void step() {
    if (session == nullptr) return wait_for_connection();
    if (move_up() || move_down()) return;
    if (agent->wants_close()) return disconnect();
    if (session->wants_close()) return disconnect();
    // Nothing moves: time does.
    now = earlier(agent->poll_timeout(), session->poll_timeout());
    agent->on_timeout(now);
    session->on_timeout(now);
    commit();
  }

  void wait_for_connection() {
    now = std::max(now, agent->connect_at());
    session = std::make_unique<AdminServer>(options, profile, server, random, now);
    if (send_away.has_value()) {
      session->send_away(*send_away);
      send_away.reset();
    }
    ++connections;
    agent->on_connected(now);
  }

  // One piece from the card to the server; the answers are committed before they leave.
  bool move_up() {
    const ByteView pending = agent->poll_transmit();
    if (pending.empty()) return false;
    const size_t size = allowed(pending.size());
    const std::vector<uint8_t> bytes(pending.begin(),
                                     pending.begin() + static_cast<std::ptrdiff_t>(size));
    agent->transmitted(size);
    up += text_of(bytes);
    session->on_bytes(bytes, now);
    if (!late_bytes.empty() && old_session != nullptr) {
      old_session->on_bytes(late_bytes, now);
      late_bytes.clear();
      drop(old_session);
    }
    if (!commit()) return true;
    return count(size);
  }
  bool move_down() {
    const ByteView pending = session->poll_transmit();
    if (pending.empty()) return false;
    const size_t size = allowed(pending.size());
    const std::vector<uint8_t> bytes(pending.begin(),
                                     pending.begin() + static_cast<std::ptrdiff_t>(size));
    session->transmitted(size, now);
    down += text_of(bytes);
    agent->on_bytes(bytes, now);
    return count(size);
  }

  size_t allowed(size_t size) const {
    size = std::min(size, plan.piece);
    if (cut_index < plan.cuts.size()) size = std::min(size, plan.cuts[cut_index] - octets);
    return size;
  }
  bool count(size_t size) {
    octets += size;
    if (cut_index < plan.cuts.size() && octets >= plan.cuts[cut_index]) {
      ++cut_index;
      cut();
    }
    return true;
  }

  void cut() {
    if (plan.late) {
      const ByteView pending = agent->poll_transmit();
      late_bytes.assign(pending.begin(), pending.end());
      old_session = std::move(session);
    }
    if (plan.server_crashes) {
      crash_server();
    } else {
      disconnect();
    }
    if (plan.card_crashes) crash_card();
  }

  void crash_card() {
    if (session != nullptr) disconnect();
    start_card();
    REQUIRE(agent->begin(parameters, now));
  }
  void crash_server() {
    server.crash();
    session.reset();
    old_session.reset();
    late_bytes.clear();
    agent->on_disconnected(now);
  }

  bool commit() {
    ++commits;
    if (commits == plan.crash_before_commit) {
      crash_server();
      return false;
    }
    server.commit();
    if (commits == plan.crash_after_commit) {
      crash_server();
      return false;
    }
    return true;
  }

  void disconnect() {
    if (session != nullptr) drop(session);
    agent->on_disconnected(now);
  }
  void drop(std::unique_ptr<AdminServer>& which) {
    which->on_disconnected();
    which.reset();
    server.commit();
  }

  // Every script once, its response once, and the card knows that it is over.
  void check_exactly_once() const {
    CHECK(card.effects == server.scripts);
    REQUIRE(server.durable.answered.size() == server.scripts.size());
    for (size_t i = 0; i < server.scripts.size(); ++i) {
      CHECK(server.durable.answered.at(i + 1) == 1);
      CHECK(server.durable.responses.at(i + 1) == "done " + server.scripts[i]);
    }
    CHECK(card.end == AgentEnd::done);
    CHECK(!card.record.unsettled);
  }

  CardProfile profile;
  ServerOptions options;
  AgentParameters parameters;
  Instant now{1'000'000};
  CountingRandom random;
  Card card;
  Server server;
  std::unique_ptr<AdminAgent> agent;
  std::unique_ptr<AdminServer> session, old_session;
  std::optional<Duration> send_away;
  std::vector<uint8_t> late_bytes;
  Faults plan;
  size_t cut_index = 0;
  size_t octets = 0, commits = 0;
  int connections = 0;
  std::string up, down;
};

}  // namespace simurgh::test
