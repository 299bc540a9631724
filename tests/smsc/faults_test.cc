// The SMSC with faults on order: the same seed does the same again, and what is counted adds up.
#include <set>

#include "network/smsc_tpdu.h"
#include "smsc/rig.h"

namespace simurgh::network {
namespace {

std::string text_number(uint64_t number) {
  return "49170" + std::to_string(1'000'000 + number);
}

// Sends 300 messages to 30 terminals over a day; the story of it in one text.
std::string story_of(Rig& rig) {
  rig.bind();
  for (smpp_session::Token token = 0; token < 300; ++token) {
    rig.submit(token, text_number(token % 30), "m" + std::to_string(token));
    if (token % 10 == 0) rig.run_for(seconds(7));
  }
  rig.run_for(days(3));
  std::string story;
  for (const auto& delivery : rig.deliveries) {
    story += std::to_string(delivery.at.ms) + delivery.destination + delivery.tpdu + "\n";
  }
  for (const auto& [id, word] : rig.receipts) story += id + word;
  return story;
}

TEST_CASE(
    "T-DLR-LIE, L4: under every plan all queues drain, and the same seed tells the same story") {
  for (const char* name : {"none", "lossy", "chaos", "liar"}) {
    const FaultPlan* plan = FaultPlan::named(name);
    REQUIRE(plan != nullptr);
    std::set<std::string> stories;
    for (const uint64_t seed : {1u, 2u, 3u}) {
      CAPTURE(name);
      CAPTURE(seed);
      Rig rig(*plan, seed), twin(*plan, seed);
      const std::string story = story_of(rig);
      CHECK(story == story_of(twin));
      stories.insert(story);
      CHECK(rig.centre.messages() == 0);
      CHECK(rig.centre.waiting_for_esme() == 0);
      const SmscCentreCounts& counts = rig.centre.counts();
      CHECK(counts.submitted == rig.ids.size());
      CHECK(rig.ids.size() + rig.refused.size() == 300);
      CHECK(counts.receipts == rig.receipts.size());
      CHECK(counts.attempts >= rig.deliveries.size());
      if (std::string_view(name) == "none") {
        CHECK(counts.delivered == 300);
        CHECK(rig.receipts.size() == 300);
      } else {
        CHECK(rig.receipts.size() < 300);
      }
    }
    if (std::string_view(name) != "none") CHECK(stories.size() == 3);
  }
  CHECK(FaultPlan::named("nonsense") == nullptr);
}

TEST_CASE("none: each message once, in order for each terminal") {
  Rig rig;
  story_of(rig);
  std::map<std::string, std::vector<int>> order;
  for (const auto& delivery : rig.deliveries) {
    const test::Bytes tpdu = test::from_hex(delivery.tpdu);
    const std::string text(tpdu.begin() + 17, tpdu.end());
    order[delivery.destination].push_back(std::stoi(text.substr(text.find('m') + 1)));
  }
  CHECK(order.size() == 30);
  for (const auto& [destination, numbers] : order) {
    CHECK(numbers.size() == 10);
    CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST_CASE("T-DLR-LIE: a liar's receipts say delivered for messages that no terminal ever got") {
  FaultPlan plan;
  plan.receipt_lie_ppm = 1'000'000;
  Rig rig(plan);
  story_of(rig);
  CHECK(rig.receipts.size() == 300);
  CHECK(rig.deliveries.empty());
  for (const auto& [id, word] : rig.receipts) CHECK(word == "DELIVRD");
}

TEST_CASE("each fault alone does what it says") {
  const auto run = [](auto set) {
    FaultPlan plan;
    set(plan);
    auto rig = std::make_unique<Rig>(plan);
    story_of(*rig);
    return rig;
  };
  constexpr uint32_t always = 1'000'000, half = 500'000;
  const auto lost = run([](FaultPlan& p) { p.loss_ppm = always; });
  CHECK(lost->deliveries.empty());
  CHECK(lost->receipts.empty());
  CHECK(lost->centre.counts().lost == 300);
  const auto doubled = run([](FaultPlan& p) { p.doubling_ppm = always; });
  CHECK(doubled->deliveries.size() == 600);
  CHECK(doubled->receipts.size() == 300);
  const auto throttled = run([](FaultPlan& p) { p.throttle_ppm = half; });
  CHECK(throttled->centre.counts().refused > 100);
  CHECK(throttled->ids.size() == 300);  // the ESME tries again
  const auto full = run([](FaultPlan& p) { p.queue_full_ppm = half; });
  CHECK(full->centre.counts().refused > 100);
  const auto absent = run([](FaultPlan& p) { p.absent_ppm = half; });
  CHECK(absent->centre.counts().attempts > 450);
  CHECK(absent->deliveries.size() == 300);
  const auto unheard = run([](FaultPlan& p) { p.report_loss_ppm = half; });
  CHECK(unheard->deliveries.size() > 400);
  CHECK(unheard->centre.counts().delivered == 300);
  const auto no_receipts = run([](FaultPlan& p) { p.receipt_loss_ppm = always; });
  CHECK(no_receipts->receipts.empty());
  CHECK(no_receipts->deliveries.size() == 300);
  const auto misrouted = run([](FaultPlan& p) {
    p.misrouting_ppm = half;
    p.delay_max = minutes(1);
  });
  size_t wrong = 0;
  for (const auto& delivery : misrouted->deliveries) {
    const test::Bytes tpdu = test::from_hex(delivery.tpdu);
    const std::string text(tpdu.begin() + 17, tpdu.end());
    const auto number = std::stoull(text.substr(text.find('m') + 1));
    wrong += delivery.destination != text_number(number % 30) ? 1u : 0u;
  }
  CHECK(wrong > 50);
  const auto delayed = run([](FaultPlan& p) {
    p.delay_min = seconds(100);
    p.delay_max = seconds(200);
  });
  CHECK(delayed->deliveries[0].at >= Rig().now + seconds(100));
  const auto reordered = run([](FaultPlan& p) {
    p.reordering_ppm = always;
    p.delay_min = minutes(10);
    p.delay_max = minutes(20);
  });
  CHECK(reordered->deliveries.size() == 300);
}

TEST_CASE("faults of terminals' messages, and plans changed on the way") {
  FaultPlan plan;
  plan.mobile_loss_ppm = 1'000'000;
  Rig rig(plan);
  rig.bind();
  const test::Bytes submit = test::from_hex(
      "41"
      "01"
      "0581"
      "2143f5"
      "00"
      "f6"
      "05"
      "0271001122");
  rig.centre.on_mobile_submit("4917", submit, rig.now);
  rig.settle();
  CHECK(rig.received.empty());
  plan.mobile_loss_ppm = 0;
  plan.mobile_doubling_ppm = 1'000'000;
  rig.centre.set_faults(plan);
  rig.centre.on_mobile_submit("4917", submit, rig.now);
  rig.settle();
  CHECK(rig.received.size() == 2);
}

TEST_CASE("rates are what they say; nothing is drawn for a rate of 0 or a width of 0") {
  SeededRandom random(7);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += chance(random, 100'000) ? 1 : 0;
  CHECK(hits > 9'500);
  CHECK(hits < 10'500);
  SeededRandom untouched(9), same(9);
  CHECK(!chance(untouched, 0));
  CHECK(uniform(untouched, seconds(3), seconds(3)) == seconds(3));
  CHECK(untouched.next() == same.next());
  int64_t least = INT64_MAX, most = 0;
  for (int i = 0; i < 10'000; ++i) {
    const int64_t ms = uniform(random, milliseconds(10), milliseconds(20)).ms;
    least = std::min(least, ms);
    most = std::max(most, ms);
  }
  CHECK(least == 10);
  CHECK(most == 20);
}

// --- codings -------------------------------------------------------------------------------------

TEST_CASE("codings of SMPP become those of the air") {
  const auto air = [](uint8_t data_coding, std::string_view content, uint8_t esm_class = 0) {
    smpp::ShortMessage message;
    message.data_coding = data_coding;
    message.esm_class = esm_class;
    message.short_message = bytes_of(content);
    return air_message_of(message);
  };
  // Septets: vector of TS 23.038's packing, "hellohello".
  const auto text = air(0, "hellohello");
  REQUIRE(text.has_value());
  CHECK(test::to_hex(text->user_data) == "e8329bfd4697d9ec37");
  CHECK(text->length == 10);
  CHECK(test::to_hex(*smpp_content_of(*text)) == "68656c6c6f68656c6c6f");
  const auto latin = air(3, "\xe4@");  // Latin-1 ä is 7b, @ is 00 in the default alphabet
  REQUIRE(latin.has_value());
  CHECK(test::to_hex(*smpp_content_of(*latin)) == "7b00");
  CHECK(air(3, "\xa8").error().code == ErrorCode::bad_value);  // no such letter there
  CHECK(air(4, "\x01\x02")->data_coding == 0x04);
  CHECK(air(8, "\x01\x02")->data_coding == 0x08);
  CHECK(air(0xf6, "\x01")->data_coding == 0xf6);
  CHECK(air(0, std::string(160, 'a')).has_value());
  CHECK(air(0, std::string(161, 'a')).error().code == ErrorCode::too_large);
  CHECK(air(4, std::string(140, 'a')).has_value());
  CHECK(air(4, std::string(141, 'a')).error().code == ErrorCode::too_large);
  // A header before septets: fill bits between, and back.
  const std::string header("\x05\x00\x03\x11\x02\x01", 6);
  const auto part = air(0, header + "hello", smpp::esm_class::udhi);
  REQUIRE(part.has_value());
  CHECK(part->has_user_data_header);
  CHECK(part->length == 7 + 5);
  const auto back = smpp_content_of(*part);
  CHECK(text_of(*back) == header + "hello");
  CHECK(!air(4, "\x05\x00\x03", smpp::esm_class::udhi).has_value());
}

TEST_CASE("segmentation parameters become a header") {
  uint8_t buffer[32];
  smpp::TlvWriter tlvs(buffer);
  smpp::ShortMessage message;
  message.data_coding = 4;
  message.short_message = bytes_of("part");
  message.tlvs = tlvs.add_u16(smpp::Tag::sar_msg_ref_num, 0xabcd)
                     .add_u8(smpp::Tag::sar_total_segments, 3)
                     .add_u8(smpp::Tag::sar_segment_seqnum, 2)
                     .tlvs();
  const auto air = air_message_of(message);
  REQUIRE(air.has_value());
  CHECK(air->has_user_data_header);
  CHECK(test::to_hex(air->user_data) ==
        "060804abcd0302"
        "70617274");
}

TEST_CASE("addresses: digits, letters, and what is neither") {
  const auto letters = air_address_of({smpp::ton::alphanumeric, 0, "Simurgh"});
  REQUIRE(letters.has_value());
  CHECK(letters->type == sms::TypeOfNumber::alphanumeric);
  CHECK(!air_address_of({7, 1, "1"}).has_value());
  CHECK(!air_address_of({1, 1, "x"}).has_value());
  const auto number = air_address_of({1, 1, "491700000001"});
  CHECK(smpp_address_of(*number)->digits == "491700000001");
  CHECK(!smpp_address_of(*letters).has_value());
}

}  // namespace
}  // namespace simurgh::network
