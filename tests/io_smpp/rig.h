// A loop, and an SMSC and an ESME that record what they are told.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/smpp/client.h"
#include "io/smpp/server.h"

namespace simurgh::smpp {

class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = next_++;
  }

 private:
  uint8_t next_ = 0;
};

struct Lines final : log::Sink {
  void write(std::string_view line) override { text += line; }
  std::string text;
};

inline std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  REQUIRE_MESSAGE(loop.has_value(), problem);
  return std::move(*loop);
}

// Bounded by time, so that a test that waits for ever fails; never asserted on.
template <typename Until>
void run_until(loop::Loop& loop, Until until, int64_t seconds_max = 30) {
  const Instant end = loop.now() + seconds(seconds_max);
  while (!until() && loop.now() < end) loop.run_once(milliseconds(50));
  REQUIRE(until());
}

struct Esme final : smpp_session::EsmeHandler {
  void on_bound(std::string_view name) override {
    ++bound;
    smsc = name;
  }
  void on_unbound(Status s) override {
    ++unbound;
    status = s;
  }
  void on_submit_done(smpp_session::Token token, const smpp_session::SubmitDone& done) override {
    using Outcome = smpp_session::SubmitDone::Outcome;
    if (done.outcome == Outcome::accepted) {
      ++accepted;
      ids.emplace_back(done.message_id);
    } else {
      given_back.push_back(token);
    }
  }
  void on_deliver(uint32_t sequence, const ShortMessage& message) override {
    delivered.emplace_back(text_of(message.content()));
    const auto receipt = parse_receipt_of(message);
    if (!receipt.empty()) receipts.push_back(receipt);
    client->answer(sequence, Status::ok);
  }
  static std::string parse_receipt_of(const ShortMessage& message);

  SmppClient* client = nullptr;
  int bound = 0, unbound = 0, accepted = 0;
  Status status = Status::ok;
  std::string smsc;
  std::vector<std::string> ids, delivered, receipts;
  std::vector<smpp_session::Token> given_back;
};

struct Smsc final : smpp_session::SmscHandler {
  Status on_bind(smpp_session::SmscSession& s, smpp_session::BindKind, const Bind& bind) override {
    if (bind.system_id != "esme") return Status::invalid_system_id;
    if (bind.password != "secret") return Status::invalid_password;
    session = &s;
    return Status::ok;
  }
  void on_unbound(smpp_session::SmscSession&) override {
    session = nullptr;
    ++unbound;
  }
  void on_submit(smpp_session::SmscSession& s, uint32_t sequence,
                 const ShortMessage& message) override {
    messages.emplace_back(text_of(message.content()));
    last_esm_class = message.esm_class;
    last_protocol_id = message.protocol_id;
    last_data_coding = message.data_coding;
    last_validity = message.validity_period;
    last_reference = message.tlvs.u16(Tag::user_message_reference);
    const std::string id = std::to_string(messages.size());
    s.answer_submit(sequence, Status::ok, id);
    if (on_message) on_message(s, id, message);
  }
  void on_deliver_done(smpp_session::SmscSession&, smpp_session::Token,
                       const smpp_session::DeliverDone& done) override {
    if (done.answered && done.status == Status::ok) ++delivered;
  }
  Status on_query(smpp_session::SmscSession&, const QuerySm& query, QuerySmResp& answer) override {
    if (query.message_id != "1") return Status::query_failed;
    answer.state = MessageState::delivered;
    return Status::ok;
  }
  smpp_session::SmscSession* session = nullptr;
  int unbound = 0, delivered = 0;
  std::vector<std::string> messages;
  uint8_t last_esm_class = 0, last_protocol_id = 0, last_data_coding = 0;
  std::string last_validity;
  std::optional<uint16_t> last_reference;
  std::move_only_function<void(smpp_session::SmscSession&, const std::string&, const ShortMessage&)>
      on_message;
};

inline smpp_session::EsmeOptions esme_options() {
  smpp_session::EsmeOptions options;
  options.system_id = "esme";
  options.password.assign(bytes_of("secret"));
  options.window_max = 10;
  options.reconnect_wait_min = milliseconds(20);
  options.throttle_wait_min = milliseconds(10);
  options.throttle_wait_max = milliseconds(40);
  return options;
}

inline ShortMessage message_with(std::string_view text) {
  ShortMessage message;
  message.source = {ton::international, npi::isdn, "12345"};
  message.destination = {ton::international, npi::isdn, "491700000001"};
  message.esm_class = esm_class::udhi;
  message.protocol_id = 0x7f;
  message.data_coding = 0xf6;
  message.registered_delivery = receipt::always;
  message.short_message = bytes_of(text);
  return message;
}

}  // namespace simurgh::smpp
