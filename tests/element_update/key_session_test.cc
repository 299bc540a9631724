// The conversation about a chip's keys in its sessions, beside campaigns.
#include "rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

// Says `left`, one after the other; what came back is in `heard`.
struct Talk final : KeyConversation {
  Result<void> begin_session(const Iccid&, Instant) override {
    ++begun;
    waiting = left;
    if (storage_fails) return ErrorCode::storage;
    return {};
  }
  std::optional<std::vector<uint8_t>> next(const Iccid&) override {
    if (waiting.empty()) return std::nullopt;
    std::vector<uint8_t> message = waiting.front();
    waiting.erase(waiting.begin());
    return message;
  }
  Result<void> on_message(const Iccid&, ByteView message, Instant) override {
    heard.push_back(bytes_copy(message));
    if (!left.empty()) left.erase(left.begin());  // the chip has it: never said again
    return {};
  }
  void end_session(const Iccid&) override { ++ended; }

  std::vector<std::vector<uint8_t>> left, waiting;
  std::vector<Bytes> heard;
  int begun = 0, ended = 0;
  bool storage_fails = false;
};

struct KeyRig : UpdateRig {
  explicit KeyRig(std::string settings = "{}") : UpdateRig(std::move(settings)) {
    conversation = &talk;
    update->set_key_conversation(talk);
    card.exchange = [this](const Bytes& message) {
      got.push_back(message);
      return Bytes(3, static_cast<uint8_t>(message.size()));
    };
  }
  Talk talk;
  std::vector<Bytes> got;
};

campaign::Payload meter_once() {
  CommandsPayload payload;
  payload.commands = {{0x80, 0x32, 0, 0, 1, 0}};
  return *write_payload(PayloadKind::script, payload);
}

}  // namespace

TEST_CASE("D4, D7, G1: in epoch 0 a session carries the first logon, and nothing of campaigns") {
  KeyRig rig;
  rig.chip.epoch = 0;
  const CampaignId id = rig.begin(meter_once());
  rig.talk.left = {{}, Bytes(640, 7), Bytes(255, 8), Bytes(256, 9)};
  const auto said = rig.talk.left;
  REQUIRE(rig.poll());
  CHECK(rig.got == said);  // in blocks, put together by the card
  REQUIRE(rig.talk.heard.size() == 4);
  CHECK(rig.talk.heard[1] == Bytes(3, 640 & 0xff));
  CHECK(rig.card.meter == 0);
  CHECK(rig.outcome(id).progress == Progress::open);
  CHECK(rig.talk.begun == rig.talk.ended);
  // In epoch 1 campaigns come, too.
  rig.chip.epoch = 1;
  rig.talk.left = {Bytes(10, 1)};
  REQUIRE(rig.poll());
  CHECK(rig.got.size() == 5);
  CHECK(rig.card.meter == 1);
  CHECK(rig.outcome(id).progress == Progress::done);
}

TEST_CASE("D7, I5: the link cut anywhere, both ends crashing: the talk goes on, campaigns once") {
  for (const bool keeps : {true, false}) {
    for (size_t cut = 1; cut < 6000; cut += 37) {
      CAPTURE(keeps);
      CAPTURE(cut);
      KeyRig rig(keeps ? "{}" : R"({"http": {"keeps_response": false}})");
      const CampaignId id = rig.begin(meter_once());
      rig.talk.left = {Bytes(600, 7), Bytes(20, 8)};
      REQUIRE(rig.poll({.cut = cut, .card_crashes = cut % 2 == 0, .server_crashes = cut % 3 == 0}));
      REQUIRE(rig.poll());
      CHECK(rig.talk.left.empty());
      CHECK(rig.card.meter <= 1);
      if (keeps) CHECK(rig.outcome(id).progress == Progress::done);
      CHECK(rig.talk.ended <= rig.talk.begun);
    }
  }
}

TEST_CASE("D7: a card of small scripts gets a message in chained ones, a smaller card none") {
  KeyRig rig(R"({"http": {"script_octets_max": 300, "apdus_per_script_max": 1}})");
  rig.talk.left = {Bytes(640, 7)};
  REQUIRE(rig.poll());
  REQUIRE(rig.got.size() == 1);
  CHECK(rig.got[0] == Bytes(640, 7));
  CHECK(rig.card.scripts == 3);
  KeyRig small(R"({"http": {"script_octets_max": 200}})");
  small.talk.left = {Bytes(640, 7)};
  REQUIRE(small.poll());
  CHECK(small.got.empty());
  CHECK(small.agent->state() == remote_admin::AdminAgent::State::idle);
}

TEST_CASE("D11: a rotation whose new epoch shows itself in the same session is settled by it") {
  KeyRig rig;
  const CampaignId id = rig.begin(key_rotation_payload());
  REQUIRE(rig.poll());
  CHECK(rig.chip.rekeys == 1);
  CHECK(rig.outcome(id).progress == Progress::offered);
  // The centre says so whichever bearer brought it.
  REQUIRE(rig.update->on_rekeyed(*Iccid::parse("89882110000004300106"), 2, rig.now).has_value());
  rig.commit();
  CHECK(rig.outcome(id).progress == Progress::done);
}

TEST_CASE("G4, D7: a chip that proved an epoch by short messages has reported") {
  KeyRig rig;
  CHECK(rig.population->reported() == 0);
  const auto iccid = *Iccid::parse("89882110000004300106");
  REQUIRE(rig.update->on_rekeyed(iccid, 1, rig.now).has_value());
  rig.commit();
  CHECK(rig.population->last_contact_s({0}) == campaign::whole_seconds(rig.now));
  rig.crash();
  CHECK(rig.population->last_contact_s({0}) == campaign::whole_seconds(rig.now));
  // A chip without an element is nobody's.
  const auto stranger = *Iccid::parse("89882110000004300999");
  CHECK(rig.update->on_rekeyed(stranger, 1, rig.now).has_value());
}

TEST_CASE("the store's failure inside the talk ends the process, and an imported card has none") {
  KeyRig rig;
  rig.talk.storage_fails = true;
  const auto peer = rig.update->find_psk("own");
  auto session = rig.update->open(*peer, rig.now);
  (*session)->on_contact("");
  CHECK(rig.update->failure().has_value());
}
