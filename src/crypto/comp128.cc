#include "crypto/comp128.h"

#include <algorithm>
#include <span>

#include "crypto/comp128_tables.h"

namespace simurgh::crypto {

namespace {

namespace tables = comp128_tables;

constexpr size_t rounds = 8;
constexpr size_t levels = 5;
constexpr size_t state_octets = 32;  // Ki, then RAND or what a round made of it
using State = ByteArray<state_octets>;

constexpr uint8_t kc_bits_of_octet_6 = 0xfc;  // versions 1 and 2 leave the last ten bits zero

// --- version 1 ----------------------------------------------------------------------------------

// One level of a round: pairs of octets at a distance are mixed through the level's table. The
// values lose one bit at each level, until four are left.
void mix_level(State& state, size_t level) {
  static constexpr std::array<std::span<const uint8_t>, levels> by_level = {
      tables::level_0, tables::level_1, tables::level_2, tables::level_3, tables::level_4};
  const std::span<const uint8_t> table = by_level[level];
  const size_t distance = state_octets >> (level + 1);
  for (size_t i = 0; i < state_octets; ++i) {
    if ((i & distance) != 0) continue;
    const unsigned a = state[i];
    const unsigned b = state[i + distance];
    state[i] = table[(a + 2 * b) % table.size()];
    state[i + distance] = table[(2 * a + b) % table.size()];
  }
}

// Bit `number` of the 32 values of four bits, the highest bit of the first value being bit 0.
unsigned bit_of(const State& state, size_t number) {
  return static_cast<unsigned>(state[number / 4]) >> (3 - number % 4) & 1;
}

// Octets 16…31 of the state from the 128 bits, each bit n taken from 17 n.
void permute(State& state) {
  const State from = state;
  for (size_t i = 0; i < 16; ++i) {
    unsigned octet = 0;
    for (size_t j = 0; j < 8; ++j) octet = octet << 1 | bit_of(from, (8 * i + j) * 17 % 128);
    state[16 + i] = static_cast<uint8_t>(octet);
  }
}

GsmAnswer comp128_v1(ByteView ki, const Block& rand) {
  State state;
  std::copy(rand.begin(), rand.end(), state.begin() + 16);
  for (size_t round = 0; round < rounds; ++round) {
    std::copy(ki.begin(), ki.end(), state.begin());
    for (size_t level = 0; level < levels; ++level) mix_level(state, level);
    if (round + 1 < rounds) permute(state);
  }
  // SRES is the first 32 bits; Kc the last 54, and ten zeros.
  GsmAnswer answer;
  const auto octet_at = [&](size_t bit) {
    unsigned octet = 0;
    for (size_t j = 0; j < 8; ++j)
      octet = octet << 1 | (bit + j < 128 ? bit_of(state, bit + j) : 0U);
    return static_cast<uint8_t>(octet);
  };
  for (size_t i = 0; i < 4; ++i) answer.sres[i] = octet_at(8 * i);
  const MutableByteView kc = answer.kc.fill(8);
  for (size_t i = 0; i < 7; ++i) kc[i] = octet_at(74 + 8 * i);
  wipe(state);
  return answer;
}

// --- versions 2 and 3 ---------------------------------------------------------------------------

uint8_t substitute(uint8_t a, uint8_t b) {
  return tables::outer[tables::inner[a] ^ b];
}

// One round over the data, its other input being `key`: five levels that mix each octet of the
// first half with its partner in the second and place the two at a distance, then a permutation
// that takes bit n from 19 (n + 1), the lowest bit of octet 0 being bit 0.
void round_v23(Block& data, const Block& key) {
  State state;
  std::copy(data.begin(), data.end(), state.begin());
  std::copy(key.begin(), key.end(), state.begin() + 16);
  for (size_t level = 0; level < levels; ++level) {
    const size_t distance = size_t{1} << level;
    State next;
    for (size_t i = 0; i < 16; ++i) {
      const uint8_t left = substitute(state[16 + i], state[i]);
      const size_t at = 2 * (i & ~(distance - 1)) + (i & (distance - 1));
      next[at] = left;
      next[at + distance] = substitute(left, state[16 + i]);
    }
    state = next;
  }
  data.fill(0);
  for (size_t bit = 0; bit < 128; ++bit) {
    const size_t from = 19 * (bit + 1) % 256;
    data[bit / 8] |= static_cast<uint8_t>((state[from / 8] >> (from % 8) & 1) << (bit % 8));
  }
  wipe(state);
}

GsmAnswer comp128_v23(ByteView ki, const Block& rand, bool short_kc) {
  Block data;
  std::reverse_copy(rand.begin(), rand.end(), data.begin());
  Block key;
  for (size_t i = 0; i < key.size(); ++i) key[i] = ki[15 - i] ^ data[i];
  for (size_t round = 0; round < rounds; ++round) round_v23(data, key);
  std::reverse(data.begin(), data.end());
  GsmAnswer answer;
  std::copy_n(data.begin(), 4, answer.sres.begin());
  const MutableByteView kc = answer.kc.fill(8);
  std::copy_n(data.begin() + 8, 8, kc.begin());  // octets 4…7 are not used
  if (short_kc) {
    kc[6] &= kc_bits_of_octet_6;
    kc[7] = 0;
  }
  wipe(data);
  wipe(key);
  return answer;
}

}  // namespace

GsmAnswer comp128(Comp128Version version, ByteView ki, const Block& rand) {
  SIMURGH_CHECK(ki.size() == 16);
  if (version == Comp128Version::v1) return comp128_v1(ki, rand);
  return comp128_v23(ki, rand, version == Comp128Version::v2);
}

}  // namespace simurgh::crypto
