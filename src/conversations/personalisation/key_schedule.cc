#include "conversations/personalisation/key_schedule.h"

#include "base/hex.h"
#include "base/reader.h"
#include "conversations/personalisation/labels.h"
#include "crypto/rand_tag.h"

namespace simurgh::personalisation {

namespace {

// Label, lengths and context of one derivation; the longest context is an identity.
constexpr size_t info_octets_max = 192;

template <size_t N>
Secret<N> derive_secret(const Key256& secret, std::string_view label, crypto::Parts context = {}) {
  SIMURGH_CHECK(secret.size() == epoch_secret_octets);
  Secret<N> out;
  derive(secret.view(), label, context, out.fill(N));
  return out;
}

// A uniform number below `bound`, and not 0, from a stream of 32-bit numbers under `label`.
uint32_t derive_number(const Key256& secret, std::string_view label, uint32_t bound) {
  const uint32_t below = UINT32_MAX - UINT32_MAX % bound;  // a multiple of bound
  for (uint32_t counter = 0;; ++counter) {
    const auto octets = derive_secret<4>(secret, label, {octets_of(counter)});
    const uint32_t value = *Reader(octets.view()).u32();
    if (value < below && value % bound != 0) return value % bound;
  }
}

template <size_t N>
ByteArray<N> decimal(uint32_t value) {
  ByteArray<N> digits;
  for (size_t i = N; i-- > 0; value /= 10) digits[i] = static_cast<uint8_t>('0' + value % 10);
  return digits;
}

std::string_view confirmation_label(MessageType type) {
  switch (type) {
    case MessageType::prepared: return label::mac_prepared;
    case MessageType::commit: return label::mac_commit;
    default: SIMURGH_CHECK(type == MessageType::done); return label::mac_done;
  }
}

Mac confirmation_mac(MessageType type, const ChipIdentity& chip, uint32_t life,
                     const Epoch& epoch) {
  return make_mac(
      epoch.secret.view(), confirmation_label(type),
      {chip.iccid.bytes(), chip.imsi.bytes(), chip.ver, octets_of(life), octets_of(epoch.number)});
}

}  // namespace

ByteArray<4> octets_of(uint32_t number) {
  ByteArray<4> octets;
  Writer(octets).u32(number);
  return octets;
}

void derive(ByteView secret, std::string_view label, crypto::Parts context, MutableByteView out) {
  ByteArray<info_octets_max> info;
  Writer writer(info);
  writer.prefixed16(bytes_of(label)).u16(static_cast<uint16_t>(out.size()));
  for (const ByteView part : context) writer.prefixed16(part);
  const auto written = writer.finish();
  SIMURGH_CHECK(written.has_value());
  SIMURGH_CHECK(crypto::hkdf_sha256({}, secret, *written, out).has_value());
}

crypto::Digest labelled_hash(std::string_view label, crypto::Parts parts) {
  // A hash over hashes, so that parts of any size need no buffer: H(label, H(part 1), …), each
  // with its size in front.
  ByteArray<info_octets_max + 8 * 34> buffer;
  Writer writer(buffer);
  writer.prefixed16(bytes_of(label));
  for (const ByteView part : parts) writer.prefixed16(crypto::sha256({part}));
  const auto written = writer.finish();
  SIMURGH_CHECK(written.has_value());
  return crypto::sha256({*written});
}

Mac make_mac(ByteView secret, std::string_view label, crypto::Parts parts) {
  Key256 key;
  derive(secret, label, {}, key.fill(32));
  const crypto::Digest digest = labelled_hash(label, parts);
  const crypto::Digest full = crypto::hmac_sha256(key.view(), {digest});
  Mac mac;
  std::memcpy(mac.data(), full.data(), mac.size());
  return mac;
}

Key256 chip_key(const Key256& k1, const ChipIdentity& chip) {
  return derive_secret<32>(k1, label::chip_key, {chip.iccid.bytes(), chip.imsi.bytes(), chip.ver});
}

Epoch initial_epoch(const Key256& chip_key, uint32_t life) {
  Epoch epoch;
  epoch.secret = derive_secret<32>(chip_key, label::epoch_0, {octets_of(life)});
  return epoch;
}

void derive_ki(const Key256& secret, MutableByteView ki) {
  SIMURGH_CHECK(secret.size() == epoch_secret_octets && !ki.empty() && ki.size() <= ki_octets_max);
  derive(secret.view(), label::ki, {}, ki);
}

Key128 derive_opc(const Key256& secret) {
  return derive_secret<16>(secret, label::opc);
}

Key256 derive_topc(const Key256& secret) {
  return derive_secret<32>(secret, label::topc);
}

OtaKeys derive_ota_keys(const Key256& secret, Direction direction) {
  const bool to_chip = direction == Direction::to_chip;
  return {
      derive_secret<16>(secret, to_chip ? label::ota_kic_to_chip : label::ota_kic_from_chip),
      derive_secret<16>(secret, to_chip ? label::ota_kid_to_chip : label::ota_kid_from_chip),
  };
}

Key256 derive_psk(const Key256& secret) {
  return derive_secret<32>(secret, label::psk);
}

ByteArray<psk_identity_characters> derive_psk_identity(const Key256& secret) {
  const auto octets = derive_secret<psk_identity_characters / 2>(secret, label::psk_identity);
  std::array<char, psk_identity_characters> text;
  write_hex(octets.view(), text);
  ByteArray<psk_identity_characters> identity;
  std::memcpy(identity.data(), text.data(), identity.size());
  return identity;
}

Key256 derive_renegotiation_secret(const Key256& secret) {
  return derive_secret<32>(secret, label::renegotiation);
}

Key256 derive_rand_tag_key(const Key256& secret) {
  return derive_secret<32>(secret, label::rand_tag);
}

ByteArray<16> tag_rand(const Key256& secret, const ByteArray<12>& random) {
  return crypto::tag_rand(derive_rand_tag_key(secret).view(), random);
}

bool check_rand_tag(const Key256& secret, const ByteArray<16>& rand) {
  return crypto::rand_tag_matches(derive_rand_tag_key(secret).view(), rand);
}

Key256 derive_puk_secret(const Key256& secret) {
  return derive_secret<32>(secret, label::puk_secret);
}

ByteArray<puk_digits> derive_puk(const Key256& puk_secret) {
  return decimal<puk_digits>(derive_number(puk_secret, label::puk, 100'000'000));
}

ByteArray<pin_digits> derive_pin(const Key256& secret) {
  return decimal<pin_digits>(derive_number(secret, label::pin, 10'000));
}

Message make_confirmation(MessageType type, const ChipIdentity& chip, uint32_t life,
                          const Epoch& epoch) {
  Confirmation confirmation;
  confirmation.type = type;
  confirmation.life = life;
  confirmation.epoch = epoch.number;
  confirmation.mac = confirmation_mac(type, chip, life, epoch);
  return write_confirmation(confirmation);
}

Result<void> check_confirmation(ByteView message, MessageType type, const ChipIdentity& chip,
                                uint32_t life, const Epoch& epoch) {
  const Confirmation confirmation = TRY(parse_confirmation(message));
  if (confirmation.type != type || confirmation.life != life ||
      confirmation.epoch != epoch.number) {
    return fail(ErrorCode::bad_value);
  }
  if (!crypto::secure_equal(confirmation.mac, confirmation_mac(type, chip, life, epoch))) {
    return fail(ErrorCode::bad_mac);
  }
  return {};
}

}  // namespace simurgh::personalisation
