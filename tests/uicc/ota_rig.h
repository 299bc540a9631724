// A pre-personalised chip and secured packets for it that can be anything.
#pragma once

#include "formats/secured_packet/response_packet.h"
#include "formats/toolkit/envelope.h"
#include "formats/toolkit/terminal_response.h"
#include "phone_rig.h"
#include "uicc/remote.h"

namespace simurgh::test {

using namespace personalisation;
using secured_packet::Tar;

// A command packet put together by hand (TS 102 225 5.1), so that it can be anything: protection
// as the SPI says, or a fault.
struct RawPacket {
  uint8_t spi1 = 0x16;  // counter higher, ciphered, CC
  uint8_t spi2 = 0x39;  // response always, with CC, ciphered, by SUBMIT
  uint8_t kic = 0x12;   // AES, key set 1
  uint8_t kid = 0x12;
  Tar tar = uicc::tar_rfm_shared;
  uint64_t counter = 1;
  Bytes data = from_hex("00a40004023f00");
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
    auto data = test_pre_personalisation();
    SeededRandom random(k1_seed);
    random.fill(data.k1.fill(32));
    card.pre_personalise(data);
    epoch = initial_epoch_of(data);
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
      user_data = submitted(answer);
    }
    return user_data;
  }
  // What the chip sends by SMS-SUBMIT, one part or several, put together.
  std::string submitted(std::string waiting) {
    std::string whole = "027100";
    while (waiting.starts_with("91")) {
      const auto fetched = from_hex(card.send("80120000" + waiting.substr(2)));
      const auto command =
          toolkit::parse_proactive_command(ByteView(fetched).first(fetched.size() - 2));
      REQUIRE(command.has_value());
      const auto* send = std::get_if<toolkit::SendShortMessage>(&command->body);
      REQUIRE(send != nullptr);
      const auto submit = sms::parse_submit(send->tpdu);
      REQUIRE(submit.has_value());
      const ByteView octets = submit->user_data.octets;
      const auto header = sms::parse_user_data_header(octets);
      REQUIRE(header.has_value());
      whole += to_hex(octets.subspan(header->octets));
      toolkit::TerminalResponse done;
      done.command = details_of(*command);
      uint8_t body[64];
      const ByteView written = *write_terminal_response(done, body);
      Bytes apdu = {0x80, 0x14, 0x00, 0x00, static_cast<uint8_t>(written.size())};
      apdu.insert(apdu.end(), written.begin(), written.end());
      waiting = card.send(ByteView(apdu));
    }
    REQUIRE(waiting == "9000");
    return whole;
  }
  // What a response says: status and data; "?" when it does not verify.
  std::string opened(const std::string& user_data, const RawPacket& command) {
    if (user_data.empty()) return "silence";
    CHECK(user_data.starts_with("027100"));
    auto bytes = from_hex(user_data.substr(6));
    const auto header = secured_packet::parse_response_header(bytes);
    REQUIRE(header.has_value());
    const auto spi = secured_packet::Spi::of_octets(command.spi1, command.spi2);
    const auto response = verify_and_decrypt(*header, {spi.response, {command.kic}, {command.kid}},
                                             {keys.kic.view(), keys.kid.view()});
    if (!response.has_value()) return "?";
    CHECK(response->authenticated);
    CHECK(response->counter == command.counter);
    const ByteArray<1> status = {static_cast<uint8_t>(response->status)};
    return to_hex(status) + " " + to_hex(response->data);
  }
  std::string send(const RawPacket& command) {
    return opened(response(deliver(command.bytes(keys))), command);
  }

  TestCard card;
  Epoch epoch;
  OtaKeys keys;
};

}  // namespace simurgh::test
