#include "crypto/key_material.h"

#include "crypto/kdf.h"

namespace simurgh::crypto {

namespace {

constexpr size_t nonce_octets = 12;
constexpr size_t tag_octets = 16;
static_assert(nonce_octets + tag_octets == KeyStore::seal_overhead_octets);

constexpr KeyLabel k1_label = {"key-store", 1, "CS", "kdf K1"};
constexpr KeyLabel seal_key_label = {"key-store", 1, "S", "kdf column cipher"};
constexpr KeyLabel nonce_key_label = {"key-store", 1, "S", "kdf column nonce"};

ByteArray<32> array_of(const Key256& key) {
  SIMURGH_CHECK(key.size() == 32);
  ByteArray<32> out;
  std::memcpy(out.data(), key.view().data(), out.size());
  return out;
}

// Gives `use` a copy of a private key and wipes it.
template <typename Use>
auto with_array_of(const Key256& key, Use use) {
  ByteArray<32> copy = array_of(key);
  auto result = use(copy);
  wipe(copy);
  return result;
}

// The identity's length is in the input, so that no octet can move between identity and value.
ByteArray<nonce_octets> nonce_of(const Key256& column, ByteView identity, ByteView plain) {
  const auto key = derive_key<32>(column.view(), nonce_key_label);
  ByteArray<8> length;
  for (size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<uint8_t>(uint64_t{identity.size()} >> (8 * (7 - i)));
  }
  const Digest mac = hmac_sha256(key.view(), {length, identity, plain});
  ByteArray<nonce_octets> nonce;
  std::memcpy(nonce.data(), mac.data(), nonce.size());
  return nonce;
}

template <typename T>
Result<ByteString<256>> as_string(const Result<T>& bytes) {
  if (!bytes.has_value()) return bytes.error();
  return ByteString<256>(*bytes);
}

}  // namespace

Result<void> check(const KeyMaterial& material) {
  for (const Key256* key :
       {&material.master, &material.column, &material.ed25519, &material.p256}) {
    if (key->size() != 32) return fail(ErrorCode::bad_length);
  }
  if (!with_array_of(material.p256, ecdsa_p256_public).has_value()) {
    return fail(ErrorCode::bad_value);
  }
  if (!material.rsa_private.empty() && !rsa2048_public(material.rsa_private.view()).has_value()) {
    return fail(ErrorCode::bad_value);
  }
  return {};
}

MaterialKeyStore::MaterialKeyStore(const KeyMaterial& material) : material_(material) {}

Result<ByteView> MaterialKeyStore::seal(ByteView identity, ByteView plain, MutableByteView sealed) {
  const size_t size = plain.size() + seal_overhead_octets;
  if (sealed.size() < size) return fail(ErrorCode::no_space);
  const MutableByteView out = sealed.first(size);
  const auto nonce = nonce_of(material_.column, identity, plain);
  const auto key = derive_key<32>(material_.column.view(), seal_key_label);
  TRY(aes_gcm_seal(key.view(), nonce, identity, plain, out.subspan(nonce.size())));
  std::memcpy(out.data(), nonce.data(), nonce.size());
  return ByteView(out);
}

Result<ByteView> MaterialKeyStore::open(ByteView identity, ByteView sealed, MutableByteView plain) {
  // Shorter than its own frame: altered, as any other change.
  if (sealed.size() < seal_overhead_octets) return fail(ErrorCode::bad_mac);
  const size_t size = sealed.size() - seal_overhead_octets;
  if (plain.size() < size) return fail(ErrorCode::no_space);
  const MutableByteView out = plain.first(size);
  const auto key = derive_key<32>(material_.column.view(), seal_key_label);
  TRY(aes_gcm_open(key.view(), sealed.first(nonce_octets), identity, sealed.subspan(nonce_octets),
                   out));
  return ByteView(out);
}

Result<Key256> MaterialKeyStore::k1_of_version(ByteView ver) {
  return derive_key<32>(material_.master.view(), k1_label, {{FieldType::version, ver}});
}

Result<ByteString<256>> MaterialKeyStore::sign(SignatureScheme scheme, ByteView message) {
  switch (scheme) {
    case SignatureScheme::ed25519:
      return as_string(with_array_of(material_.ed25519,
                                     [&](const auto& key) { return ed25519_sign(key, message); }));
    case SignatureScheme::ecdsa_p256:
      return as_string(with_array_of(
          material_.p256, [&](const auto& key) { return ecdsa_p256_sign(key, message); }));
    case SignatureScheme::rsa2048_pss:
      if (material_.rsa_private.empty()) break;
      return as_string(rsa2048_sign(material_.rsa_private.view(), message));
  }
  return fail(ErrorCode::unsupported);
}

Result<ByteString<256>> MaterialKeyStore::public_key(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::ed25519:
      return as_string(with_array_of(material_.ed25519, ed25519_public));
    case SignatureScheme::ecdsa_p256:
      return as_string(with_array_of(material_.p256, ecdsa_p256_public));
    case SignatureScheme::rsa2048_pss:
      if (material_.rsa_private.empty()) break;
      return as_string(rsa2048_public(material_.rsa_private.view()));
  }
  return fail(ErrorCode::unsupported);
}

}  // namespace simurgh::crypto
