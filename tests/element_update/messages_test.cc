// Campaigns over short messages, with the real chip: undisturbed, and with everything that can go
// wrong on the way.
#include "message_rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

const char* by_submit = R"({"bearer": "sms", "sms": {"parts_max": 3}})";
const char* by_report = R"({"bearer": "sms", "sms": {"response_by": "report"}})";

const ByteArray<16> usim = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xff,
                            0xff, 0xff, 0xff, 0x89, 0x07, 0x09, 0x00, 0x00};

// Adds 1 to the chip's meter `times` times, each with padding so that it needs a packet of its own
// where a packet has one part.
campaign::Payload meter_payload(bool read_back, int times = 1) {
  CommandsPayload payload;
  payload.target.application = *rm::Aid::of(usim);
  for (int i = 0; i < times; ++i) {
    payload.commands.push_back(from_hex("00a40004026f39"));
    payload.commands.push_back(from_hex("803200000300000100"));
  }
  if (read_back) {
    const auto last = static_cast<uint8_t>(times);
    payload.read_back = {{from_hex("00a40004026f39"), {}}, {from_hex("00b2010403"), {0, 0, last}}};
  }
  return *write_payload(PayloadKind::script, payload);
}

campaign::Payload spn_payload() {
  FilePayload payload;
  payload.target.application = *rm::Aid::of(usim);
  payload.writes.push_back({{0x6f46}, 1, from_hex("4d757368")});
  return *write_payload(payload);
}

campaign::Payload applet_payload() {
  AppletPayload payload;
  payload.load_file = *rm::Aid::of(from_hex("f00000000101"));
  payload.module = *rm::Aid::of(from_hex("f00000000102"));
  payload.instance = *rm::Aid::of(from_hex("f00000000103"));
  payload.privileges = {0};
  payload.code = Bytes(700, 0x5a);
  return *write_payload(payload);
}

}  // namespace

TEST_CASE("G3 G8: a card without agent gets the whole campaign as secured packets, and proves it") {
  for (const char* settings : {by_submit, by_report}) {
    CAPTURE(settings);
    MessageRig rig(settings);
    const CampaignId meter = rig.begin(meter_payload(false));
    REQUIRE(rig.finish(meter, minutes(5)));
    CHECK(rig.outcome(meter).progress == Progress::done);
    CHECK(rig.cards[0]->meter() == 1);
    const CampaignId spn = rig.begin(spn_payload());
    REQUIRE(rig.finish(spn, minutes(5)));
    CHECK(rig.outcome(spn).progress == Progress::done);
    CHECK(rig.cards[0]->spn().substr(2, 8) == "4d757368");
    // Two packets, a receipt for each; the contact is noted.
    CHECK(rig.messages->figures().packets == 2);
    CHECK(rig.messages->figures().receipts == 2);
    CHECK(rig.messages->visits() == 0);
    CHECK(rig.population->last_contact_s({0}) + 60 > campaign::whole_seconds(rig.now) - 300);
    CHECK(rig.storage.element_update().cursors_of(0)->empty());
  }
}

TEST_CASE("G3 G8: an applet in packets of several parts is loaded and installed once") {
  MessageRig rig(by_submit);
  const CampaignId id = rig.begin(applet_payload());
  REQUIRE(rig.finish(id, minutes(10)));
  CHECK(rig.outcome(id).progress == Progress::done);
  CHECK(rig.messages->figures().packets > 2);
}
