// The format of the key file. Version 1:
//
//   "SIMURGHK" ‖ version (u16) ‖ fields ‖ MAC (32)
//   field = tag (u8) ‖ length (u16) ‖ value: master 1, column 2, Ed25519 3, P-256 4, RSA 5
//
// all fields, in this order, RSA as PKCS#1 DER. The MAC is HMAC-SHA256 under a key derived from the
// master key, over all that stands before it: it finds damage. Who can write the file can write the
// MAC too; against him stand the file's permissions.
#pragma once

#include "crypto/key_material.h"

namespace simurgh::keystore {

constexpr size_t key_file_octets_max = 2048;
constexpr uint16_t key_file_version = 1;

// Fills `material`. unsupported (another version), bad_mac (no key file, or damaged), and what
// crypto::check says of keys that cannot be used.
Result<void> parse_key_file(ByteView file, crypto::KeyMaterial& material);

// no_space when `out` is smaller than key_file_octets_max.
Result<ByteView> write_key_file(const crypto::KeyMaterial& material, MutableByteView out);

}  // namespace simurgh::keystore
