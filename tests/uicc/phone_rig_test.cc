// The rig's body; a _test file because the test program is made of those.
#include "phone_rig.h"

#include "../personalisation/test_keys.h"

namespace simurgh::test {

using namespace personalisation;

Bytes rsa_private_key() {
  return from_hex(personalisation::test_keys::rsa_private);
}

uicc::PrePersonalisation chip_of_centre(crypto::KeyStore& keys, SuiteSet suites) {
  uicc::PrePersonalisation data = test_pre_personalisation();
  data.k1 = *keys.k1_of_version(data.chip.ver);
  data.suites = suites;
  data.server_keys = {};
  data.server_keys.ed25519.assign(*keys.public_key(crypto::SignatureScheme::ed25519));
  if (suites.contains(Suite::p256)) {
    data.server_keys.p256.assign(*keys.public_key(crypto::SignatureScheme::ecdsa_p256));
  }
  if (suites.contains(Suite::ffdhe2048)) {
    data.server_keys.rsa2048.assign(*keys.public_key(crypto::SignatureScheme::rsa2048_pss));
  }
  return data;
}

TestCentre::TestCentre(const uicc::PrePersonalisation& chip, crypto::KeyStore& keys, uint64_t seed)
    : chip_(chip),
      random_(seed),
      half_(keys, *this, random_),
      reassembler_(std::make_unique<sms::Reassembler<4, 8, 1024>>(hours(1))) {
  active = initial_epoch_of(chip);
}

void TestCentre::on_submit(ByteView tpdu) {
  const auto submit = sms::parse_submit(tpdu);
  REQUIRE(submit.has_value());
  CHECK(submit->destination == sms::Address::of_msisdn(chip_.centre_number));
  const auto header = sms::parse_user_data_header(submit->user_data.octets);
  REQUIRE(header.has_value());
  const auto whole = reassembler_->on_part(sms::Address(), *header,
                                           submit->user_data.octets.subspan(header->octets), {});
  REQUIRE(whole.has_value());
  if (!whole->has_value()) return;
  CHECK((*whole)->kind == sms::PayloadKind::command_packet);
  for (const Epoch* epoch : {&active, &previous}) {
    if (epoch->secret.empty()) continue;
    Bytes packet((*whole)->payload.begin(), (*whole)->payload.end());
    const auto head = secured_packet::parse_command_header(packet);
    REQUIRE(head.has_value());
    CHECK(head->tar == short_message_tar);
    const auto keys = derive_ota_keys(epoch->secret, Direction::from_chip);
    const auto command = verify_and_decrypt(*head, {keys.kic.view(), keys.kid.view()},
                                            secured_packet::MinimumSecurity());
    if (!command.has_value()) continue;
    on_message(command->secured_data);
    return;
  }
}

void TestCentre::on_message(ByteView message) {
  heard.emplace_back(message.begin(), message.end());
  const auto type = type_of(message);
  REQUIRE(type.has_value());
  if (*type == MessageType::request) return begin();
  if (*type == MessageType::done) {
    if (check_confirmation(message, MessageType::done, chip_.chip, life, active).has_value()) {
      done = true;
      previous = {};
    }
    return;
  }
  const auto step = half_.on_message(session_, message);
  if (!step.has_value()) return;
  switch (step->event) {
    case CentreEvent::answered: last_attempt_ = session_.attempt; break;
    case CentreEvent::prepared:
      previous = active;
      active = session_.next;
      break;
    default: break;
  }
  if (step->reply.empty()) return;
  newest = step->reply;
  const bool is_commit = *type_of(newest) == MessageType::commit;
  if (is_commit && !commits) return;
  send(newest, is_commit ? previous : active);
}

void TestCentre::begin() {
  done = false;
  CentreOrder order;
  order.chip = chip_.chip;
  order.life = life;
  order.base = active;
  order.epoch = ++epoch_max;
  order.suites = chip_.suites;
  order.chip_suites = chip_.suites;
  order.id.assign(bytes_of("order-1"));
  order.code = code;
  order.choose_pin = choose_pin;
  order.server_made = server_made;
  order.last_attempt = last_attempt_;
  session_ = CentreSession();
  const auto init = half_.begin(session_, order);
  REQUIRE(init.has_value());
  newest = *init;
  send(newest, active);
}

// Under the active epoch: who has stored it as pending takes it too.
void TestCentre::repeat() {
  send(newest, active);
}

void TestCentre::send(ByteView message, const Epoch& under) {
  const auto keys = derive_ota_keys(under.secret, Direction::to_chip);
  secured_packet::CommandFields fields;
  fields.spi.response = {};
  fields.kic = fields.kid = secured_packet::KeyReference::aes(key_set_of(under.number));
  fields.tar = short_message_tar;
  fields.counter = ++counter;
  Bytes room(1024);
  const auto packet = write_command(fields, {keys.kic.view(), keys.kid.view()}, message, room);
  REQUIRE(packet.has_value());
  for (const Bytes& tpdu : deliver_tpdus(*packet, static_cast<uint8_t>(counter))) {
    air.push_back(tpdu);
  }
}

std::vector<Bytes> TestCentre::deliver_tpdus(ByteView packet, uint8_t reference) const {
  std::vector<Bytes> out;
  const auto kind = sms::PayloadKind::command_packet;
  const size_t parts = *sms::part_count(packet.size(), kind);
  for (size_t i = 0; i < parts; ++i) {
    uint8_t user_data[sms::user_data_octets_max];
    const auto part = sms::write_part(packet, kind, reference, i, user_data);
    REQUIRE(part.has_value());
    sms::Deliver deliver;
    deliver.has_user_data_header = part->has_header;
    deliver.originator = sms::Address::of_msisdn(chip_.centre_number);
    deliver.protocol_identifier = sms::pid_sim_data_download;
    deliver.data_coding = sms::dcs_octets_class_2;
    deliver.user_data = *sms::octet_user_data(part->user_data);
    uint8_t tpdu[sms::tpdu_octets_max];
    const auto written = write_deliver(deliver, tpdu);
    REQUIRE(written.has_value());
    out.emplace_back(written->begin(), written->end());
  }
  return out;
}

crypto::AkaVector TestCentre::vector(const crypto::Block& rand, uint64_t seq,
                                     const Epoch& epoch) const {
  crypto::AkaKeys keys;
  derive_ki(epoch.secret, keys.k.fill(16));
  keys.opc.assign(derive_opc(epoch.secret).view());
  return *crypto::make_vector(keys, rand, seq << 5, {0x80, 0x00});
}

}  // namespace simurgh::test
