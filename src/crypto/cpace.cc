#include "crypto/cpace.h"

#include "base/reader.h"

namespace simurgh::crypto {

namespace {

constexpr std::string_view domain = "CPaceRistretto255";          // G.DSI, 8.3
constexpr std::string_view key_domain = "CPaceRistretto255_ISK";  // 7.3
constexpr size_t hash_block_octets = 128;                         // s_in_bytes of SHA-512
constexpr size_t string_octets_max = 5 * (2 + cpace_field_octets_max) + hash_block_octets;

// prepend_len(): the length as LEB128, then the octets.
void put(Writer& out, ByteView field) {
  size_t length = field.size();
  for (; length >= 0x80; length >>= 7) out.u8(static_cast<uint8_t>(length | 0x80));
  out.u8(static_cast<uint8_t>(length)).bytes(field);
}

bool fits(std::initializer_list<ByteView> fields) {
  for (const ByteView field : fields) {
    if (field.size() > cpace_field_octets_max) return false;
  }
  return true;
}

// generator_string() and calculate_generator(), 8.1 and 8.3. Zeros fill the hash's first block, so
// that its cost does not depend on the password's length.
Result<CpaceShare> generator(const CpaceContext& context) {
  if (!fits({context.password, context.channel, context.session})) {
    return fail(ErrorCode::too_large);
  }
  ByteArray<string_octets_max> string;
  Writer out(string);
  put(out, bytes_of(domain));
  put(out, context.password);
  static constexpr ByteArray<hash_block_octets> zeros{};
  const size_t room = hash_block_octets - 1;
  put(out, ByteView(zeros).first(out.size() < room ? room - out.size() : 0));
  put(out, context.channel);
  put(out, context.session);
  SIMURGH_CHECK(!out.failed());
  ByteArray<64> hash = sha512({out.written()});
  const auto element = ristretto_from_uniform(hash);
  wipe(hash);
  wipe(string);
  return element;
}

}  // namespace

Result<CpaceShare> cpace_share(const CpaceContext& context, const CpaceSeed& seed) {
  CpaceShare base = TRY(generator(context));
  const auto share = ristretto_multiply(seed, base);
  wipe(base);
  return share;
}

Result<CpaceKey> cpace_key(const CpaceContext& context, const CpaceSeed& seed, CpaceRole role,
                           const CpaceTranscript& transcript) {
  if (!fits({context.session, transcript.initiator_share, transcript.initiator_data,
             transcript.responder_share, transcript.responder_data})) {
    return fail(ErrorCode::too_large);
  }
  const bool is_initiator = role == CpaceRole::initiator;
  auto product = TRY(ristretto_multiply(
      seed, is_initiator ? transcript.responder_share : transcript.initiator_share));
  ByteArray<string_octets_max> string;
  Writer out(string);
  put(out, bytes_of(key_domain));
  put(out, context.session);
  put(out, product);
  put(out, transcript.initiator_share);
  put(out, transcript.initiator_data);
  put(out, transcript.responder_share);
  put(out, transcript.responder_data);
  SIMURGH_CHECK(!out.failed());
  ByteArray<64> hash = sha512({out.written()});
  CpaceKey key{ByteView(hash)};
  wipe(hash);
  wipe(product);
  wipe(string);
  return key;
}

}  // namespace simurgh::crypto
