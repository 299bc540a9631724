// link: simurgh_conversations_remote_admin
#include <memory>
#include <string>
#include <vector>

#include "base/reader.h"
#include "conversations/remote_admin/admin_agent.h"
#include "conversations/remote_admin/admin_server.h"

using namespace simurgh;
using namespace simurgh::remote_admin;

namespace {

class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = next_++;
  }

 private:
  uint8_t next_ = 0;
};

CardProfile profile() {
  CardProfile out;
  out.script_octets_max = 100;
  out.response_octets_max = 100;
  return out;
}

// Both halves, whatever either of them is told: a script is executed once under its name, a
// response handed over once, and nothing grows without limit.
struct World final : Executor, AgentHandler {
  World() { make_agent(); }
  void make_agent() {
    agent = std::make_unique<AdminAgent>(profile(), AgentLimits{}, *this, *this);
  }

  // --- the card
  AgentRecord recall() override { return record; }
  Result<ScriptOutcome> execute(const ReceivedScript& script) override {
    SIMURGH_CHECK(!script.body.empty() && script.body.size() <= 100);
    SIMURGH_CHECK(script.response_uri.empty() || script.response_uri != record.response_uri);
    ScriptOutcome outcome;
    outcome.kind = script.kind;
    outcome.body = {1, 2, 3};
    if (!script.response_uri.empty()) {
      record = {std::string(script.response_uri), outcome, true};
    }
    return outcome;
  }
  void settle() override { record.unsettled = false; }
  void on_session_end(AgentEnd, Duration) override {
    SIMURGH_CHECK(agent->state() == AdminAgent::State::idle);
  }

  // --- the server
  struct Store final : Work {
    SessionRecord recall() override { return record; }
    void keep(const SessionRecord& kept) override { record = kept; }
    void on_contact(std::string_view id) override { SIMURGH_CHECK(id.size() <= 128); }
    std::optional<Script> again(ScriptId id, Doubt) override {
      SIMURGH_CHECK(id == given && id != answered);
      return script(id);
    }
    Next next(Instant) override {
      ++calls;
      if (calls % 7 == 0) return {.kind = Next::Kind::stay};
      if (calls % 11 == 0) return {.kind = Next::Kind::later, .come_back_in = seconds(1)};
      if (calls % 5 == 0) return {.kind = Next::Kind::finished};
      return {.kind = Next::Kind::script, .script = script(++given)};
    }
    void on_response(ScriptId id, const ScriptResponse& response) override {
      SIMURGH_CHECK(id == given && id > answered);
      SIMURGH_CHECK(response.body.size() <= 100);
      answered = id;
    }
    void on_end(SessionEnd) override { ++ends; }
    static Script script(ScriptId id) {
      Script out;
      out.id = id;
      out.body.assign(1 + id % 100, 0xaa);
      return out;
    }
    SessionRecord record;
    ScriptId given = 0, answered = 0;
    unsigned calls = 0, ends = 0;
  };

  void connect() {
    if (session != nullptr) return;
    if (agent->state() == AdminAgent::State::idle) {
      AgentParameters parameters;
      parameters.host = "h";
      SIMURGH_CHECK(agent->begin(parameters, now).has_value());
    }
    now = std::max(now, agent->connect_at());
    session = std::make_unique<AdminServer>(options, profile(), store, random, now);
    store.ends = 0;
    agent->on_connected(now);
  }
  void disconnect() {
    if (session == nullptr) return;
    session->on_disconnected();
    SIMURGH_CHECK(store.ends == 1);
    session.reset();
    agent->on_disconnected(now);
  }
  void move(size_t octets) {
    if (session == nullptr) return;
    const ByteView up = agent->poll_transmit();
    const std::vector<uint8_t> a(up.data(), up.data() + std::min(octets, up.size()));
    agent->transmitted(a.size());
    session->on_bytes(a, now);
    const ByteView down = session->poll_transmit();
    const std::vector<uint8_t> b(down.data(), down.data() + std::min(octets, down.size()));
    session->transmitted(b.size(), now);
    agent->on_bytes(b, now);
    if (agent->wants_close() || session->wants_close()) disconnect();
  }
  void pass(int64_t ms) {
    now = now + milliseconds(ms);
    agent->on_timeout(now);
    if (session != nullptr) session->on_timeout(now);
  }
  void check() const {
    SIMURGH_CHECK(agent->poll_transmit().size() < 2000);
    SIMURGH_CHECK(session == nullptr || session->poll_transmit().size() < 2000);
    SIMURGH_CHECK(store.answered <= store.given);
  }

  Instant now{1'000'000};
  CountingRandom random;
  ServerOptions options;
  AgentRecord record;
  Store store;
  std::unique_ptr<AdminAgent> agent;
  std::unique_ptr<AdminServer> session;
};

}  // namespace

// A script: an octet says what happens; 6 and 7 are followed by a length and so many octets, which
// are said to one of the halves as if by the other.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  World world;
  world.connect();
  Reader script(ByteView(data, size));
  constexpr int steps_max = 200;
  for (int steps = 0; steps < steps_max && !script.at_end(); ++steps) {
    const uint8_t octet = *script.u8();
    switch (octet & 15) {
      case 0: world.connect(); break;
      case 1: world.disconnect(); break;
      case 2: world.pass(int64_t{octet} * octet); break;
      case 3: world.pass(40'000); break;
      case 4:  // the card crashes
        world.disconnect();
        world.make_agent();
        break;
      case 5: world.agent->stop(); break;
      case 6:
      case 7: {
        const auto bytes = script.prefixed8();
        const ByteView said = bytes ? *bytes : script.rest();
        if (world.session != nullptr && (octet & 15) == 6) world.agent->on_bytes(said, world.now);
        if (world.session != nullptr && (octet & 15) == 7) world.session->on_bytes(said, world.now);
        if (!bytes) script = Reader({});
        break;
      }
      default: world.move(size_t{octet} >> 4 == 15 ? SIZE_MAX : octet); break;
    }
    world.check();
  }
  world.disconnect();
  return 0;
}
