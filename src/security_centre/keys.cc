// Keys of a chip: sealing, opening, and what changes when an epoch becomes the active one.
#include "base/reader.h"
#include "crypto/rand_tag.h"
#include "security_centre/state.h"

namespace simurgh::security_centre {

using personalisation::ChipIdentity;
using personalisation::Epoch;

namespace {

// "centre" ‖ use ‖ ICCID ‖ life ‖ epoch, each length-prefixed: a sealed secret opens in its own
// row, for its own use and epoch, only (threats row 12, T-ROW-SWAP).
ByteString<80> seal_identity(const ChipKeys& row, std::string_view use, uint32_t epoch) {
  ByteArray<80> room;
  Writer out(room);
  out.prefixed8(bytes_of("security centre")).prefixed8(bytes_of(use)).prefixed8(row.iccid.bytes());
  out.u32(row.life).u32(epoch);
  SIMURGH_CHECK(!out.failed());
  return ByteString<80>(out.written());
}

}  // namespace

ChipIdentity identity_of(const ChipKeys& row) {
  return {row.iccid, row.imsi, row.ver};
}

std::string psk_identity_of(const Epoch& epoch) {
  if (epoch.secret.empty()) return {};
  const auto identity = personalisation::derive_psk_identity(epoch.secret);
  return std::string(text_of(identity));
}

personalisation::SuiteSet suites_of(uint8_t bits) {
  const auto set = personalisation::SuiteSet::from_bits(bits);
  return set ? *set : personalisation::SuiteSet();
}

Result<SealedSecret> SecurityCentre::State::seal(const ChipKeys& row, std::string_view use,
                                                 uint32_t epoch, const Key256& secret) {
  SealedSecret sealed;
  if (secret.empty()) return sealed;
  sealed.resize(SealedSecret::capacity());
  TRY(parts_.keys.seal(seal_identity(row, use, epoch), secret.view(), sealed.span()));
  return sealed;
}

Result<Key256> SecurityCentre::State::open(const ChipKeys& row, std::string_view use,
                                           uint32_t epoch, const SealedSecret& sealed) {
  Key256 secret;
  if (sealed.empty()) return secret;
  TRY(parts_.keys.open(seal_identity(row, use, epoch), sealed, secret.fill(epoch_secret_octets)));
  return secret;
}

Result<Epoch> SecurityCentre::State::active_epoch(const ChipKeys& row) {
  Epoch epoch;
  epoch.number = row.active_epoch;
  epoch.secret = TRY(open(row, "epoch", row.active_epoch, row.active_secret));
  epoch.puk_secret = TRY(open(row, "puk", row.active_epoch, row.puk_secret));
  return epoch;
}

Result<Key256> SecurityCentre::State::chip_key(const ChipIdentity& chip) {
  const Key256 k1 = TRY(parts_.keys.k1_of_version(chip.ver));
  if (TRY(parts_.fleet.is_legacy_1997(chip.iccid))) {
    // Chips that are out there are reset and fenced whatever the switch says: sales are refused.
    return personalisation::legacy_chip_key({.allow_legacy_1997 = true}, k1, chip);
  }
  return personalisation::chip_key(k1, chip);
}

Result<void> SecurityCentre::State::set_active(ChipKeys& row, const Epoch& epoch) {
  row.active_epoch = epoch.number;
  row.active_secret = TRY(seal(row, "epoch", epoch.number, epoch.secret));
  row.active_identity = psk_identity_of(epoch);
  row.puk_secret = TRY(seal(row, "puk", epoch.number, epoch.puk_secret));
  row.epoch_max = std::max(row.epoch_max, epoch.number);
  row.counter_from_chip_active = 0;
  return {};
}

Result<hlr::SubscriberKeys> SecurityCentre::State::subscriber_keys(const ChipKeys& row,
                                                                   const Epoch& epoch) {
  const auto number = TRY(parts_.fleet.find(row.iccid));
  const auto profile = TRY(parts_.fleet.profile(number.allocation.profile));
  hlr::SubscriberKeys keys;
  keys.algorithm = profile.algorithm;
  keys.tuak_iterations = profile.tuak_iterations;
  keys.life = row.life;
  keys.epoch = epoch.number;
  personalisation::derive_ki(epoch.secret, keys.ki.fill(profile.ki_octets));
  if (profile.algorithm == hlr::Algorithm::tuak) {
    keys.opc.assign(personalisation::derive_topc(epoch.secret).view());
  } else {
    keys.opc.assign(personalisation::derive_opc(epoch.secret).view());
  }
  keys.rand_tag_key = personalisation::derive_rand_tag_key(epoch.secret);
  return keys;
}

Result<void> SecurityCentre::State::journal(const ChipKeys& row, hlr::JournalRecord::Kind kind,
                                            const Epoch* epoch) {
  hlr::JournalRecord record;
  record.kind = kind;
  record.iccid = row.iccid;
  record.imsi = row.imsi;
  record.life = row.life;
  if (epoch) {
    record.epoch = epoch->number;
    Secret<2 * epoch_secret_octets> both;
    const MutableByteView room = both.fill(epoch->secret.size() + epoch->puk_secret.size());
    Writer(room).bytes(epoch->secret.view()).bytes(epoch->puk_secret.view());
    record.sealed.resize(both.size() + crypto::KeyStore::seal_overhead_octets);
    TRY(parts_.keys.seal(seal_identity(row, "journal", epoch->number), both.view(),
                         record.sealed.span()));
  }
  // A chip that took the RESET answers for these bytes only, whatever becomes of the database.
  if (kind == hlr::JournalRecord::Kind::reset) {
    record.command.assign(row.reset.begin(), row.reset.end());
  }
  return parts_.journal.append(record);
}

Result<void> SecurityCentre::State::journal_offer(const ChipKeys& row, uint32_t epoch) {
  hlr::JournalRecord record;
  record.kind = hlr::JournalRecord::Kind::offered;
  record.iccid = row.iccid;
  record.imsi = row.imsi;
  record.life = row.life;
  record.epoch = epoch;
  return parts_.journal.append(record);
}

Result<Epoch> SecurityCentre::State::open_journalled(const ChipKeys& row,
                                                     const hlr::JournalRecord& record) {
  if (record.life != row.life) return ErrorCode::bad_value;
  const ByteView sealed = record.sealed;
  if (sealed.size() < epoch_secret_octets + crypto::KeyStore::seal_overhead_octets ||
      sealed.size() > 2 * epoch_secret_octets + crypto::KeyStore::seal_overhead_octets) {
    return ErrorCode::bad_length;
  }
  Secret<2 * epoch_secret_octets> both;
  TRY(parts_.keys.open(seal_identity(row, "journal", record.epoch), sealed,
                       both.fill(sealed.size() - crypto::KeyStore::seal_overhead_octets)));
  Epoch epoch;
  epoch.number = record.epoch;
  epoch.secret.assign(both.view().first(epoch_secret_octets));
  epoch.puk_secret.assign(both.view().subspan(epoch_secret_octets));
  return epoch;
}

Result<void> SecurityCentre::State::set_previous(ChipKeys& row, const Epoch& epoch) {
  row.previous_epoch = epoch.number;
  row.previous_secret = TRY(seal(row, "epoch", epoch.number, epoch.secret));
  row.previous_identity = psk_identity_of(epoch);
  return {};
}

Result<Epoch> SecurityCentre::State::previous_epoch(const ChipKeys& row) {
  Epoch epoch;
  epoch.number = row.previous_epoch;
  epoch.secret = TRY(open(row, "epoch", row.previous_epoch, row.previous_secret));
  return epoch;
}

// The chip holds the active epoch and knows that it is in service: whatever it sent that only this
// epoch's key makes has the force of DONE.
void SecurityCentre::State::confirm(ChipKeys& row) {
  row.commit_unconfirmed = false;
  row.previous_secret.clear();
  row.previous_identity.clear();
  row.previous_epoch = 0;
  row.counter_from_chip_previous = 0;
  // The next negotiation may have begun meanwhile, and its turns stay.
  if (row.work == Work::none) unschedule(row.iccid);
}

Result<ChipPsk> SecurityCentre::State::psk_of(std::string_view identity) {
  if (identity.empty()) return ErrorCode::not_found;
  const auto row = TRY(parts_.store.load_by_identity(identity));
  if (!row) return ErrorCode::not_found;
  const auto chip = TRY(parts_.fleet.chip(row->iccid));
  if (chip.state == fleet::ChipState::frozen || chip.state == fleet::ChipState::resetting) {
    return ErrorCode::not_found;
  }
  const bool is_active = row->active_identity == identity;
  const Epoch epoch = TRY(is_active ? active_epoch(*row) : previous_epoch(*row));
  ChipPsk found;
  found.iccid = row->iccid;
  found.epoch = epoch.number;
  found.psk = personalisation::derive_psk(epoch.secret);
  return found;
}

Result<void> SecurityCentre::State::on_epoch_proved(const Iccid& iccid, uint32_t epoch) {
  auto row = TRY(parts_.store.load(iccid));
  if (!row || !row->commit_unconfirmed || row->active_epoch != epoch) return {};
  confirm(*row);
  return parts_.store.save(*row);
}

Result<ChipPacket> SecurityCentre::State::make_packet(const Iccid& iccid, const ByteArray<3>& tar,
                                                      ByteView data) {
  auto row = TRY(parts_.store.load(iccid));
  if (!row) return ErrorCode::not_found;
  const auto chip = TRY(parts_.fleet.chip(iccid));
  if (row->active_epoch == 0 || chip.state == fleet::ChipState::frozen ||
      chip.state == fleet::ChipState::resetting) {
    return ErrorCode::bad_state;
  }
  ChipPacket out;
  out.to = chip.msisdn;
  out.counter = ++row->counter_to_chip;
  out.bytes = TRY(seal_for_chip(TRY(active_epoch(*row)), tar, out.counter, data));
  TRY(parts_.store.save(*row));
  return out;
}

// Rows that an older schema left without identities: once, after an upgrade.
Result<void> SecurityCentre::State::fill_identities() {
  constexpr size_t page_rows = 1000;
  for (;;) {
    std::vector<ChipKeys> rows = TRY(parts_.store.without_identity(page_rows));
    for (ChipKeys& row : rows) {
      row.active_identity = psk_identity_of(TRY(active_epoch(row)));
      row.previous_identity = psk_identity_of(TRY(previous_epoch(row)));
      if (row.active_identity.empty()) return ErrorCode::storage;
      TRY(parts_.store.save(row));
    }
    if (rows.size() < page_rows) return {};
  }
}

// The one transaction of design 4.1: the epoch that the chip has stored becomes the AuC's.
Result<void> SecurityCentre::State::put_in_service(ChipKeys& row, const Epoch& epoch,
                                                   const audit::By& by) {
  const Epoch before = TRY(active_epoch(row));
  TRY(set_previous(row, before));
  row.counter_from_chip_previous = row.counter_from_chip_active;
  TRY(set_active(row, epoch));
  const hlr::SubscriberKeys keys = TRY(subscriber_keys(row, epoch));
  TRY(parts_.directory.replace_keys(row.imsi, keys, by));
  TRY(parts_.directory.set_hotline(row.imsi, false, by));
  // Vectors of the old key are still in visited networks, and the chip will refuse them.
  TRY(parts_.directory.cancel_location(row.imsi, by));
  row.work = Work::none;
  row.work_attempts = 0;
  row.interval_from = by.at;
  row.commit_unconfirmed = true;
  return {};
}

}  // namespace simurgh::security_centre
