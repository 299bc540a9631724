#include "crypto/known_test_keys.h"

#include <algorithm>
#include <array>

#include "crypto/primitives.h"

namespace simurgh::crypto {

namespace {

constexpr size_t key_octets_min = 8;  // single DES

// The first 64 bits of the SHA-256 of each key, in rising order: so the program does not carry the
// keys itself, and a scan of it for known keys (tools/check_secrets.py) finds nothing. Which keys
// they are stand in tools/known_test_keys.txt and in tests/vectors (TS 35.208, TS 35.233); the test
// of this file says what is missing. Patterns need no entry.
constexpr std::array<uint64_t, 77> digests = {
    0x02f8f4fd018156ad, 0x08b377661513959e, 0x090aaafe2bc89b46, 0x0f6b3afa3c83891a,
    0x1003c9d7da0bc463, 0x10189ae1190711a6, 0x106836617a5e9806, 0x116b6b2d60d91fdd,
    0x158d756139a8adc1, 0x197b7a9a07ca5675, 0x1b20afead75591fe, 0x21ff33817b1e07b8,
    0x223e0a160af9da0a, 0x274a1cd86bad80c9, 0x2999bb4b4e57c9a3, 0x2aa6107c8917408b,
    0x2b853f5d59853bad, 0x2befa927945ef810, 0x2e39d10baaae3272, 0x365b6c53979724fe,
    0x3b8dbf1a1c698fd3, 0x3bad48d7865d062f, 0x3eee8cc0e8ef6df9, 0x411d3f1d2390ff3f,
    0x44741de3b33c7b9e, 0x49f28a68fddd1835, 0x5670356f6ba7ac93, 0x5873457ad2040715,
    0x587d84e59dcf83d1, 0x5ab6a34e0fca8ede, 0x5c5b1ed41d07b0d2, 0x61071836d64b9efe,
    0x6e7760e809aff45c, 0x70fcb67def544894, 0x7227a3736f58b950, 0x74c93c5bd06ec145,
    0x7a86310285a3151b, 0x7b5e5308d131eadf, 0x7c23f96ada7377df, 0x7f99581d6706b1aa,
    0x7fbde3ad54cb02ad, 0x82b3777d60cead25, 0x836b7a93f76862c8, 0x839bddad19d98ea8,
    0x87c7a3bf5f67bafa, 0x8e76c8ee87b69b40, 0x93c57dd12eb680dc, 0xa4fbd9ef65faa576,
    0xaaa4163482bf353c, 0xb17ec52a1947fb67, 0xb4e98a3d0ac1204d, 0xb67508b876db5128,
    0xb8115012f7363b21, 0xb8a255e2398e40ee, 0xb93c72b74bc8487d, 0xbe30409c340bcaa7,
    0xbf09a3f430490a8f, 0xc0477170e428b86c, 0xc149d4889a412bf1, 0xc1b20f9dd7db96de,
    0xc6f54453b21a52b2, 0xcd82408f1aa8a426, 0xce624bee3e6fb333, 0xce7e349975698967,
    0xd09ffda07a4a5c61, 0xd4ffb8b77f7d6b26, 0xd679a3ee6fbf053a, 0xd95b10ef74d5ae87,
    0xdd71ef25e49e7fdb, 0xe368353477b820a4, 0xe49374c03b9e2ef9, 0xe692aae7a35e45f2,
    0xedbcf83790bb401e, 0xf0516d2baeff2479, 0xf522be27e74cd8d3, 0xf5648f7c5c8a11c3,
    0xf70cc3de0a485692,
};

uint64_t digest_of(ByteView key) {
  const Digest digest = sha256({key});
  uint64_t start = 0;
  for (size_t i = 0; i < sizeof(start); ++i) start = start << 8 | digest[i];
  return start;
}

// One octet again and again, or counting by a constant step.
bool is_pattern(ByteView key) {
  const auto step = static_cast<uint8_t>(key[1] - key[0]);
  for (size_t i = 2; i < key.size(); ++i) {
    if (static_cast<uint8_t>(key[i] - key[i - 1]) != step) return false;
  }
  return true;
}

}  // namespace

bool is_known_test_key(ByteView key) {
  if (key.size() < key_octets_min) return true;
  return is_pattern(key) || std::binary_search(digests.begin(), digests.end(), digest_of(key));
}

}  // namespace simurgh::crypto
