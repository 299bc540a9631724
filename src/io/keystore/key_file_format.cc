#include "io/keystore/key_file_format.h"

#include "base/reader.h"
#include "crypto/kdf.h"

namespace simurgh::keystore {

namespace {

constexpr std::string_view magic = "SIMURGHK";
constexpr crypto::KeyLabel mac_label = {"key-file", 1, "S", "mac file"};
constexpr size_t mac_octets = sizeof(crypto::Digest);

enum class Tag : uint8_t { master = 1, column = 2, ed25519 = 3, p256 = 4, rsa_private = 5 };

crypto::Digest mac_of(const Key256& master, ByteView content) {
  const auto key = crypto::derive_key<32>(master.view(), mac_label);
  return crypto::hmac_sha256(key.view(), {content});
}

template <size_t N>
Result<void> read_field(Reader& in, Tag tag, size_t octets_min, Secret<N>& value) {
  if (TRY(in.u8()) != static_cast<uint8_t>(tag)) return in.error(ErrorCode::bad_value);
  const ByteView octets = TRY(in.prefixed16());
  if (octets.size() < octets_min || octets.size() > N) return in.error(ErrorCode::bad_length);
  value.assign(octets);
  return {};
}

Result<void> read_fields(Reader& in, crypto::KeyMaterial& material) {
  TRY(read_field(in, Tag::master, 32, material.master));
  TRY(read_field(in, Tag::column, 32, material.column));
  TRY(read_field(in, Tag::ed25519, 32, material.ed25519));
  TRY(read_field(in, Tag::p256, 32, material.p256));
  TRY(read_field(in, Tag::rsa_private, 1, material.rsa_private));
  return {};
}

}  // namespace

Result<void> parse_key_file(ByteView file, crypto::KeyMaterial& material) {
  Reader in(file);
  const auto start = in.bytes(magic.size());
  if (!start.has_value() || !equal(*start, bytes_of(magic))) return fail(ErrorCode::bad_mac);
  const auto version = in.u16();
  if (!version.has_value()) return fail(ErrorCode::bad_mac);
  if (*version != key_file_version) return fail(ErrorCode::unsupported);
  // The MAC's key is in what it covers, so the fields are read first, and believed afterwards.
  const auto read = read_fields(in, material);
  const auto mac = in.bytes(mac_octets);
  if (!read.has_value() || !mac.has_value() || !in.at_end() ||
      !crypto::secure_equal(*mac, mac_of(material.master, file.first(file.size() - mac_octets)))) {
    return fail(ErrorCode::bad_mac);
  }
  return crypto::check(material);
}

Result<ByteView> write_key_file(const crypto::KeyMaterial& material, MutableByteView out) {
  if (out.size() < key_file_octets_max) return fail(ErrorCode::no_space);
  Writer writer(out);
  writer.bytes(bytes_of(magic)).u16(key_file_version);
  const auto field = [&](Tag tag, ByteView value) {
    writer.u8(static_cast<uint8_t>(tag)).prefixed16(value);
  };
  field(Tag::master, material.master.view());
  field(Tag::column, material.column.view());
  field(Tag::ed25519, material.ed25519.view());
  field(Tag::p256, material.p256.view());
  field(Tag::rsa_private, material.rsa_private.view());
  writer.bytes(mac_of(material.master, writer.written()));
  return writer.finish();
}

}  // namespace simurgh::keystore
