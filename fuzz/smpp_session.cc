// link: simurgh_conversations_smpp_session
#include <map>
#include <memory>
#include <vector>

#include "conversations/smpp_session/esme.h"
#include "conversations/smpp_session/smsc.h"

using namespace simurgh;
using namespace simurgh::smpp_session;

namespace {

class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = next_++;
  }

 private:
  uint8_t next_ = 0;
};

// Both halves, whatever they are told: each message has one outcome for each time it was queued,
// deliveries are answered once, limits hold.
struct World final : EsmeHandler, SmscHandler {
  World() : esme(options(), *this, random) {}

  static EsmeOptions options() {
    EsmeOptions options;
    options.system_id = "e";
    options.password.assign(bytes_of("p"));
    options.window_max = 4;
    options.queue_max = 8;
    options.transmit_octets_max = 4'000;
    return options;
  }

  // --- ESME
  void on_bound(std::string_view) override {}
  void on_unbound(smpp::Status) override {}
  void on_submit_done(Token token, const SubmitDone&) override {
    SIMURGH_CHECK(open.erase(token) == 1);
  }
  void on_deliver(uint32_t sequence, const smpp::ShortMessage&) override {
    if (sequence % 2 == 0) esme.answer(sequence, smpp::Status::ok);
  }
  void on_request_done(Token, const RequestDone&) override {
    SIMURGH_CHECK(requests > 0);
    --requests;
  }

  // --- SMSC
  smpp::Status on_bind(SmscSession&, BindKind, const smpp::Bind& bind) override {
    return bind.system_id == "e" ? smpp::Status::ok : smpp::Status::invalid_system_id;
  }
  void on_unbound(SmscSession&) override {}
  void on_submit(SmscSession& session, uint32_t sequence, const smpp::ShortMessage&) override {
    SIMURGH_CHECK(session.bound());
    if (sequence % 3 != 0) {
      session.answer_submit(sequence,
                            sequence % 5 == 0 ? smpp::Status::throttled : smpp::Status::ok, "id");
    }
  }
  void on_deliver_done(SmscSession&, Token, const DeliverDone&) override {
    SIMURGH_CHECK(delivers > 0);
    --delivers;
  }

  void connect() {
    if (smsc != nullptr || esme.state() != EsmeSession::State::closed) return;
    smsc = std::make_unique<SmscSession>(SmscOptions{}, *this, now);
    esme.on_connected(now);
  }
  void disconnect() {
    if (smsc == nullptr) return;
    esme.on_disconnected(now);
    smsc->on_disconnected(now);
    smsc.reset();
  }
  void move(size_t octets) {
    if (smsc == nullptr) return;
    const ByteView up = esme.poll_transmit();
    const std::vector<uint8_t> a(up.data(), up.data() + std::min(octets, up.size()));
    if (!a.empty()) {
      esme.transmitted(a.size(), now);
      smsc->on_bytes(a, now);
    }
    const ByteView down = smsc->poll_transmit();
    const std::vector<uint8_t> b(down.data(), down.data() + std::min(octets, down.size()));
    if (!b.empty()) {
      smsc->transmitted(b.size(), now);
      esme.on_bytes(b, now);
    }
    if (esme.wants_close() || smsc->wants_close()) disconnect();
  }
  void submit() {
    smpp::ShortMessage message;
    message.short_message = bytes_of("x");
    const Token token = ++tokens;
    open[token] = true;
    if (!esme.submit(message, token, now)) open.erase(token);
  }
  void deliver() {
    if (smsc == nullptr) return;
    smpp::ShortMessage message;
    message.short_message = bytes_of("y");
    ++delivers;
    if (!smsc->deliver(message, 1, now)) --delivers;
  }
  void ask() {
    ++requests;
    if (!esme.query({.message_id = "1", .source = {}}, 1, now)) --requests;
  }
  void pass(int64_t ms) {
    now = now + milliseconds(ms);
    esme.on_timeout(now);
    if (smsc != nullptr) smsc->on_timeout(now);
  }
  void check() const {
    SIMURGH_CHECK(esme.in_flight() <= 4);
    SIMURGH_CHECK(esme.queued() + esme.in_flight() == open.size());
    SIMURGH_CHECK(esme.poll_transmit().size() < 100'000);
  }

  Instant now{1'000'000};
  CountingRandom random;
  EsmeSession esme;
  std::unique_ptr<SmscSession> smsc;
  std::map<Token, bool> open;
  Token tokens = 0;
  int delivers = 0, requests = 0;
};

}  // namespace

// A script: an octet says what happens; 6 and 7 are followed by a length and so many octets, which
// are said to one of the halves as if by the other.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  World world;
  world.connect();
  Reader script(ByteView(data, size));
  while (!script.at_end()) {
    const uint8_t octet = *script.u8();
    switch (octet & 15) {
      case 0: world.connect(); break;
      case 1: world.disconnect(); break;
      case 2: world.submit(); break;
      case 3: world.deliver(); break;
      case 4: world.ask(); break;
      case 5: world.pass(int64_t{octet} * octet); break;
      case 6:
      case 7: {
        const auto bytes = script.prefixed8();
        const ByteView said = bytes ? *bytes : script.rest();
        if (world.smsc == nullptr) break;
        if ((octet & 15) == 6) {
          world.esme.on_bytes(said, world.now);
        } else {
          world.smsc->on_bytes(said, world.now);
        }
        if (!bytes) script = Reader({});
        break;
      }
      case 8: world.pass(40'000); break;
      case 9: world.esme.stop(world.now); break;
      default: world.move(size_t{octet} >> 4 == 15 ? SIZE_MAX : octet); break;
    }
    world.check();
  }
  // When the link goes, nothing is left in flight.
  world.disconnect();
  SIMURGH_CHECK(world.esme.in_flight() == 0);
  SIMURGH_CHECK(world.delivers == 0);
  SIMURGH_CHECK(world.requests == 0);
  world.esme.stop(world.now);
  SIMURGH_CHECK(world.open.empty());
  return 0;
}
