// The default key store of a server: one file with strict permissions that holds all its long-lived
// keys. Whoever can read the file has the keys: it belongs on a disk that is encrypted, and in a
// backup apart from the database's. Without it the database's sealed columns cannot be opened.
//
// While in use the keys lie in memory that is locked (never swapped), in no core dump, gone in
// child processes, and wiped at the end. One thread.
#pragma once

#include <memory>
#include <string>

#include "crypto/key_store.h"

namespace simurgh::keystore {

class FileKeyStore final : public crypto::KeyStore {
 public:
  // Makes the file with new keys (RSA takes up to a second): mode 0600, never over an existing
  // one, and durable when this returns. On failure `problem` says what is wrong and what to do, and
  // no file is left. already_exists; not_allowed (the folder is open to others); io.
  static Result<void> create(const std::string& path, std::string& problem);

  // Opens it. `production` also refuses keys that everybody knows. On failure `problem` says what
  // is wrong and what to do. not_found; not_allowed (file or folder are not the server's own);
  // unsupported (of a newer version); bad_mac (damaged, or no key store); bad_value (a key that
  // everybody knows); storage (memory cannot be locked); io.
  static Result<std::unique_ptr<FileKeyStore>> open(const std::string& path, bool production,
                                                    std::string& problem);

  ~FileKeyStore() override;
  FileKeyStore(const FileKeyStore&) = delete;
  FileKeyStore& operator=(const FileKeyStore&) = delete;

  Result<ByteView> seal(ByteView identity, ByteView plain, MutableByteView sealed) override;
  Result<ByteView> open(ByteView identity, ByteView sealed, MutableByteView plain) override;
  Result<Key256> k1_of_version(ByteView ver) override;
  Result<ByteString<256>> sign(crypto::SignatureScheme scheme, ByteView message) override;
  Result<ByteString<256>> public_key(crypto::SignatureScheme scheme) override;

 private:
  struct Keys;
  explicit FileKeyStore(std::unique_ptr<Keys> keys);
  std::unique_ptr<Keys> keys_;
};

}  // namespace simurgh::keystore
