#include "security_centre/rig.h"

#include "conversations/personalisation/short_message_bearer.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/concatenation.h"
#include "formats/sms/user_data.h"

namespace simurgh::security_centre::rig {

using personalisation::Direction;
using personalisation::Epoch;
using personalisation::Message;

namespace {
constexpr ByteArray<16> database = {0xda};
const Msisdn own_number = *Msisdn::parse("4915550000");

secured_packet::Keys packet_keys(const personalisation::OtaKeys& keys) {
  return {keys.kic.view(), keys.kid.view()};
}
}  // namespace

Rig::Process::Process(Rig& rig)
    : audit(rig.storage.audit()),
      fleet(rig.storage.fleet(), audit),
      hlr({}, {rig.storage.hlr(), fleet, audit, rig.keys, rig.random}),
      elements({}, {rig.storage.elements(), audit, rig.keys}),
      centre(rig.settings_, {rig.storage.security_centre(), fleet, elements, hlr, rig.journal,
                             rig.keys, rig.random, rig}) {}

Rig::Rig(const Settings& settings) : storage(database), journal(database), settings_(settings) {
  settings_.own_number = own_number;
  start();
  make_chip();
}

void Rig::make_chip() {
  const audit::By by{"operator", now};
  fleet::CardProfile profile;
  profile.name = "test";
  profile.suites = 0x01;
  REQUIRE(fleet().save_profile(profile, by).has_value());
  const std::string body = "894901000000000000";
  fleet::NewRange range;
  range.first_iccid = *Iccid::parse(body + luhn_check_digit(body));
  range.first_imsi = *Imsi::parse("901700000000001");
  range.count = 10;
  REQUIRE(fleet().add_range(range, by).has_value());
  const auto allocation = fleet().allocate({"maker", {1, 2, 3}, "test", 10, 0}, by);
  REQUIRE(allocation.has_value());
  commit();
  run_ = allocation->run;
  auto& record = chip.record;
  record.chip = {allocation->run.iccid_at(0), allocation->run.imsi_at(0), allocation->ver};
  record.chip_key = *keys.k1_of_version(allocation->ver);
  record.suites = {personalisation::Suite::x25519};
  record.server_keys.ed25519.assign(*keys.public_key(crypto::SignatureScheme::ed25519));
  record.centre_number = own_number;
  REQUIRE(personalisation::pre_personalise(chip).has_value());
  half_ = std::make_unique<personalisation::ChipHalf>(chip, random);
}

void Rig::commit() {
  REQUIRE(journal.sync().has_value());
  const auto mark = storage.commit(journal.sequence());
  REQUIRE(mark.has_value());
  REQUIRE(journal.committed(*mark).has_value());
}

hlr::RecoveryPlan Rig::start() {
  process_ = std::make_unique<Process>(*this);
  to_chip.clear();
  const auto plan = hlr::plan_recovery(journal, storage.mark(), [this](const Iccid& iccid) {
    return process_->centre.stored(iccid);
  });
  REQUIRE(plan.has_value());
  REQUIRE(process_->centre.recover(*plan, now).has_value());
  if (plan->condition == hlr::StartCondition::restored) {
    REQUIRE(process_->hlr.after_restore({"simurghd", now}).has_value());
  }
  if (plan->condition != hlr::StartCondition::clean) {
    REQUIRE(storage.set_generation(plan->generation).has_value());
  }
  commit();
  REQUIRE(process_->centre.resume(now).has_value());
  return *plan;
}

hlr::RecoveryPlan Rig::start_with(const Settings& settings) {
  settings_ = settings;
  settings_.own_number = own_number;
  return start();
}

hlr::RecoveryPlan Rig::restore(const Snapshot& copy) {
  storage.restore(*copy);
  return start();
}

void Rig::sell(uint32_t life, const char* msisdn) {
  SignUp order;
  order.iccid = iccid();
  order.ver = chip.record.chip.ver;
  order.life = life;
  order.contract = std::string("of ") + msisdn;
  order.msisdn = msisdn_ = *Msisdn::parse(msisdn);
  REQUIRE(centre().sign_up(order, "dealer", now).has_value());
  commit();
}

void Rig::log_on() {
  REQUIRE(centre().on_located(imsi(), now).has_value());
  commit();
  talk();
}

void Rig::talk(Until until) {
  while (!to_chip.empty()) {
    const auto message = open_at_chip(to_chip.front());
    to_chip.pop_front();
    if (!message) continue;
    const auto step = half().on_message(*message);
    if (!step || step->reply.empty()) continue;
    const bool prepared = step->event == personalisation::ChipEvent::prepared;
    if (prepared && until == Until::prepared_lost) return;
    send_up(step->reply);
    commit();
    if (prepared && until == Until::commit_lost) return to_chip.clear();
  }
}

std::optional<Message> Rig::open_at_chip(ByteView user_data) {
  const auto header = sms::parse_user_data_header(user_data);
  REQUIRE(header.has_value());
  const auto whole = parts_.on_part(sms::Address::of_msisdn(own_number), *header,
                                    user_data.subspan(header->octets), now);
  REQUIRE(whole.has_value());
  if (!*whole) return {};
  const auto& record = chip.record;
  for (const Epoch* epoch : {&record.active, record.pending ? &*record.pending : nullptr}) {
    if (!epoch) continue;
    std::vector<uint8_t> packet((*whole)->payload.begin(), (*whole)->payload.end());
    const auto command_header = secured_packet::parse_command_header(packet);
    REQUIRE(command_header.has_value());
    const auto ota = derive_ota_keys(epoch->secret, Direction::to_chip);
    const auto command = secured_packet::verify_and_decrypt(*command_header, packet_keys(ota),
                                                            secured_packet::MinimumSecurity());
    if (command) return Message(command->secured_data);
  }
  return {};
}

void Rig::send_up(ByteView message) {
  const Epoch& epoch = chip.record.active;
  const auto ota = derive_ota_keys(epoch.secret, Direction::from_chip);
  secured_packet::CommandFields fields;
  fields.spi.response = {};
  fields.kic = fields.kid =
      secured_packet::KeyReference::aes(personalisation::key_set_of(epoch.number));
  fields.tar = personalisation::short_message_tar;
  fields.counter = ++chip_counter_;
  ByteArray<secured_packet::command_packet_octets(personalisation::message_octets_max)> room;
  const auto packet = write_command(fields, packet_keys(ota), message, room);
  REQUIRE(packet.has_value());
  const auto count = sms::part_count(packet->size(), sms::PayloadKind::command_packet);
  for (size_t i = 0; i < *count; ++i) {
    ByteArray<sms::user_data_octets_max> part_room;
    const auto part = write_part(*packet, sms::PayloadKind::command_packet,
                                 static_cast<uint8_t>(fields.counter), i, part_room);
    REQUIRE(part.has_value());
    REQUIRE(centre().on_short_message(msisdn_, part->user_data, true, now).has_value());
  }
}

Result<Message> Rig::authorise(ByteView challenge) {
  REQUIRE(storage.begin_step().has_value());
  auto reset = centre().authorise_reset(iccid(), challenge, "dealer", now);
  REQUIRE((reset ? storage.keep_step() : storage.undo_step()).has_value());
  commit();
  return reset;
}

Result<Message> Rig::give(ByteView reset) {
  auto step = half().on_message(reset);
  if (!step) return step.error();
  return step->reply;
}

Result<void> Rig::confirm(ByteView receipt) {
  REQUIRE(storage.begin_step().has_value());
  const auto done = centre().confirm_reset(iccid(), receipt, "dealer", now);
  REQUIRE((done ? storage.keep_step() : storage.undo_step()).has_value());
  commit();
  return done;
}

void Rig::reset_chip() {
  const auto reset = authorise(challenge());
  REQUIRE(reset.has_value());
  const auto receipt = give(*reset);
  REQUIRE(receipt.has_value());
  REQUIRE(confirm(*receipt).has_value());
}

bool Rig::served() {
  hlr::Hlr::VectorAnswer answer;
  hlr::Hlr::VectorRequest request;
  request.imsi = imsi();
  request.peer = "VLR-A";
  request.count = 1;
  if (!hlr().make_vectors(request, now, answer) || answer.vectors.empty()) return false;
  commit();
  const auto keys_of_row = hlr::open_keys(keys, *subscriber());
  REQUIRE(keys_of_row.has_value());
  const auto fits = [&](const Epoch& epoch) {
    Secret<32> ki;
    personalisation::derive_ki(epoch.secret, ki.fill(keys_of_row->ki.size()));
    return equal(ki.view(), keys_of_row->ki.view());
  };
  const auto& record = chip.record;
  return keys_of_row->life == record.life &&
         (fits(record.active) || (record.pending && fits(*record.pending)));
}

bool Rig::audited(std::string_view actor, std::string_view action) {
  const auto verified = process_->audit.verify();
  REQUIRE((verified.has_value() && !verified->fault));
  const auto rows = storage.audit().page(1, 10'000);
  REQUIRE(rows.has_value());
  for (const auto& row : *rows) {
    if (row.actor == actor && row.action == action) return true;
  }
  return false;
}

}  // namespace simurgh::security_centre::rig
