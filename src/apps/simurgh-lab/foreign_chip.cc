#include "apps/simurgh-lab/foreign_chip.h"

#include <fmt/format.h>

#include "apps/simurgh-lab/chip_access.h"
#include "base/hex.h"
#include "conversations/personalisation/short_message_bearer.h"
#include "formats/remote_management/administration_session.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/reassembly.h"
#include "formats/sms/tpdu.h"
#include "formats/toolkit/envelope.h"
#include "uicc/chip_apdus.h"
#include "uicc/remote.h"

namespace simurgh::lab {

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t loopback[] = {127, 0, 0, 1};
constexpr size_t packet_octets_max = 700;
constexpr size_t nv_octets = 16 * 1024;
constexpr uint8_t other_makers_key_set = 3;

Bytes of_hex(std::string_view text) {
  Bytes out(text.size() / 2);
  SIMURGH_CHECK(parse_hex(text, out).has_value());
  return out;
}

struct OtaKeySet {
  uint8_t number = 1;
  Bytes kic, kid;
};

// A command of the chip's class that must succeed.
Result<void> expect_done(Result<ByteView> answer) {
  const ByteView got = TRY(answer);
  const bool done = got.size() >= 2 && (got[got.size() - 2] == 0x90 || got[got.size() - 2] == 0x91);
  return done ? Result<void>() : fail(ErrorCode::not_allowed);
}

// A script to the USIM's files, as its maker sends it.
Result<void> send_script(uicc::Card& card, const OtaKeySet& keys, uint64_t counter,
                         const Bytes& script) {
  secured_packet::CommandFields fields;
  fields.spi.response = {};
  fields.kic = secured_packet::KeyReference::aes(keys.number);
  fields.kid = secured_packet::KeyReference::aes(keys.number);
  fields.tar = uicc::tar_rfm_usim;
  fields.counter = counter;
  ByteArray<packet_octets_max> room;
  const ByteView packet = TRY(write_command(fields, {keys.kic, keys.kid}, script, room));
  const auto kind = sms::PayloadKind::command_packet;
  const size_t parts = TRY(sms::part_count(packet.size(), kind));
  for (size_t i = 0; i < parts; ++i) {
    ByteArray<sms::user_data_octets_max> user_data;
    const auto part =
        TRY(sms::write_part(packet, kind, static_cast<uint8_t>(counter), i, user_data));
    sms::Deliver message;
    message.has_user_data_header = true;
    message.originator = sms::Address::of_msisdn(*Msisdn::parse("491600000001"));
    message.protocol_identifier = sms::pid_sim_data_download;
    message.data_coding = sms::dcs_octets_class_2;
    message.user_data = TRY(sms::octet_user_data(part.user_data));
    ByteArray<sms::tpdu_octets_max> tpdu;
    toolkit::SmsPpDownload download;
    download.tpdu = TRY(write_deliver(message, tpdu));
    ByteArray<toolkit::envelope_octets_max> body;
    const ByteView envelope = TRY(write_envelope(download, body));
    Bytes apdu = {0x80, 0xc2, 0x00, 0x00, static_cast<uint8_t>(envelope.size())};
    apdu.insert(apdu.end(), envelope.begin(), envelope.end());
    TRY(expect_done(card.transmit(apdu)));
  }
  return {};
}

// SELECT DF.SIMURGH and a file in it, UPDATE BINARY.
Bytes update_script(uint8_t file, ByteView content) {
  Bytes out = of_hex("00a40004025f7000a40004024f");
  out.push_back(file);
  out.insert(out.end(), {0x00, 0xd6, 0x00, 0x00, static_cast<uint8_t>(content.size())});
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

// EF.ADMIN: one octet of length, then the session parameters.
Result<Bytes> administration(const ForeignOrder& order) {
  static constexpr uint8_t point[] = {3, 'o', 't', 'a'};
  remote_management::SessionParameters session;
  session.connection.emplace();
  session.connection->transport =
      toolkit::TransportLevel{toolkit::TransportProtocol::tcp_client_remote, order.port};
  session.connection->address = toolkit::OtherAddress{toolkit::OtherAddress::ipv4, loopback};
  session.connection->access_point = point;
  session.http.emplace();
  session.http->host = bytes_of("ota.example");
  session.http->agent_id = bytes_of("//se-id/lab");
  session.http->uri = bytes_of("/admin");
  session.retry.emplace();
  session.retry->tries = order.tries;
  session.retry->pause = toolkit::TimerValue::of_seconds(order.pause_s);
  ByteArray<uicc::administration_octets> room;
  const ByteView written = TRY(write_session_parameters(session, room));
  Bytes out = {static_cast<uint8_t>(written.size())};
  out.insert(out.end(), written.begin(), written.end());
  return out;
}

std::string number_text(std::string_view prefix, size_t index, int digits) {
  return fmt::format("{}{:0{}}", prefix, index, digits);
}

void set_numbers(size_t index, ForeignChip& chip) {
  const std::string body = number_text("894917", index, 12);
  chip.iccid = *Iccid::parse(body + luhn_check_digit(body));
  chip.imsi = *Imsi::parse(number_text("26299", index + 1, 10));
  chip.msisdn = *Msisdn::parse(number_text("49161", index, 8));
}

uicc::PrePersonalisation what_the_maker_writes(const ForeignChip& chip, Random& random) {
  uicc::PrePersonalisation data;
  data.chip.iccid = chip.iccid;
  data.chip.imsi = chip.imsi;
  random.fill(data.k1.fill(32));
  data.suites = {personalisation::Suite::x25519};
  ByteArray<32> nobodys_key;  // no security centre speaks to it
  random.fill(nobodys_key);
  data.server_keys.ed25519.assign(nobodys_key);
  return data;
}

Bytes copy_of(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

// Keys that its maker gave a card for short messages only.
void give_keys(uicc::PrePersonalisation& data, Random& random, OtaKeySet& keys) {
  uicc::ImportedChip imported;
  uicc::GivenKeys given;
  given.key_set = other_makers_key_set;
  random.fill(given.kic.fill(16));
  random.fill(given.kid.fill(16));
  imported.keys.push_back(given);
  data.imported = imported;
  keys = {given.key_set, copy_of(given.kic.view()), copy_of(given.kid.view())};
}

void put_row(const OtaKeySet& keys, uint64_t counter, ForeignChip& chip) {
  chip.row.iccid = chip.iccid;
  chip.row.msisdn = chip.msisdn;
  chip.row.kic.assign(keys.kic);
  chip.row.kid.assign(keys.kid);
  chip.row.key_version = keys.number;
  chip.row.counter = counter;
}

}  // namespace

Result<ForeignChip> make_foreign_chip(const ForeignOrder& order, Random& random,
                                      uicc::SecureChannels* channels) {
  ForeignChip chip;
  chip.short_messages_only = order.short_messages_only;
  set_numbers(order.index, chip);
  chip.nv = std::make_unique<uicc::MemoryNv>(nv_octets);
  random.fill(chip.seal_key);
  const uicc::Hardware hardware{*chip.nv, random, chip.seal_key, channels};
  TRY(make_blank_chip(hardware));
  uicc::Card card(hardware);
  TRY(card.reset());
  uicc::PrePersonalisation data = what_the_maker_writes(chip, random);
  const auto epoch =
      personalisation::initial_epoch(personalisation::chip_key(data.k1, data.chip), 0);
  const auto ota = derive_ota_keys(epoch.secret, personalisation::Direction::to_chip);
  OtaKeySet keys{personalisation::key_set_of(epoch.number), copy_of(ota.kic.view()),
                 copy_of(ota.kid.view())};
  if (order.short_messages_only) give_keys(data, random, keys);
  const auto bytes = write_pre_personalisation(data);
  TRY(run_command(card, uicc::chip_ins::pre_personalise, bytes.view()));
  uint64_t counter = 0;
  if (!order.short_messages_only) {
    uicc::PollSchedule schedule;
    schedule.enabled = true;
    schedule.period_s = order.poll_period_s;
    TRY(send_script(card, keys, ++counter, update_script(0x02, TRY(administration(order)))));
    TRY(send_script(card, keys, ++counter, update_script(0x01, write_poll_schedule(schedule))));
    const auto identity = personalisation::derive_psk_identity(epoch.secret);
    chip.psk_identity = std::string(text_of(identity));
    chip.row.psk_identity = chip.psk_identity;
    chip.row.psk.assign(personalisation::derive_psk(epoch.secret).view());
  }
  put_row(keys, counter, chip);
  personalisation::derive_ki(epoch.secret, chip.aka.k.fill(16));
  chip.aka.opc.assign(personalisation::derive_opc(epoch.secret).view());
  return chip;
}

Result<uint32_t> executions_of(const ForeignChip& chip, Random& random) {
  uicc::Card card({*chip.nv, random, chip.seal_key});
  TRY(card.reset());
  const auto send = [&card](std::string_view apdu) -> Result<Bytes> {
    return copy_of(TRY(card.transmit(of_hex(apdu))));
  };
  TRY(send("00a4040c10" + std::string(usim_aid_text)));
  TRY(send("002000010830303030ffffffff"));
  TRY(send("00a4000c026f39"));
  const Bytes answer = TRY(send("00b2010403"));
  if (answer.size() != 5 || answer[3] != 0x90) return fail(ErrorCode::bad_length);
  return static_cast<uint32_t>(answer[0] << 16 | answer[1] << 8 | answer[2]);
}

}  // namespace simurgh::lab
