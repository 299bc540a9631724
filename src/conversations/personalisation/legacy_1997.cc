#include "conversations/personalisation/legacy_1997.h"

#include "base/reader.h"

namespace simurgh::personalisation {

namespace {

constexpr uint8_t legacy_protocol_octet = 0xd0;
constexpr size_t des_block_octets = 8;
using SharedSecret = Secret<crypto::ffdhe2048_share_octets>;

Result<void> check_policy(const LegacyPolicy& policy) {
  if (!policy.allow_legacy_1997) return fail(ErrorCode::not_allowed);
  return {};
}

ByteArray<32> array_of(const Key256& seed) {
  SIMURGH_CHECK(seed.size() == 32);
  ByteArray<32> out;
  std::memcpy(out.data(), seed.view().data(), out.size());
  return out;
}

Result<SharedSecret> agree(LegacyPurpose purpose, const Key256& seed, ByteView message) {
  Reader reader(message);
  if (TRY(reader.u8()) != legacy_protocol_octet) return fail(ErrorCode::unsupported, 0);
  if (TRY(reader.u8()) != static_cast<uint8_t>(purpose)) return fail(ErrorCode::bad_value, 1);
  const ByteView share = TRY(reader.bytes(crypto::ffdhe2048_share_octets));
  TRY(reader.expect_end());
  SharedSecret secret;
  ByteArray<32> exponent = array_of(seed);
  const auto derived =
      crypto::ffdhe2048_derive(exponent, share, secret.fill(crypto::ffdhe2048_share_octets));
  wipe(exponent);
  if (!derived.has_value()) return derived.error();
  return secret;
}

}  // namespace

Result<Key128> legacy_ki_1(const LegacyPolicy& policy, const LegacyK1& k1, const Imsi& imsi) {
  TRY(check_policy(policy));
  if (k1.size() != legacy_k1_octets) return fail(ErrorCode::bad_length, k1.size());
  ByteArray<des_block_octets> block;
  block.fill(0xff);
  TRY(write_bcd(imsi.text(), block));
  Secret<16> twice;  // triple DES with one key twice is single DES
  Writer(twice.fill(16)).bytes(k1.view()).bytes(k1.view());
  Key128 ki;
  const MutableByteView out = ki.fill(16);
  TRY(crypto::tdes_cbc_encrypt(twice.view(), block, out.first(des_block_octets)));
  for (uint8_t& octet : block) octet = static_cast<uint8_t>(~octet);
  TRY(crypto::tdes_cbc_encrypt(twice.view(), block, out.last(des_block_octets)));
  return ki;
}

Result<LegacyMessage> legacy_message(const LegacyPolicy& policy, LegacyPurpose purpose,
                                     const Key256& seed) {
  TRY(check_policy(policy));
  LegacyMessage message;
  message.push_back(legacy_protocol_octet);
  message.push_back(static_cast<uint8_t>(purpose));
  message.resize(LegacyMessage::capacity());
  ByteArray<32> exponent = array_of(seed);
  const auto made = crypto::ffdhe2048_public(exponent, message.span().subspan(2));
  wipe(exponent);
  if (!made.has_value()) return made.error();
  return message;
}

Result<void> legacy_ki_2(const LegacyPolicy& policy, const Key256& seed, ByteView peer_message,
                         MutableByteView ki) {
  TRY(check_policy(policy));
  if (ki.empty() || ki.size() > legacy_ki_octets_max) return fail(ErrorCode::bad_length);
  const SharedSecret secret = TRY(agree(LegacyPurpose::ki_2, seed, peer_message));
  std::memcpy(ki.data(), secret.view().data(), ki.size());
  return {};
}

Result<ByteArray<8>> legacy_puk(const LegacyPolicy& policy, const Key256& seed,
                                ByteView peer_message) {
  TRY(check_policy(policy));
  const SharedSecret secret = TRY(agree(LegacyPurpose::puk, seed, peer_message));
  uint64_t number = TRY(Reader(secret.view()).u64());
  ByteArray<8> digits;
  for (size_t i = digits.size(); i-- > 0; number /= 10) {
    digits[i] = static_cast<uint8_t>('0' + number % 10);
  }
  return digits;
}

}  // namespace simurgh::personalisation
