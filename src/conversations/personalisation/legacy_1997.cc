#include "conversations/personalisation/legacy_1997.h"

#include "base/reader.h"

namespace simurgh::personalisation {

namespace {

constexpr uint8_t legacy_protocol_octet = 0xd0;
constexpr uint8_t offer_octet = 0x11;
constexpr uint8_t answer_octet = 0x12;
constexpr size_t des_block_octets = 8;
constexpr size_t prepared_octets_max = 40;
static_assert(2 + 12 + 2 * legacy_message_octets <= message_octets_max);
static_assert(2 + 8 + 2 * legacy_message_octets + prepared_octets_max <= message_octets_max);
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

Result<void> expect_type(Reader& reader, uint8_t type) {
  if (TRY(reader.u8()) != legacy_protocol_octet) return fail(ErrorCode::unsupported, 0);
  if (TRY(reader.u8()) != type) return fail(ErrorCode::bad_value, 1);
  return {};
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

Result<void> legacy_agree(const LegacyPolicy& policy, LegacyPurpose purpose, const Key256& seed,
                          ByteView peer_message, MutableByteView secret) {
  TRY(check_policy(policy));
  if (secret.empty() || secret.size() > legacy_ki_octets_max) return fail(ErrorCode::bad_length);
  const SharedSecret shared = TRY(agree(purpose, seed, peer_message));
  std::memcpy(secret.data(), shared.view().data(), secret.size());
  return {};
}

Result<Key256> legacy_chip_key(const LegacyPolicy& policy, const Key256& k1_of_version,
                               const ChipIdentity& chip) {
  if (k1_of_version.size() < legacy_k1_octets) return fail(ErrorCode::bad_length);
  const LegacyK1 k1(k1_of_version.view().first(legacy_k1_octets));
  const Key128 ki_1 = TRY(legacy_ki_1(policy, k1, chip.imsi));
  Key256 twice;
  Writer(twice.fill(32)).bytes(ki_1.view()).bytes(ki_1.view());
  return twice;
}

// --- the conversation ----------------------------------------------------------------------------

bool is_legacy(ByteView message) {
  return !message.empty() && message[0] == legacy_protocol_octet;
}

Message write_legacy_offer(const LegacyOffer& offer) {
  Message message;
  message.resize(Message::capacity());
  Writer writer(message.span());
  writer.u8(legacy_protocol_octet).u8(offer_octet);
  writer.u32(offer.life).u32(offer.epoch).u32(offer.base_epoch).bytes(offer.ki_2).bytes(offer.puk);
  SIMURGH_CHECK(!writer.failed());
  message.resize(writer.written().size());
  return message;
}

Result<LegacyOffer> parse_legacy_offer(ByteView message) {
  Reader reader(message);
  TRY(expect_type(reader, offer_octet));
  LegacyOffer offer;
  offer.life = TRY(reader.u32());
  offer.epoch = TRY(reader.u32());
  offer.base_epoch = TRY(reader.u32());
  offer.ki_2.assign(TRY(reader.bytes(legacy_message_octets)));
  offer.puk.assign(TRY(reader.bytes(legacy_message_octets)));
  TRY(reader.expect_end());
  return offer;
}

Message write_legacy_answer(const LegacyAnswer& answer) {
  Message message;
  message.resize(Message::capacity());
  Writer writer(message.span());
  writer.u8(legacy_protocol_octet).u8(answer_octet).u32(answer.life).u32(answer.epoch);
  writer.bytes(answer.ki_2).bytes(answer.puk).bytes(answer.prepared);
  SIMURGH_CHECK(!writer.failed());
  message.resize(writer.written().size());
  return message;
}

Result<LegacyAnswer> parse_legacy_answer(ByteView message) {
  Reader reader(message);
  TRY(expect_type(reader, answer_octet));
  LegacyAnswer answer;
  answer.life = TRY(reader.u32());
  answer.epoch = TRY(reader.u32());
  answer.ki_2.assign(TRY(reader.bytes(legacy_message_octets)));
  answer.puk.assign(TRY(reader.bytes(legacy_message_octets)));
  if (reader.remaining() > prepared_octets_max) return fail(ErrorCode::bad_length, reader.offset());
  answer.prepared.assign(TRY(reader.bytes(reader.remaining())));
  return answer;
}

LegacySeeds make_legacy_seeds(Random& random) {
  LegacySeeds seeds;
  random.fill(seeds.ki_2.fill(32));
  random.fill(seeds.puk.fill(32));
  return seeds;
}

Result<Epoch> legacy_epoch(const LegacyPolicy& policy, const LegacySeeds& seeds, ByteView peer_ki_2,
                           ByteView peer_puk, uint32_t number, const Epoch& base) {
  Epoch epoch;
  epoch.number = number;
  Key256 ki_2;
  TRY(legacy_agree(policy, LegacyPurpose::ki_2, seeds.ki_2, peer_ki_2,
                   ki_2.fill(epoch_secret_octets)));
  TRY(legacy_agree(policy, LegacyPurpose::puk, seeds.puk, peer_puk,
                   epoch.puk_secret.fill(epoch_secret_octets)));
  epoch.secret.assign(crypto::sha256({ki_2.view(), epoch.puk_secret.view()}));
  if (base.number != 0) epoch.puk_secret = base.puk_secret;
  return epoch;
}

Result<Message> legacy_begin(const LegacyPolicy& policy, LegacySession& session, Random& random) {
  session.seeds = make_legacy_seeds(random);
  LegacyOffer offer;
  offer.life = session.life;
  offer.epoch = session.epoch;
  offer.base_epoch = session.base.number;
  offer.ki_2 = TRY(legacy_message(policy, LegacyPurpose::ki_2, session.seeds.ki_2));
  offer.puk = TRY(legacy_message(policy, LegacyPurpose::puk, session.seeds.puk));
  return write_legacy_offer(offer);
}

Result<Epoch> legacy_on_answer(const LegacyPolicy& policy, const LegacySession& session,
                               ByteView message) {
  const LegacyAnswer answer = TRY(parse_legacy_answer(message));
  if (answer.life != session.life || answer.epoch != session.epoch) {
    return fail(ErrorCode::bad_value);
  }
  const Epoch next = TRY(
      legacy_epoch(policy, session.seeds, answer.ki_2, answer.puk, session.epoch, session.base));
  TRY(check_confirmation(answer.prepared, MessageType::prepared, session.chip, session.life, next));
  return next;
}

}  // namespace simurgh::personalisation
