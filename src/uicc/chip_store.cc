#include "uicc/chip_store.h"

#include "crypto/primitives.h"
#include "uicc/nv_keys.h"
#include "uicc/sequence.h"

namespace simurgh::uicc {

using personalisation::ChipRecord;

Result<void> NvChipStore::load(ChipRecord& record) {
  Secret<personalisation::chip_record_octets_max> bytes;
  const MutableByteView room = bytes.fill(personalisation::chip_record_octets_max);
  auto parsed = personalisation::parse_record(TRY(store_.read(nv_key::chip_record, room)));
  if (!parsed.has_value()) return ErrorCode::storage;
  record = *parsed;
  return {};
}

Result<void> NvChipStore::save(const ChipRecord& record) {
  ChipRecord old_record;
  TRY(load(old_record));
  NvTransaction transaction;
  put_record(record, transaction);
  TRY(follow(old_record, record, transaction));
  return store_.commit(transaction);
}

Result<void> NvChipStore::follow(const ChipRecord& old_record, const ChipRecord& record,
                                 NvTransaction& transaction) {
  if (record.life != old_record.life) {
    Pins::put_initial(transaction);
    files_.forget(transaction, Lifetime::customer);
    forget_sequence_numbers(store_, transaction);
    transaction.erase(nv_key::counters_in);
    return {};
  }
  if (record.active.number == old_record.active.number) return {};
  files_.forget(transaction, Lifetime::key);
  forget_sequence_numbers(store_, transaction);
  const bool same_puk =
      crypto::secure_equal(record.active.puk_secret.view(), old_record.active.puk_secret.view());
  if (!same_puk) TRY(pins_.put_puk_tries(transaction));
  return {};
}

void put_record(const ChipRecord& record, NvTransaction& transaction) {
  Secret<personalisation::chip_record_octets_max> bytes;
  const MutableByteView room = bytes.fill(personalisation::chip_record_octets_max);
  const auto written = personalisation::write_record(record, room);
  SIMURGH_CHECK(written.has_value());
  transaction.put(nv_key::chip_record, *written);
}

ByteArray<pin_octets> puk_of(const ChipRecord& record) {
  static_assert(personalisation::puk_digits == pin_octets);
  if (!record.active.puk_secret.empty()) {
    return personalisation::derive_puk(record.active.puk_secret);
  }
  ByteArray<pin_octets> puk;
  puk.fill('0');
  return puk;
}

}  // namespace simurgh::uicc
