// RemoteDirectory against a model of osmo-hlr 1.5.0's control interface, as it was seen to answer
// (a real one is in tests/osmo_hlr).
#include <map>

#include "base/hex.h"
#include "hlr/remote_directory.h"
#include "hlr/rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

class FakeOsmoHlr {
 public:
  struct Row {
    std::string msisdn = "none";
    std::string aud2g = "none";
    std::string aud3g = "none";
    bool cs = true, ps = true;
    uint64_t sequence = 0;  // set back whenever aud3g is written
  };
  std::string answer(std::string_view line) {
    ++commands;
    std::string words[4];
    for (std::string& word : words) {
      const size_t end = line.find(' ');
      word = line.substr(0, end);
      line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
    }
    const auto& [kind, id, variable, value] = words;
    const auto error = [&](const char* text) { return "ERROR " + id + " " + text; };
    const auto good = [&](const std::string& text) {
      return kind + "_REPLY " + id + " " + variable + " " + text;
    };
    if (refuse) return error("Update failed.");
    if (variable == "subscriber.create") {
      return rows.try_emplace(value).second ? good("1") : error("Subscriber already exists.");
    }
    if (variable == "subscriber.delete") {
      return rows.erase(value) != 0 ? good("1") : error("Subscriber doesn't exist.");
    }
    const std::string imsi = variable.substr(19, 15);
    const std::string field = variable.substr(35);
    const auto place = rows.find(imsi);
    if (place == rows.end()) return error("No such subscriber.");
    Row& row = place->second;
    if (kind == "GET") return good(field == "aud3g" ? row.aud3g : row.aud2g);
    if (field == "aud3g") {
      if (row.msisdn == "none") ++registrable_without_number;
      row.aud3g = "MILENAGE," + value.substr(9, 33) + "OPC" + value.substr(45) + ",5";
      row.sequence = 0;
      return good("OK");
    }
    if (field == "aud2g") {
      if (row.aud2g == "none") return error("Update aud2g failed.");
      row.aud2g = "none";
      return good("OK");
    }
    if (field == "msisdn") {
      for (const auto& [other, its] : rows) {
        if (value != "none" && other != imsi && its.msisdn == value) {
          return error("Update MSISDN failed");
        }
      }
      row.msisdn = value;
    }
    if (field == "cs-enabled") row.cs = value == "1";
    if (field == "ps-enabled") row.ps = value == "1";
    return good("OK");
  }
  std::map<std::string, Row> rows;
  bool refuse = false;
  int commands = 0;
  int registrable_without_number = 0;
};

struct RemoteRig : HlrRig, hlr::RemoteEvents {
  RemoteRig() { start(); }
  void start() {
    storage.crash();
    directory = std::make_unique<hlr::RemoteDirectory>(
        hlr::RemoteSettings{},
        hlr::RemoteDirectory::Parts{storage.remote_directory(), fleet, audit, keys, *this});
  }
  void on_confirmed(const Imsi& imsi, Instant) override { confirmed.emplace_back(imsi.text()); }
  // Commits, sends what there is to send, brings the answers back.
  void turn(SeededRandom* faults = nullptr) {
    commit();
    for (;;) {
      auto line = directory->poll_transmit(now());
      REQUIRE(line.has_value());
      if (!*line) break;
      const bool lost = faults != nullptr && faults->one_in(10);
      if (lost) continue;
      const std::string answer = osmo.answer(text_of((*line)->view()));
      if (faults != nullptr && faults->one_in(10)) continue;  // done, but the answer is lost
      REQUIRE(directory->on_line(answer, now()).has_value());
      if (faults != nullptr && faults->one_in(30)) return;
      commit();
    }
  }
  void pass(Duration time) {
    clock += time.ms;
    REQUIRE(directory->on_time(Instant{clock}).has_value());
  }
  void sell(uint64_t number, const hlr::SubscriberKeys& with, bool hotline = true) {
    REQUIRE(
        directory
            ->create({imsi_of(number), iccid_of(number), msisdn_of(number), with, hotline}, by())
            .has_value());
  }
  FakeOsmoHlr::Row& row(uint64_t number) {
    const auto place = osmo.rows.find(std::string(imsi_of(number).text()));
    REQUIRE(place != osmo.rows.end());
    return place->second;
  }
  std::string aud3g_of(const hlr::SubscriberKeys& keys_of) {
    std::array<char, 32> ki, opc;
    return "MILENAGE," + std::string(write_hex(keys_of.ki.view(), ki)) + ",OPC," +
           std::string(write_hex(keys_of.opc.view(), opc)) + ",5";
  }

  FakeOsmoHlr osmo;
  std::unique_ptr<hlr::RemoteDirectory> directory;
  std::vector<std::string> confirmed;
};

}  // namespace

TEST_CASE("D5: a sold chip is made in osmo-hlr: keys, number, no packet service yet") {
  RemoteRig rig;
  const auto keys = rig.make_keys();
  rig.sell(1, keys);
  CHECK(*rig.directory->behind(imsi_of(1)));
  rig.turn();
  CHECK(rig.osmo.commands == 0);  // not connected
  rig.directory->on_connected(rig.now());
  rig.turn();
  CHECK(rig.row(1).aud3g == rig.aud3g_of(keys));
  CHECK(rig.row(1).msisdn == msisdn_of(1).text());
  CHECK(rig.row(1).cs);
  CHECK(!rig.row(1).ps);
  CHECK(!*rig.directory->behind(imsi_of(1)));
  CHECK(rig.osmo.registrable_without_number == 0);  // such a chip's REQUEST goes nowhere
  CHECK(rig.confirmed == std::vector{std::string(imsi_of(1).text())});
  CHECK(!rig.directory->can_hotline());

  const auto second = rig.make_keys(hlr::Algorithm::milenage, 1);
  REQUIRE(rig.directory->replace_keys(imsi_of(1), second, rig.by()).has_value());
  REQUIRE(rig.directory->set_hotline(imsi_of(1), false, rig.by()).has_value());
  rig.turn();
  CHECK(rig.row(1).aud3g == rig.aud3g_of(second));
  CHECK(rig.row(1).ps);
  // Re-keying a customer in service takes nothing away.
  REQUIRE(rig.directory->set_hotline(imsi_of(1), true, rig.by()).has_value());
  rig.turn();
  CHECK(rig.row(1).ps);
  REQUIRE(rig.directory->fence(imsi_of(1), rig.by()).has_value());
  rig.turn();
  CHECK(!rig.row(1).cs);
  CHECK(!rig.row(1).ps);
  REQUIRE(rig.directory->remove(imsi_of(1), rig.by()).has_value());
  REQUIRE(rig.directory->remove(imsi_of(1), rig.by()).has_value());
  rig.turn();
  CHECK(rig.osmo.rows.empty());
  CHECK(!*rig.directory->behind(imsi_of(1)));
  CHECK(!rig.storage.remote_directory().load(imsi_of(1))->has_value());
}

TEST_CASE("I2: keys that are there already are not written again: it would set SQN back") {
  RemoteRig rig;
  rig.sell(1, rig.make_keys());
  rig.directory->on_connected(rig.now());
  rig.turn();
  rig.row(1).sequence = 161;
  REQUIRE(rig.directory->set_hotline(imsi_of(1), false, rig.by()).has_value());
  rig.turn();
  CHECK(rig.row(1).sequence == 161);
  CHECK(rig.row(1).ps);
}

TEST_CASE("the 2G key of another program is taken out") {
  RemoteRig rig;
  rig.sell(1, rig.make_keys());
  rig.osmo.rows[std::string(imsi_of(1).text())].aud2g = "COMP128v1,00";
  rig.directory->on_connected(rig.now());
  rig.turn();
  CHECK(rig.row(1).aud2g == "none");
}

TEST_CASE("what the directory does not take") {
  RemoteRig rig;
  CHECK(rig.directory
            ->create({imsi_of(1), {}, msisdn_of(1), rig.make_keys(hlr::Algorithm::tuak), true},
                     rig.by())
            .error()
            .code == ErrorCode::not_allowed);
  const auto keys = rig.make_keys(hlr::Algorithm::milenage, 2);
  rig.sell(1, keys);
  CHECK(rig.directory->create({imsi_of(1), {}, {}, keys, true}, rig.by()).error().code ==
        ErrorCode::already_exists);
  CHECK(rig.directory->replace_keys(imsi_of(1), keys, rig.by()).has_value());  // no change
  CHECK(
      rig.directory->replace_keys(imsi_of(1), rig.make_keys(hlr::Algorithm::milenage, 2), rig.by())
          .error()
          .code == ErrorCode::replayed);
  CHECK(
      rig.directory->replace_keys(imsi_of(1), rig.make_keys(hlr::Algorithm::milenage, 1), rig.by())
          .error()
          .code == ErrorCode::replayed);
  CHECK(rig.directory->set_hotline(imsi_of(9), true, rig.by()).error().code ==
        ErrorCode::not_found);
  CHECK(rig.directory->cancel_location(imsi_of(1), rig.by()).has_value());
}

TEST_CASE("refusals are repeated with growing waits, and raise an alarm after some time") {
  RemoteRig rig;
  rig.osmo.refuse = true;
  rig.sell(1, rig.make_keys());
  rig.directory->on_connected(rig.now());
  rig.turn();
  CHECK(rig.osmo.commands == 1);
  rig.turn();
  CHECK(rig.osmo.commands == 1);  // not at once
  for (int i = 0; i < 20; ++i) {
    CHECK(rig.directory->next_deadline() < Instant::never());
    rig.pass(rig.directory->next_deadline() - Instant{rig.clock});
    rig.turn();
  }
  CHECK(rig.osmo.commands == 21);
  const auto alarms = *rig.storage.fleet().alarms(true, UINT64_MAX, 9);
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].kind == fleet::AlarmKind::directory_stuck);
  rig.osmo.refuse = false;
  rig.pass(minutes(3));
  rig.turn();
  CHECK(!*rig.directory->behind(imsi_of(1)));
  CHECK(rig.directory->next_deadline() == Instant::never());
}

TEST_CASE("an MSISDN that moves from one chip to another finds its way") {
  RemoteRig rig;
  rig.directory->on_connected(rig.now());
  rig.sell(2, rig.make_keys());
  rig.turn();
  // The number goes to chip 1, whose row comes first; chip 2 gets another.
  REQUIRE(rig.directory->set_msisdn(imsi_of(2), msisdn_of(77), rig.by()).has_value());
  REQUIRE(rig.directory
              ->create({imsi_of(1), iccid_of(1), msisdn_of(2), rig.make_keys(), true}, rig.by())
              .has_value());
  for (int i = 0; i < 5; ++i) {
    rig.turn();
    rig.pass(seconds(2));
  }
  CHECK(rig.row(1).msisdn == msisdn_of(2).text());
  CHECK(rig.row(2).msisdn == msisdn_of(77).text());
}

TEST_CASE("a silent osmo-hlr, and answers that make no sense") {
  RemoteRig rig;
  rig.sell(1, rig.make_keys());
  rig.directory->on_connected(rig.now());
  rig.commit();
  REQUIRE(rig.directory->poll_transmit(rig.now())->has_value());
  CHECK(!rig.directory->poll_transmit(rig.now())->has_value());
  for (const char* line : {"", "ERROR", "ERROR err Invalid message ID number", "GET_REPLY 77 x y",
                           "TRAP 0 something", "SET_REPLY", "GET_REPLY 99999999999999999999 x"}) {
    CHECK(rig.directory->on_line(line, rig.now()).has_value());
  }
  rig.pass(seconds(6));
  CHECK(rig.directory->figures().timeouts == 1);
  rig.pass(seconds(2));
  CHECK(rig.directory->poll_transmit(rig.now())->has_value());
}

TEST_CASE(
    "L4: through lost commands, lost answers, crashes and changes, osmo-hlr ends up as wanted") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    RemoteRig rig;
    SeededRandom random(seed);
    constexpr uint64_t chips = 30;  // more than the window
    rig.directory->on_connected(rig.now());
    for (int step = 0; step < 300; ++step) {
      const uint64_t number = random.below(chips);
      const auto known = *rig.storage.remote_directory().load(imsi_of(number));
      const bool present = known && known->present;
      switch (random.below(8)) {
        case 0:
          if (!present) rig.sell(number, rig.make_keys(), random.one_in(2));
          break;
        case 1:
          if (present) {
            REQUIRE(
                rig.directory
                    ->replace_keys(imsi_of(number),
                                   rig.make_keys(hlr::Algorithm::milenage, known->wanted.epoch + 1),
                                   rig.by())
                    .has_value());
          }
          break;
        case 2:
          if (present) {
            REQUIRE(rig.directory->set_hotline(imsi_of(number), random.one_in(2), rig.by())
                        .has_value());
          }
          break;
        case 3:
          if (random.one_in(3)) {
            REQUIRE(rig.directory->remove(imsi_of(number), rig.by()).has_value());
          }
          break;
        case 4:
          rig.directory->on_disconnected(rig.now());
          rig.directory->on_connected(rig.now());
          break;
        case 5:
          if (random.one_in(3)) {
            rig.start();
            rig.directory->on_connected(rig.now());
          }
          break;
        case 6:
          if (random.one_in(10)) rig.osmo.rows.erase(std::string(imsi_of(number).text()));
          rig.pass(seconds(static_cast<int64_t>(random.below(10))));
          break;
        default: rig.turn(&random);
      }
    }
    for (int i = 0; i < 50; ++i) {
      rig.turn();
      rig.pass(minutes(2));
    }
    CHECK(rig.storage.remote_directory().unconfirmed({}, 100)->empty());
    for (uint64_t number = 0; number < chips; ++number) {
      const auto wanted = *rig.storage.remote_directory().load(imsi_of(number));
      const auto found = rig.osmo.rows.find(std::string(imsi_of(number).text()));
      if (!wanted) {
        CHECK(found == rig.osmo.rows.end());
        continue;
      }
      if (found == rig.osmo.rows.end()) continue;  // taken away behind our back, after its time
      CHECK(found->second.aud3g == rig.aud3g_of(*open_keys(rig.keys, wanted->wanted)));
      CHECK(found->second.msisdn == wanted->wanted.msisdn.text());
      CHECK(found->second.ps == !(wanted->wanted.hotline && wanted->wanted.epoch == 0));
    }
    CHECK(!rig.audit.verify()->fault);
  }
}
