// A chip on the bench: made, pre-personalised, and spoken to in hexadecimal.
#pragma once

#include <doctest/doctest.h>

#include <memory>

#include "conversations/personalisation/key_schedule.h"
#include "hex.h"
#include "test_random.h"
#include "uicc/card.h"
#include "uicc/chip_apdus.h"
#include "uicc/fault_nv.h"

namespace simurgh::test {

constexpr ByteArray<16> test_seal_key = {0x5e, 0xa1};

inline uicc::PrePersonalisation test_pre_personalisation() {
  uicc::PrePersonalisation data;
  data.chip.iccid = *Iccid::parse("89882110000004300106");
  data.chip.imsi = *Imsi::parse("262011106487504");
  data.chip.ver = {'V', 'E', 'R', '-', '0', '0', '0', '1'};
  SeededRandom random(99);
  random.fill(data.k1.fill(32));
  data.suites = {personalisation::Suite::x25519};
  ByteArray<32> server_key;
  random.fill(server_key);
  data.server_keys.ed25519.assign(server_key);  // nobody signs in these tests
  data.centre_number = *Msisdn::parse("491710000001");
  data.service_centre = *Msisdn::parse("491710760000");
  data.service_provider_name.assign(bytes_of("Simurgh"));
  return data;
}

// The blocks of a long command of the chip's own, as APDUs.
inline std::vector<Bytes> blocks_of(uint8_t ins, ByteView data) {
  std::vector<Bytes> out;
  for (size_t at = 0; at < data.size(); at += uicc::block_octets_max) {
    const size_t size = std::min(uicc::block_octets_max, data.size() - at);
    const bool last = at + size == data.size();
    Bytes apdu = {0x80, ins, last ? uicc::block_last : uint8_t{0}, static_cast<uint8_t>(out.size()),
                  static_cast<uint8_t>(size)};
    apdu.insert(apdu.end(), data.begin() + static_cast<ptrdiff_t>(at),
                data.begin() + static_cast<ptrdiff_t>(at + size));
    out.push_back(apdu);
  }
  return out;
}

class TestCard {
 public:
  explicit TestCard(size_t granule = 4, uicc::SecureChannels* channels = nullptr)
      : memory(uicc::MemoryNv::size_octets_default, granule),
        nv(memory, random),
        secure_channels(channels) {
    REQUIRE(uicc::make_blank_chip(hardware()).has_value());
    card = std::make_unique<uicc::Card>(hardware());
    REQUIRE(card->reset().has_value());
  }

  uicc::Hardware hardware() { return {nv, random, test_seal_key, secure_channels}; }

  // Answer and status words as hexadecimal digits; "-" when the chip is mute.
  std::string send(ByteView apdu) {
    const auto answer = card->transmit(apdu);
    return answer.has_value() ? to_hex(*answer) : "-";
  }
  std::string send(std::string_view hex) { return send(ByteView(from_hex(hex))); }

  // The same with GET RESPONSE done, as a reader does it.
  std::string get(std::string_view hex) {
    std::string answer = send(hex);
    std::string data;
    while (answer.size() >= 4 && (answer.substr(answer.size() - 4, 2) == "61" ||
                                  answer.substr(answer.size() - 4, 2) == "9f")) {
      data += answer.substr(0, answer.size() - 4);
      const bool gsm = hex.substr(0, 2) == "a0";
      answer = send((gsm ? "a0c00000" : "00c00000") + answer.substr(answer.size() - 2));
    }
    return data + answer;
  }

  void pre_personalise(const uicc::PrePersonalisation& data = test_pre_personalisation()) {
    const auto bytes = write_pre_personalisation(data);
    for (const Bytes& apdu : blocks_of(uicc::chip_ins::pre_personalise, bytes.view())) {
      REQUIRE(send(ByteView(apdu)) == "9000");
    }
  }
  void select_usim() { REQUIRE(get("00a4040c07a0000000871002") == "9000"); }
  void verify_pin() { REQUIRE(send("0020000108 30303030ffffffff") == "9000"); }
  void reset() { REQUIRE(card->reset().has_value()); }

  Bytes image() {
    Bytes bytes(memory.size());
    REQUIRE(memory.read(0, bytes).has_value());
    return bytes;
  }

  SeededRandom random{1};
  uicc::MemoryNv memory;
  uicc::FaultNv nv;
  uicc::SecureChannels* secure_channels = nullptr;
  std::unique_ptr<uicc::Card> card;
};

// What the operator knows of a chip in its life 0.
inline personalisation::Epoch initial_epoch_of(const uicc::PrePersonalisation& data) {
  return personalisation::initial_epoch(personalisation::chip_key(data.k1, data.chip), 0);
}

}  // namespace simurgh::test
