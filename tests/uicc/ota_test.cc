#include <doctest/doctest.h>

#include "ota_rig.h"
#include "uicc/nv_keys.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using secured_packet::Tar;
using test::Bytes;
using test::RawPacket;
using test::Target;
using test::TestCard;

namespace {

constexpr uint64_t leap = counter_leap_max;

}  // namespace

TEST_CASE("a remote file command is executed and proved, by report or by SUBMIT") {
  Target target;
  RawPacket command;
  command.data = test::from_hex(
      "00a40004022fe2"
      "00b000000a");
  SUBCASE("by SMS-SUBMIT") {
    command.spi2 = 0x39;
  }
  SUBCASE("in the SMS-DELIVER-REPORT") {
    command.spi2 = 0x19;
  }
  CHECK(target.send(command) == "00 02900098881201000040031060");
  ++command.counter;
  command.data = test::from_hex(
      "00a40004026f46"
      "00b0000002");
  CHECK(target.send(command) == "00 016a82");  // not below the MF
  ++command.counter;
  command.tar = uicc::tar_rfm_usim;
  command.data = test::from_hex(
      "00a40004026f46"
      "00d6000003"
      "014142"
      "00b0000003");
  CHECK(target.send(command) == "00 039000014142");
  ++command.counter;
  command.data = test::from_hex(
      "00a40004026f07"
      "00d6000001"
      "08"
      "00a20104020809");
  CHECK(target.send(command) == "00 036981");
  ++command.counter;
  command.data = test::from_hex(
      "00a40004026f39"
      "803200000300000a"
      "00c0000006");
  CHECK(target.send(command) == "00 03900000000a00000a");
  ++command.counter;
  command.data = test::from_hex(
      "0020000108"
      "30303030ffffffff");  // no PIN commands from afar
  CHECK(target.send(command) == "00 016d00");
  ++command.counter;
  command.data = test::from_hex("00a400");  // cut off
  CHECK(target.send(command) == "00 016700");
  ++command.counter;
  command.tar = {0xb2, 0x02, 0x00};
  CHECK(target.send(command) == "09 ");  // TAR unknown, said to who has the keys
  ++command.counter;
  command.tar = uicc::tar_rfm_shared;
  command.spi2 = 0x00;
  CHECK(target.send(command) == "silence");  // no response wanted
}

TEST_CASE(
    "T-CTR-EXHAUST: a leap to the end is answered 'high', changes nothing, and the next is good") {
  Target target;
  RawPacket command;
  command.counter = 5;
  CHECK(target.send(command).starts_with("00 "));
  command.counter = (1ull << 40) - 1;
  CHECK(target.send(command) == "03 ");
  command.counter = 5 + leap + 1;
  CHECK(target.send(command) == "03 ");
  command.counter = 5;
  CHECK(target.send(command) == "silence");  // a repetition
  command.counter = 4;
  CHECK(target.send(command) == "silence");
  command.counter = 6;
  CHECK(target.send(command).starts_with("00 "));
  target.card.reset();
  command.counter = 6;
  REQUIRE(target.card.send("8010000008 ffffffffffffffff").starts_with("91"));
  CHECK(target.deliver(command.bytes(target.keys)).starts_with("91"));  // the event list, no more
  CHECK(target.card.send("8012000000").find("8103") != std::string::npos);
}

TEST_CASE(
    "T-POR-ORACLE: whatever does not verify is met with the same silence, whatever the keys") {
  using Fault = RawPacket::Fault;
  Target one(1);
  Target other(2);
  // Packets that verify for one chip are never sent to it here; counters stay at 0.
  struct Kind {
    const char* name;
    Fault fault;
    uint8_t kic, kid;
    Tar tar;
    bool full;  // every SPI octet, not only the bits that mean something
  };
  const Kind kinds[] = {
      {"bad MAC", Fault::mac, 0x12, 0x12, uicc::tar_rfm_shared, true},
      {"bad padding", Fault::padding, 0x12, 0x12, uicc::tar_rfm_shared, false},
      {"unknown TAR", Fault::mac, 0x12, 0x12, {1, 2, 3}, false},
      {"unknown key set", Fault::none, 0x72, 0x72, uicc::tar_rfm_shared, false},
      {"keys of two sets", Fault::none, 0x12, 0x22, uicc::tar_rfm_shared, false},
      {"DES", Fault::none, 0x11, 0x11, uicc::tar_rfm_shared, false},
      {"3DES", Fault::none, 0x15, 0x15, uicc::tar_rfm_shared, false},
      {"implicit keys", Fault::none, 0x00, 0x00, uicc::tar_rfm_shared, false},
  };
  const uint64_t written = one.card.nv.granules_written();
  for (const Kind& kind : kinds) {
    uint64_t answers = 0;
    for (unsigned spi1 = 0; spi1 < 256; ++spi1) {
      if (!kind.full && spi1 >= 32) break;
      for (unsigned spi2 = 0; spi2 < (kind.full ? 256u : 64u); ++spi2) {
        RawPacket command;
        command.spi1 = static_cast<uint8_t>(spi1);
        command.spi2 = static_cast<uint8_t>(spi2);
        command.kic = kind.kic;
        command.kid = kind.kid;
        command.tar = kind.tar;
        command.fault = kind.fault;
        const Bytes packet = command.bytes(one.keys);
        if (one.deliver(packet) != "9000") ++answers;
        if (other.deliver(packet) != "9000") ++answers;
      }
    }
    CAPTURE(kind.name);
    CHECK(answers == 0);
  }
  CHECK(one.card.nv.granules_written() == written);  // I8: nothing durable either
  // The negative control: the same packet without the fault is answered.
  RawPacket good;
  CHECK(one.send(good).starts_with("00 "));
  CHECK(other.deliver(good.bytes(one.keys)) == "9000");
}

TEST_CASE("T-MSL: no application executes anything below MAC, counter and cipher") {
  const Tar tars[] = {uicc::tar_rfm_shared, uicc::tar_rfm_usim, uicc::tar_rfm_usim_other,
                      short_message_tar};
  for (const Tar& tar : tars) {
    Target target;
    const uint64_t written = target.card.nv.granules_written();
    uint64_t counter = 1;
    uint64_t answered = 0;
    for (unsigned spi1 = 0; spi1 < 32; ++spi1) {
      const bool full = (spi1 & 0x13) == 0x12 && (spi1 & 0x04) != 0;  // counter, CC, cipher
      if (full) continue;
      constexpr uint8_t response_octets[] = {0x00, 0x01, 0x21, 0x19, 0x39};
      for (const uint8_t spi2 : response_octets) {
        RawPacket command;
        command.spi1 = static_cast<uint8_t>(spi1);
        command.spi2 = spi2;
        command.tar = tar;
        command.counter = counter++;
        // Would change a file: every octet right, only the protection is too low.
        command.data = test::from_hex(
            "00a40004022f05"
            "00d6000001"
            "41");
        if (target.deliver(command.bytes(target.keys)) != "9000") ++answered;
      }
    }
    CHECK(answered == 0);
    CHECK(target.card.nv.granules_written() == written);
  }
}

TEST_CASE("long packets are put together from parts in any order, doubled, among junk") {
  Target target;
  RawPacket command;
  command.tar = uicc::tar_rfm_usim;
  command.data = test::from_hex("00a40004026f3c");
  for (const uint8_t i : {uint8_t{1}, uint8_t{2}}) {
    Bytes update = {0x00, 0xdc, i, 0x04, 176};
    update.resize(update.size() + 176, i);
    command.data.insert(command.data.end(), update.begin(), update.end());
  }
  const Bytes packet = command.bytes(target.keys);
  const auto kind = sms::PayloadKind::command_packet;
  REQUIRE(*sms::part_count(packet.size(), kind) == 3);
  const auto part = [&](size_t index) {
    uint8_t user_data[sms::user_data_octets_max];
    const auto written = *sms::write_part(packet, kind, 9, index, user_data);
    return Bytes(written.user_data.begin(), written.user_data.end());
  };
  CHECK(target.deliver_part(part(2)) == "9000");
  CHECK(target.deliver_part(part(0)) == "9000");
  CHECK(target.deliver_part(part(0)) == "9000");
  for (uint8_t junk = 20; junk < 22; ++junk) {  // parts that never become whole
    const Bytes other = {0x07, 0x00, 0x03, junk, 0x02, 0x01, 0x70, 0x00, 1, 2, 3};
    CHECK(target.deliver_part(other) == "9000");
  }
  const std::string answer = target.deliver_part(part(1));
  CHECK(target.opened(target.response(answer), command) == "00 039000");
}

TEST_CASE("I2: the counter is stored before the packet acts, whenever the power goes") {
  Target start;
  RawPacket command;
  command.tar = uicc::tar_rfm_usim;
  command.data = test::from_hex(
      "00a40004026f46"
      "00d6000003"
      "014142");
  const Bytes packet = command.bytes(start.keys);
  const auto changed = [](TestCard& card) {
    card.select_usim();
    CHECK(card.send("00a4000c026f46") == "9000");
    return card.send("00b0000003") == "0141429000";
  };
  uint64_t cuts = 0;
  for (const uicc::Cut how : uicc::every_cut) {
    for (uint64_t n = 0;; ++n) {
      Target target;
      target.card.nv.cut_at(n, how);
      if (target.deliver(packet) != "-") break;
      ++cuts;
      target.card.nv.power_on();
      target.card.reset();
      uicc::NvStore store(target.card.memory, test::test_seal_key);
      REQUIRE(store.mount().has_value());
      const bool counted = store.contains(uicc::nv_key::counters_in);
      if (changed(target.card)) CHECK(counted);
      // A repetition acts only if the first one did not count, and then exactly once.
      target.card.reset();
      (void)target.deliver(packet);
      if (!counted) CHECK(changed(target.card));
    }
  }
  CHECK(cuts >= 40);
}
