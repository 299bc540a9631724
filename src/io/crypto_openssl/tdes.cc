// Triple DES in CBC, from the default provider (DES-EDE3 is there; single DES, which we do not
// want, is in the legacy one).
#include <openssl/evp.h>

#include "crypto/primitives.h"
#include "io/crypto_openssl/thread_contexts.h"

namespace simurgh::crypto {

namespace {

constexpr size_t block_octets = 8;
constexpr size_t chunk_octets = 512;
constexpr size_t message_octets_max = 1U << 30;  // EVP counts in int

EVP_CIPHER_CTX* keyed(Direction direction, ByteView key) {
  if (key.size() != 16 && key.size() != 24) return nullptr;
  Secret<24> three_keys(key);
  if (key.size() == 16) {
    std::memcpy(three_keys.fill(24).data() + 16, key.data(), 8);  // K1 K2 K1
  }
  EVP_CIPHER_CTX* const context = tdes_cbc_context(direction);
  const int encrypt = direction == Direction::encrypt ? 1 : 0;
  constexpr ByteArray<block_octets> iv{};
  SIMURGH_CHECK(EVP_CipherInit_ex2(context, nullptr, three_keys.view().data(), iv.data(), encrypt,
                                   nullptr) == 1);
  return context;
}

void whole_blocks(EVP_CIPHER_CTX* context, const uint8_t* in, uint8_t* out, size_t octets) {
  SIMURGH_CHECK(EVP_Cipher(context, out, in, static_cast<unsigned>(octets)) ==
                static_cast<int>(octets));
}

Result<void> cbc(Direction direction, ByteView key, ByteView in, MutableByteView out) {
  if (in.size() != out.size() || in.size() % block_octets != 0 || in.size() > message_octets_max) {
    return fail(ErrorCode::crypto);
  }
  EVP_CIPHER_CTX* const context = keyed(direction, key);
  if (context == nullptr) return fail(ErrorCode::crypto);
  if (!in.empty()) whole_blocks(context, in.data(), out.data(), in.size());
  return {};
}

}  // namespace

Result<void> tdes_cbc_decrypt(ByteView key, ByteView in, MutableByteView out) {
  return cbc(Direction::decrypt, key, in, out);
}

Result<void> tdes_cbc_encrypt(ByteView key, ByteView in, MutableByteView out) {
  return cbc(Direction::encrypt, key, in, out);
}

Result<ByteArray<8>> tdes_cbc_mac(ByteView key, Parts message) {
  EVP_CIPHER_CTX* const context = keyed(Direction::encrypt, key);
  if (context == nullptr) return fail(ErrorCode::crypto);
  ByteArray<chunk_octets> buffer;
  ByteArray<block_octets> mac{};  // of an empty message: nothing was enciphered
  size_t filled = 0;
  const auto run = [&] {
    whole_blocks(context, buffer.data(), buffer.data(), filled);
    std::memcpy(mac.data(), buffer.data() + filled - block_octets, block_octets);
    filled = 0;
  };
  for (ByteView part : message) {
    while (!part.empty()) {
      const size_t now = std::min(part.size(), chunk_octets - filled);
      std::memcpy(buffer.data() + filled, part.data(), now);
      filled += now;
      part = part.subspan(now);
      if (filled == chunk_octets) run();
    }
  }
  while (filled % block_octets != 0) buffer[filled++] = 0;
  if (filled > 0) run();
  wipe(buffer);
  return mac;
}

}  // namespace simurgh::crypto
