// AES: single blocks, CBC, CMAC and GCM.
//
// Blocks and CBC go through EVP_Cipher, the layer below EVP_EncryptUpdate: it takes whole blocks,
// knows no padding (which would cost a parameter with every key) and keeps the chaining value.
#include <openssl/evp.h>

#include "crypto/primitives.h"
#include "io/crypto_openssl/thread_contexts.h"

namespace simurgh::crypto {

namespace {

constexpr size_t block_octets = 16;
constexpr size_t gcm_nonce_octets = 12;
constexpr size_t gcm_tag_octets = 16;
constexpr size_t chunk_octets = 512;          // of what is worked on at a time, on the stack
constexpr size_t call_octets_max = 1U << 30;  // EVP counts in int

// Key and IV for a context that has everything else. Null: not an AES key.
EVP_CIPHER_CTX* keyed(Mode mode, Direction direction, ByteView key, const uint8_t* iv) {
  EVP_CIPHER_CTX* const context = aes_context(mode, direction, key.size());
  if (context == nullptr) return nullptr;
  const int encrypt = direction == Direction::encrypt ? 1 : 0;
  SIMURGH_CHECK(EVP_CipherInit_ex2(context, nullptr, key.data(), iv, encrypt, nullptr) == 1);
  return context;
}

void whole_blocks(EVP_CIPHER_CTX* context, const uint8_t* in, uint8_t* out, size_t octets) {
  while (octets > 0) {
    const size_t now = std::min(octets, call_octets_max);
    SIMURGH_CHECK(EVP_Cipher(context, out, in, static_cast<unsigned>(now)) ==
                  static_cast<int>(now));
    in += now;
    out += now;
    octets -= now;
  }
}

Result<void> cbc(Direction direction, ByteView key, const Block& iv, ByteView in,
                 MutableByteView out) {
  if (in.size() != out.size() || in.size() % block_octets != 0) return fail(ErrorCode::crypto);
  EVP_CIPHER_CTX* const context = keyed(Mode::cbc, direction, key, iv.data());
  if (context == nullptr) return fail(ErrorCode::crypto);
  whole_blocks(context, in.data(), out.data(), in.size());
  return {};
}

// SP 800-38B 6.1: doubling in GF(2^128), without a branch on the secret.
Block doubled(const Block& block) {
  Block out;
  for (size_t i = 0; i < block_octets; ++i) {
    const int next = i + 1 < block_octets ? block[i + 1] >> 7 : 0;
    out[i] = static_cast<uint8_t>(block[i] << 1 | next);
  }
  out[block_octets - 1] ^= static_cast<uint8_t>(0x87 & -(block[0] >> 7));
  return out;
}

void exclusive_or(uint8_t* into, const Block& block) {
  for (size_t i = 0; i < block_octets; ++i) into[i] ^= block[i];
}

// CMAC in CBC mode. Enciphering a zero block gives L and leaves L as the chaining value, so the
// first block of the message is given with L added: it cancels, and one key and no second IV serve
// both steps. (EVP's own CMAC costs twice as much; the bench says how much.)
class CmacRun {
 public:
  explicit CmacRun(EVP_CIPHER_CTX* context) : context_(context) {
    constexpr Block zeros{};
    whole_blocks(context_, zeros.data(), l_.data(), block_octets);
    first_ = l_;
  }
  ~CmacRun() {
    wipe(l_);
    wipe(first_);
    wipe(buffer_);
  }
  CmacRun(const CmacRun&) = delete;
  CmacRun& operator=(const CmacRun&) = delete;

  void update(ByteView part) {
    while (!part.empty()) {
      // The last block is dealt with apart, so the buffer is only emptied when more follows.
      if (filled_ == chunk_octets) run_buffer();
      const size_t now = std::min(part.size(), chunk_octets - filled_);
      std::memcpy(buffer_.data() + filled_, part.data(), now);
      filled_ += now;
      part = part.subspan(now);
    }
  }

  Block finish() {
    Block subkey = doubled(l_);
    if (filled_ == 0 || filled_ % block_octets != 0) {
      subkey = doubled(subkey);
      buffer_[filled_++] = 0x80;
      while (filled_ % block_octets != 0) buffer_[filled_++] = 0;
    }
    exclusive_or(buffer_.data() + filled_ - block_octets, subkey);
    wipe(subkey);
    const size_t last = filled_ - block_octets;
    run_buffer();
    Block tag;
    std::memcpy(tag.data(), buffer_.data() + last, tag.size());
    return tag;
  }

 private:
  void run_buffer() {
    exclusive_or(buffer_.data(), first_);
    first_.fill(0);
    whole_blocks(context_, buffer_.data(), buffer_.data(), filled_);
    filled_ = 0;
  }

  EVP_CIPHER_CTX* context_;
  Block l_;
  Block first_;  // what is added to the first block: L, then nothing
  ByteArray<chunk_octets> buffer_;
  size_t filled_ = 0;
};
static_assert(chunk_octets % block_octets == 0);

EVP_CIPHER_CTX* gcm_begin(Direction direction, ByteView key, ByteView nonce, ByteView associated) {
  EVP_CIPHER_CTX* const context = keyed(Mode::gcm, direction, key, nonce.data());
  int size = 0;
  if (!associated.empty()) {
    SIMURGH_CHECK(EVP_CipherUpdate(context, nullptr, &size, associated.data(),
                                   static_cast<int>(associated.size())) == 1);
  }
  return context;
}

void gcm_update(EVP_CIPHER_CTX* context, ByteView in, uint8_t* out) {
  int size = 0;
  if (in.empty()) return;
  SIMURGH_CHECK(EVP_CipherUpdate(context, out, &size, in.data(), static_cast<int>(in.size())) ==
                    1 &&
                static_cast<size_t>(size) == in.size());
}

bool gcm_sizes_fit(ByteView key, ByteView nonce, ByteView associated, size_t plain_octets,
                   size_t sealed_octets) {
  return (key.size() == 16 || key.size() == 24 || key.size() == 32) &&
         nonce.size() == gcm_nonce_octets && associated.size() <= call_octets_max &&
         plain_octets <= call_octets_max && sealed_octets == plain_octets + gcm_tag_octets;
}

}  // namespace

Result<Block> aes_encrypt_block(ByteView key, const Block& block) {
  EVP_CIPHER_CTX* const context = keyed(Mode::ecb, Direction::encrypt, key, nullptr);
  if (context == nullptr) return fail(ErrorCode::crypto);
  Block out;
  whole_blocks(context, block.data(), out.data(), out.size());
  return out;
}

Result<void> aes_cbc_encrypt(ByteView key, const Block& iv, ByteView in, MutableByteView out) {
  return cbc(Direction::encrypt, key, iv, in, out);
}

Result<void> aes_cbc_decrypt(ByteView key, const Block& iv, ByteView in, MutableByteView out) {
  return cbc(Direction::decrypt, key, iv, in, out);
}

Result<Block> aes_cmac(ByteView key, Parts message) {
  constexpr Block zeros{};
  EVP_CIPHER_CTX* const context = keyed(Mode::cbc, Direction::encrypt, key, zeros.data());
  if (context == nullptr) return fail(ErrorCode::crypto);
  CmacRun run(context);
  for (const ByteView part : message) run.update(part);
  return run.finish();
}

Result<void> aes_gcm_seal(ByteView key, ByteView nonce, ByteView associated, ByteView plain,
                          MutableByteView sealed) {
  if (!gcm_sizes_fit(key, nonce, associated, plain.size(), sealed.size())) {
    return fail(ErrorCode::crypto);
  }
  EVP_CIPHER_CTX* const context = gcm_begin(Direction::encrypt, key, nonce, associated);
  gcm_update(context, plain, sealed.data());
  int size = 0;
  uint8_t* const tag = sealed.data() + plain.size();
  SIMURGH_CHECK(EVP_CipherFinal_ex(context, tag, &size) == 1 && size == 0);
  SIMURGH_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, gcm_tag_octets, tag) == 1);
  return {};
}

// Nothing leaves before the tag is checked: deciphered once into a scratch buffer, and when that
// was too small to hold all, a second time into `plain`.
Result<void> aes_gcm_open(ByteView key, ByteView nonce, ByteView associated, ByteView sealed,
                          MutableByteView plain) {
  if (!gcm_sizes_fit(key, nonce, associated, plain.size(), sealed.size())) {
    return fail(ErrorCode::crypto);
  }
  const ByteView ciphered = sealed.first(plain.size());
  ByteArray<gcm_tag_octets> tag;
  std::memcpy(tag.data(), sealed.data() + plain.size(), tag.size());
  EVP_CIPHER_CTX* context = gcm_begin(Direction::decrypt, key, nonce, associated);
  ByteArray<chunk_octets> scratch;
  for (size_t done = 0; done < ciphered.size(); done += scratch.size()) {
    const size_t now = std::min(scratch.size(), ciphered.size() - done);
    gcm_update(context, ciphered.subspan(done, now), scratch.data());
  }
  int size = 0;
  SIMURGH_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, gcm_tag_octets, tag.data()) ==
                1);
  const bool genuine = EVP_CipherFinal_ex(context, scratch.data(), &size) == 1;
  if (genuine && plain.size() > scratch.size()) {
    context = gcm_begin(Direction::decrypt, key, nonce, associated);
    gcm_update(context, ciphered, plain.data());
  } else if (genuine && !plain.empty()) {
    std::memcpy(plain.data(), scratch.data(), plain.size());
  }
  wipe(scratch);
  if (!genuine) return refused(ErrorCode::bad_mac);
  return {};
}

}  // namespace simurgh::crypto
