// The OpenSSL objects that the primitives use: algorithms fetched once for the process, contexts
// made once for each thread (a fetch or a parameter for each call doubles its cost). Private to
// this folder.
//
// A context keeps the schedule of the last key it was given, until the next one or the thread's
// end; so do OpenSSL's own. The pages are the process's own: core dumps are switched off by the
// programs.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::crypto {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;

enum class Mode : uint8_t { ecb, cbc, gcm };
enum class Direction : uint8_t { encrypt, decrypt };

// The thread's context for AES with keys of `key_octets` (16, 24 or 32, else null). It has its
// algorithm and direction; what is left to give are key and IV.
EVP_CIPHER_CTX* aes_context(Mode mode, Direction direction, size_t key_octets);
EVP_CIPHER_CTX* tdes_cbc_context(Direction direction);
EVP_MD_CTX* digest_context();

const EVP_MD* sha256_algorithm();
const EVP_MD* sha512_algorithm();

// An error of OpenSSL's as our code. Empties the thread's queue of errors, which would otherwise
// be taken for the fault of the next TLS operation on this thread.
Error refused(ErrorCode code = ErrorCode::crypto);

// libsodium, initialised.
void ensure_sodium();

}  // namespace simurgh::crypto
