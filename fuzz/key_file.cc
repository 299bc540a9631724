// link: simurgh_io_keystore simurgh_io_crypto_openssl
// A key file as found: any octets, and files with the right MAC over any keys. It is refused, or
// holds keys that can be used and comes out again octet for octet.
#include "io/keystore/key_file_format.h"

#include "base/reader.h"

using namespace simurgh;
using namespace simurgh::keystore;

namespace {

ByteArray<key_file_octets_max> room;

void check_file(ByteView file) {
  crypto::KeyMaterial material;
  if (!parse_key_file(file, material).has_value()) return;
  SIMURGH_CHECK(crypto::check(material).has_value());
  const auto written = write_key_file(material, room);
  SIMURGH_CHECK(written.has_value() && equal(*written, file));
}

// Keys of any content and size from the input, each with its size in front.
crypto::KeyMaterial any_material(Reader& reader) {
  crypto::KeyMaterial material;
  for (Key256* key : {&material.master, &material.column, &material.ed25519, &material.p256}) {
    const ByteView octets = reader.prefixed8().value_or(ByteView());
    key->assign(octets.first(std::min(octets.size(), key->capacity())));
  }
  const ByteView rest = reader.rest();
  material.rsa_private.assign(rest.first(std::min(rest.size(), material.rsa_private.capacity())));
  return material;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  check_file(input);
  Reader reader(input);
  const crypto::KeyMaterial material = any_material(reader);
  const auto written = write_key_file(material, room);
  SIMURGH_CHECK(written.has_value());
  crypto::KeyMaterial read;
  const bool accepted = parse_key_file(*written, read).has_value();
  SIMURGH_CHECK(accepted == (crypto::check(material).has_value() && !material.rsa_private.empty()));
  return 0;
}
