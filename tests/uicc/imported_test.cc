// Chips that another maker has made (G8): given keys, other TARs, no HTTP agent.
#include "uicc/imported.h"

#include <doctest/doctest.h>

#include "agent_rig.h"

using namespace simurgh;
using test::Bytes;
using test::from_hex;
using test::RawPacket;

namespace {

uicc::ImportedChip foreign(uicc::ChipKind kind) {
  uicc::ImportedChip chip;
  chip.kind = kind;
  test::SeededRandom random(17);
  for (const uint8_t set : {uint8_t{2}, uint8_t{3}}) {
    uicc::GivenKeys keys;
    keys.key_set = set;
    random.fill(keys.kic.fill(16));
    random.fill(keys.kid.fill(set == 2 ? 16 : 32));
    chip.keys.push_back(keys);
  }
  chip.tars.push_back({{0xb0, 0x00, 0x10}, uicc::Target::shared_files});
  return chip;
}

struct ForeignChip {
  explicit ForeignChip(uicc::ChipKind kind) : maker(foreign(kind)) {
    auto data = test::test_pre_personalisation();
    data.imported = maker;
    data.centre_number = {};  // the security centre is not for it
    card.pre_personalise(data);
  }
  // A packet under a given key set; the response's status and data, "silence", or the answer.
  std::string send(size_t set, const secured_packet::Tar& tar, std::string_view script,
                   uint64_t counter, std::string_view cla = "80") {
    RawPacket raw;
    raw.spi2 = 0x19;
    raw.kic = raw.kid = static_cast<uint8_t>(maker.keys[set].key_set << 4 | 2);
    raw.tar = tar;
    raw.counter = counter;
    raw.data = from_hex(script);
    const Bytes packet = seal(raw, maker.keys[set]);
    const auto kind = sms::PayloadKind::command_packet;
    REQUIRE(*sms::part_count(packet.size(), kind) == 1);
    uint8_t user_data[sms::user_data_octets_max];
    const auto part = *sms::write_part(packet, kind, 1, 0, user_data);
    sms::Deliver message;
    message.has_user_data_header = true;
    message.originator = sms::Address::of_msisdn(*Msisdn::parse("491710000001"));
    message.protocol_identifier = sms::pid_sim_data_download;
    message.data_coding = sms::dcs_octets_class_2;
    message.user_data = *sms::octet_user_data(part.user_data);
    uint8_t tpdu[sms::tpdu_octets_max];
    toolkit::SmsPpDownload download;
    download.tpdu = *write_deliver(message, tpdu);
    uint8_t body[toolkit::envelope_octets_max];
    const ByteView envelope = *write_envelope(download, body);
    Bytes apdu = from_hex(cla);
    apdu.insert(apdu.end(), {0xc2, 0x00, 0x00, static_cast<uint8_t>(envelope.size())});
    apdu.insert(apdu.end(), envelope.begin(), envelope.end());
    const std::string answer = card.get(test::to_hex(apdu));
    if (!answer.starts_with("027100")) return answer == "9000" ? "silence" : answer;
    auto bytes = from_hex(answer.substr(6, answer.size() - 10));
    const auto header = secured_packet::parse_response_header(bytes);
    REQUIRE(header.has_value());
    const auto spi = secured_packet::Spi::of_octets(raw.spi1, raw.spi2);
    const auto response =
        verify_and_decrypt(*header, {spi.response, {raw.kic}, {raw.kid}},
                           {maker.keys[set].kic.view(), maker.keys[set].kid.view()});
    REQUIRE(response.has_value());
    CHECK(response->authenticated);
    const ByteArray<1> status = {static_cast<uint8_t>(response->status)};
    return test::to_hex(status) + " " + test::to_hex(response->data);
  }
  static Bytes seal(const RawPacket& raw, const uicc::GivenKeys& keys) {
    secured_packet::CommandFields fields;
    fields.spi = secured_packet::Spi::of_octets(raw.spi1, raw.spi2);
    fields.kic = {raw.kic};
    fields.kid = {raw.kid};
    fields.tar = raw.tar;
    fields.counter = raw.counter;
    Bytes room(600);
    const auto packet = write_command(fields, {keys.kic.view(), keys.kid.view()}, raw.data, room);
    REQUIRE(packet.has_value());
    return Bytes(packet->begin(), packet->end());
  }
  uicc::ImportedChip maker;
  test::SeededRandom random{3};
  network::PlainChannels channels{random};
  test::TestCard card{4, &channels};
};

}  // namespace

TEST_CASE("G8: an imported USIM takes scripts under the key sets it came with, and proves them") {
  ForeignChip chip(uicc::ChipKind::usim);
  CHECK(chip.send(0, {0xb0, 0x00, 0x10}, "00a40004022fe2 00b000000a", 1) ==
        "00 02900098881201000040031060");
  CHECK(chip.send(1, uicc::tar_rfm_usim, "00a40004026f46 00b0000001", 1) == "00 02900001");
  CHECK(chip.send(0, {0xb0, 0x00, 0x10}, "00a40004022fe2", 1) == "silence");  // a repetition
  CHECK(chip.send(1, uicc::tar_rfm_usim, "00a40004022fe2", 1) == "silence");  // counters by set
  chip.card.reset();
  CHECK(chip.send(0, {0xb0, 0x00, 0x10}, "00a40004022fe2", 1) == "silence");
  CHECK(chip.send(0, uicc::tar_ram, "80cadf1f00", 2) == "00 019000df1f0400000001");
  CHECK(chip.send(0, {0xb0, 0x00, 0x20}, "00a40004022fe2", 3) == "09 ");
  // Keys that our own derivation would give it open nothing.
  auto data = test::test_pre_personalisation();
  const auto own =
      derive_ota_keys(test::initial_epoch_of(data).secret, personalisation::Direction::to_chip);
  chip.maker.keys[0].kic.assign(own.kic.view());
  chip.maker.keys[0].kid.assign(own.kid.view());
  chip.maker.keys[0].key_set = 1;
  CHECK(chip.send(0, uicc::tar_rfm_usim, "00a40004026f46", 9) == "silence");
  // It has no HTTP agent: a terminal with channels is not asked for events.
  CHECK(chip.card.send("8010000014 ffffffffffffffffffffffffffffffffffffffff") == "9000");
}

TEST_CASE("G8: a SIM and a RUIM know class A0 only, from terminals and in scripts") {
  for (const auto kind : {uicc::ChipKind::sim, uicc::ChipKind::ruim}) {
    ForeignChip chip(kind);
    CHECK(chip.card.send("00a4000c022fe2") == "6e00");
    CHECK(chip.card.get("a0a40000022fe2").ends_with("9000"));
    CHECK(chip.send(0, {0xb0, 0x00, 0x10}, "a0a40000023f00 a0a40000022fe2 a0b000000a", 1, "a0") ==
          "00 03900098881201000040031060");
    CHECK(chip.send(0, {0xb0, 0x00, 0x10}, "a0a4000002 2fff", 2, "a0") == "00 019404");
  }
}

TEST_CASE("G8: every kind of chip reads back as it was written, and nothing else is one") {
  for (uint8_t kind = 1; kind <= 6; ++kind) {
    const auto chip = foreign(static_cast<uicc::ChipKind>(kind));
    uint8_t room[uicc::imported_octets_max];
    const auto written = uicc::write_imported(chip, room);
    REQUIRE(written.has_value());
    const auto read = uicc::parse_imported(*written);
    REQUIRE(read.has_value());
    CHECK(read->kind == chip.kind);
    CHECK(read->keys.size() == 2);
    CHECK(equal(read->keys[1].kid.view(), chip.keys[1].kid.view()));
    CHECK(read->tars[0].target == uicc::Target::shared_files);
    for (size_t size = 0; size < written->size(); ++size) {
      const auto cut = uicc::parse_imported(written->first(size));
      // Whole objects may be missing at the end; nothing else.
      if (cut.has_value()) CHECK(cut->keys.size() + cut->tars.size() < 3);
    }
  }
  const char* wrong[] = {
      "800107",      // no such kind
      "800103",      // no keys
      "a105800101",  // half a key set
      "800103 a127 800100 8110 00000000000000000000000000000000 8210 "
      "00000000000000000000000000000000",  // key set 0
      "800103 990101",                     // an unknown object
      "800103 8304b0000004",               // the personalisation applet is not for it
  };
  for (const char* hex : wrong) {
    CAPTURE(hex);
    CHECK_FALSE(uicc::parse_imported(from_hex(hex)).has_value());
  }
}
