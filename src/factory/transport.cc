#include "factory/transport.h"

#include "base/reader.h"

namespace simurgh::factory {
namespace {

constexpr std::string_view label = "simurgh 1 factory transport K1";
constexpr size_t name_octets_max = 64;
constexpr size_t info_octets_max = 1 + label.size() + 2 * crypto::x25519_share_octets;
constexpr size_t purpose_octets_max = 1 + name_octets_max + 8 + 1 + ver_octets_max;

ByteArray<32> array_of(const Key256& key) {
  ByteArray<32> out{};
  SIMURGH_CHECK(key.size() == out.size());
  std::memcpy(out.data(), key.view().data(), out.size());
  return out;
}

// The private value as the primitives take it, wiped when it goes.
struct PrivateValue {
  explicit PrivateValue(const Key256& key) : bytes(array_of(key)) {}
  ~PrivateValue() { wipe(bytes); }
  PrivateValue(const PrivateValue&) = delete;
  PrivateValue& operator=(const PrivateValue&) = delete;
  ByteArray<32> bytes;
};

struct SealKeys {
  Secret<32 + 12> material;
  ByteView key() const { return material.view().first(32); }
  ByteView nonce() const { return material.view().subspan(32); }
};

Result<SealKeys> derive(ByteView shared, ByteView ephemeral, ByteView recipient) {
  ByteArray<info_octets_max> buffer;
  Writer info(buffer);
  info.prefixed8(bytes_of(label)).bytes(ephemeral).bytes(recipient);
  SealKeys keys;
  TRY(crypto::hkdf_sha256({}, shared, TRY(info.finish()), keys.material.fill(32 + 12)));
  return keys;
}

Result<ByteView> write_purpose(const TransportPurpose& purpose, MutableByteView out) {
  Writer writer(out);
  writer.prefixed8(bytes_of(purpose.manufacturer)).u64(purpose.allocation).prefixed8(purpose.ver);
  return writer.finish();
}

}  // namespace

Result<SealedK1> seal_k1(const Key256& k1, ByteView transport_public,
                         const TransportPurpose& purpose, const Key256& seed) {
  if (k1.size() != k1_octets || transport_public.size() != crypto::x25519_share_octets) {
    return ErrorCode::bad_length;
  }
  const PrivateValue ephemeral(seed);
  SealedK1 sealed;
  const MutableByteView share = MutableByteView(sealed).first(crypto::x25519_share_octets);
  const MutableByteView rest = MutableByteView(sealed).subspan(crypto::x25519_share_octets);
  TRY(crypto::x25519_public(ephemeral.bytes, share));
  Key256 shared;
  TRY(crypto::x25519_derive(ephemeral.bytes, transport_public, shared.fill(32)));
  const SealKeys keys = TRY(derive(shared.view(), share, transport_public));
  ByteArray<purpose_octets_max> associated;
  TRY(crypto::aes_gcm_seal(keys.key(), keys.nonce(), TRY(write_purpose(purpose, associated)),
                           k1.view(), rest));
  return sealed;
}

Result<Key256> open_k1(const SealedK1& sealed, const Key256& transport_private,
                       const TransportPurpose& purpose) {
  if (transport_private.size() != 32) return ErrorCode::bad_length;
  const PrivateValue own(transport_private);
  ByteArray<crypto::x25519_share_octets> own_public;
  TRY(crypto::x25519_public(own.bytes, own_public));
  const ByteView share = ByteView(sealed).first(crypto::x25519_share_octets);
  const ByteView rest = ByteView(sealed).subspan(crypto::x25519_share_octets);
  Key256 shared;
  TRY(crypto::x25519_derive(own.bytes, share, shared.fill(32)));
  const SealKeys keys = TRY(derive(shared.view(), share, own_public));
  ByteArray<purpose_octets_max> associated;
  const ByteView purpose_bytes = TRY(write_purpose(purpose, associated));
  Key256 k1;
  TRY(crypto::aes_gcm_open(keys.key(), keys.nonce(), purpose_bytes, rest, k1.fill(k1_octets)));
  return k1;
}

}  // namespace simurgh::factory
