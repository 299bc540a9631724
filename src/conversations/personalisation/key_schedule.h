// Every key of the personalisation, from K1 to the keys that a chip uses: labelled HKDF-SHA256.
//
//   K1 = of VER (key store)   chip_key = KDF(K1; ICCID, IMSI, VER)   E_0 = KDF(chip_key; life)
//   E_n = from the key agreement (handshake.h)                       all others = KDF(E_n; use)
//
// Both ends store epoch secrets only and derive on use. A label says protocol, version, role and
// use; the derived length is part of the input, so a short key is no prefix of a long one. Nothing
// here fails but what says so: lengths are the caller's (a wrong one is a programmer's error).
#pragma once

#include "base/secret.h"
#include "conversations/personalisation/messages.h"
#include "crypto/kdf.h"

namespace simurgh::personalisation {

constexpr size_t epoch_secret_octets = 32;
constexpr size_t ki_octets_max = 64;
constexpr size_t puk_digits = 8;
constexpr size_t pin_digits = 4;
constexpr size_t rand_tag_octets = 4;
constexpr size_t psk_identity_characters = 32;

// One epoch as it is kept: its number, its secret, and the secret from which the PUK derives. The
// PUK's secret comes from the first epoch after a sale and is carried from epoch to epoch, so that
// re-keying keeps the PUK (D11) although the older epochs are erased. Epoch 0 has none: PUK
// 00000000.
struct Epoch {
  uint32_t number = 0;
  Key256 secret;
  Key256 puk_secret;  // empty in epoch 0
};

// What replaces K1 in the chip: good for this chip alone (D3, threats row 13).
Key256 chip_key(const Key256& k1, const ChipIdentity& chip);
// Epoch 0 of a life, of which Ki_1 is a derivation like any other Ki.
Epoch initial_epoch(const Key256& chip_key, uint32_t life);

// --- what an epoch secret gives (all take `secret`, the 32 octets of an epoch) -----------------

// The authentication key, any length from 1 to ki_octets_max octets (D7): 16 for MILENAGE and
// COMP128, 16 or 32 for TUAK.
void derive_ki(const Key256& secret, MutableByteView ki);
Key128 derive_opc(const Key256& secret);   // TS 35.206
Key256 derive_topc(const Key256& secret);  // TS 35.231

// TS 102 225 keys, AES-128. The two directions have separate ones, so that a packet cannot be
// sent back to where it came from.
struct OtaKeys {
  Key128 kic;
  Key128 kid;
};
enum class Direction : uint8_t { to_chip, from_chip };
OtaKeys derive_ota_keys(const Key256& secret, Direction direction);

// PSK-TLS of the chip's HTTP agent: 32 octets and an identity that names neither the chip nor its
// owner on the air (32 hexadecimal digits; the server keeps it as an index).
Key256 derive_psk(const Key256& secret);
ByteArray<psk_identity_characters> derive_psk_identity(const Key256& secret);

// What the next key agreement mixes in, so that only who has this epoch can make the next (D11).
Key256 derive_renegotiation_secret(const Key256& secret);

// --- 2G: which key is meant -------------------------------------------------------------------
// 2G has no network MAC. RAND is 12 random octets and a tag of 4 under the epoch's tag key, so
// that a chip that holds two epochs answers with the right one. A tag is a hint for choosing a key
// only: 32 bits are too few to promote an epoch on (chip_half.h). crypto/rand_tag.h has the tag;
// the AuC keeps its key beside Ki.
Key256 derive_rand_tag_key(const Key256& secret);
Key256 derive_rand_tag_key(const Key256& secret);  // for who tags without the epoch's secret
ByteArray<16> tag_rand(const Key256& secret, const ByteArray<12>& random);
bool check_rand_tag(const Key256& secret, const ByteArray<16>& rand);

// --- PUK and PIN --------------------------------------------------------------------------------
// Uniform over 8 digits by rejection sampling, without 00000000 (which marks a chip in the shop).
Key256 derive_puk_secret(const Key256& secret);
ByteArray<puk_digits> derive_puk(const Key256& puk_secret);  // ASCII digits
// A first PIN where the operator wants one made: uniform over 4 digits, without 0000.
ByteArray<pin_digits> derive_pin(const Key256& secret);

// --- proofs of an epoch: each deterministic, so that it can be made again at any time -----------
// MACs bind the chip's identity, the life and the epoch number.
Message make_confirmation(MessageType type, const ChipIdentity& chip, uint32_t life,
                          const Epoch& epoch);
// bad_mac unless `message` is exactly that proof; bad_value when it is of another type, life or
// epoch (nothing was checked then).
Result<void> check_confirmation(ByteView message, MessageType type, const ChipIdentity& chip,
                                uint32_t life, const Epoch& epoch);

// --- for the two halves
// ---------------------------------------------------------------------------
ByteArray<4> octets_of(uint32_t number);  // big endian
// SHA-256 over the label and the SHA-256 of each part, each with its length in front.
crypto::Digest labelled_hash(std::string_view label, crypto::Parts parts);
// HMAC-SHA256 under the key derived from `secret` with `label`, truncated, over the hash of the
// parts.
Mac make_mac(ByteView secret, const crypto::KeyLabel& label, crypto::Parts parts);

}  // namespace simurgh::personalisation
