// RAND with a tag for 2G, which has no network MAC: 12 random octets and a tag of 4 under a key of
// the epoch, so that a chip that holds two keys knows which one is meant (design 4.1). A hint for
// choosing a key, no proof: 32 bits are too few for one. Used by the AuC and by the chip.
#pragma once

#include "crypto/primitives.h"

namespace simurgh::crypto {

// random ‖ the first 4 octets of HMAC-SHA256(key, random). Keys of 16 or 32 octets.
inline Block tag_rand(ByteView key, const ByteArray<12>& random) {
  SIMURGH_CHECK(key.size() == 16 || key.size() == 32);
  const Digest tag = hmac_sha256(key, {random});
  Block rand;
  std::memcpy(rand.data(), random.data(), random.size());
  std::memcpy(rand.data() + random.size(), tag.data(), rand.size() - random.size());
  return rand;
}

inline bool rand_tag_matches(ByteView key, const Block& rand) {
  ByteArray<12> random;
  std::memcpy(random.data(), rand.data(), random.size());
  return secure_equal(tag_rand(key, random), rand);
}

}  // namespace simurgh::crypto
