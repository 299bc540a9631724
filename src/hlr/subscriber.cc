#include "hlr/subscriber.h"

#include "base/reader.h"

namespace simurgh::hlr {

namespace {

constexpr uint8_t keys_format = 1;

// Everything that the keys belong to. A sealed value that is put into another row, or next to
// another epoch, does not open.
ByteString<96> row_identity(const Imsi& imsi, const Iccid& iccid, const SubscriberKeys& keys) {
  ByteArray<96> room;
  Writer writer(room);
  writer.prefixed8(bytes_of("hlr keys")).prefixed8(imsi.bytes()).prefixed8(iccid.bytes());
  writer.u32(keys.life).u32(keys.epoch);
  writer.u8(static_cast<uint8_t>(keys.algorithm)).u8(keys.tuak_iterations);
  const auto written = writer.finish();
  SIMURGH_CHECK(written.has_value());
  return ByteString<96>(*written);
}

template <size_t N>
Result<void> read_secret(Reader& reader, Secret<N>& out) {
  const ByteView value = TRY(reader.prefixed8());
  if (value.size() > N) return reader.error(ErrorCode::bad_length);
  out.assign(value);
  return {};
}

}  // namespace

Result<void> check(const SubscriberKeys& keys) {
  const size_t ki = keys.ki.size();
  const size_t opc = keys.opc.size();
  const size_t tag = keys.rand_tag_key.size();
  if (tag != 0 && tag != 16 && tag != 32) return fail(ErrorCode::bad_length);
  switch (keys.algorithm) {
    case Algorithm::milenage:
      if (ki != 16 || opc != 16) return fail(ErrorCode::bad_length);
      return {};
    case Algorithm::tuak:
      if ((ki != 16 && ki != 32) || opc != 32) return fail(ErrorCode::bad_length);
      if (keys.tuak_iterations == 0) return fail(ErrorCode::bad_value);
      return {};
    case Algorithm::comp128v1:
    case Algorithm::comp128v2:
    case Algorithm::comp128v3:
      if (ki != 16 || opc != 0 || tag != 0) return fail(ErrorCode::bad_length);
      return {};
  }
  return fail(ErrorCode::bad_value);
}

Result<SealedKeys> seal_keys(crypto::KeyStore& store, const Imsi& imsi, const Iccid& iccid,
                             const SubscriberKeys& keys) {
  TRY(check(keys));
  Secret<keys_plain_octets_max> plain;
  Writer writer(plain.fill(keys_plain_octets_max));
  writer.u8(keys_format).prefixed8(keys.ki.view()).prefixed8(keys.opc.view());
  writer.prefixed8(keys.rand_tag_key.view());
  const ByteView written = TRY(writer.finish());
  SealedKeys sealed;
  sealed.resize(written.size() + crypto::KeyStore::seal_overhead_octets);
  TRY(store.seal(row_identity(imsi, iccid, keys), written, sealed.span()));
  return sealed;
}

Result<SubscriberKeys> open_keys(crypto::KeyStore& store, const Subscriber& subscriber) {
  SubscriberKeys keys;
  keys.algorithm = subscriber.algorithm;
  keys.tuak_iterations = subscriber.tuak_iterations;
  keys.life = subscriber.life;
  keys.epoch = subscriber.epoch;
  if (subscriber.sealed_keys.size() < crypto::KeyStore::seal_overhead_octets) {
    return fail(ErrorCode::bad_mac);
  }
  Secret<keys_plain_octets_max> plain;
  const size_t octets = subscriber.sealed_keys.size() - crypto::KeyStore::seal_overhead_octets;
  Reader reader(TRY(store.open(row_identity(subscriber.imsi, subscriber.iccid, keys),
                               subscriber.sealed_keys, plain.fill(octets))));
  if (TRY(reader.u8()) != keys_format) return fail(ErrorCode::unsupported);
  TRY(read_secret(reader, keys.ki));
  TRY(read_secret(reader, keys.opc));
  TRY(read_secret(reader, keys.rand_tag_key));
  TRY(reader.expect_end());
  TRY(check(keys));
  return keys;
}

}  // namespace simurgh::hlr
