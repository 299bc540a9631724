// An ESME session and an SMSC session with a byte pipe between them that cuts, delays and breaks.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conversations/smpp_session/esme.h"
#include "conversations/smpp_session/smsc.h"
#include "hex.h"

namespace simurgh::smpp_session {

// splitmix64
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  size_t below(size_t bound) { return static_cast<size_t>(next() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(next());
  }

 private:
  uint64_t state_;
};

inline EsmeOptions esme_options() {
  EsmeOptions options;
  options.system_id = "esme";
  options.password.assign(bytes_of("secret"));
  options.window_max = 4;
  options.queue_max = 100;
  return options;
}

// Records what an ESME session says.
struct EsmeRecorder final : EsmeHandler {
  struct Done {
    Token token;
    SubmitDone::Outcome outcome;
    smpp::Status status;
    std::string message_id;
  };
  void on_bound(std::string_view smsc_system_id) override {
    ++bound;
    smsc = smsc_system_id;
  }
  void on_unbound(smpp::Status status) override {
    ++unbound;
    unbound_status = status;
  }
  void on_submit_done(Token token, const SubmitDone& d) override {
    done.push_back({token, d.outcome, d.status, std::string(d.message_id)});
    if (d.outcome != SubmitDone::Outcome::accepted) again.push_back(token);
  }
  void on_deliver(uint32_t sequence, const smpp::ShortMessage& message) override {
    delivered.emplace_back(text_of(message.content()));
    if (answer_at_once)
      session->answer(sequence, smpp::Status::ok);
    else
      to_answer.push_back(sequence);
  }
  void on_ready() override { ++ready; }
  void on_request_done(Token token, const RequestDone& r) override {
    requests.push_back({token,
                        r.answered ? SubmitDone::Outcome::accepted : SubmitDone::Outcome::no_answer,
                        r.status, std::string(r.query.message_id)});
  }
  void on_alert(const smpp::AlertNotification& alert) override {
    alerts.emplace_back(alert.source.digits);
  }

  size_t count(SubmitDone::Outcome outcome) const {
    size_t n = 0;
    for (const Done& d : done) n += d.outcome == outcome ? 1 : 0;
    return n;
  }

  EsmeSession* session = nullptr;
  bool answer_at_once = true;
  int bound = 0, unbound = 0, ready = 0;
  smpp::Status unbound_status = smpp::Status::ok;
  std::string smsc;
  std::vector<Done> done, requests;
  std::vector<Token> again;
  std::vector<std::string> delivered, alerts;
  std::vector<uint32_t> to_answer;
};

// An SMSC that accepts everything, unless told otherwise.
struct SmscRecorder final : SmscHandler {
  smpp::Status on_bind(SmscSession&, BindKind, const smpp::Bind& bind) override {
    ++binds;
    if (bind.system_id != "esme") return smpp::Status::invalid_system_id;
    return bind.password == "secret" ? smpp::Status::ok : smpp::Status::invalid_password;
  }
  void on_unbound(SmscSession&) override { ++unbound; }
  void on_submit(SmscSession& session, uint32_t sequence,
                 const smpp::ShortMessage& message) override {
    if (throttle_next > 0) {
      --throttle_next;
      ++throttled;
      session.answer_submit(sequence, smpp::Status::throttled, "");
      return;
    }
    submitted.emplace_back(text_of(message.content()));
    if (hold)
      held.push_back(sequence);
    else
      session.answer_submit(sequence, smpp::Status::ok, std::to_string(submitted.size()));
  }
  void on_deliver_done(SmscSession&, Token token, const DeliverDone& d) override {
    deliver_done.emplace_back(token, d);
  }
  smpp::Status on_query(SmscSession&, const smpp::QuerySm& query,
                        smpp::QuerySmResp& answer) override {
    if (query.message_id != "1") return smpp::Status::query_failed;
    answer.state = smpp::MessageState::delivered;
    return smpp::Status::ok;
  }
  smpp::Status on_cancel(SmscSession&, const smpp::CancelSm& cancel) override {
    return cancel.message_id == "1" ? smpp::Status::ok : smpp::Status::cancel_failed;
  }

  bool hold = false;
  int throttle_next = 0;
  int throttled = 0, binds = 0, unbound = 0;
  std::vector<std::string> submitted;
  std::vector<uint32_t> held;
  std::vector<std::pair<Token, DeliverDone>> deliver_done;
};

inline smpp::ShortMessage message_with(std::string_view text) {
  smpp::ShortMessage message;
  message.source = {1, 1, "12345"};
  message.destination = {1, 1, "491700000001"};
  message.short_message = bytes_of(text);
  return message;
}

inline test::Bytes copy_of(ByteView bytes) {
  test::Bytes copy;
  for (const uint8_t octet : bytes) copy.push_back(octet);
  return copy;
}

struct Rig {
  explicit Rig(const EsmeOptions& options = esme_options(), uint64_t seed = 1)
      : random(seed), esme(options, esme_said, random) {
    esme_said.session = &esme;
  }

  // --- the link -----------------------------------------------------------------------------
  void connect() {
    smsc = std::make_unique<SmscSession>(smsc_options, smsc_said, now);
    esme.on_connected(now);
  }
  void disconnect() {
    esme.on_disconnected(now);
    if (smsc) smsc->on_disconnected(now);
    smsc.reset();
  }
  bool connected() const { return smsc != nullptr; }

  // Moves up to `octets` one way; false when there was nothing.
  bool move_to_smsc(size_t octets = SIZE_MAX) {
    const ByteView pending = esme.poll_transmit();
    const test::Bytes part = copy_of(pending.first(std::min(octets, pending.size())));
    if (part.empty()) return false;
    esme.transmitted(part.size(), now);
    to_smsc.insert(to_smsc.end(), part.begin(), part.end());
    smsc->on_bytes(part, now);
    return true;
  }
  bool move_to_esme(size_t octets = SIZE_MAX) {
    const ByteView pending = smsc->poll_transmit();
    const test::Bytes part = copy_of(pending.first(std::min(octets, pending.size())));
    if (part.empty()) return false;
    smsc->transmitted(part.size(), now);
    to_esme.insert(to_esme.end(), part.begin(), part.end());
    esme.on_bytes(part, now);
    return true;
  }
  // Until nothing moves any more; `chunk` octets at a time.
  void settle(size_t chunk = SIZE_MAX) {
    while (connected()) {
      bool moved = false;
      while (move_to_smsc(chunk)) moved = true;
      while (move_to_esme(chunk)) moved = true;
      if (!moved) break;
    }
    if (connected() && (esme.wants_close() || smsc->wants_close())) disconnect();
  }
  // Lets time pass, with all time-outs on the way, at most until `end`.
  void run_until(Instant end, size_t chunk = SIZE_MAX) {
    // A session whose deadline is past and that does nothing about it would spin here.
    for (int turns = 0;; ++turns) {
      SIMURGH_CHECK(turns < 1'000'000);
      settle(chunk);
      Instant next = esme.poll_timeout();
      if (connected()) next = earlier(next, smsc->poll_timeout());
      if (next > end) break;
      now = std::max(now, next);
      esme.on_timeout(now);
      if (connected()) smsc->on_timeout(now);
      if (!connected() && esme.connect_at() <= now) {
        if (refuse_connections)
          esme.on_disconnected(now);
        else
          connect();
      }
    }
    now = end;
  }
  void bind() {
    connect();
    settle();
  }

  Instant now{1'000'000};
  SeededRandom random;
  EsmeRecorder esme_said;
  SmscRecorder smsc_said;
  SmscOptions smsc_options;
  EsmeSession esme;
  std::unique_ptr<SmscSession> smsc;
  test::Bytes to_smsc, to_esme;  // everything that went over
  bool refuse_connections = false;
};

}  // namespace simurgh::smpp_session
