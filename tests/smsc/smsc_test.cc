#include "smsc/rig.h"

namespace simurgh::network {
namespace {

const std::string phone = "491700000001";

TEST_CASE("G6: a command packet goes to the card as a DELIVER, its PoR comes back, and a receipt") {
  Rig rig;
  rig.bind();
  const test::Bytes por = test::from_hex("02710000");
  rig.answer = [&](DeliveryReport& report) { report.user_data = por; };
  smpp::ShortMessage message = smpp_session::message_with({});
  const test::Bytes packet = test::from_hex(
      "027000"
      "0020150000");
  message.source = {1, 1, "12345678"};
  message.destination.digits = phone;
  message.esm_class = smpp::esm_class::udhi;
  message.protocol_id = 0x7f;
  message.data_coding = 0xf6;
  message.registered_delivery = 1;
  message.short_message = packet;
  REQUIRE(rig.esme->submit(message, 1, rig.now).has_value());
  rig.settle();
  REQUIRE(rig.deliveries.size() == 1);
  CHECK(rig.deliveries[0].destination == phone);
  // As facts/sim-ota.md 5.1 has it: UDHI, no more messages, OA, PID, DCS, SCTS, UDL, UD.
  CHECK(rig.deliveries[0].tpdu ==
        "44"
        "0891"
        "21436587"
        "7f"
        "f6"
        "62102030405000"
        "08"
        "0270000020150000");
  REQUIRE(rig.receipts.size() == 1);
  CHECK(rig.receipts[0] == std::pair<std::string, std::string>{rig.ids[1], "DELIVRD"});
  CHECK(rig.last_receipt_text.find("submit date:2601020304 done date:2601020304") !=
        std::string::npos);
  REQUIRE(rig.received.size() == 1);
  CHECK(rig.received[0].source == phone);
  CHECK(rig.received[0].destination == "12345678");
  CHECK(rig.received[0].esm_class == (smpp::esm_class::udhi | 0x08));
  CHECK(rig.received[0].content == "02710000");
  CHECK(rig.centre.messages() == 0);
  CHECK(rig.centre.waiting_for_esme() == 0);
  CHECK(rig.centre.counts().delivered == 1);
}

TEST_CASE("A7: a terminal that is off is tried again on schedule, and at once when it is back") {
  Rig rig;
  rig.bind();
  rig.absent[phone] = 1;
  const Instant start = rig.now;
  rig.submit(1, phone, "a");
  rig.submit(2, phone, "b");
  rig.run_for(hours(2));
  // One attempt at a time: 0, 1, 6, 16, 46, 106 minutes.
  std::vector<int64_t> at;
  for (const auto& delivery : rig.deliveries) at.push_back((delivery.at - start).ms / 60'000);
  CHECK(at == std::vector<int64_t>{0, 1, 6, 16, 46, 106});
  CHECK(rig.receipts.empty());
  rig.absent.clear();
  rig.centre.on_terminal_available(phone, rig.now);
  rig.settle();
  CHECK(rig.deliveries.size() == 8);
  CHECK(rig.deliveries[6].tpdu.ends_with("61"));  // in the order of submission
  CHECK(rig.deliveries[6].tpdu[1] == '0');        // TP-MMS: more is coming
  CHECK(rig.deliveries[7].tpdu.ends_with("62"));
  CHECK(rig.deliveries[7].tpdu[1] == '4');
  CHECK(rig.receipts.size() == 2);
  rig.centre.on_terminal_available("4917", rig.now);  // nobody we know
}

TEST_CASE("validity ends a message; a silent terminal counts as absent") {
  Rig rig;
  rig.bind();
  rig.silent[phone] = 1;
  rig.submit(1, phone, "x", "000000003000000R");
  rig.run_for(minutes(29));
  CHECK(rig.receipts.empty());
  CHECK(rig.deliveries.size() >= 3);
  rig.run_for(minutes(2));
  REQUIRE(rig.receipts.size() == 1);
  CHECK(rig.receipts[0].second == "EXPIRED");
  CHECK(rig.centre.messages() == 0);
  CHECK(rig.centre.counts().expired == 1);
  // Expired while the terminal is being asked: a good answer still counts.
  rig.silent.clear();
  rig.report_later = true;
  rig.submit(2, phone, "y", "000000000010000R");
  rig.run_for(seconds(20));
  REQUIRE(rig.pending.size() == 1);
  CHECK(rig.receipts.size() == 1);
  rig.centre.on_delivery_report(rig.pending[0].first, {.outcome = Outcome::delivered}, rig.now);
  rig.settle();
  CHECK(rig.receipts.back().second == "DELIVRD");
  rig.centre.on_delivery_report(rig.pending[0].first, {.outcome = Outcome::delivered}, rig.now);
  rig.centre.on_delivery_report(99'999, {.outcome = Outcome::delivered}, rig.now);
  rig.settle();
  CHECK(rig.receipts.size() == 2);
  rig.submit(3, phone, "z", "000000000010000R");
  rig.run_for(seconds(20));
  rig.centre.on_delivery_report(rig.pending[1].first, {.outcome = Outcome::absent}, rig.now);
  rig.settle();
  CHECK(rig.receipts.back().second == "EXPIRED");
}

TEST_CASE("what a card's error means: busy and full are tried again, the rest is final") {
  struct Case {
    uint8_t failure_cause;
    bool again;
  };
  for (const auto& [failure_cause, again] :
       {Case{0xd0, true}, {0xd3, true}, {0xd4, true}, {0xd5, false}, {0xff, false}}) {
    CAPTURE(failure_cause);
    Rig rig;
    rig.bind();
    rig.answer = [&](DeliveryReport& report) {
      if (rig.deliveries.size() > 1) return;
      report.outcome = Outcome::failed;
      report.failure_cause = failure_cause;
    };
    rig.submit(1, phone);
    rig.run_for(minutes(2));
    CHECK(rig.deliveries.size() == (again ? 2 : 1));
    REQUIRE(rig.receipts.size() == 1);
    CHECK(rig.receipts[0].second == (again ? "DELIVRD" : "UNDELIV"));
  }
  Rig rig;
  rig.bind();
  rig.answer = [](DeliveryReport& report) { report.outcome = Outcome::unknown_subscriber; };
  rig.submit(1, phone);
  rig.settle();
  CHECK(rig.receipts[0].second == "UNDELIV");
}

TEST_CASE("a terminal's message goes to the ESME of its destination, or to the other terminal") {
  Rig rig;
  rig.bind();
  // SMS-SUBMIT: UDHI, MR 1, to 12345, PID 0, DCS f6, 02 71 00 and two octets.
  const test::Bytes to_esme = test::from_hex(
      "41"
      "01"
      "0581"
      "2143f5"
      "00"
      "f6"
      "05"
      "0271001122");
  using MO = SmscCentre::MobileOriginated;
  CHECK(rig.centre.on_mobile_submit(phone, to_esme, rig.now) == MO::accepted);
  rig.settle();
  REQUIRE(rig.received.size() == 1);
  CHECK(rig.received[0].source == phone);
  CHECK(rig.received[0].destination == "12345");
  CHECK(rig.received[0].esm_class == smpp::esm_class::udhi);
  CHECK(rig.received[0].data_coding == 0xf6);
  CHECK(rig.received[0].content == "0271001122");
  // "hellohello" in septets, to another terminal (TS 23.038's packing), and to the ESME unpacked.
  const std::string packed = "e8329bfd4697d9ec37";
  const test::Bytes to_phone = test::from_hex(
      "01"
      "02"
      "0c91"
      "947100000020"
      "00"
      "00"
      "0a" +
      packed);
  CHECK(rig.centre.on_mobile_submit(phone, to_phone, rig.now) == MO::accepted);
  rig.settle();
  REQUIRE(rig.deliveries.size() == 1);
  CHECK(rig.deliveries[0].destination == "491700000002");
  CHECK(rig.deliveries[0].tpdu.ends_with("0a" + packed));
  CHECK(rig.deliveries[0].tpdu.substr(2, 16) == "0c91947100000010");
  const test::Bytes text = test::from_hex(
      "01"
      "03"
      "0581"
      "2143f5"
      "00"
      "00"
      "0a" +
      packed);
  CHECK(rig.centre.on_mobile_submit(phone, text, rig.now) == MO::accepted);
  rig.settle();
  CHECK(rig.received[1].content == "68656c6c6f68656c6c6f");

  CHECK(rig.centre.on_mobile_submit(phone, test::from_hex("01"), rig.now) == MO::malformed);
  const test::Bytes to_letters = test::from_hex(
      "01"
      "03"
      "04d0"
      "e834"
      "00"
      "00"
      "00");
  CHECK(rig.centre.on_mobile_submit(phone, to_letters, rig.now) == MO::no_route);
  CHECK(rig.centre.counts().from_terminals == 3);
}

TEST_CASE("what waits for an ESME is kept until it binds, and offered again when it is refused") {
  Rig rig;
  const test::Bytes submit = test::from_hex(
      "41"
      "01"
      "0581"
      "2143f5"
      "00"
      "f6"
      "05"
      "0271001122");
  using MO = SmscCentre::MobileOriginated;
  for (int i = 0; i < 5; ++i) {
    CHECK(rig.centre.on_mobile_submit(phone, submit, rig.now) == MO::accepted);
  }
  rig.run_for(hours(1));
  CHECK(rig.centre.waiting_for_esme() == 5);
  rig.deliver_status = smpp::Status::receiver_temporary;
  rig.bind();
  rig.settle();
  CHECK(rig.received.size() == 5);
  CHECK(rig.centre.waiting_for_esme() == 5);
  rig.deliver_status = smpp::Status::ok;
  rig.run_for(seconds(11));
  CHECK(rig.received.size() == 10);
  CHECK(rig.centre.waiting_for_esme() == 0);
  CHECK(rig.centre.counts().to_esme == 5);
  rig.deliver_status = smpp::Status::receiver_permanent;
  rig.centre.on_mobile_submit(phone, submit, rig.now);
  rig.settle();
  CHECK(rig.centre.counts().to_esme_dropped == 1);
  // A link that dies with a delivery in flight: offered to the next one.
  rig.deliver_status = smpp::Status::ok;
  rig.centre.on_mobile_submit(phone, submit, rig.now);
  rig.centre.on_timeout(rig.now);
  rig.unbind();
  rig.run_for(seconds(20));
  rig.bind();
  rig.run_for(seconds(20));
  CHECK(rig.centre.waiting_for_esme() == 0);
  CHECK(rig.centre.counts().to_esme == 6);
}

TEST_CASE("binds are checked; query and cancel answer for what they may") {
  Rig rig;
  smpp_session::SmscSession other({}, rig.centre, rig.now);
  smpp::Bind bind{
      .system_id = "esme", .password = "secreT", .system_type = {}, .address_range = {}};
  using smpp::Status;
  const auto kind = smpp_session::BindKind::transceiver;
  CHECK(rig.centre.on_bind(other, kind, bind) == Status::invalid_password);
  bind.password = "";
  CHECK(rig.centre.on_bind(other, kind, bind) == Status::invalid_password);
  bind.system_id = "nobody";
  CHECK(rig.centre.on_bind(other, kind, bind) == Status::invalid_system_id);

  rig.bind();
  rig.absent[phone] = 1;
  rig.submit(1, phone);
  rig.submit(2, phone);
  rig.settle();
  REQUIRE(rig.esme->query({.message_id = rig.ids[1], .source = {}}, 9, rig.now).has_value());
  rig.settle();
  CHECK(rig.last_request == Status::ok);
  CHECK(rig.last_state == smpp::MessageState::en_route);
  smpp::CancelSm cancel{.service_type = {}, .message_id = rig.ids[1]};
  cancel.source.digits = "999";
  REQUIRE(rig.esme->cancel(cancel, 9, rig.now).has_value());
  rig.settle();
  CHECK(rig.last_request == Status::cancel_failed);
  cancel.source.digits = "12345";
  REQUIRE(rig.esme->cancel(cancel, 9, rig.now).has_value());
  rig.settle();
  CHECK(rig.last_request == Status::ok);
  CHECK(rig.receipts.back().second == "DELETED");
  cancel.message_id = {};
  cancel.destination.digits = phone;
  REQUIRE(rig.esme->cancel(cancel, 9, rig.now).has_value());
  rig.settle();
  CHECK(rig.centre.messages() == 0);
  REQUIRE(rig.esme->query({.message_id = rig.ids[2], .source = {}}, 9, rig.now).has_value());
  rig.settle();
  CHECK(rig.last_state == smpp::MessageState::deleted);
  REQUIRE(rig.esme->query({.message_id = "zz", .source = {}}, 9, rig.now).has_value());
  rig.settle();
  CHECK(rig.last_request == Status::query_failed);
}

TEST_CASE("what cannot be sent is refused with its reason; limits hold") {
  SmscCentreOptions options = Rig::centre_options();
  options.messages_per_destination_max = 3;
  options.messages_max = 5;
  Rig rig({}, 1, options);
  rig.bind();
  rig.absent[phone] = 1;
  using smpp::Status;
  rig.submit(1, "not-a-number");
  rig.submit(2, "1234567890123456");
  rig.submit(3, phone, std::string(141, 'x'));
  rig.submit(4, phone, "x", "999999999999999R");
  rig.submit(5, phone, "x", "991399999999999+");
  rig.settle();
  CHECK(rig.refused[1] == Status::invalid_destination);
  CHECK(rig.refused[2] == Status::invalid_destination);
  CHECK(rig.refused[3] == Status::invalid_message_length);
  CHECK(!rig.refused.contains(4));  // long, but cut to the SMSC's maximum
  CHECK(rig.refused[5] == Status::invalid_validity_period);
  for (smpp_session::Token token = 10; token < 15; ++token) {
    rig.submit(token, phone);
    rig.settle();
  }
  // The ESME tries the full queue again and again; none gets in.
  CHECK(rig.ids.size() == 3);
  for (smpp_session::Token token = 20; token < 25; ++token) {
    rig.submit(token, "49170000000" + std::to_string(token));
  }
  rig.run_for(seconds(5));
  CHECK(rig.centre.messages() <= 5);
}

}  // namespace
}  // namespace simurgh::network
