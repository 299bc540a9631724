#include "uicc/inspect.h"

#include "base/secret.h"
#include "uicc/chip_store.h"
#include "uicc/sequence.h"

namespace simurgh::uicc {

Result<ChipInspection> inspect_chip(const Nv& nv, const ByteArray<16>& seal_key) {
  std::vector<uint8_t> image(nv.size());
  TRY(nv.read(0, image));
  MemoryNv copy(nv.size(), nv.granule());  // mounting may have to finish what a cut interrupted
  TRY(copy.write(0, image));
  wipe(image);
  NvStore store(copy, seal_key);
  TRY(store.mount());
  FileSystem files(store);
  Pins pins(store);
  ChipInspection inspection;
  TRY(NvChipStore(store, files, pins).load(inspection.record));
  inspection.pin1 = TRY(pins.state(PinName::pin1));
  inspection.pin2 = TRY(pins.state(PinName::pin2));
  inspection.sequence_number = TRY(highest_sequence_number(store));
  return inspection;
}

}  // namespace simurgh::uicc
