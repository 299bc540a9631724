// Orders: what dealers and operators ask of the centre (D5, D10, D11, D12).
#include "security_centre/state.h"

namespace simurgh::security_centre {

using personalisation::ActivationCode;
using personalisation::Epoch;
using personalisation::Message;
using personalisation::SuiteSet;

namespace {

fleet::CodeKind fleet_kind(personalisation::CodeKind kind) {
  return static_cast<fleet::CodeKind>(kind);  // the numbers are the same, see fleet/chip.h
}

ByteView code_bytes(const ActivationCode& code) {
  return code.kind == personalisation::CodeKind::secret ? code.secret.view() : code.digits.view();
}

Result<fleet::SealedCode> seal_code(crypto::KeyStore& keys, std::string_view order,
                                    const Iccid& iccid, uint32_t life, const ActivationCode& code) {
  fleet::SealedCode sealed;
  if (code.kind == personalisation::CodeKind::none) return sealed;
  const ByteView plain = code_bytes(code);
  if (plain.empty()) return ErrorCode::bad_value;
  sealed.resize(plain.size() + crypto::KeyStore::seal_overhead_octets);
  TRY(keys.seal(fleet::code_seal_identity(order, iccid, life), plain, sealed.span()));
  return sealed;
}

// Twelve characters without look-alikes (60 bits): order numbers are spoken and typed.
std::string make_order_id(Random& random) {
  constexpr char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const auto octets = random.array<12>();
  std::string id;
  for (const uint8_t octet : octets) id.push_back(letters[octet & 31]);
  return id;
}

}  // namespace

Result<ActivationCode> SecurityCentre::State::code_of(const fleet::Order& order) {
  ActivationCode code;
  code.kind = static_cast<personalisation::CodeKind>(order.code_kind);
  if (code.kind == personalisation::CodeKind::none) return code;
  if (order.sealed_code.size() < crypto::KeyStore::seal_overhead_octets) {
    return ErrorCode::storage;
  }
  const size_t size = order.sealed_code.size() - crypto::KeyStore::seal_overhead_octets;
  Secret<fleet::code_octets_max> plain;
  TRY(parts_.keys.open(fleet::code_seal_identity(order.id, order.iccid, order.life),
                       order.sealed_code, plain.fill(size)));
  if (code.kind == personalisation::CodeKind::secret) {
    code.secret.assign(plain.view());
  } else {
    code.digits.assign(plain.view());
  }
  return code;
}

Result<SignedUp> SecurityCentre::State::sign_up(const SignUp& order, const audit::By& by) {
  const auto number = TRY(parts_.fleet.find(order.iccid));
  if (number.allocation.ver != order.ver) return ErrorCode::not_found;
  const auto profile = TRY(parts_.fleet.profile(number.allocation.profile));
  if (profile.legacy_1997) {
    if (!settings_.allow_legacy_1997) return ErrorCode::not_allowed;
    // The document's form has no place for either, and a code that proves nothing is none.
    const bool has_code = order.code.kind != personalisation::CodeKind::none;
    if (has_code || order.server_made_key) return ErrorCode::unsupported;
  }
  const SuiteSet batch = suites_of(profile.suites);
  const SuiteSet allowed = order.suites.empty() ? batch : order.suites;
  TRY(strongest_common(batch, allowed));

  ChipKeys row;
  row.iccid = order.iccid;
  row.imsi = number.imsi;
  row.life = order.life;
  row.ver = order.ver;
  row.suites_allowed = allowed.bits();
  row.chip_suites = batch.bits();
  row.work = Work::first_logon;

  SignedUp done;
  done.order = make_order_id(parts_.random);
  done.imsi = row.imsi;
  fleet::Sale sale;
  sale.iccid = order.iccid;
  sale.ver = order.ver;
  sale.life = order.life;
  sale.contract = order.contract;
  sale.msisdn = order.msisdn;
  sale.order = done.order;
  sale.code_kind = fleet_kind(order.code.kind);
  sale.sealed_code = TRY(seal_code(parts_.keys, done.order, order.iccid, order.life, order.code));
  sale.server_made_key = order.server_made_key || profile.server_made_key;
  TRY(parts_.fleet.sell(sale, by));
  const std::string made_in = "allocation " + std::to_string(number.allocation.id);
  TRY(parts_.elements.take_up(order.iccid, made_in, by));

  const Key256 key = TRY(chip_key(identity_of(row)));
  const Epoch initial = personalisation::initial_epoch(key, row.life);
  TRY(set_active(row, initial));
  hlr::NewSubscriber subscriber;
  subscriber.imsi = row.imsi;
  subscriber.iccid = row.iccid;
  subscriber.msisdn = order.msisdn;
  subscriber.keys = TRY(subscriber_keys(row, initial));
  subscriber.hotline = true;
  TRY(parts_.directory.create(subscriber, by));
  TRY(journal(row, hlr::JournalRecord::Kind::sold, nullptr));
  TRY(parts_.store.save(row));
  return done;
}

Result<void> SecurityCentre::State::rekey(const Iccid& iccid, const audit::By& by) {
  if (!settings_.allow_legacy_1997 && TRY(parts_.fleet.is_legacy_1997(iccid))) {
    return ErrorCode::not_allowed;
  }
  const auto chip = TRY(parts_.fleet.change(iccid, fleet::ChipEvent::rekey_ordered, by));
  auto row = TRY(parts_.store.load(iccid));
  if (!row) return ErrorCode::not_found;
  TRY(parts_.directory.set_hotline(row->imsi, true, by));
  row->work = Work::rekey;
  row->work_attempts = 0;
  row->interval_from = {};
  // A chip that has not confirmed its last epoch gets there by the new negotiation: its base is
  // the epoch that it holds as pending.
  TRY(begin(*row, chip, 0, by.at));
  return parts_.store.save(*row);
}

Result<Message> SecurityCentre::State::authorise_reset(const Iccid& iccid, ByteView challenge,
                                                       const audit::By& by) {
  const auto asked = TRY(personalisation::parse_reset_challenge(challenge));
  if (asked.iccid != iccid) return ErrorCode::bad_value;
  auto row = TRY(parts_.store.load(iccid));
  if (!row) return ErrorCode::not_found;
  if (asked.life == row->life + 1 && !row->reset.empty()) return Message(row->reset);
  const auto chip = TRY(parts_.fleet.chip(iccid));
  const bool again = chip.state == fleet::ChipState::resetting;
  if (!again) TRY(parts_.fleet.change(iccid, fleet::ChipEvent::reset_authorised, by));
  const Epoch active = TRY(active_epoch(*row));
  const personalisation::OrderId authorisation(bytes_of(make_order_id(parts_.random)));
  const Message reset = TRY(half_.make_reset(challenge, identity_of(*row), row->life, authorisation,
                                             suites_of(row->suites_allowed), active));
  if (!again) TRY(parts_.directory.remove(row->imsi, by));
  sessions.erase(std::string(iccid.text()));
  unschedule(iccid);
  row->work = Work::none;
  row->interval_from = {};
  row->reset.assign(reset);
  TRY(journal(*row, hlr::JournalRecord::Kind::reset, nullptr));
  TRY(parts_.store.save(*row));
  ++figures.resets_authorised;
  return reset;
}

Result<void> SecurityCentre::State::confirm_reset(const Iccid& iccid, ByteView receipt,
                                                  const audit::By& by) {
  const auto row = TRY(parts_.store.load(iccid));
  if (!row) return ErrorCode::not_found;
  if (row->reset.empty()) return ErrorCode::bad_state;
  const Key256 key = TRY(chip_key(identity_of(*row)));
  const Epoch renewed = personalisation::initial_epoch(key, row->life + 1);
  const Epoch active = TRY(active_epoch(*row));
  const Epoch previous = TRY(previous_epoch(*row));
  const Epoch* ending[] = {&active, &previous};
  const size_t known = previous.secret.empty() ? 1 : 2;
  const auto proof = TRY(check_reset_done(receipt, row->reset, identity_of(*row), renewed,
                                          std::span<const Epoch* const>(ending, known)));
  // Without the old life's key the receipt proves no more than K1, which a manufacturer had.
  if (!proof.ending_verified) return ErrorCode::bad_mac;
  TRY(parts_.fleet.change(iccid, fleet::ChipEvent::reset_confirmed, by));
  TRY(parts_.store.erase(iccid));
  ++figures.resets_confirmed;
  return {};
}

Result<void> SecurityCentre::State::renew_code(std::string_view order_id,
                                               const ActivationCode& code, const audit::By& by) {
  const auto order = TRY(parts_.fleet.order(order_id));
  const auto sealed = TRY(seal_code(parts_.keys, order.id, order.iccid, order.life, code));
  TRY(parts_.fleet.renew_code(order.id, fleet_kind(code.kind), sealed, by));
  auto chip = TRY(parts_.fleet.chip(order.iccid));
  auto row = TRY(parts_.store.load(order.iccid));
  if (!row) return ErrorCode::not_found;
  // An order of an earlier sale, or one that recovery found void.
  if (chip.order != order.id || chip.life != order.life) return ErrorCode::bad_state;
  if (chip.state == fleet::ChipState::frozen) {
    chip = TRY(parts_.fleet.change(order.iccid, fleet::ChipEvent::thaw, by));
    // Whose attempts those were is not known. Who has the new code is the customer.
    row->attempt_last = row->attempt_epoch = 0;
    row->m1_hash_last = {};
  }
  sessions.erase(std::string(order.iccid.text()));
  unschedule(order.iccid);
  row->work_attempts = 0;
  return parts_.store.save(*row);
}

}  // namespace simurgh::security_centre
