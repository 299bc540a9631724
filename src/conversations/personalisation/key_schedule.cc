#include "conversations/personalisation/key_schedule.h"

#include "base/hex.h"
#include "base/reader.h"
#include "conversations/personalisation/labels.h"
#include "crypto/rand_tag.h"

namespace simurgh::personalisation {

namespace {

constexpr size_t hash_parts_max = 8;
constexpr size_t hash_input_octets_max = 2 + 64 + hash_parts_max * (2 + 32);

template <size_t N>
Secret<N> derive_secret(const Key256& secret, const crypto::KeyLabel& label,
                        crypto::KeyContext context = {}) {
  SIMURGH_CHECK(secret.size() == epoch_secret_octets);
  return crypto::derive_key<N>(secret.view(), label, context);
}

// Digits of `label`, or of `again` should they be all zeros, which marks a chip in the shop. (Both
// zeros is less likely than any digits' being guessed.)
template <size_t N>
ByteArray<N> derive_nonzero_digits(const Key256& secret, const crypto::KeyLabel& label,
                                   const crypto::KeyLabel& again) {
  SIMURGH_CHECK(secret.size() == epoch_secret_octets);
  ByteArray<N> zeros;
  zeros.fill('0');
  ByteArray<N> digits;
  crypto::derive_digits(secret.view(), label, digits);
  if (digits == zeros) crypto::derive_digits(secret.view(), again, digits);
  return digits;
}

const crypto::KeyLabel& confirmation_label(MessageType type) {
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

crypto::Digest labelled_hash(std::string_view label, crypto::Parts parts) {
  // A hash over hashes, so that parts of any size need no buffer.
  ByteArray<hash_input_octets_max> buffer;
  Writer writer(buffer);
  writer.prefixed16(bytes_of(label));
  for (const ByteView part : parts) writer.prefixed16(crypto::sha256({part}));
  const auto written = writer.finish();
  SIMURGH_CHECK(written.has_value());
  return crypto::sha256({*written});
}

Mac make_mac(ByteView secret, const crypto::KeyLabel& label, crypto::Parts parts) {
  const auto key = crypto::derive_key<32>(secret, label);
  const crypto::Digest full =
      crypto::hmac_sha256(key.view(), {labelled_hash(label::mac_input, parts)});
  Mac mac;
  std::memcpy(mac.data(), full.data(), mac.size());
  return mac;
}

Key256 chip_key(const Key256& k1, const ChipIdentity& chip) {
  return derive_secret<32>(k1, label::chip_key,
                           {{crypto::FieldType::iccid, chip.iccid.bytes()},
                            {crypto::FieldType::imsi, chip.imsi.bytes()},
                            {crypto::FieldType::version, chip.ver}});
}

Epoch initial_epoch(const Key256& chip_key, uint32_t life) {
  Epoch epoch;
  epoch.secret =
      derive_secret<32>(chip_key, label::epoch_0, {{crypto::FieldType::counter, octets_of(life)}});
  return epoch;
}

void derive_ki(const Key256& secret, MutableByteView ki) {
  SIMURGH_CHECK(secret.size() == epoch_secret_octets && !ki.empty() && ki.size() <= ki_octets_max);
  crypto::derive_key(secret.view(), label::ki, {}, ki);
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
  return derive_nonzero_digits<puk_digits>(puk_secret, label::puk, label::puk_again);
}

ByteArray<pin_digits> derive_pin(const Key256& secret) {
  return derive_nonzero_digits<pin_digits>(secret, label::pin, label::pin_again);
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
