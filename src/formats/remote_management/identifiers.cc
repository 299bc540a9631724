#include "formats/remote_management/identifiers.h"

#include "base/reader.h"

namespace simurgh::remote_management {

Result<Aid> Aid::of(ByteView octets) {
  if (octets.size() < aid_octets_min || octets.size() > aid_octets_max) {
    return ErrorCode::bad_length;
  }
  Aid aid;
  aid.octets_.assign(octets);
  return aid;
}

Result<Tar> tar_of(const Aid& aid) {
  constexpr size_t tar_offset = 12;
  Reader reader(aid);
  if (!reader.skip(tar_offset).has_value() || reader.remaining() < Tar{}.size()) {
    return ErrorCode::not_found;
  }
  return reader.array<3>();
}

}  // namespace simurgh::remote_management
