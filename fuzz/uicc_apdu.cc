// link: simurgh_uicc simurgh_io_crypto_openssl
// A terminal and a network that do anything: commands in any order, resets, and secured packets
// whose protection is right whatever they carry, so that what is behind the MAC is reached too.
#include "conversations/personalisation/short_message_bearer.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/concatenation.h"
#include "formats/sms/tpdu.h"
#include "formats/toolkit/envelope.h"
#include "uicc/card.h"
#include "uicc/chip_apdus.h"
#include "uicc/remote.h"

using namespace simurgh;
using namespace simurgh::uicc;

namespace {

class CountingRandom : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(++count_ * 37);
  }

 private:
  uint32_t count_ = 0;
};

constexpr ByteArray<16> seal_key = {9};
constexpr size_t commands_max = 64;

PrePersonalisation chip_data() {
  PrePersonalisation data;
  data.chip.iccid = *Iccid::parse("8988211000000430010");
  data.chip.imsi = *Imsi::parse("262011106487504");
  data.k1.fill(32)[0] = 1;
  data.suites = {personalisation::Suite::symmetric};
  data.centre_number = *Msisdn::parse("491710000001");
  return data;
}

MemoryNv made_chip() {
  MemoryNv nv;
  CountingRandom random;
  SIMURGH_CHECK(make_blank_chip({nv, random, seal_key}).has_value());
  Card card({nv, random, seal_key});
  SIMURGH_CHECK(card.reset().has_value());
  const auto bytes = write_pre_personalisation(chip_data());
  std::vector<uint8_t> apdu = {0x80, chip_ins::pre_personalise, block_last, 0,
                               static_cast<uint8_t>(bytes.size())};
  apdu.insert(apdu.end(), bytes.view().begin(), bytes.view().end());
  const auto answer = card.transmit(apdu);
  SIMURGH_CHECK(answer.has_value() && answer->size() == 2 && (*answer)[0] == 0x90);
  return nv;
}

void send(Card& card, ByteView apdu) {
  const auto answer = card.transmit(apdu);
  SIMURGH_CHECK(answer.has_value());  // the power does not go here
  SIMURGH_CHECK(answer->size() >= 2 && answer->size() <= Card::answer_octets_max);
}

// `data` behind a right MAC, to the application that its first octet chooses.
void send_packet(Card& card, ByteView data, uint64_t counter) {
  if (data.empty()) return;
  static const personalisation::Epoch epoch = personalisation::initial_epoch(
      personalisation::chip_key(chip_data().k1, chip_data().chip), 0);
  static const auto keys = derive_ota_keys(epoch.secret, personalisation::Direction::to_chip);
  constexpr secured_packet::Tar tars[] = {personalisation::short_message_tar,
                                          tar_rfm_shared,
                                          tar_rfm_usim,
                                          {1, 2, 3},
                                          tar_ram,
                                          tar_admin_agent,
                                          tar_rfm_usim,
                                          tar_ram};
  secured_packet::CommandFields fields;
  if ((data[0] & 0x80) != 0) {
    fields.spi.response.bearer = secured_packet::ResponseBearer::deliver_report;
  }
  fields.kic = fields.kid = secured_packet::KeyReference::aes(1);
  fields.tar = tars[data[0] & 7];
  fields.counter = counter;
  uint8_t room[600];
  const auto packet =
      write_command(fields, {keys.kic.view(), keys.kid.view()}, data.subspan(1), room);
  if (!packet.has_value()) return;
  const auto kind = sms::PayloadKind::command_packet;
  for (size_t i = 0; i < *sms::part_count(packet->size(), kind); ++i) {
    uint8_t user_data[sms::user_data_octets_max];
    const auto part = sms::write_part(*packet, kind, static_cast<uint8_t>(counter), i, user_data);
    sms::Deliver deliver;
    deliver.has_user_data_header = true;
    deliver.originator = sms::Address::of_msisdn(chip_data().centre_number);
    deliver.protocol_identifier = sms::pid_sim_data_download;
    deliver.data_coding = sms::dcs_octets_class_2;
    deliver.user_data = *sms::octet_user_data(part->user_data);
    uint8_t tpdu[sms::tpdu_octets_max];
    toolkit::SmsPpDownload download;
    download.tpdu = *write_deliver(deliver, tpdu);
    uint8_t body[toolkit::envelope_octets_max];
    const auto envelope = toolkit::write_envelope(download, body);
    if (!envelope.has_value()) return;
    std::vector<uint8_t> apdu = {0x80, 0xc2, 0, 0, static_cast<uint8_t>(envelope->size())};
    apdu.insert(apdu.end(), envelope->begin(), envelope->end());
    send(card, apdu);
  }
}

}  // namespace

// The input: items of a kind (1) and prefixed octets (1 + n).
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const MemoryNv start = made_chip();
  MemoryNv nv = start;
  CountingRandom random;
  Card card({nv, random, seal_key});
  SIMURGH_CHECK(card.reset().has_value());
  constexpr uint8_t verify[] = {0, 0x20, 0, 1, 8, '0', '0', '0', '0', 0xff, 0xff, 0xff, 0xff};
  Reader reader({data, size});
  uint64_t counter = 0;
  for (size_t i = 0; i < commands_max && !reader.at_end(); ++i) {
    const auto kind = reader.u8();
    const auto octets = reader.prefixed8();
    if (!kind.has_value() || !octets.has_value()) break;
    switch (*kind & 7) {
      case 0: SIMURGH_CHECK(card.reset().has_value()); break;
      case 1: send(card, verify); break;
      case 2: send_packet(card, *octets, ++counter); break;
      default: send(card, *octets); break;
    }
  }
  SIMURGH_CHECK(card.reset().has_value());
  return 0;
}
