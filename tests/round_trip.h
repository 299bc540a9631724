// What every format must do (style.md rule 20): parse and write back the same bytes, answer every
// truncation with a clean error, and crash on no one-byte change.
//
// A codec is a pair of callables: parse(ByteView) -> Result<T>, and write(T, MutableByteView) ->
// Result<ByteView>. The input of each parse is a heap block of its exact size, so that the address
// sanitizer sees a read beyond it.
#pragma once

#include <doctest/doctest.h>

#include "hex.h"

namespace simurgh::test {

constexpr size_t room_octets = 4096;

template <typename Parse>
void check_truncations(ByteView bytes, Parse parse) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_MESSAGE(!parse(ByteView(cut)).has_value(), "accepted when cut to " << size);
  }
}

// As check_truncations where some prefixes are messages of their own: only that none crashes.
template <typename Parse>
void try_truncations(ByteView bytes, Parse parse) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    static_cast<void>(parse(ByteView(cut)).has_value());
  }
}

// Sets each octet to all its 255 other values. What is still accepted must survive being written
// and read again: the second writing equals the first.
template <typename Parse, typename Write>
void check_changes(ByteView bytes, Parse parse, Write write) {
  Bytes changed(bytes.begin(), bytes.end());
  for (size_t i = 0; i < changed.size(); ++i) {
    for (int flip = 1; flip <= 0xff; ++flip) {
      changed[i] = static_cast<uint8_t>(bytes[i] ^ flip);
      const auto parsed = parse(ByteView(changed));
      if (!parsed.has_value()) continue;
      Bytes room(room_octets);
      const auto once = write(*parsed, MutableByteView(room));
      if (!once.has_value()) continue;
      const Bytes first(once->begin(), once->end());
      const auto again = parse(ByteView(first));
      REQUIRE_MESSAGE(again.has_value(), "own writing is refused: " << to_hex(first));
      Bytes room_again(room_octets);
      const auto twice = write(*again, MutableByteView(room_again));
      REQUIRE(twice.has_value());
      CHECK(to_hex(*twice) == to_hex(first));
    }
    changed[i] = bytes[i];
  }
}

// Parse, write, compare; and a buffer one octet too small is no_space.
template <typename Parse, typename Write>
void check_rewriting(ByteView bytes, Parse parse, Write write) {
  const Bytes input(bytes.begin(), bytes.end());
  const auto parsed = parse(ByteView(input));
  REQUIRE_MESSAGE(parsed.has_value(), name_of(parsed.error().code)
                                          << " at " << parsed.error().offset << " in "
                                          << to_hex(input));
  Bytes room(bytes.size());
  const auto written = write(*parsed, MutableByteView(room));
  REQUIRE_MESSAGE(written.has_value(), name_of(written.error().code) << " for " << to_hex(input));
  CHECK(to_hex(*written) == to_hex(bytes));
  if (bytes.empty()) return;
  Bytes small(bytes.size() - 1);
  const auto cramped = write(*parsed, MutableByteView(small));
  REQUIRE(!cramped.has_value());
  CHECK(cramped.error().code == ErrorCode::no_space);
}

template <typename Parse, typename Write>
void check_format(ByteView bytes, Parse parse, Write write) {
  check_rewriting(bytes, parse, write);
  check_truncations(bytes, parse);
  check_changes(bytes, parse, write);
}

}  // namespace simurgh::test
