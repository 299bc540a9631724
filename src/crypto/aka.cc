#include "crypto/aka.h"

#include "crypto/milenage.h"
#include "crypto/tuak.h"

namespace simurgh::crypto {

namespace {

using Sqn = ByteArray<6>;

MilenageKeys milenage_keys(const AkaKeys& keys) {
  return {keys.k.view(), keys.opc.view()};
}

TuakKeys tuak_keys(const AkaKeys& keys) {
  return {keys.k.view(), keys.opc.view(), keys.tuak_iterations, TuakLengths{}};
}

Sqn octets_of(uint64_t sequence_number) {
  Sqn out;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint8_t>(sequence_number >> (8 * (out.size() - 1 - i)));
  }
  return out;
}

uint64_t number_of(const Sqn& sqn) {
  uint64_t number = 0;
  for (const uint8_t octet : sqn) number = number << 8 | octet;
  return number;
}

Sqn exclusive_or(const Sqn& a, const Sqn& b) {
  Sqn out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

template <size_t N>
ByteArray<N> octets_at(ByteView bytes, size_t offset) {
  ByteArray<N> out;
  std::memcpy(out.data(), bytes.data() + offset, N);
  return out;
}

enum class MacOf : uint8_t { network, resynchronisation };

ByteArray<8> mac(MacOf which, const AkaKeys& keys, const Block& rand, const Sqn& sqn,
                 const Amf& amf) {
  if (keys.algorithm == AkaAlgorithm::milenage) {
    const MilenageMacs macs = milenage_f1(milenage_keys(keys), rand, sqn, amf);
    return which == MacOf::network ? macs.a : macs.s;
  }
  const TuakKeys tuak = tuak_keys(keys);
  return octets_at<8>(
      which == MacOf::network ? tuak_f1(tuak, rand, sqn, amf) : tuak_f1_star(tuak, rand, sqn, amf),
      0);
}

struct Answer {
  AkaAnswer answer;
  Sqn ak;
};

Answer answer_of(const AkaKeys& keys, const Block& rand) {
  if (keys.algorithm == AkaAlgorithm::milenage) {
    const MilenageOutputs outputs = milenage_f2345(milenage_keys(keys), rand);
    return {{outputs.res, outputs.ck, outputs.ik}, outputs.ak};
  }
  const TuakOutputs outputs = tuak_f2345(tuak_keys(keys), rand);
  return {{octets_at<8>(outputs.res, 0), Key128(outputs.ck.view()), Key128(outputs.ik.view())},
          outputs.ak};
}

Sqn resynchronisation_key(const AkaKeys& keys, const Block& rand) {
  return keys.algorithm == AkaAlgorithm::milenage ? milenage_f5_star(milenage_keys(keys), rand)
                                                  : tuak_f5_star(tuak_keys(keys), rand);
}

constexpr Amf resynchronisation_amf{};  // 6.3.3: zeros, so that AMF need not be sent back

}  // namespace

Result<void> check(const AkaKeys& keys) {
  const bool fits =
      keys.algorithm == AkaAlgorithm::milenage
          ? keys.k.size() == 16 && keys.opc.size() == 16
          : (keys.k.size() == 16 || keys.k.size() == 32) && keys.opc.size() == tuak_topc_octets;
  if (!fits) return fail(ErrorCode::bad_length);
  if (keys.tuak_iterations == 0) return fail(ErrorCode::bad_value);
  return {};
}

Result<AkaVector> make_vector(const AkaKeys& keys, const Block& rand, uint64_t sequence_number,
                              const Amf& amf) {
  TRY(check(keys));
  if (sequence_number >= sequence_number_limit) return fail(ErrorCode::bad_value);
  const Sqn sqn = octets_of(sequence_number);
  const Answer answer = answer_of(keys, rand);
  const Sqn concealed = exclusive_or(sqn, answer.ak);
  const ByteArray<8> mac_a = mac(MacOf::network, keys, rand, sqn, amf);
  AkaVector vector;
  vector.expected = answer.answer;
  std::memcpy(vector.autn.data(), concealed.data(), 6);
  std::memcpy(vector.autn.data() + 6, amf.data(), 2);
  std::memcpy(vector.autn.data() + 8, mac_a.data(), 8);
  return vector;
}

Result<AkaChallenge> open_challenge(const AkaKeys& keys, const Block& rand, const Autn& autn) {
  TRY(check(keys));
  const Answer answer = answer_of(keys, rand);
  const Sqn sqn = exclusive_or(octets_at<6>(autn, 0), answer.ak);
  const Amf amf = octets_at<2>(autn, 6);
  if (!secure_equal(octets_at<8>(autn, 8), mac(MacOf::network, keys, rand, sqn, amf))) {
    return fail(ErrorCode::bad_mac);
  }
  return AkaChallenge{number_of(sqn), amf, answer.answer};
}

Result<Auts> make_auts(const AkaKeys& keys, const Block& rand, uint64_t sequence_number) {
  TRY(check(keys));
  if (sequence_number >= sequence_number_limit) return fail(ErrorCode::bad_value);
  const Sqn sqn = octets_of(sequence_number);
  const Sqn concealed = exclusive_or(sqn, resynchronisation_key(keys, rand));
  const auto mac_s = mac(MacOf::resynchronisation, keys, rand, sqn, resynchronisation_amf);
  Auts auts;
  std::memcpy(auts.data(), concealed.data(), 6);
  std::memcpy(auts.data() + 6, mac_s.data(), 8);
  return auts;
}

Result<uint64_t> open_auts(const AkaKeys& keys, const Block& rand, const Auts& auts) {
  TRY(check(keys));
  const Sqn sqn = exclusive_or(octets_at<6>(auts, 0), resynchronisation_key(keys, rand));
  const auto mac_s = mac(MacOf::resynchronisation, keys, rand, sqn, resynchronisation_amf);
  if (!secure_equal(octets_at<8>(auts, 6), mac_s)) return fail(ErrorCode::bad_mac);
  return number_of(sqn);
}

Result<AkaAnswer> answer_challenge(const AkaKeys& keys, const Block& rand) {
  TRY(check(keys));
  return answer_of(keys, rand).answer;
}

GsmAnswer gsm_answer_of(const AkaAnswer& answer) {
  SIMURGH_CHECK(answer.ck.size() == 16 && answer.ik.size() == 16);
  GsmAnswer gsm;
  for (size_t i = 0; i < answer.res.size(); ++i) gsm.sres[i % 4] ^= answer.res[i];  // c2
  const MutableByteView kc = gsm.kc.fill(8);                                        // c3
  for (size_t i = 0; i < 16; ++i) {
    kc[i % 8] = static_cast<uint8_t>(kc[i % 8] ^ answer.ck.view()[i] ^ answer.ik.view()[i]);
  }
  return gsm;
}

}  // namespace simurgh::crypto
