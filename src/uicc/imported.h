// A chip that Simurgh did not make (G8): another manufacturer's SIM, UICC, USIM, RUIM, ISIM or
// embedded secure element, as data. Its key sets were given, not derived; its applications may have
// other TARs; it has no HTTP agent, so scripts reach it as secured packets with a proof of receipt.
//
// The personalisation application is not for it: nobody has its keys. Stored once, at the factory.
#pragma once

#include "base/fixed_vector.h"
#include "base/secret.h"
#include "uicc/nv.h"
#include "uicc/remote.h"

namespace simurgh::uicc {

enum class ChipKind : uint8_t { sim = 1, uicc = 2, usim = 3, ruim = 4, isim = 5, ese = 6 };

// Keys of SCP80 (KIc and KID are AES of 16, 24 or 32 octets; no other algorithm is accepted).
struct GivenKeys {
  uint8_t key_set = 1;  // 1…15
  Key256 kic;
  Key256 kid;
};

struct TarRow {
  secured_packet::Tar tar{};
  Target target = Target::none;
};

struct ImportedChip {
  static constexpr size_t key_sets_max = 3;
  static constexpr size_t tars_max = 8;
  ChipKind kind = ChipKind::usim;
  FixedVector<GivenKeys, key_sets_max> keys;
  FixedVector<TarRow, tars_max> tars;  // before those of remote.h

  // Whether it takes commands of class A0 only (TS 51.011, 3GPP2 C.S0023).
  bool gsm_only() const { return kind == ChipKind::sim || kind == ChipKind::ruim; }
};

constexpr size_t imported_octets_max = 300;

// The value of object ae of PRE-PERSONALISE: 80 kind, a1 { 80 key set, 81 KIc, 82 KID } …, 83 TAR
// and target …. bad_length, bad_value (a kind, key set or target that is not above, a key set
// twice), not_found (no keys), too_large, unsupported (an unknown object).
Result<ImportedChip> parse_imported(ByteView value);
Result<ByteView> write_imported(const ImportedChip& chip, MutableByteView out);

// not_found in a chip of our own.
Result<ImportedChip> load_imported(const NvStore& store);

}  // namespace simurgh::uicc
