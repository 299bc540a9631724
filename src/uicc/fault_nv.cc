#include "uicc/fault_nv.h"

#include <algorithm>

namespace simurgh::uicc {

void FaultNv::cut_at(uint64_t granule_number, Cut how) {
  cut_granule_ = granule_number == UINT64_MAX ? UINT64_MAX : granules_written_ + granule_number;
  how_ = how;
}

Result<void> FaultNv::read(size_t offset, MutableByteView out) const {
  if (!powered_) return fail(ErrorCode::closed);
  return nv_.read(offset, out);
}

Result<void> FaultNv::write(size_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), granule() - offset % granule());
    TRY(write_granule(offset, bytes.first(size)));
    offset += size;
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<void> FaultNv::write_granule(size_t offset, ByteView bytes) {
  if (!powered_) return fail(ErrorCode::closed);
  if (granules_written_++ != cut_granule_) return nv_.write(offset, bytes);
  powered_ = false;
  cut_granule_ = UINT64_MAX;
  TRY(tear(offset, bytes));
  return fail(ErrorCode::closed);
}

Result<void> FaultNv::tear(size_t offset, ByteView bytes) {
  switch (how_) {
    case Cut::nothing: return {};
    case Cut::prefix: return nv_.write(offset, bytes.first(bytes.size() / 2));
    case Cut::unacknowledged: return nv_.write(offset, bytes);
    case Cut::random_bits: break;
  }
  // The whole granule is rewritten by the hardware, so octets beside the written ones go too.
  uint8_t octets[NvStore::granule_octets_max];
  const MutableByteView granule_bytes(octets, granule());
  random_.fill(granule_bytes);
  return nv_.write(offset - offset % granule(), granule_bytes);
}

}  // namespace simurgh::uicc
