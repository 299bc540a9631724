// The default key store of a server: one file with strict permissions that holds all its long-lived
// keys. Whoever can read the file has the keys: it belongs on a disk that is encrypted, and in a
// backup apart from the database's.
//
// While in use the keys lie in locked memory pages that are in no core dump, and are wiped at the
// end.
#pragma once

#include <memory>
#include <string>

#include "crypto/key_material.h"

namespace simurgh::keystore {

class FileKeyStore final : public crypto::KeyStore {
 public:
  // Makes the file with new keys (RSA takes a second or so): mode 0600, never over an existing
  // one, and durable when this returns. On failure `problem` says what is wrong and what to do.
  // already_exists, io.
  static Result<void> create(const std::string& path, std::string& problem);

  // Opens it. `production` also refuses keys that everybody knows. not_found; not_allowed (the
  // file is not only the server's own); bad_mac (damaged); unsupported (made by a newer version);
  // bad_value (a known test key); storage (memory cannot be locked); io.
  static Result<std::unique_ptr<FileKeyStore>> open(const std::string& path, bool production,
                                                    std::string& problem);

  Result<ByteView> seal(ByteView identity, ByteView plain, MutableByteView sealed) override;
  Result<ByteView> open(ByteView identity, ByteView sealed, MutableByteView plain) override;
  Result<Key256> k1_of_version(ByteView ver) override;
  Result<ByteString<256>> sign(crypto::SignatureScheme scheme, ByteView message) override;
  Result<ByteString<256>> public_key(crypto::SignatureScheme scheme) override;

 private:
  class LockedMaterial;
  explicit FileKeyStore(std::unique_ptr<LockedMaterial> material);
  std::unique_ptr<LockedMaterial> material_;

 public:
  ~FileKeyStore() override;
};

}  // namespace simurgh::keystore
