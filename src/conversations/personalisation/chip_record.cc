#include "conversations/personalisation/chip_record.h"

#include "base/reader.h"
#include "conversations/personalisation/legacy_1997.h"

namespace simurgh::personalisation {

namespace {

constexpr uint8_t record_version = 1;
constexpr uint8_t record_version_legacy_1997 = 2;  // the same fields

void write_epoch(Writer& writer, const Epoch& epoch) {
  writer.u32(epoch.number).prefixed8(epoch.secret.view()).prefixed8(epoch.puk_secret.view());
}

// A secret is there (32 octets) or not (0), nothing between.
Result<Key256> parse_secret(Reader& reader, bool required) {
  const size_t at = reader.offset();
  const ByteView bytes = TRY(reader.prefixed8());
  if (bytes.size() != epoch_secret_octets && (required || !bytes.empty())) {
    return fail(ErrorCode::bad_length, at);
  }
  return Key256(bytes);
}

Result<Epoch> parse_epoch(Reader& reader, bool has_secret) {
  Epoch epoch;
  epoch.number = TRY(reader.u32());
  const size_t at = reader.offset();
  epoch.secret = TRY(parse_secret(reader, has_secret));
  if (epoch.secret.empty() == has_secret) return fail(ErrorCode::bad_length, at);
  epoch.puk_secret = TRY(parse_secret(reader, epoch.number > 0));
  // Epoch 0 has the default PUK; every agreed epoch has its own or an inherited one.
  if (epoch.puk_secret.empty() != (epoch.number == 0)) return fail(ErrorCode::bad_value, at);
  return epoch;
}

template <typename Digits>
Result<Digits> parse_digits(Reader& reader) {
  const size_t at = reader.offset();
  const auto digits = Digits::parse(text_of(TRY(reader.prefixed8())));
  if (!digits.has_value()) return fail(ErrorCode::bad_value, at);
  return *digits;
}

template <typename Key>
Result<Key> parse_server_key(Reader& reader) {
  const size_t at = reader.offset();
  const ByteView bytes = TRY(reader.prefixed16());
  if (!bytes.empty() && bytes.size() != Key::capacity()) return fail(ErrorCode::bad_length, at);
  return Key(bytes);
}

Result<void> parse_identity(Reader& reader, ChipRecord& record) {
  record.chip.iccid = TRY(parse_digits<Iccid>(reader));
  record.chip.imsi = TRY(parse_digits<Imsi>(reader));
  record.chip.ver = TRY(reader.array<ver_octets>());
  record.life = TRY(reader.u32());
  const size_t at = reader.offset();
  const uint8_t state = TRY(reader.u8());
  if (state < static_cast<uint8_t>(ChipState::factory) ||
      state > static_cast<uint8_t>(ChipState::personalised)) {
    return fail(ErrorCode::bad_value, at);
  }
  record.state = static_cast<ChipState>(state);
  record.chip_key = TRY(parse_secret(reader, true));
  return {};
}

Result<void> parse_settings(Reader& reader, ChipRecord& record) {
  const size_t at = reader.offset();
  const auto suites = SuiteSet::from_bits(TRY(reader.u8()));
  if (!suites.has_value()) return fail(ErrorCode::bad_value, at);
  record.suites = *suites;
  record.server_keys.ed25519 = TRY(parse_server_key<decltype(ServerKeys::ed25519)>(reader));
  record.server_keys.p256 = TRY(parse_server_key<decltype(ServerKeys::p256)>(reader));
  record.server_keys.rsa2048 = TRY(parse_server_key<decltype(ServerKeys::rsa2048)>(reader));
  const size_t number_at = reader.offset();
  const ByteView number = TRY(reader.prefixed8());
  if (!number.empty()) {
    const auto parsed = Msisdn::parse(text_of(number));
    if (!parsed.has_value()) return fail(ErrorCode::bad_value, number_at);
    record.centre_number = *parsed;
  }
  return {};
}

Result<void> parse_last(Reader& reader, ChipRecord& record) {
  record.last_session.epoch = TRY(reader.u32());
  record.last_session.init_hash = TRY(reader.array<32>());
  record.last_session.m2_hash = TRY(reader.array<32>());
  const size_t at = reader.offset();
  const auto flags = order_flags_from_bits(TRY(reader.u8()));
  if (!flags.has_value()) return fail(ErrorCode::bad_value, at);
  record.last_session.flags = *flags;
  const size_t reset_at = reader.offset();
  const uint8_t happened = TRY(reader.u8());
  if (happened > 1) return fail(ErrorCode::bad_value, reset_at);
  record.last_reset.happened = happened == 1;
  record.last_reset.reset_hash = TRY(reader.array<32>());
  record.last_reset.ending_mac = TRY(reader.array<mac_octets>());
  return {};
}

// Parts that are each well formed may still contradict each other.
bool consistent(const ChipRecord& record) {
  const bool personalised = record.state == ChipState::personalised;
  if (personalised != (record.active.number > 0)) return false;
  if (record.legacy_1997 && !(record.suites == SuiteSet{Suite::symmetric})) return false;
  if (record.active.number > record.epoch_max) return false;
  if (!record.pending.has_value()) return true;
  return record.state != ChipState::factory && record.pending->number > record.active.number &&
         record.pending->number == record.epoch_max;
}

}  // namespace

ByteView ServerKeys::of(Suite suite) const {
  switch (suite) {
    case Suite::x25519: return ed25519;
    case Suite::p256: return p256;
    case Suite::ffdhe2048: return rsa2048;
    case Suite::symmetric: return {};
  }
  return {};
}

Result<ByteView> write_record(const ChipRecord& record, MutableByteView out) {
  Writer writer(out);
  writer.u8(record.legacy_1997 ? record_version_legacy_1997 : record_version)
      .prefixed8(record.chip.iccid.bytes())
      .prefixed8(record.chip.imsi.bytes())
      .bytes(record.chip.ver)
      .u32(record.life)
      .u8(static_cast<uint8_t>(record.state))
      .prefixed8(record.chip_key.view());
  write_epoch(writer, record.active);
  writer.u8(record.pending.has_value() ? 1 : 0);
  if (record.pending.has_value()) write_epoch(writer, *record.pending);
  writer.u32(record.epoch_max)
      .u32(record.attempt)
      .u8(record.suites.bits())
      .prefixed16(record.server_keys.ed25519)
      .prefixed16(record.server_keys.p256)
      .prefixed16(record.server_keys.rsa2048)
      .prefixed8(record.centre_number.bytes())
      .u32(record.last_session.epoch)
      .bytes(record.last_session.init_hash)
      .bytes(record.last_session.m2_hash)
      .u8(bits_of(record.last_session.flags))
      .u8(record.last_reset.happened ? 1 : 0)
      .bytes(record.last_reset.reset_hash)
      .bytes(record.last_reset.ending_mac);
  return writer.finish();
}

Result<ChipRecord> parse_record(ByteView bytes) {
  Reader reader(bytes);
  const uint8_t version = TRY(reader.u8());
  if (version != record_version && version != record_version_legacy_1997) {
    return fail(ErrorCode::unsupported, 0);
  }
  ChipRecord record;
  record.legacy_1997 = version == record_version_legacy_1997;
  TRY(parse_identity(reader, record));
  record.active = TRY(parse_epoch(reader, record.state != ChipState::factory));
  const size_t pending_at = reader.offset();
  const uint8_t pending = TRY(reader.u8());
  if (pending > 1) return fail(ErrorCode::bad_value, pending_at);
  if (pending == 1) record.pending = TRY(parse_epoch(reader, true));
  record.epoch_max = TRY(reader.u32());
  record.attempt = TRY(reader.u32());
  TRY(parse_settings(reader, record));
  TRY(parse_last(reader, record));
  TRY(reader.expect_end());
  if (!consistent(record)) return fail(ErrorCode::bad_value, reader.offset());
  return record;
}

Result<void> pre_personalise(ChipStore& store) {
  ChipRecord record;
  TRY(store.load(record));
  if (record.state != ChipState::factory) return fail(ErrorCode::bad_state);
  if (record.suites.empty()) return fail(ErrorCode::bad_value);
  for (const Suite suite : {Suite::x25519, Suite::p256, Suite::ffdhe2048}) {
    if (record.suites.contains(suite) && record.server_keys.of(suite).empty()) {
      return fail(ErrorCode::bad_value);
    }
  }
  if (record.legacy_1997) {
    if (!(record.suites == SuiteSet{Suite::symmetric})) return fail(ErrorCode::bad_value);
    record.chip_key = TRY(legacy_chip_key({true}, record.chip_key, record.chip));
  } else {
    record.chip_key = chip_key(record.chip_key, record.chip);
  }
  record.active = initial_epoch(record.chip_key, record.life);
  record.state = ChipState::pre_personalised;
  return store.save(record);
}

}  // namespace simurgh::personalisation
