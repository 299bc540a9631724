// The chip's own commands, beside those of the standards: making it (factory), asking it who it is
// and carrying personalisation messages over a reader (dealer). docs/protocols/chip-apdus.md.
//
// Class 80. Long data goes in blocks: P1 80 on the last block, else 00; P2 counts blocks from 0.
#pragma once

#include "conversations/personalisation/chip_record.h"
#include "formats/apdu/apdu.h"
#include "uicc/imported.h"

namespace simurgh::uicc {

namespace chip_ins {
constexpr uint8_t pre_personalise = 0x50;
constexpr uint8_t get_chip_data = 0x52;
constexpr uint8_t reset_challenge = 0x54;  // answer: RESET_CHALLENGE (D10)
constexpr uint8_t exchange = 0x56;         // a personalisation message in, the chip's answer out
constexpr uint8_t request = 0x58;          // REQUEST, when the chip wants personalisation
constexpr uint8_t first = pre_personalise;
constexpr uint8_t last = request;
}  // namespace chip_ins

constexpr uint8_t block_last = 0x80;  // P1
constexpr size_t block_octets_max = 255;

// The personalisation applet: SELECT by this name answers, so that a tool can see that it is there.
extern const ByteArray<10> personalisation_aid;

// How the chip answers challenges. Ki and OPc or TOPc come from the epoch secret.
enum class AuthenticationAlgorithm : uint8_t { milenage = 1, tuak = 2 };
struct AuthenticationProfile {
  AuthenticationAlgorithm algorithm = AuthenticationAlgorithm::milenage;
  uint8_t ki_octets = 16;       // 16; with TUAK 16 or 32
  uint8_t tuak_iterations = 1;  // of Keccak (TS 35.231)
  friend bool operator==(const AuthenticationProfile&, const AuthenticationProfile&) = default;
};

// Everything that a chip gets in the factory (D3), in one transaction. K1 is never stored: the
// chip derives its own key and Ki_1 from it at once.
struct PrePersonalisation {
  personalisation::ChipIdentity chip;
  Key256 k1;
  personalisation::SuiteSet suites;
  personalisation::ServerKeys server_keys;
  Msisdn centre_number;   // of the security centre (D6)
  Msisdn service_centre;  // of the SMSC, for EF.SMSP; may be empty
  AuthenticationProfile authentication;
  uint8_t mnc_digits = 2;                  // for EF.AD
  ByteString<16> service_provider_name{};  // EF.SPN, default alphabet; may be empty
  std::optional<ImportedChip> imported{};  // a chip of another maker
  bool legacy_1997 = false;                // insecure (legacy_1997.h)
};

constexpr size_t pre_personalisation_octets_max = 768;
using PrePersonalisationBytes = Secret<pre_personalisation_octets_max>;

// The data of PRE-PERSONALISE, to be cut into blocks.
PrePersonalisationBytes write_pre_personalisation(const PrePersonalisation& data);
// truncated, bad_length, bad_value, not_found (a mandatory object), unsupported (an unknown one).
Result<PrePersonalisation> parse_pre_personalisation(ByteView bytes);

// Answer to GET CHIP DATA. A blank chip has only its state.
struct ChipData {
  personalisation::ChipState state = personalisation::ChipState::factory;
  Iccid iccid;
  personalisation::Ver ver{};
  uint32_t life = 0;
  uint32_t active_epoch = 0;
  bool pending = false;  // a new epoch is prepared
  personalisation::SuiteSet suites;
  bool legacy_1997 = false;  // insecure
};
constexpr size_t chip_data_octets_max = 64;
Result<ByteView> write_chip_data(const ChipData& data, MutableByteView out);
Result<ChipData> parse_chip_data(ByteView bytes);

}  // namespace simurgh::uicc
