// TUAK (3GPP TS 35.231): the functions f1, f1*, f2…f5 and f5* on the permutation Keccak-f[1600].
//
// K has 16 or 32 octets, TOPc 32. Lengths and iterations are the operator's choice and must be the
// same on both sides; sizes outside the specification are a programmer's error (check what comes
// from outside first, with is_tuak_lengths). What AuC and USIM do with them is in aka.h.
#pragma once

#include "crypto/primitives.h"

namespace simurgh::crypto {

constexpr size_t tuak_topc_octets = 32;
constexpr uint8_t tuak_iterations_max = 255;

struct TuakLengths {
  uint8_t mac_octets = 8;  // 8, 16, 32
  uint8_t res_octets = 8;  // 4, 8, 16, 32
  uint8_t ck_octets = 16;  // 16, 32
  uint8_t ik_octets = 16;  // 16, 32
};
bool is_tuak_lengths(const TuakLengths& lengths);

struct TuakKeys {
  ByteView k;
  ByteView topc;
  uint8_t iterations = 1;  // of Keccak-f, at least 1
  TuakLengths lengths;
};

// 7.1: TOPc of the operator's TOP (32 octets) and this subscriber's K.
Key256 tuak_topc(ByteView k, ByteView top, uint8_t iterations);

// f1 and f1* (7.2, 7.3); `lengths.mac_octets` long.
using TuakMac = ByteString<32>;
TuakMac tuak_f1(const TuakKeys& keys, const Block& rand, const ByteArray<6>& sqn,
                const ByteArray<2>& amf);
TuakMac tuak_f1_star(const TuakKeys& keys, const Block& rand, const ByteArray<6>& sqn,
                     const ByteArray<2>& amf);

struct TuakOutputs {
  ByteString<32> res;  // f2
  Key256 ck;           // f3
  Key256 ik;           // f4
  ByteArray<6> ak;     // f5
};
TuakOutputs tuak_f2345(const TuakKeys& keys, const Block& rand);

// The anonymity key of AUTS (7.5).
ByteArray<6> tuak_f5_star(const TuakKeys& keys, const Block& rand);

}  // namespace simurgh::crypto
