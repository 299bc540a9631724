#include "crypto/memory_key_store.h"

#include "crypto/kdf.h"

namespace simurgh::crypto {

namespace {

Key256 key_of(ByteView seed, std::string_view use) {
  return derive_key<32>(seed, {"memory-key-store", 1, "S", use});
}

}  // namespace

MemoryKeyStore::MemoryKeyStore(uint64_t seed, ByteView rsa_private) : MaterialKeyStore(owned_) {
  ByteArray<8> octets;
  for (size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<uint8_t>(seed >> (8 * i));
  owned_.master = key_of(octets, "master");
  owned_.column = key_of(octets, "column");
  owned_.ed25519 = key_of(octets, "Ed25519");
  owned_.p256 = key_of(octets, "P-256");
  owned_.rsa_private.assign(rsa_private);
  SIMURGH_CHECK(check(owned_).has_value());
}

}  // namespace simurgh::crypto
