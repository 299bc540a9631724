#include "crypto/tuak.h"

#include "crypto/keccak.h"

namespace simurgh::crypto {

namespace {

// Where the fields lie in IN and OUT of the permutation (TS 35.231 6.2…7.5), in octets. The
// specification counts a field's bits from its most significant and the state's from its least,
// so every field stands in the state with its octets reversed.
constexpr size_t topc_at = 0;
constexpr size_t instance_at = 32;
constexpr size_t name_at = 33;
constexpr size_t rand_at = 40;
constexpr size_t amf_at = 56;
constexpr size_t sqn_at = 58;
constexpr size_t key_at = 64;
constexpr size_t padding_at = 96;
constexpr size_t padding_end_at = 135;
constexpr size_t ck_at = 32;
constexpr size_t ik_at = 64;
constexpr size_t ak_at = 96;
constexpr std::string_view algorithm_name = "TUAK1.0";

// Bits of INSTANCE.
constexpr uint8_t instance_topc = 0x00;
constexpr uint8_t instance_f1 = 0x00;
constexpr uint8_t instance_f1_star = 0x80;
constexpr uint8_t instance_f2345 = 0x40;
constexpr uint8_t instance_f5_star = 0xc0;
constexpr uint8_t instance_ck_256 = 0x04;
constexpr uint8_t instance_ik_256 = 0x02;
constexpr uint8_t instance_k_256 = 0x01;

// MAC and RES lengths: 32 bits 0, 64 bits 1, 128 bits 2, 256 bits 4; that is octets / 8.
constexpr uint8_t length_bits(uint8_t octets) {
  return static_cast<uint8_t>(octets / 8 << 3);
}

class Permutation {
 public:
  Permutation(ByteView k, ByteView topc, uint8_t instance) {
    SIMURGH_CHECK((k.size() == 16 || k.size() == 32) && topc.size() == tuak_topc_octets);
    put(topc_at, topc);
    state_[instance_at] = static_cast<uint8_t>(instance | (k.size() == 32 ? instance_k_256 : 0));
    put(name_at, bytes_of(algorithm_name));
    put(key_at, k);
    state_[padding_at] = 0x1f;
    state_[padding_end_at] = 0x80;
  }
  ~Permutation() { wipe(state_); }
  Permutation(const Permutation&) = delete;
  Permutation& operator=(const Permutation&) = delete;

  Permutation& put(size_t at, ByteView field) {
    for (size_t i = 0; i < field.size(); ++i) state_[at + i] = field[field.size() - 1 - i];
    return *this;
  }

  Permutation& run(uint8_t iterations) {
    SIMURGH_CHECK(iterations >= 1);
    for (uint8_t i = 0; i < iterations; ++i) keccak_f1600(state_);
    return *this;
  }

  void get(size_t at, MutableByteView field) const {
    for (size_t i = 0; i < field.size(); ++i) field[field.size() - 1 - i] = state_[at + i];
  }

 private:
  KeccakState state_{};
};

TuakMac mac_of(uint8_t instance, const TuakKeys& keys, const Block& rand, const ByteArray<6>& sqn,
               const ByteArray<2>& amf) {
  SIMURGH_CHECK(is_tuak_lengths(keys.lengths));
  const uint8_t bits = static_cast<uint8_t>(instance | length_bits(keys.lengths.mac_octets));
  Permutation permutation(keys.k, keys.topc, bits);
  permutation.put(rand_at, rand).put(amf_at, amf).put(sqn_at, sqn).run(keys.iterations);
  TuakMac mac;
  mac.resize(keys.lengths.mac_octets);
  permutation.get(0, mac.span());
  return mac;
}

}  // namespace

bool is_tuak_lengths(const TuakLengths& lengths) {
  const auto is_key = [](uint8_t octets) { return octets == 16 || octets == 32; };
  const auto is_mac = [&](uint8_t octets) { return octets == 8 || is_key(octets); };
  return is_mac(lengths.mac_octets) && (lengths.res_octets == 4 || is_mac(lengths.res_octets)) &&
         is_key(lengths.ck_octets) && is_key(lengths.ik_octets);
}

Key256 tuak_topc(ByteView k, ByteView top, uint8_t iterations) {
  Permutation permutation(k, top, instance_topc);
  permutation.run(iterations);
  Key256 topc;
  permutation.get(topc_at, topc.fill(tuak_topc_octets));
  return topc;
}

TuakMac tuak_f1(const TuakKeys& keys, const Block& rand, const ByteArray<6>& sqn,
                const ByteArray<2>& amf) {
  return mac_of(instance_f1, keys, rand, sqn, amf);
}

TuakMac tuak_f1_star(const TuakKeys& keys, const Block& rand, const ByteArray<6>& sqn,
                     const ByteArray<2>& amf) {
  return mac_of(instance_f1_star, keys, rand, sqn, amf);
}

TuakOutputs tuak_f2345(const TuakKeys& keys, const Block& rand) {
  const TuakLengths& lengths = keys.lengths;
  SIMURGH_CHECK(is_tuak_lengths(lengths));
  const uint8_t bits = static_cast<uint8_t>(instance_f2345 | length_bits(lengths.res_octets) |
                                            (lengths.ck_octets == 32 ? instance_ck_256 : 0) |
                                            (lengths.ik_octets == 32 ? instance_ik_256 : 0));
  Permutation permutation(keys.k, keys.topc, bits);
  permutation.put(rand_at, rand).run(keys.iterations);
  TuakOutputs outputs;
  outputs.res.resize(lengths.res_octets);
  permutation.get(0, outputs.res.span());
  permutation.get(ck_at, outputs.ck.fill(lengths.ck_octets));
  permutation.get(ik_at, outputs.ik.fill(lengths.ik_octets));
  permutation.get(ak_at, outputs.ak);
  return outputs;
}

ByteArray<6> tuak_f5_star(const TuakKeys& keys, const Block& rand) {
  Permutation permutation(keys.k, keys.topc, instance_f5_star);
  permutation.put(rand_at, rand).run(keys.iterations);
  ByteArray<6> ak;
  permutation.get(ak_at, ak);
  return ak;
}

}  // namespace simurgh::crypto
