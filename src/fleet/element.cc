#include "fleet/element.h"

#include "base/reader.h"

namespace simurgh::fleet {

namespace {

constexpr uint8_t key_versions = 15;

using RowIdentity = ByteString<40 + psk_identity_chars_max>;
RowIdentity row_identity(const Iccid& iccid, uint8_t key_version, std::string_view psk_identity) {
  ByteArray<RowIdentity::capacity()> room;
  Writer writer(room);
  writer.prefixed8(bytes_of("element keys")).prefixed8(iccid.bytes()).u8(key_version);
  writer.prefixed8(bytes_of(psk_identity));
  const auto written = writer.finish();
  SIMURGH_CHECK(written.has_value());
  return RowIdentity(*written);
}

}  // namespace

const char* name_of(ElementKeySource source) {
  switch (source) {
    case ElementKeySource::centre: return "centre";
    case ElementKeySource::imported: return "imported";
  }
  return "?";
}

Result<void> check(const ElementKeys& keys) {
  const bool has_packets = !keys.kic.empty() || !keys.kid.empty();
  if (has_packets && (keys.kic.size() != 16 || keys.kid.size() != 16)) {
    return fail(ErrorCode::bad_length);
  }
  if (has_packets ? keys.key_version == 0 || keys.key_version > key_versions
                  : keys.key_version != 0) {
    return fail(ErrorCode::bad_value);
  }
  if (keys.psk.empty() != keys.psk_identity.empty()) return fail(ErrorCode::bad_value);
  if (keys.psk.empty() && !has_packets) return fail(ErrorCode::bad_value);
  if (!keys.psk.empty() && keys.psk.size() < psk_octets_min) return fail(ErrorCode::bad_length);
  if (keys.psk_identity.size() > psk_identity_chars_max) return fail(ErrorCode::bad_length);
  for (const char c : keys.psk_identity) {
    if (c < ' ' || c > '~') return fail(ErrorCode::bad_value);
  }
  return {};
}

Result<SealedElementKeys> seal_element_keys(crypto::KeyStore& store, const Iccid& iccid,
                                            const ElementKeys& keys) {
  TRY(check(keys));
  Secret<element_keys_octets_max> plain;
  Writer writer(plain.fill(element_keys_octets_max));
  writer.prefixed8(keys.kic.view()).prefixed8(keys.kid.view()).prefixed8(keys.psk.view());
  const ByteView written = TRY(writer.finish());
  SealedElementKeys sealed;
  sealed.resize(written.size() + crypto::KeyStore::seal_overhead_octets);
  TRY(store.seal(row_identity(iccid, keys.key_version, keys.psk_identity), written, sealed.span()));
  return sealed;
}

Result<ElementKeys> open_element_keys(crypto::KeyStore& store, const Element& element) {
  if (element.source != ElementKeySource::imported) return fail(ErrorCode::bad_state);
  if (element.sealed_keys.size() < crypto::KeyStore::seal_overhead_octets) {
    return fail(ErrorCode::bad_mac);
  }
  Secret<element_keys_octets_max> plain;
  const size_t octets = element.sealed_keys.size() - crypto::KeyStore::seal_overhead_octets;
  const ByteView opened =
      TRY(store.open(row_identity(element.iccid, element.key_version, element.psk_identity),
                     element.sealed_keys.view(), plain.fill(octets)));
  ElementKeys keys;
  keys.psk_identity = element.psk_identity;
  keys.key_version = element.key_version;
  Reader reader(opened);
  const auto take = [&reader](auto& out) -> Result<void> {
    const ByteView value = TRY(reader.prefixed8());
    if (value.size() > out.capacity()) return reader.error(ErrorCode::bad_length);
    out.assign(value);
    return {};
  };
  TRY(take(keys.kic));
  TRY(take(keys.kid));
  TRY(take(keys.psk));
  TRY(reader.expect_end());
  return keys;
}

}  // namespace simurgh::fleet
