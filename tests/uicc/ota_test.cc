#include <doctest/doctest.h>

#include "formats/secured_packet/response_packet.h"
#include "formats/toolkit/envelope.h"
#include "formats/toolkit/terminal_response.h"
#include "phone_rig.h"
#include "uicc/nv_keys.h"
#include "uicc/remote.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using secured_packet::Tar;
using test::Bytes;
using test::TestCard;

namespace {

// A command packet put together by hand (TS 102 225 5.1), so that it can be anything: protection
// as the SPI says, or a fault.
struct RawPacket {
  uint8_t spi1 = 0x16;  // counter higher, ciphered, CC
  uint8_t spi2 = 0x39;  // response always, with CC, ciphered, by SUBMIT
  uint8_t kic = 0x12;   // AES, key set 1
  uint8_t kid = 0x12;
  Tar tar = uicc::tar_rfm_shared;
  uint64_t counter = 1;
  Bytes data = test::from_hex("00a40004023f00");
  enum class Fault : uint8_t { none, mac, padding } fault = Fault::none;

  Bytes bytes(const OtaKeys& keys) const {
    const bool ciphered = (spi1 & 0x04) != 0;
    const uint8_t integrity = spi1 & 0x03;
    const size_t check = integrity == 0 ? 0 : integrity == 1 ? 4 : 8;
    size_t padding = ciphered ? (16 - (5 + 1 + check + data.size()) % 16) % 16 : 0;
    Bytes out(2 + 1 + 2 + 2 + 3 + 5 + 1 + check + data.size() + padding);
    Writer writer(out);
    writer.u16(static_cast<uint16_t>(out.size() - 2)).u8(static_cast<uint8_t>(13 + check));
    writer.u8(spi1).u8(spi2).u8(kic).u8(kid).bytes(tar).u40(counter);
    writer.u8(static_cast<uint8_t>(fault == Fault::padding ? 0xff : padding));
    const size_t check_offset = writer.size();
    writer.fill(0, check).bytes(data).fill(0, padding);
    if (check == 8) {
      const ByteView all(out);
      const auto mac = *crypto::aes_cmac(
          keys.kid.view(), {all.first(check_offset), all.subspan(check_offset + check)});
      std::copy(mac.begin(), mac.begin() + 8, out.begin() + static_cast<ptrdiff_t>(check_offset));
    }
    if (fault == Fault::mac && check > 0) out[check_offset] ^= 1;
    if (ciphered && (out.size() - 10) % 16 == 0) {
      const MutableByteView part = MutableByteView(out).subspan(10);
      REQUIRE(crypto::aes_cbc_encrypt(keys.kic.view(), {}, part, part).has_value());
    }
    return out;
  }
};

// A pre-personalised chip in a terminal that has shown its profile and is quiet.
struct Target {
  explicit Target(uint64_t k1_seed = 99) {
    auto data = test::test_pre_personalisation();
    test::SeededRandom random(k1_seed);
    random.fill(data.k1.fill(32));
    card.pre_personalise(data);
    epoch = test::initial_epoch_of(data);
    keys = derive_ota_keys(epoch.secret, Direction::to_chip);
    // All that a terminal can do; the chip's SET UP EVENT LIST is fetched and answered.
    REQUIRE(card.send("8010000008 ffffffffffffffff").starts_with("91"));
    const std::string command = card.send("8012000000");
    REQUIRE(command.find("810301") != std::string::npos);
    REQUIRE(card.send("801400000c 810301050082028281 830100") == "9000");
  }
  std::string deliver(const Bytes& packet) {
    std::string answer;
    const auto kind = sms::PayloadKind::command_packet;
    const size_t parts = *sms::part_count(packet.size(), kind);
    for (size_t i = 0; i < parts; ++i) {
      uint8_t user_data[sms::user_data_octets_max];
      const auto part = *sms::write_part(packet, kind, 7, i, user_data);
      answer = deliver_part(part.user_data);
    }
    return answer;
  }
  std::string deliver_part(ByteView user_data) {
    sms::Deliver message;
    message.has_user_data_header = true;
    message.originator = sms::Address::of_msisdn(*Msisdn::parse("491710000001"));
    message.protocol_identifier = sms::pid_sim_data_download;
    message.data_coding = sms::dcs_octets_class_2;
    message.user_data = *sms::octet_user_data(user_data);
    uint8_t tpdu[sms::tpdu_octets_max];
    toolkit::SmsPpDownload download;
    download.tpdu = *write_deliver(message, tpdu);
    uint8_t body[toolkit::envelope_octets_max];
    const ByteView envelope = *write_envelope(download, body);
    Bytes apdu = {0x80, 0xc2, 0x00, 0x00, static_cast<uint8_t>(envelope.size())};
    apdu.insert(apdu.end(), envelope.begin(), envelope.end());
    return card.send(ByteView(apdu));
  }
  // The response packet in the answer to ENVELOPE, or in the SMS-SUBMIT that the chip sends.
  std::string response(const std::string& answer) {
    std::string user_data;
    if (answer.starts_with("61")) {
      user_data = card.send("00c00000" + answer.substr(2));
      user_data.resize(user_data.size() - 4);
    } else if (answer.starts_with("91")) {
      const auto fetched = test::from_hex(card.send("80120000" + answer.substr(2)));
      const auto command =
          toolkit::parse_proactive_command(ByteView(fetched).first(fetched.size() - 2));
      REQUIRE(command.has_value());
      const auto* send = std::get_if<toolkit::SendShortMessage>(&command->body);
      REQUIRE(send != nullptr);
      user_data = test::to_hex(sms::parse_submit(send->tpdu)->user_data.octets);
      toolkit::TerminalResponse done;
      done.command = details_of(*command);
      uint8_t body[64];
      const ByteView written = *write_terminal_response(done, body);
      Bytes apdu = {0x80, 0x14, 0x00, 0x00, static_cast<uint8_t>(written.size())};
      apdu.insert(apdu.end(), written.begin(), written.end());
      REQUIRE(card.send(ByteView(apdu)) == "9000");
    }
    return user_data;
  }
  // What a response says: status and data; "?" when it does not verify.
  std::string opened(const std::string& user_data, const RawPacket& command) {
    if (user_data.empty()) return "silence";
    CHECK(user_data.starts_with("027100"));
    auto bytes = test::from_hex(user_data.substr(6));
    const auto header = secured_packet::parse_response_header(bytes);
    REQUIRE(header.has_value());
    const auto spi = secured_packet::Spi::of_octets(command.spi1, command.spi2);
    const auto response = verify_and_decrypt(*header, {spi.response, {command.kic}, {command.kid}},
                                             {keys.kic.view(), keys.kid.view()});
    if (!response.has_value()) return "?";
    CHECK(response->authenticated);
    CHECK(response->counter == command.counter);
    const ByteArray<1> status = {static_cast<uint8_t>(response->status)};
    return test::to_hex(status) + " " + test::to_hex(response->data);
  }
  std::string send(const RawPacket& command) {
    return opened(response(deliver(command.bytes(keys))), command);
  }

  TestCard card;
  Epoch epoch;
  OtaKeys keys;
};

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
  command.tar = {0xb2, 0x01, 0x00};
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
