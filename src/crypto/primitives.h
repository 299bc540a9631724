// The cryptographic primitives that Simurgh uses, as free functions over byte views.
//
// Declared here, bare; the definition is chosen by which file is linked: io/crypto_openssl on a
// server and in host tests, a board's own library on a microcontroller. None of them keeps state
// between calls that a caller could see, makes random numbers, or logs. Outputs are written only
// on success. All are safe to call from any thread.
#pragma once

#include <initializer_list>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace simurgh::crypto {

// The message as consecutive parts, so that nothing need be copied together.
using Parts = std::initializer_list<ByteView>;

using Digest = ByteArray<32>;
using Block = ByteArray<16>;

// True when equal; time depends on the sizes only.
bool secure_equal(ByteView a, ByteView b);

// --- hashes and MACs -----------------------------------------------------------------------
Digest sha256(Parts message);                     // FIPS 180-4
ByteArray<64> sha512(Parts message);              // FIPS 180-4; for CPace and Ed25519 only
Digest hmac_sha256(ByteView key, Parts message);  // RFC 2104
// RFC 5869 extract and expand; out.size() <= 255 * 32, else crypto.
Result<void> hkdf_sha256(ByteView salt, ByteView secret, ByteView info, MutableByteView out);

// --- AES (FIPS 197); keys of 16, 24 or 32 octets, else crypto ------------------------------
Result<Block> aes_encrypt_block(ByteView key, const Block& block);
// CBC without padding; sizes must be equal multiples of 16; `in` and `out` may be the same.
Result<void> aes_cbc_encrypt(ByteView key, const Block& iv, ByteView in, MutableByteView out);
Result<void> aes_cbc_decrypt(ByteView key, const Block& iv, ByteView in, MutableByteView out);
Result<Block> aes_cmac(ByteView key, Parts message);  // NIST SP 800-38B
// NIST SP 800-38D, nonce of 12 octets, tag of 16. `sealed` is ciphertext followed by the tag.
Result<void> aes_gcm_seal(ByteView key, ByteView nonce, ByteView associated, ByteView plain,
                          MutableByteView sealed);
Result<void> aes_gcm_open(ByteView key, ByteView nonce, ByteView associated, ByteView sealed,
                          MutableByteView plain);  // bad_mac when it does not verify

// --- triple DES, only to read what exists (TS 102 225 KIc/KID 5 and 9) ----------------------
// Keys of 16 (K1 K2 K1) or 24 octets. CBC with IV 0; the MAC is the last block over the message
// padded with zeros to 8.
Result<void> tdes_cbc_decrypt(ByteView key, ByteView in, MutableByteView out);
Result<void> tdes_cbc_encrypt(ByteView key, ByteView in, MutableByteView out);
Result<ByteArray<8>> tdes_cbc_mac(ByteView key, Parts message);

// --- key agreement -------------------------------------------------------------------------
// A private value is made from `seed`, random bytes of the caller's. Every derive refuses with
// `crypto` what the suite calls an invalid share: wrong size, not on the curve, small order
// (all-zero result), 0, 1 or p-1, no square modulo p.
// The seed is the private value: of X25519 as RFC 7748 clamps it; else a big-endian number, for
// P-256 modulo the order. `crypto` when that is 0, which no random seed is.
constexpr size_t x25519_share_octets = 32;      // RFC 7748
constexpr size_t p256_share_octets = 65;        // SEC 1 uncompressed point
constexpr size_t ffdhe2048_share_octets = 256;  // RFC 7919 A.1, padded to the prime's size
Result<void> x25519_public(const ByteArray<32>& seed, MutableByteView share);
Result<void> x25519_derive(const ByteArray<32>& seed, ByteView peer, MutableByteView secret);
Result<void> p256_public(const ByteArray<32>& seed, MutableByteView share);
Result<void> p256_derive(const ByteArray<32>& seed, ByteView peer, MutableByteView secret);
Result<void> ffdhe2048_public(const ByteArray<32>& seed, MutableByteView share);
Result<void> ffdhe2048_derive(const ByteArray<32>& seed, ByteView peer, MutableByteView secret);

// --- signatures ----------------------------------------------------------------------------
constexpr size_t ed25519_public_octets = 32;
constexpr size_t ed25519_signature_octets = 64;
constexpr size_t ecdsa_p256_public_octets = 65;     // SEC 1 uncompressed point
constexpr size_t ecdsa_p256_signature_octets = 64;  // r || s (IEEE P1363)
constexpr size_t rsa2048_public_octets = 256;       // modulus; the exponent is 65537
constexpr size_t rsa2048_signature_octets = 256;    // PSS, SHA-256, salt 32
// `private_key`: the 32-octet seed, the 32-octet scalar, or PKCS#1 DER of the RSA key. `crypto`
// when it, or a public key, is not valid; bad_signature for all that is wrong with a signature.
// Signatures are a function of key and message alone (RFC 8032, RFC 6979, and a PSS salt derived
// from both), so a retry signs the same octets.
Result<ByteArray<32>> ed25519_public(const ByteArray<32>& private_key);
Result<ByteArray<64>> ed25519_sign(const ByteArray<32>& private_key, ByteView message);
Result<void> ed25519_verify(ByteView public_key, ByteView message, ByteView signature);
Result<ByteArray<65>> ecdsa_p256_public(const ByteArray<32>& private_key);
Result<ByteArray<64>> ecdsa_p256_sign(const ByteArray<32>& private_key, ByteView message);
Result<void> ecdsa_p256_verify(ByteView public_key, ByteView message, ByteView signature);
Result<ByteArray<256>> rsa2048_public(ByteView private_key_der);
Result<ByteArray<256>> rsa2048_sign(ByteView private_key_der, ByteView message);
Result<void> rsa2048_verify(ByteView modulus, ByteView message, ByteView signature);

// --- ristretto255 (RFC 9496), for the PAKE ---------------------------------------------------
constexpr size_t ristretto_element_octets = 32;
// Maps 64 uniform octets to an element (the one-way map of RFC 9496 4.3.4).
Result<ByteArray<32>> ristretto_from_uniform(const ByteArray<64>& uniform);
// `seed` (64 random octets) is reduced to a scalar; crypto when the element is not valid or the
// product is the identity.
Result<ByteArray<32>> ristretto_multiply(const ByteArray<64>& seed, ByteView element);

}  // namespace simurgh::crypto
