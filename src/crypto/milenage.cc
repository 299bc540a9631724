#include "crypto/milenage.h"

namespace simurgh::crypto {

namespace {

// 4.1: rotations in octets (all are multiples of 8 bits) and the last octet of the constants,
// whose other octets are zero.
struct Round {
  uint8_t rotate_octets;
  uint8_t constant;
};
constexpr Round round_f1 = {8, 0x00};
constexpr Round round_f2_f5 = {0, 0x01};
constexpr Round round_f3 = {4, 0x02};
constexpr Round round_f4 = {8, 0x04};
constexpr Round round_f5_star = {12, 0x08};

void check_sizes(const MilenageKeys& keys) {
  SIMURGH_CHECK(keys.k.size() == 16 && keys.opc.size() == 16);
}

Block exclusive_or(const Block& a, ByteView b) {
  Block out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

Block encrypt(ByteView k, const Block& in) {
  return *aes_encrypt_block(k, in);
}

// rot(in, r) xor c
Block rotated(const Block& in, const Round& round) {
  Block out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = in[(i + round.rotate_octets) % out.size()];
  out[15] ^= round.constant;
  return out;
}

// TEMP of 4.1.
Block temp_of(const MilenageKeys& keys, const Block& rand) {
  return encrypt(keys.k, exclusive_or(rand, keys.opc));
}

// OUT2…OUT5 of 4.1.
Block out_of(const MilenageKeys& keys, const Block& temp, const Round& round) {
  const Block in = rotated(exclusive_or(temp, keys.opc), round);
  return exclusive_or(encrypt(keys.k, in), keys.opc);
}

template <size_t N>
ByteArray<N> octets_at(const Block& block, size_t offset) {
  ByteArray<N> out;
  std::memcpy(out.data(), block.data() + offset, N);
  return out;
}

}  // namespace

Key128 milenage_opc(ByteView k, ByteView op) {
  SIMURGH_CHECK(k.size() == 16 && op.size() == 16);
  Block block;
  std::memcpy(block.data(), op.data(), block.size());
  return Key128(exclusive_or(encrypt(k, block), op));
}

MilenageMacs milenage_f1(const MilenageKeys& keys, const Block& rand, const ByteArray<6>& sqn,
                         const ByteArray<2>& amf) {
  check_sizes(keys);
  Block in1;
  for (const size_t half : {size_t{0}, size_t{8}}) {
    std::memcpy(in1.data() + half, sqn.data(), sqn.size());
    std::memcpy(in1.data() + half + sqn.size(), amf.data(), amf.size());
  }
  const Block mixed = rotated(exclusive_or(in1, keys.opc), round_f1);
  const Block out1 =
      exclusive_or(encrypt(keys.k, exclusive_or(temp_of(keys, rand), mixed)), keys.opc);
  return {octets_at<8>(out1, 0), octets_at<8>(out1, 8)};
}

MilenageOutputs milenage_f2345(const MilenageKeys& keys, const Block& rand) {
  check_sizes(keys);
  Block temp = temp_of(keys, rand);
  Block out2 = out_of(keys, temp, round_f2_f5);
  Block out3 = out_of(keys, temp, round_f3);
  Block out4 = out_of(keys, temp, round_f4);
  MilenageOutputs outputs = {octets_at<8>(out2, 8), Key128(out3), Key128(out4),
                             octets_at<6>(out2, 0)};
  for (Block* const block : {&temp, &out2, &out3, &out4}) wipe(*block);
  return outputs;
}

ByteArray<6> milenage_f5_star(const MilenageKeys& keys, const Block& rand) {
  check_sizes(keys);
  return octets_at<6>(out_of(keys, temp_of(keys, rand), round_f5_star), 0);
}

}  // namespace simurgh::crypto
