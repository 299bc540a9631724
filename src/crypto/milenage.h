// MILENAGE (3GPP TS 35.206): the functions f1, f1*, f2…f5 and f5* on AES-128, with the constants
// c1…c5 and r1…r5 of the specification.
//
// K and OPc have 16 octets; other sizes are a programmer's error (check what comes from outside
// first). What AuC and USIM do with the functions is in aka.h.
#pragma once

#include "crypto/primitives.h"

namespace simurgh::crypto {

struct MilenageKeys {
  ByteView k;
  ByteView opc;
};

// OPc = OP xor E[OP]K (4.1).
Key128 milenage_opc(ByteView k, ByteView op);

struct MilenageMacs {
  ByteArray<8> a;  // f1: MAC-A of the AuC
  ByteArray<8> s;  // f1*: MAC-S of the USIM, for resynchronisation
};
MilenageMacs milenage_f1(const MilenageKeys& keys, const Block& rand, const ByteArray<6>& sqn,
                         const ByteArray<2>& amf);

struct MilenageOutputs {
  ByteArray<8> res;  // f2
  Key128 ck;         // f3
  Key128 ik;         // f4
  ByteArray<6> ak;   // f5
};
MilenageOutputs milenage_f2345(const MilenageKeys& keys, const Block& rand);

// The anonymity key of AUTS.
ByteArray<6> milenage_f5_star(const MilenageKeys& keys, const Block& rand);

}  // namespace simurgh::crypto
