#include "io/crypto_openssl/thread_contexts.h"

#include <openssl/err.h>
#include <sodium.h>

namespace simurgh::crypto {

namespace {

constexpr size_t key_sizes = 3;
constexpr size_t modes = 3;

// Never freed: they live as long as any thread does.
struct Algorithms {
  EVP_CIPHER* aes[modes][key_sizes];
  EVP_CIPHER* tdes_cbc;
  EVP_MD* sha256;
  EVP_MD* sha512;

  Algorithms() {
    static constexpr const char* names[modes][key_sizes] = {
        {"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"},
        {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"},
        {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"}};
    for (size_t mode = 0; mode < modes; ++mode) {
      for (size_t size = 0; size < key_sizes; ++size) {
        aes[mode][size] = EVP_CIPHER_fetch(nullptr, names[mode][size], nullptr);
        SIMURGH_CHECK(aes[mode][size] != nullptr);
      }
    }
    tdes_cbc = EVP_CIPHER_fetch(nullptr, "DES-EDE3-CBC", nullptr);
    sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
    SIMURGH_CHECK(tdes_cbc != nullptr && sha256 != nullptr && sha512 != nullptr);
  }
};

const Algorithms& algorithms() {
  static const Algorithms* const fetched = new Algorithms;
  return *fetched;
}

struct ThreadContexts {
  CipherContext aes[modes][2][key_sizes];
  CipherContext tdes_cbc[2];
  DigestContext digest;
};

ThreadContexts& thread_contexts() {
  thread_local ThreadContexts contexts;
  return contexts;
}

EVP_CIPHER_CTX* made(CipherContext& context, const EVP_CIPHER* algorithm, Direction direction) {
  if (context == nullptr) {
    context.reset(EVP_CIPHER_CTX_new());
    SIMURGH_CHECK(context != nullptr);
    const int encrypt = direction == Direction::encrypt ? 1 : 0;
    SIMURGH_CHECK(
        EVP_CipherInit_ex2(context.get(), algorithm, nullptr, nullptr, encrypt, nullptr) == 1);
  }
  return context.get();
}

}  // namespace

EVP_CIPHER_CTX* aes_context(Mode mode, Direction direction, size_t key_octets) {
  if (key_octets != 16 && key_octets != 24 && key_octets != 32) return nullptr;
  const auto of_mode = static_cast<size_t>(mode);
  const size_t of_size = key_octets / 8 - 2;
  return made(thread_contexts().aes[of_mode][static_cast<size_t>(direction)][of_size],
              algorithms().aes[of_mode][of_size], direction);
}

EVP_CIPHER_CTX* tdes_cbc_context(Direction direction) {
  return made(thread_contexts().tdes_cbc[static_cast<size_t>(direction)], algorithms().tdes_cbc,
              direction);
}

EVP_MD_CTX* digest_context() {
  DigestContext& context = thread_contexts().digest;
  if (context == nullptr) {
    context.reset(EVP_MD_CTX_new());
    SIMURGH_CHECK(context != nullptr);
  }
  return context.get();
}

const EVP_MD* sha256_algorithm() {
  return algorithms().sha256;
}

const EVP_MD* sha512_algorithm() {
  return algorithms().sha512;
}

Error refused(ErrorCode code) {
  ERR_clear_error();
  return fail(code);
}

void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  SIMURGH_CHECK(ready);
}

}  // namespace simurgh::crypto
