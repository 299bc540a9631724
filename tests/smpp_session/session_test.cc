// Long: one case after the other over the same rig; cut in two, each half would repeat it.
// Both halves of an SMPP session against each other.
#include <doctest/doctest.h>

#include "smpp/layout.h"
#include "smpp_session/rig.h"

namespace simurgh::smpp_session {
namespace {

using Outcome = SubmitDone::Outcome;
using smpp::Status;
using State = EsmeSession::State;

TEST_CASE("G6: bind, submit, answer, deliver, query, cancel, unbind, whatever the size of pieces") {
  for (const size_t chunk : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{16}, size_t{17},
                             size_t{100}, SIZE_MAX}) {
    CAPTURE(chunk);
    Rig rig;
    CHECK(rig.esme.connect_at() <= rig.now);
    rig.connect();
    rig.settle(chunk);
    CHECK(rig.esme.bound());
    CHECK(rig.esme_said.bound == 1);
    CHECK(rig.esme_said.smsc == "simurgh");
    CHECK(rig.smsc->bound());
    CHECK(rig.smsc->esme_system_id() == "esme");

    for (Token token = 1; token <= 10; ++token) {
      const std::string text = "message " + std::to_string(token);
      REQUIRE(rig.esme.submit(message_with(text), token, rig.now).has_value());
    }
    rig.settle(chunk);
    REQUIRE(rig.esme_said.done.size() == 10);
    CHECK(rig.smsc_said.submitted.size() == 10);
    for (size_t i = 0; i < 10; ++i) {
      CHECK(rig.esme_said.done[i].token == i + 1);
      CHECK(rig.esme_said.done[i].outcome == Outcome::accepted);
      CHECK(rig.esme_said.done[i].message_id == std::to_string(i + 1));
      CHECK(rig.smsc_said.submitted[i] == "message " + std::to_string(i + 1));
    }
    REQUIRE(rig.smsc->deliver(message_with("hello"), 77, rig.now).has_value());
    rig.settle(chunk);
    CHECK(rig.esme_said.delivered == std::vector<std::string>{"hello"});
    REQUIRE(rig.smsc_said.deliver_done.size() == 1);
    CHECK(rig.smsc_said.deliver_done[0].first == 77);
    CHECK(rig.smsc_said.deliver_done[0].second.answered);

    REQUIRE(rig.esme.query({.message_id = "1", .source = {}}, 5, rig.now).has_value());
    REQUIRE(rig.esme.query({.message_id = "x", .source = {}}, 6, rig.now).has_value());
    REQUIRE(rig.esme.cancel({.service_type = {}, .message_id = "1"}, 7, rig.now).has_value());
    rig.settle(chunk);
    REQUIRE(rig.esme_said.requests.size() == 3);
    CHECK(rig.esme_said.requests[0].message_id == "1");
    CHECK(rig.esme_said.requests[1].status == Status::query_failed);
    CHECK(rig.esme_said.requests[2].status == Status::ok);

    rig.esme.stop(rig.now);
    rig.settle(chunk);
    CHECK(rig.esme.state() == State::closed);
    CHECK(rig.esme.connect_at() == Instant::never());
    CHECK(rig.smsc_said.unbound == 1);
    CHECK(rig.esme.submit(message_with("late"), 1, rig.now).error().code == ErrorCode::bad_state);
  }
}

TEST_CASE("a wrong password or name is refused, the ESME tries again later and later") {
  EsmeOptions options = esme_options();
  options.password.assign(bytes_of("wrong"));
  Rig rig(options);
  const Instant start = rig.now;
  rig.run_until(start + minutes(10));
  CHECK(rig.esme_said.bound == 0);
  CHECK(rig.esme_said.unbound_status == Status::invalid_password);
  // 1 + 2 + 4 … 120 s, with jitter of at most half: between 9 and 22 attempts in ten minutes.
  CHECK(rig.smsc_said.binds >= 9);
  CHECK(rig.smsc_said.binds <= 22);
  CHECK(rig.esme.connect_at() > rig.now);
  CHECK(rig.esme.connect_at() <= rig.now + options.reconnect_wait_max);
}

TEST_CASE("an SMSC that cannot be reached is tried less and less, and forgotten on success") {
  Rig rig;
  rig.refuse_connections = true;
  rig.run_until(rig.now + hours(1));
  CHECK(rig.esme.connect_at() - rig.now <= minutes(2));
  rig.refuse_connections = false;
  rig.run_until(rig.now + minutes(3));
  CHECK(rig.esme.bound());
  // After traffic the next loss is a first loss again.
  REQUIRE(rig.esme.submit(message_with("x"), 1, rig.now).has_value());
  rig.settle();
  rig.disconnect();
  CHECK(rig.esme.connect_at() - rig.now <= seconds(1));
}

TEST_CASE("before a bind nothing is taken, and no body is looked at (threats 30)") {
  for (const smpp::Layout& layout : smpp::layouts()) {
    if (layout.id == smpp::CommandId::bind_receiver ||
        layout.id == smpp::CommandId::bind_transmitter ||
        layout.id == smpp::CommandId::bind_transceiver) {
      continue;
    }
    CAPTURE(smpp::name_of(layout.id));
    Rig rig;
    rig.smsc = std::make_unique<SmscSession>(rig.smsc_options, rig.smsc_said, rig.now);
    // A good body and one that is all ff.
    test::Bytes bytes = smpp::build(layout);
    test::Bytes bad = smpp::header_bytes(layout.id);
    bad.insert(bad.end(), 300, 0xff);
    bad = smpp::with_length(bad);
    bytes.insert(bytes.end(), bad.begin(), bad.end());
    rig.smsc->on_bytes(bytes, rig.now);
    CHECK(rig.smsc->state() == SmscSession::State::connected);
    CHECK(rig.smsc->counts().malformed == 0);
    CHECK(rig.smsc_said.submitted.empty());
    // One answer for each request, of 16 octets, none for a response.
    const bool ends = layout.id == smpp::CommandId::unbind;
    const size_t answers = smpp::is_response(layout.id) ? 0 : ends ? 1 : 2;
    REQUIRE(rig.smsc->poll_transmit().size() == answers * smpp::header_octets);
    if (answers == 2 && layout.id != smpp::CommandId::enquire_link) {
      const auto header = smpp::parse_header(rig.smsc->poll_transmit());
      CHECK(header->status == Status::invalid_bind_status);
      CHECK(header->sequence == 7);
    }
  }
}

TEST_CASE("three refused binds, no bind in time: the SMSC ends the session") {
  Rig rig;
  const auto bind_as = [&](std::string_view name, std::string_view password) {
    uint8_t pdu[200];
    const auto written = smpp::write_pdu({smpp::CommandId::bind_transceiver, Status::ok, 1},
                                         smpp::Bind{.system_id = name, .password = password}, pdu);
    rig.smsc->on_bytes(*written, rig.now);
    const auto header = smpp::parse_header(rig.smsc->poll_transmit());
    rig.smsc->transmitted(rig.smsc->poll_transmit().size(), rig.now);
    return header->status;
  };
  rig.smsc = std::make_unique<SmscSession>(rig.smsc_options, rig.smsc_said, rig.now);
  CHECK(bind_as("nobody", "secret") == Status::invalid_system_id);
  CHECK(bind_as("esme", "secrex") == Status::invalid_password);
  CHECK(!rig.smsc->wants_close());
  CHECK(bind_as("esme", "") == Status::invalid_password);
  CHECK(rig.smsc->wants_close());

  rig.smsc = std::make_unique<SmscSession>(rig.smsc_options, rig.smsc_said, rig.now);
  CHECK(rig.smsc->poll_timeout() == rig.now + rig.smsc_options.bind_wait);
  rig.now = rig.smsc->poll_timeout();
  rig.smsc->on_timeout(rig.now);
  CHECK(rig.smsc->wants_close());

  rig.smsc = std::make_unique<SmscSession>(rig.smsc_options, rig.smsc_said, rig.now);
  CHECK(bind_as("esme", "secret") == Status::ok);
  CHECK(bind_as("esme", "secret") == Status::already_bound);
  CHECK(rig.smsc->bound());
}

TEST_CASE("receivers submit nothing, transmitters get nothing delivered") {
  EsmeOptions options = esme_options();
  options.bind = BindKind::receiver;
  Rig receiver(options);
  receiver.bind();
  REQUIRE(receiver.esme.submit(message_with("x"), 1, receiver.now).has_value());
  receiver.settle();
  REQUIRE(receiver.esme_said.done.size() == 1);
  CHECK(receiver.esme_said.done[0].status == Status::invalid_bind_status);
  CHECK(receiver.smsc->deliver(message_with("y"), 1, receiver.now).has_value());

  options.bind = BindKind::transmitter;
  Rig transmitter(options);
  transmitter.bind();
  CHECK(transmitter.smsc->deliver(message_with("y"), 1, transmitter.now).error().code ==
        ErrorCode::not_allowed);
  CHECK(!transmitter.smsc->may_deliver());
}

TEST_CASE("G6: the window holds, and the queue behind it") {
  Rig rig;
  rig.bind();
  rig.smsc_said.hold = true;
  for (Token token = 0; token < 104; ++token) {
    REQUIRE(rig.esme.submit(message_with("x"), token, rig.now).has_value());
  }
  CHECK(rig.esme.submit(message_with("x"), 104, rig.now).error().code == ErrorCode::busy);
  rig.settle();
  CHECK(rig.smsc_said.held.size() == 4);
  CHECK(rig.esme.in_flight() == 4);
  CHECK(rig.esme.queued() == 100);
  CHECK(rig.esme_said.ready == 0);
  // Answers out of order move the window as well.
  rig.smsc->answer_submit(rig.smsc_said.held[2], Status::ok, "two");
  rig.settle();
  CHECK(rig.esme_said.done.back().token == 2);
  CHECK(rig.smsc_said.held.size() == 5);
  rig.smsc->answer_submit(rig.smsc_said.held[2], Status::ok, "again");  // not open any more
  rig.smsc->answer_submit(12345, Status::ok, "never");
  rig.settle();
  CHECK(rig.esme_said.done.size() == 1);
  rig.smsc_said.hold = false;
  for (const size_t i : {0u, 1u, 3u, 4u}) {
    rig.smsc->answer_submit(rig.smsc_said.held[i], Status::ok, "x");
  }
  rig.settle();
  CHECK(rig.esme_said.done.size() == 104);
  CHECK(rig.esme_said.ready == 1);
}

TEST_CASE("G6: throttling slows down, loses nothing, keeps the order, and wears off") {
  Rig rig;
  rig.bind();
  rig.smsc_said.throttle_next = 20;
  for (Token token = 0; token < 60; ++token) {
    REQUIRE(rig.esme.submit(message_with(std::to_string(token)), token, rig.now).has_value());
  }
  rig.settle();
  // One burst: all four in flight were refused, the window is halved and nothing moves.
  CHECK(rig.smsc_said.throttled == 4);
  CHECK(rig.esme.window() == 2);
  CHECK(rig.esme.in_flight() == 0);
  const Instant paused_at = rig.now;
  CHECK(rig.esme.poll_timeout() == paused_at + milliseconds(200));
  rig.run_until(paused_at + milliseconds(199));
  CHECK(rig.smsc_said.throttled == 4);
  rig.run_until(paused_at + milliseconds(200));
  CHECK(rig.smsc_said.throttled == 6);
  CHECK(rig.esme.window() == 1);
  rig.run_until(paused_at + milliseconds(200 + 399));
  CHECK(rig.smsc_said.throttled == 6);
  rig.run_until(paused_at + minutes(9));
  CHECK(rig.smsc_said.throttled == 20);
  REQUIRE(rig.esme_said.done.size() == 60);
  for (size_t i = 0; i < 60; ++i) {
    CHECK(rig.esme_said.done[i].token == i);
    CHECK(rig.esme_said.done[i].outcome == Outcome::accepted);
    CHECK(rig.smsc_said.submitted[i] == std::to_string(i));
  }
  CHECK(rig.esme.window() == 4);  // grown back
  CHECK(rig.esme.counts().throttled == 20);
}

TEST_CASE("a message that is throttled for ever ends with that as its answer") {
  EsmeOptions options = esme_options();
  options.throttled_tries_max = 3;
  Rig rig(options);
  rig.bind();
  rig.smsc_said.throttle_next = 1000;
  REQUIRE(rig.esme.submit(message_with("x"), 9, rig.now).has_value());
  rig.run_until(rig.now + minutes(5));
  REQUIRE(rig.esme_said.done.size() == 1);
  CHECK(rig.esme_said.done[0].outcome == Outcome::rejected);
  CHECK(rig.esme_said.done[0].status == Status::throttled);
  CHECK(rig.smsc_said.throttled == 3);
}

TEST_CASE("a rate that the SMSC allows is kept") {
  EsmeOptions options = esme_options();
  options.submits_per_s_max = 20;
  options.window_max = 50;
  Rig rig(options);
  rig.bind();
  for (Token token = 0; token < 100; ++token) {
    REQUIRE(rig.esme.submit(message_with("x"), token, rig.now).has_value());
  }
  const Instant start = rig.now;
  for (int second = 1; second <= 5; ++second) {
    rig.run_until(start + seconds(second));
    CHECK(rig.smsc_said.submitted.size() <= static_cast<size_t>(20 * second + 2));
    CHECK(rig.smsc_said.submitted.size() >= static_cast<size_t>(20 * second - 1));
  }
}

TEST_CASE("time-outs: bind, answer, enquire_link, queue, unbind") {
  Rig rig;
  // A peer that says nothing.
  rig.esme.on_connected(rig.now);
  CHECK(rig.esme.poll_timeout() == rig.now + seconds(15));
  rig.now = rig.now + seconds(15);
  rig.esme.on_timeout(rig.now);
  CHECK(rig.esme.wants_close());
  CHECK(rig.esme_said.unbound_status == Status::bind_failed);
  rig.esme.on_disconnected(rig.now);

  rig.bind();
  REQUIRE(rig.esme.bound());
  rig.smsc_said.hold = true;
  REQUIRE(rig.esme.submit(message_with("x"), 3, rig.now).has_value());
  rig.run_until(rig.now + seconds(30));
  REQUIRE(rig.esme_said.done.size() == 1);
  CHECK(rig.esme_said.done[0].outcome == Outcome::no_answer);
  CHECK(rig.esme.bound());  // it answers enquire_link
  rig.smsc->answer_submit(rig.smsc_said.held[0], Status::ok, "late");
  rig.settle();
  CHECK(rig.esme_said.done.size() == 1);
  CHECK(rig.esme.counts().unexpected == 1);

  // Silence: enquire_link goes out, and without an answer the link is given up.
  const Instant silent_from = rig.now;
  rig.esme.transmitted(rig.esme.poll_transmit().size(), rig.now);
  rig.now = rig.esme.poll_timeout();
  CHECK(rig.now == silent_from + seconds(30));
  rig.esme.on_timeout(rig.now);
  CHECK(smpp::parse_header(rig.esme.poll_transmit())->id == smpp::CommandId::enquire_link);
  CHECK(rig.esme.poll_timeout() == rig.now + seconds(30));
  rig.now = rig.now + seconds(30);
  rig.esme.on_timeout(rig.now);
  CHECK(rig.esme.wants_close());
  rig.disconnect();

  // A queue that goes nowhere.
  REQUIRE(rig.esme.submit(message_with("x"), 4, rig.now).has_value());
  rig.refuse_connections = true;
  rig.run_until(rig.now + minutes(10));
  CHECK(rig.esme_said.done.back().token == 4);
  CHECK(rig.esme_said.done.back().outcome == Outcome::unsent);

  // An SMSC that does not answer unbind.
  rig.bind();
  rig.esme.stop(rig.now);
  CHECK(rig.esme.state() == State::unbinding);
  CHECK(rig.esme.poll_timeout() == rig.now + seconds(30));
  rig.now = rig.now + seconds(30);
  rig.esme.on_timeout(rig.now);
  CHECK(rig.esme.wants_close());
}

TEST_CASE("the SMSC's own time-outs: deliver without an answer, a silent ESME") {
  Rig rig;
  rig.bind();
  rig.esme_said.answer_at_once = false;
  REQUIRE(rig.smsc->deliver(message_with("x"), 5, rig.now).has_value());
  rig.settle();
  CHECK(rig.smsc->poll_timeout() == rig.now + seconds(30));
  rig.now = rig.now + seconds(30);
  rig.smsc->on_timeout(rig.now);
  REQUIRE(rig.smsc_said.deliver_done.size() == 1);
  CHECK(!rig.smsc_said.deliver_done[0].second.answered);
  rig.now = rig.smsc->poll_timeout();
  rig.smsc->on_timeout(rig.now);
  CHECK(smpp::parse_header(rig.smsc->poll_transmit())->id == smpp::CommandId::enquire_link);
  rig.now = rig.smsc->poll_timeout();
  rig.smsc->on_timeout(rig.now);
  CHECK(rig.smsc->wants_close());
}

TEST_CASE("stop waits for answers, gives the queue back, and unbinds") {
  Rig rig;
  rig.bind();
  rig.smsc_said.hold = true;
  for (Token token = 0; token < 6; ++token) {
    REQUIRE(rig.esme.submit(message_with("x"), token, rig.now).has_value());
  }
  rig.settle();
  rig.esme.stop(rig.now);
  CHECK(rig.esme_said.count(Outcome::unsent) == 2);
  rig.settle();
  CHECK(rig.esme.bound());
  for (const uint32_t sequence : rig.smsc_said.held) {
    rig.smsc->answer_submit(sequence, Status::ok, "x");
  }
  rig.settle();
  CHECK(rig.esme_said.count(Outcome::accepted) == 4);
  CHECK(rig.esme.state() == State::closed);
}

TEST_CASE("withdrawn messages never leave; those in flight cannot be withdrawn") {
  Rig rig;
  REQUIRE(rig.esme.submit(message_with("a"), 1, rig.now).has_value());
  REQUIRE(rig.esme.submit(message_with("b"), 2, rig.now).has_value());
  CHECK(rig.esme.withdraw(1).has_value());
  CHECK(rig.esme.withdraw(1).error().code == ErrorCode::not_found);
  rig.smsc_said.hold = true;
  rig.bind();
  CHECK(rig.smsc_said.submitted == std::vector<std::string>{"b"});
  CHECK(rig.esme.withdraw(2).error().code == ErrorCode::not_found);
  CHECK(rig.esme_said.done.empty());
}

TEST_CASE("messages over the limits are refused, not cut") {
  Rig rig;
  smpp::ShortMessage message = message_with("x");
  const test::Bytes big(255, 'x');
  message.short_message = big;
  CHECK(rig.esme.submit(message, 1, rig.now).error().code == ErrorCode::bad_length);
  message = message_with("x");
  message.destination.digits = "123456789012345678901";
  CHECK(rig.esme.submit(message, 1, rig.now).error().code == ErrorCode::bad_length);
  std::vector<uint8_t> payload(65'000), buffer(66'000);
  message = message_with("");
  smpp::TlvWriter tlvs(buffer);
  message.tlvs = tlvs.add(smpp::Tag::message_payload, payload).tlvs();
  CHECK(rig.esme.submit(message, 1, rig.now).has_value());
  EsmeOptions small = esme_options();
  small.pdu_octets_max = 1024;
  Rig limited(small);
  CHECK(limited.esme.submit(message, 1, rig.now).error().code == ErrorCode::too_large);
  CHECK(limited.esme.queued() == 0);
  EsmeOptions wrong = esme_options();
  wrong.window_max = 0;
  CHECK(!EsmeSession::check(wrong).has_value());
  wrong = esme_options();
  wrong.system_id = "1234567890123456";
  CHECK(EsmeSession::check(wrong).error().code == ErrorCode::bad_length);
}

TEST_CASE("an ESME knows an SMSC's nonsense for what it is") {
  const auto say = [](Rig& rig, const test::Bytes& bytes) {
    const size_t before = rig.esme.poll_transmit().size();
    rig.esme.on_bytes(bytes, rig.now);
    return test::to_hex(rig.esme.poll_transmit().subspan(before));
  };
  const auto pdu = [](smpp::CommandId id, uint32_t status, uint32_t sequence,
                      const test::Bytes& body = {}) {
    test::Bytes bytes = smpp::header_bytes(id, status, sequence);
    bytes.insert(bytes.end(), body.begin(), body.end());
    return smpp::with_length(bytes);
  };
  using smpp::CommandId;
  Rig rig;
  rig.bind();
  // A deliver_sm that does not parse is answered as such; a command of nobody by generic_nack.
  CHECK(say(rig, pdu(CommandId::deliver_sm, 0, 9, {1, 2, 3})) ==
        "00000010"
        "80000005"
        "00000002"
        "00000009");
  CHECK(say(rig, pdu(static_cast<CommandId>(0x999), 0, 10)) ==
        "00000010"
        "80000000"
        "00000003"
        "0000000a");
  CHECK(say(rig, pdu(CommandId::submit_sm, 0, 11)) == "");  // asks an ESME to submit: dropped
  CHECK(say(rig, pdu(CommandId::submit_sm_resp, 0, 4711, {0})) == "");
  CHECK(say(rig, pdu(CommandId::generic_nack, 3, 0)) == "");
  CHECK(rig.esme.counts().unexpected == 5);
  // A nack of a submit ends that submit.
  REQUIRE(rig.esme.submit(message_with("x"), 1, rig.now).has_value());
  say(rig, pdu(CommandId::generic_nack, 1, 2));
  REQUIRE(rig.esme_said.done.size() == 1);
  CHECK(rig.esme_said.done[0].outcome == Outcome::rejected);
  CHECK(rig.esme_said.done[0].status == Status::invalid_message_length);
  // An answer whose body is missing or broken still says that the SMSC has the message.
  REQUIRE(rig.esme.submit(message_with("x"), 2, rig.now).has_value());
  say(rig, pdu(CommandId::submit_sm_resp, 0, 3));
  CHECK(rig.esme_said.done.back().outcome == Outcome::accepted);
  CHECK(rig.esme_said.done.back().message_id.empty());
  // The same number delivered twice while unanswered: handed up once.
  rig.esme_said.answer_at_once = false;
  test::Bytes deliver;
  for (const smpp::Layout& layout : smpp::layouts()) {
    if (layout.id == CommandId::deliver_sm) deliver = smpp::build(layout);
  }
  say(rig, deliver);
  say(rig, deliver);
  CHECK(rig.esme_said.delivered.size() == 1);
  // Its alerts are handed up; its unbind is obeyed.
  for (const smpp::Layout& layout : smpp::layouts()) {
    if (layout.id == CommandId::alert_notification) say(rig, smpp::build(layout));
  }
  CHECK(rig.esme_said.alerts == std::vector<std::string>{"abc"});
  CHECK(say(rig, pdu(CommandId::unbind, 0, 12)) ==
        "00000010800000060000000"
        "00000000c");
  CHECK(rig.esme.wants_close());
  CHECK(say(rig, pdu(CommandId::enquire_link, 0, 13)) == "");  // nothing after that
}

TEST_CASE("a length that cannot be ends the session at once, on either side") {
  for (const std::string_view hex : {"0000000f", "00000000", "00010401", "ffffffff"}) {
    CAPTURE(hex);
    for (const bool piecemeal : {false, true}) {
      Rig rig;
      rig.bind();
      for (const bool to_esme : {true, false}) {
        const test::Bytes bytes = test::from_hex(hex);
        for (size_t i = 0; i < bytes.size(); i += piecemeal ? 1 : 4) {
          const ByteView part = ByteView(bytes).subspan(i, piecemeal ? 1 : 4);
          to_esme ? rig.esme.on_bytes(part, rig.now) : rig.smsc->on_bytes(part, rig.now);
        }
        CHECK((to_esme ? rig.esme.wants_close() : rig.smsc->wants_close()));
        const ByteView out = to_esme ? rig.esme.poll_transmit() : rig.smsc->poll_transmit();
        CHECK(smpp::parse_header(out)->id == smpp::CommandId::generic_nack);
        CHECK(smpp::parse_header(out)->status == Status::invalid_command_length);
      }
    }
  }
}

TEST_CASE("an ESME that floods without reading is cut off, and its submits are bounded") {
  Rig rig;
  rig.smsc_options.submits_open_max = 10;
  rig.smsc_options.transmit_octets_max = 2'000;
  rig.bind();
  rig.smsc_said.hold = true;
  uint8_t pdu[300];
  for (uint32_t i = 0; i < 200 && !rig.smsc->wants_close(); ++i) {
    const auto written =
        smpp::write_pdu({smpp::CommandId::submit_sm, Status::ok, 100 + i}, message_with("x"), pdu);
    rig.smsc->on_bytes(*written, rig.now);
  }
  CHECK(rig.smsc_said.submitted.size() == 10);
  CHECK(rig.smsc->counts().throttled > 50);
  CHECK(rig.smsc->wants_close());
  CHECK(rig.smsc->poll_transmit().size() < 3'000);
}

}  // namespace
}  // namespace simurgh::smpp_session
