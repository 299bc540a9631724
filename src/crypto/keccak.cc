#include "crypto/keccak.h"

#include <bit>

#include "base/secret.h"

namespace simurgh::crypto {

namespace {

constexpr size_t side = 5;
constexpr size_t rounds = 24;
using Lanes = std::array<uint64_t, side * side>;  // lane (x, y) at x + 5 y

// rho (3.2.2): the offsets are the triangular numbers along the walk (x, y) -> (y, 2x + 3y).
constexpr std::array<uint8_t, side * side> rho_offsets() {
  std::array<uint8_t, side * side> offsets{};
  size_t x = 1;
  size_t y = 0;
  for (unsigned t = 0; t < rounds; ++t) {
    offsets[x + side * y] = static_cast<uint8_t>((t + 1) * (t + 2) / 2 % 64);
    const size_t next_y = (2 * x + 3 * y) % side;
    x = y;
    y = next_y;
  }
  return offsets;
}

// iota (3.2.5): bit 2^j - 1 of a round's constant is the next bit of a shift register.
constexpr std::array<uint64_t, rounds> iota_constants() {
  std::array<uint64_t, rounds> constants{};
  unsigned shift_register = 1;
  for (uint64_t& constant : constants) {
    for (unsigned j = 0; j <= 6; ++j) {
      if ((shift_register & 1) != 0) constant |= uint64_t{1} << ((1U << j) - 1);
      shift_register <<= 1;
      if ((shift_register & 0x100) != 0) shift_register ^= 0x171;  // x^8 + x^6 + x^5 + x^4 + 1
    }
  }
  return constants;
}

constexpr auto offsets = rho_offsets();
constexpr auto constants = iota_constants();

void theta(Lanes& a) {
  std::array<uint64_t, side> columns{};
  for (size_t i = 0; i < a.size(); ++i) columns[i % side] ^= a[i];
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] ^= columns[(i + 4) % side] ^ std::rotl(columns[(i + 1) % side], 1);
  }
}

Lanes rho_and_pi(const Lanes& a) {
  Lanes out;
  for (size_t x = 0; x < side; ++x) {
    for (size_t y = 0; y < side; ++y) {
      out[y + side * ((2 * x + 3 * y) % side)] = std::rotl(a[x + side * y], offsets[x + side * y]);
    }
  }
  return out;
}

Lanes chi(const Lanes& a) {
  Lanes out;
  for (size_t y = 0; y < a.size(); y += side) {
    for (size_t x = 0; x < side; ++x) {
      out[y + x] = a[y + x] ^ (~a[y + (x + 1) % side] & a[y + (x + 2) % side]);
    }
  }
  return out;
}

}  // namespace

void keccak_f1600(KeccakState& state) {
  Lanes lanes{};
  for (size_t i = 0; i < state.size(); ++i) lanes[i / 8] |= uint64_t{state[i]} << (8 * (i % 8));
  for (const uint64_t constant : constants) {
    theta(lanes);
    lanes = chi(rho_and_pi(lanes));
    lanes[0] ^= constant;
  }
  for (size_t i = 0; i < state.size(); ++i) {
    state[i] = static_cast<uint8_t>(lanes[i / 8] >> (8 * (i % 8)));
  }
  wipe({reinterpret_cast<uint8_t*>(lanes.data()), sizeof(lanes)});
}

}  // namespace simurgh::crypto
