// K1 on its way to the manufacturer.
#include <doctest/doctest.h>

#include <algorithm>

#include "factory/transport.h"
#include "hex.h"

namespace simurgh::factory {
namespace {

Key256 key_of(uint8_t filler) {
  Key256 key;
  std::ranges::fill(key.fill(32), filler);
  return key;
}

struct Ends {
  Key256 private_key = key_of(0x77);
  ByteArray<32> public_key{};
  ByteArray<8> ver{1, 2, 3, 4, 5, 6, 7, 8};
  TransportPurpose purpose{.manufacturer = "Northern Cards", .allocation = 42, .ver = ver};

  Ends() {
    ByteArray<32> seed;
    std::ranges::fill(seed, uint8_t{0x77});
    REQUIRE(crypto::x25519_public(seed, public_key).has_value());
  }
  SealedK1 seal(uint8_t seed = 0x11) const {
    const auto sealed = seal_k1(key_of(0xaa), public_key, purpose, key_of(seed));
    REQUIRE(sealed.has_value());
    return *sealed;
  }
};

TEST_CASE("D2: a sealed K1 opens with the manufacturer's key for its allocation") {
  const Ends ends;
  const auto opened = open_k1(ends.seal(), ends.private_key, ends.purpose);
  REQUIRE(opened.has_value());
  CHECK(crypto::secure_equal(opened->view(), key_of(0xaa).view()));
}

TEST_CASE("D2: K1 is nowhere in what travels, and two sealings have nothing in common") {
  const Ends ends;
  const std::string one = test::to_hex(ends.seal(1));
  const std::string two = test::to_hex(ends.seal(2));
  CHECK(one.find("aaaaaaaa") == std::string::npos);
  CHECK(one.substr(0, 16) != two.substr(0, 16));
  CHECK(one.substr(64, 16) != two.substr(64, 16));
}

TEST_CASE("D2: another key, another purpose and any changed bit are refused") {
  const Ends ends;
  const SealedK1 sealed = ends.seal();
  CHECK(open_k1(sealed, key_of(0x78), ends.purpose).error().code == ErrorCode::bad_mac);
  TransportPurpose other = ends.purpose;
  other.allocation = 43;
  CHECK(open_k1(sealed, ends.private_key, other).error().code == ErrorCode::bad_mac);
  other = ends.purpose;
  other.manufacturer = "Southern Cards";
  CHECK(open_k1(sealed, ends.private_key, other).error().code == ErrorCode::bad_mac);
  other = ends.purpose;
  const ByteArray<8> other_ver{};
  other.ver = other_ver;
  CHECK(open_k1(sealed, ends.private_key, other).error().code == ErrorCode::bad_mac);
  for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    SealedK1 changed = sealed;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(open_k1(changed, ends.private_key, ends.purpose).has_value());
  }
}

TEST_CASE("D2: a transport key of small order is refused") {
  // RFC 7748 6.1: the all-zero result must be refused.
  const ByteArray<32> zero{};
  CHECK(seal_k1(key_of(1), zero, {}, key_of(2)).error().code == ErrorCode::crypto);
}

}  // namespace
}  // namespace simurgh::factory
