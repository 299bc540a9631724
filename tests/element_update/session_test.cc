// Campaigns served in sessions: undisturbed, and through a link and a server that break everywhere.
#include "rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

constexpr uint16_t ef_spn = 0x6f46;
const char* weak_settings =
    R"({"http": {"keeps_response": false, "says_resume": false, "script_octets_max": 220,
        "response_octets_max": 200, "apdus_per_script_max": 3}, "poll_date": "none"})";

rm::Aid aid(uint8_t last) {
  const ByteArray<6> octets = {0xf0, 0x00, 0x00, 0x00, 0x01, last};
  return *rm::Aid::of(octets);
}

campaign::Payload file_payload(size_t octets = 200) {
  FilePayload payload;
  FileWrite& write = payload.writes.emplace_back();
  write.path = {ef_spn};
  write.offset = 7;
  for (size_t i = 0; i < octets; ++i) write.octets.push_back(static_cast<uint8_t>(i));
  return *write_payload(payload);
}

bool has_file(const UpdateRig& rig, size_t octets = 200) {
  const Bytes& file = rig.card.files.at(ef_spn);
  for (size_t i = 0; i < octets; ++i) {
    if (file[7 + i] != static_cast<uint8_t>(i)) return false;
  }
  return file[6] == 0xff && file[7 + octets] == 0xff;
}

campaign::Payload applet_payload(AppletPayload::What what = AppletPayload::What::install) {
  AppletPayload payload;
  payload.what = what;
  payload.load_file = aid(1);
  if (what == AppletPayload::What::install) {
    payload.module = aid(2);
    payload.instance = aid(3);
    payload.privileges = {0};
    payload.code = Bytes(700, 0x5a);
  }
  return *write_payload(payload);
}

// Adds 1 to the card's meter, twice. With a read-back that says whether it has.
campaign::Payload meter_payload(bool read_back) {
  CommandsPayload payload;
  payload.commands = {{0x80, 0x32, 0, 0, 1, 0}, {0x80, 0x32, 0, 0, 1, 0}};
  if (read_back) payload.read_back = {{{0x80, 0xca, 0, 0, 1}, {2}}};
  return *write_payload(PayloadKind::script, payload);
}

struct Size {
  size_t octets = 0, commits = 0;
};

// Runs `check` with the link broken after every octet, whoever dies with it, and with the server
// dying around every commit.
template <typename Check>
void everywhere(const Size& size, size_t stride, Check check) {
  for (size_t cut = 1; cut <= size.octets; cut += stride) {
    for (int who = 0; who < 4; ++who) {
      CAPTURE(cut);
      CAPTURE(who);
      check(Faults{.cut = cut, .card_crashes = (who & 1) != 0, .server_crashes = (who & 2) != 0});
    }
  }
  for (size_t commit = 1; commit <= size.commits; ++commit) {
    CAPTURE(commit);
    check(Faults{.crash_before_commit = commit});
    check(Faults{.crash_after_commit = commit});
  }
}

Size measure(const std::string& settings, const campaign::Payload& payload, bool replan = false) {
  UpdateRig rig(settings);
  const CampaignId id = rig.begin(payload, replan);
  REQUIRE(rig.poll());
  CHECK(rig.outcome(id).progress == Progress::done);
  return {rig.octets, rig.commits};
}

}  // namespace

TEST_CASE("G3 G8: a file, an applet and a script arrive in one session, each once") {
  UpdateRig rig;
  const CampaignId file = rig.begin(file_payload());
  const CampaignId applet = rig.begin(applet_payload());
  const CampaignId meter = rig.begin(meter_payload(false));
  REQUIRE(rig.poll());
  for (const CampaignId id : {file, applet, meter}) {
    CHECK(rig.outcome(id).progress == Progress::done);
  }
  CHECK(has_file(rig));
  CHECK(rig.card.instances.at(bytes_copy(aid(3))) == 1);
  CHECK(rig.card.meter == 2);
  CHECK(rig.chip.epoch_proved == 1);
  CHECK(rig.population->last_contact_s({0}) == campaign::whole_seconds(rig.now));
  CHECK(rig.storage.element_update().cursors_of(0)->empty());
  // Nothing is left to do.
  const int scripts = rig.card.scripts;
  REQUIRE(rig.poll());
  CHECK(rig.card.scripts == scripts);
  // The applet goes again.
  const CampaignId erase = rig.begin(applet_payload(AppletPayload::What::erase));
  REQUIRE(rig.poll());
  CHECK(rig.outcome(erase).progress == Progress::done);
  CHECK(rig.card.load_files.empty());
}

TEST_CASE("G3: a weak card gets as many scripts as it needs, chained where they belong together") {
  UpdateRig rig(weak_settings);
  const CampaignId file = rig.begin(file_payload());
  const CampaignId applet = rig.begin(applet_payload());
  REQUIRE(rig.poll());
  CHECK(rig.outcome(file).progress == Progress::done);
  CHECK(has_file(rig));
  // LOAD with 239 octets does not fit such a card's scripts: that is known without asking it.
  CHECK(rig.outcome(applet).progress == Progress::failed);
  CHECK(rig.outcome(applet).reason == Reason::unsupported);
}

TEST_CASE("I5 G3: a card that keeps responses: breaks and deaths everywhere, each effect once") {
  const Size size = measure("{}", meter_payload(false));
  everywhere(size, 3, [](const Faults& faults) {
    UpdateRig rig;
    const CampaignId id = rig.begin(meter_payload(false));
    REQUIRE(rig.poll(faults));
    REQUIRE(rig.poll());
    CHECK(rig.card.meter == 2);
    CHECK(rig.outcome(id).progress == Progress::done);
  });
}

TEST_CASE("I5 G3: a card that forgets: the read-back decides, and nothing happens twice") {
  const std::string settings = R"({"http": {"keeps_response": false}, "poll_date": "none"})";
  const Size size = measure(settings, meter_payload(true));
  uint64_t read_backs = 0;
  everywhere(size, 3, [&](const Faults& faults) {
    UpdateRig rig(settings);
    const CampaignId id = rig.begin(meter_payload(true));
    REQUIRE(rig.poll(faults));
    REQUIRE(rig.poll());
    CHECK(rig.card.meter == 2);
    CHECK(rig.outcome(id).progress == Progress::done);
    read_backs += rig.update->figures().read_backs;
  });
  CHECK(read_backs > 0);
}

TEST_CASE("I5 G3: without a read-back a doubtful script is never repeated, and never called done") {
  const std::string settings = R"({"http": {"keeps_response": false}, "poll_date": "none"})";
  const Size size = measure(settings, meter_payload(false));
  int doubtful = 0, done = 0;
  everywhere(size, 3, [&](const Faults& faults) {
    UpdateRig rig(settings);
    const CampaignId id = rig.begin(meter_payload(false));
    REQUIRE(rig.poll(faults));
    REQUIRE(rig.poll());
    CHECK(rig.card.meter <= 2);
    const auto outcome = rig.outcome(id);
    if (outcome.progress == Progress::done) {
      CHECK(rig.card.meter == 2);
      ++done;
    } else {
      CHECK(outcome.progress == Progress::offered);
      CHECK(outcome.reason == Reason::status_only);
      ++doubtful;
    }
  });
  CHECK(doubtful > 0);
  CHECK(done > 0);
}

TEST_CASE(
    "I5 G3: of a script in several pieces no piece is repeated, whatever the read-back says") {
  // A card that forgets and takes one command at a time: the read-back sees the end only.
  const std::string settings =
      R"({"http": {"keeps_response": false, "apdus_per_script_max": 1, "script_octets_max": 64},
          "poll_date": "none"})";
  const auto payload = [] {
    CommandsPayload commands;
    for (int i = 0; i < 3; ++i) commands.commands.push_back({0x80, 0x32, 0, 0, 1, 0});
    commands.read_back = {{{0x80, 0xca, 0, 0, 1}, {3}}};
    return *write_payload(PayloadKind::script, commands);
  }();
  const Size size = measure(settings, payload);
  int done = 0, doubtful = 0;
  everywhere(size, 3, [&](const Faults& faults) {
    UpdateRig rig(settings);
    const CampaignId id = rig.begin(payload);
    REQUIRE(rig.poll(faults));
    REQUIRE(rig.poll());
    CHECK(rig.card.meter <= 3);
    if (rig.outcome(id).progress == Progress::done) {
      CHECK(rig.card.meter == 3);
      ++done;
    } else {
      CHECK(rig.outcome(id).progress == Progress::offered);
      ++doubtful;
    }
  });
  CHECK(done > 0);
  CHECK(doubtful > 0);
}

TEST_CASE("I5 G3: an applet in many scripts, to a card that forgets: loaded and installed once") {
  const std::string settings = R"({"http": {"keeps_response": false}, "poll_date": "none"})";
  const Size size = measure(settings, applet_payload());
  everywhere(size, 7, [&](const Faults& faults) {
    UpdateRig rig(settings);
    const CampaignId id = rig.begin(applet_payload());
    REQUIRE(rig.poll(faults));
    REQUIRE(rig.poll());
    CHECK(rig.outcome(id).progress == Progress::done);
    CHECK(rig.card.instances.at(bytes_copy(aid(3))) == 1);
    CHECK(rig.card.load_files.size() == 1);
  });
}

TEST_CASE("I5 G3: files to a weak card, chained scripts and a link that breaks") {
  const Size size = measure(weak_settings, file_payload());
  everywhere(size, 7, [&](const Faults& faults) {
    UpdateRig rig(weak_settings);
    const CampaignId id = rig.begin(file_payload());
    REQUIRE(rig.poll(faults));
    REQUIRE(rig.poll());
    CHECK(rig.outcome(id).progress == Progress::done);
    CHECK(has_file(rig));
  });
}

TEST_CASE("G3: a refused command stops the script and is told with its reason") {
  struct Case {
    uint16_t sw;
    Reason reason;
  };
  for (const auto& [sw, reason] :
       {Case{0x6982, Reason::security_refused}, Case{0x6a84, Reason::memory_full},
        Case{0x6d00, Reason::unsupported}, Case{0x6b00, Reason::command_failed}}) {
    UpdateRig rig;
    rig.card.fails_with = sw;
    const CampaignId id = rig.begin(file_payload());
    REQUIRE(rig.poll());
    CHECK(rig.outcome(id).progress == Progress::failed);
    CHECK(rig.outcome(id).reason == reason);
    CHECK(rig.card.writes == 0);
    CHECK(rig.storage.element_update().cursors_of(0)->empty());
  }
}

TEST_CASE("G3: an application that is not there now settles nothing; it is asked again") {
  UpdateRig rig;
  rig.card.status = remote_admin::ScriptStatus::temporarily_unavailable_application;
  const CampaignId id = rig.begin(file_payload());
  REQUIRE(rig.poll());
  CHECK(rig.outcome(id).progress == Progress::offered);
  rig.card.status = remote_admin::ScriptStatus::ok;
  REQUIRE(rig.poll());
  CHECK(rig.outcome(id).progress == Progress::done);
  CHECK(has_file(rig));
}

TEST_CASE("G1: the date of the next poll is written and confirmed, whatever breaks") {
  const auto check_date = [](UpdateRig& rig, CampaignId id) {
    CHECK(rig.outcome(id).progress == Progress::done);
    const uint32_t at_s = rig.population->next_poll_s({0});
    REQUIRE(at_s > campaign::whole_seconds(rig.now));
    const Bytes& file = rig.card.files.at(0x4f01);
    CHECK(file[10] == 0);
    CHECK((uint32_t{file[11]} << 24 | uint32_t{file[12]} << 16 | uint32_t{file[13]} << 8 |
           file[14]) == at_s);
  };
  UpdateRig calm;
  const CampaignId id = calm.begin(campaign::Payload(next_poll_payload()));
  REQUIRE(calm.poll());
  check_date(calm, id);
  everywhere({calm.octets, calm.commits}, 5, [&](const Faults& faults) {
    UpdateRig rig;
    const CampaignId broken = rig.begin(next_poll_payload());
    REQUIRE(rig.poll(faults));
    check_date(rig, broken);
  });
}

TEST_CASE("G1: served elements get a date too; a card that takes none keeps its own slot") {
  UpdateRig rig;
  rig.begin(file_payload(), true);
  REQUIRE(rig.poll());
  CHECK(rig.population->next_poll_s({0}) != 0);
  UpdateRig refusing;
  refusing.card.files.erase(0x4f01);
  const CampaignId id = refusing.begin(next_poll_payload());
  REQUIRE(refusing.poll());
  CHECK(refusing.population->next_poll_s({0}) == 0);
  CHECK(refusing.outcome(id).progress == Progress::failed);
  UpdateRig told(R"({"poll_date": "answer"})");
  told.begin(file_payload(), true);
  REQUIRE(told.poll());
  CHECK(told.card.come_back > days(5));
}

TEST_CASE("D11 G3: key rotation is done when the chip comes under a later epoch, not before") {
  UpdateRig rig;
  const CampaignId id = rig.begin(key_rotation_payload());
  REQUIRE(rig.poll());
  CHECK(rig.chip.rekeys == 1);
  CHECK(rig.outcome(id).progress == Progress::offered);
  REQUIRE(rig.poll());
  CHECK(rig.chip.rekeys == 1);
  CHECK(rig.outcome(id).progress == Progress::offered);
  rig.chip.epoch = 2;
  REQUIRE(rig.poll());
  CHECK(rig.outcome(id).progress == Progress::done);
}

TEST_CASE("D12: under epoch 0, which whoever has K1 knows, a campaign gives nothing away") {
  UpdateRig rig;
  rig.chip.epoch = 0;
  const CampaignId id = rig.begin(file_payload());
  REQUIRE(rig.poll());
  CHECK(rig.card.scripts == 0);
  CHECK(rig.outcome(id).progress == Progress::open);
}

TEST_CASE("G8: an imported element is found by its own identity, and gets what its batch allows") {
  UpdateRig rig(R"({"poll_date": "none", "http": {"definite_scripts": true}})");
  fleet::NewElement row;
  row.iccid = *Iccid::parse("8949012345678901236");
  row.keys.psk_identity = "imported-1";
  row.keys.psk.fill(32)[0] = 9;
  const auto first = rig.elements->import("made alike", {&row, 1}, {"alice", rig.now});
  REQUIRE(first.has_value());
  rig.identity = "imported-1";
  const auto peer = rig.update->find_psk("imported-1");
  REQUIRE(peer.has_value());
  CHECK(peer->psk.view()[0] == 9);
  CHECK(rig.update->find_psk("nobody").error().code == ErrorCode::not_found);
  CHECK(rig.update->find_psk("").error().code == ErrorCode::not_found);
  rig.start_agent();
  const CampaignId id = rig.begin(file_payload());
  const CampaignId rotation = rig.begin(key_rotation_payload());
  REQUIRE(rig.poll());
  CHECK(has_file(rig));
  CHECK(rig.campaigns->outcome(id, {*first})->progress == Progress::done);
  CHECK(rig.campaigns->outcome(rotation, {*first})->reason == Reason::unsupported);
  CHECK(rig.chip.rekeys == 0);
}

TEST_CASE("G3: settings that are changed in the middle do not make a step mean another script") {
  UpdateRig rig(weak_settings);
  const CampaignId id = rig.begin(file_payload());
  REQUIRE(rig.poll({.cut = 900, .server_crashes = true}) == true);
  UpdateRig half(weak_settings);
  const CampaignId other = half.begin(file_payload());
  half.plan = {};
  REQUIRE(half.agent->begin({.host = "admin.example", .tries = 0}, half.now).has_value());
  while (half.card.scripts < 2) half.step();
  half.disconnect();
  half.agent->stop();
  REQUIRE(half.elements->save_batch("made alike", "{}", {"alice", half.now}).has_value());
  half.flush();
  half.crash();
  half.start_agent();
  REQUIRE(half.poll());
  CHECK(half.outcome(other).progress == Progress::done);
  CHECK(has_file(half));
  static_cast<void>(id);
}
