// Arrays of fixed size from hexadecimal digits and byte vectors.
#pragma once

#include "hex.h"

namespace simurgh::test {

template <size_t N>
ByteArray<N> array_of(ByteView bytes) {
  SIMURGH_CHECK(bytes.size() == N);  // not REQUIRE: constants of a file are made before doctest
  ByteArray<N> out;
  std::memcpy(out.data(), bytes.data(), N);
  return out;
}

template <size_t N>
ByteArray<N> array_of_hex(std::string_view digits) {
  return array_of<N>(from_hex(digits));
}

}  // namespace simurgh::test
