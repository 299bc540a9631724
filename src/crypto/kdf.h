// Labelled key derivation: HKDF-SHA256 in which every key's label says protocol, version, role and
// use, and every context field has its type and its length. Two different uses can therefore never
// meet in the same input, whatever their fields hold.
//
// info = label (u16 length, text) ‖ u16 octets of output ‖ each field (u8 type, u16 length, value)
#pragma once

#include "crypto/primitives.h"

namespace simurgh::crypto {

// "simurgh/<protocol>/<version>/<role>/<use>"; without slashes inside.
struct KeyLabel {
  std::string_view protocol;
  uint8_t version;
  std::string_view role;  // who makes or uses the key
  std::string_view use;
};

// The numbers are in derived keys: they stay.
enum class FieldType : uint8_t {
  iccid = 1,
  imsi = 2,
  version = 3,  // VER of a chip
  identity = 4,
  counter = 5,  // 32 bits
  nonce = 6,
  transcript = 7,
  message = 8,
};

struct KeyField {
  FieldType type;
  ByteView value;
};
using KeyContext = std::initializer_list<KeyField>;

constexpr size_t key_info_octets_max = 512;  // label and context; more is a programmer's error

// Fills `out`, at most 255 * 32 octets (else a programmer's error). Keys of different lengths are
// unrelated.
void derive_key(ByteView secret, const KeyLabel& label, KeyContext context, MutableByteView out);

template <size_t N>
Secret<N> derive_key(ByteView secret, const KeyLabel& label, KeyContext context = {}) {
  Secret<N> key;
  derive_key(secret, label, context, key.fill(N));
  return key;
}

// Uniform decimal digits (ASCII), for PUK (8) and PIN (4): octets of a derived stream, each taken
// modulo 10 unless it is one of the last six, which would make 0 to 5 likelier (rejection
// sampling).
void derive_digits(ByteView secret, const KeyLabel& label, MutableByteView digits);

}  // namespace simurgh::crypto
