// SHA-2, HMAC, HKDF and the comparison of secrets.
#include <openssl/crypto.h>

#include "crypto/primitives.h"
#include "io/crypto_openssl/thread_contexts.h"

namespace simurgh::crypto {

namespace {

constexpr size_t hkdf_blocks_max = 255;   // RFC 5869 2.3
constexpr size_t hmac_block_octets = 64;  // of SHA-256

template <size_t N>
ByteArray<N> hash(const EVP_MD* algorithm, Parts message) {
  EVP_MD_CTX* const context = digest_context();
  SIMURGH_CHECK(EVP_DigestInit_ex2(context, algorithm, nullptr) == 1);
  for (const ByteView part : message) {
    SIMURGH_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  }
  ByteArray<N> digest;
  unsigned size = 0;
  SIMURGH_CHECK(EVP_DigestFinal_ex(context, digest.data(), &size) == 1 && size == N);
  return digest;
}

}  // namespace

bool secure_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Digest sha256(Parts message) {
  return hash<32>(sha256_algorithm(), message);
}

ByteArray<64> sha512(Parts message) {
  return hash<64>(sha512_algorithm(), message);
}

// RFC 2104 on two hashes: half the cost of EVP's HMAC, and no context keeps the key.
Digest hmac_sha256(ByteView key, Parts message) {
  ByteArray<hmac_block_octets> pad{};
  if (key.size() > pad.size()) {
    const Digest digest = sha256({key});
    std::memcpy(pad.data(), digest.data(), digest.size());
  } else if (!key.empty()) {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  for (uint8_t& octet : pad) octet ^= 0x36;
  EVP_MD_CTX* const context = digest_context();
  SIMURGH_CHECK(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1);
  SIMURGH_CHECK(EVP_DigestUpdate(context, pad.data(), pad.size()) == 1);
  for (const ByteView part : message) {
    SIMURGH_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  }
  Digest inner;
  SIMURGH_CHECK(EVP_DigestFinal_ex(context, inner.data(), nullptr) == 1);
  for (uint8_t& octet : pad) octet ^= 0x36 ^ 0x5c;
  const Digest outer = sha256({pad, inner});
  wipe(pad);
  wipe(inner);
  return outer;
}

Result<void> hkdf_sha256(ByteView salt, ByteView secret, ByteView info, MutableByteView out) {
  if (out.size() > hkdf_blocks_max * sizeof(Digest)) return fail(ErrorCode::crypto);
  // RFC 5869 2.2: no salt means zeros, which HMAC's padding of a short key gives by itself.
  Digest extracted = hmac_sha256(salt, {secret});
  Digest block;
  ByteView previous;
  uint8_t counter = 0;
  for (size_t done = 0; done < out.size(); done += block.size()) {
    ++counter;
    block = hmac_sha256(extracted, {previous, info, {&counter, 1}});
    previous = block;
    std::memcpy(out.data() + done, block.data(), std::min(block.size(), out.size() - done));
  }
  wipe(extracted);
  wipe(block);
  return {};
}

}  // namespace simurgh::crypto
