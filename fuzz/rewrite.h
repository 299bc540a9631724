// What a fuzz target holds against what its parser accepts: written and read again, it stays the
// same.
#pragma once

#include "base/bytes.h"
#include "base/check.h"
#include "base/result.h"

namespace simurgh::fuzz {

constexpr size_t room_octets = size_t{70} * 1024;

// parse(ByteView) -> Result<T>, write(T, MutableByteView) -> Result<ByteView>. A value that the
// writer refuses is fine (readers are more tolerant); one that it writes is read, and is then
// written with the same bytes.
template <typename Parse, typename Write>
void check_rewrite(ByteView input, Parse parse, Write write) {
  static uint8_t first_room[room_octets];
  static uint8_t second_room[room_octets];
  const auto parsed = parse(input);
  if (!parsed.has_value()) return;
  const auto first = write(*parsed, MutableByteView(first_room));
  if (!first.has_value()) return;
  const auto again = parse(*first);
  SIMURGH_CHECK(again.has_value());
  const auto second = write(*again, MutableByteView(second_room));
  SIMURGH_CHECK(second.has_value());
  SIMURGH_CHECK(equal(*first, *second));
}

}  // namespace simurgh::fuzz
