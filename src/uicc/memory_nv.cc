#include <algorithm>

#include "uicc/nv.h"

namespace simurgh::uicc {

namespace {

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

}  // namespace

MemoryNv::MemoryNv(size_t size_octets, size_t granule_octets)
    : size_octets_(size_octets),
      granule_octets_(granule_octets),
      chunks_((size_octets + chunk_octets - 1) / chunk_octets) {}

Result<void> MemoryNv::read(size_t offset, MutableByteView out) const {
  SIMURGH_CHECK(offset <= size_octets_ && out.size() <= size_octets_ - offset);
  while (!out.empty()) {
    const size_t at = offset % chunk_octets;
    const size_t size = std::min(out.size(), chunk_octets - at);
    const std::vector<uint8_t>& chunk = chunks_[offset / chunk_octets];
    if (chunk.empty()) {
      std::memset(out.data(), 0, size);
    } else {
      std::memcpy(out.data(), chunk.data() + at, size);
    }
    offset += size;
    out = out.subspan(size);
  }
  return {};
}

Result<void> MemoryNv::write(size_t offset, ByteView bytes) {
  SIMURGH_CHECK(offset <= size_octets_ && bytes.size() <= size_octets_ - offset);
  while (!bytes.empty()) {
    const size_t at = offset % chunk_octets;
    const size_t size = std::min(bytes.size(), chunk_octets - at);
    std::vector<uint8_t>& chunk = chunks_[offset / chunk_octets];
    if (chunk.empty() && !all_zero(bytes.first(size))) chunk.resize(chunk_octets);
    if (!chunk.empty()) std::memcpy(chunk.data() + at, bytes.data(), size);
    offset += size;
    bytes = bytes.subspan(size);
  }
  return {};
}

}  // namespace simurgh::uicc
