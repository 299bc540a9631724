// Where the personalisation conversation keeps the chip's record: the NV store, with everything
// that must change together with the record (personalisation/chip_record.h).
#pragma once

#include "conversations/personalisation/chip_record.h"
#include "uicc/file_system.h"
#include "uicc/pins.h"

namespace simurgh::uicc {

class NvChipStore : public personalisation::ChipStore {
 public:
  NvChipStore(NvStore& store, FileSystem& files, Pins& pins)
      : store_(store), files_(files), pins_(pins) {}

  // `not_found` in a blank chip.
  Result<void> load(personalisation::ChipRecord& record) override;

  // One transaction. With a new life: PIN 0000, PUK 00000000, the customer's files as new, all
  // counters at their beginning (D10). With a new active epoch: session keys and sequence numbers
  // of the old key are void; with a new PUK its tries are full.
  Result<void> save(const personalisation::ChipRecord& record) override;

 private:
  Result<void> follow(const personalisation::ChipRecord& old_record,
                      const personalisation::ChipRecord& record, NvTransaction& transaction);

  NvStore& store_;
  FileSystem& files_;
  Pins& pins_;
};

// Adds the record to a transaction.
void put_record(const personalisation::ChipRecord& record, NvTransaction& transaction);

// The PUK of the chip's present epoch: 00000000 before the first one was agreed.
ByteArray<pin_octets> puk_of(const personalisation::ChipRecord& record);

}  // namespace simurgh::uicc
