#include "conversations/personalisation/handshake.h"

#include "base/reader.h"
#include "conversations/personalisation/labels.h"

namespace simurgh::personalisation {

namespace {

ByteArray<1> octet_of(uint8_t value) {
  return {value};
}

// Absent and present fields must not look alike in a transcript: an octet says which.
template <size_t N>
ByteString<N + 1> presence(const std::optional<ByteArray<N>>& field) {
  ByteString<N + 1> out;
  out.push_back(field.has_value() ? 1 : 0);
  if (field.has_value()) out.append(*field);
  return out;
}

// A seed as the primitives take it, wiped afterwards.
template <size_t N>
struct SeedArray {
  explicit SeedArray(ByteView seed) {
    SIMURGH_CHECK(seed.size() == N);
    std::memcpy(bytes.data(), seed.data(), N);
  }
  SeedArray(const SeedArray&) = delete;
  SeedArray& operator=(const SeedArray&) = delete;
  ~SeedArray() { wipe(bytes); }
  ByteArray<N> bytes;
};

}  // namespace

crypto::Digest transcript_1(ByteView server_key, ByteView init, ByteView m1) {
  return labelled_hash(label::transcript_1, {server_key, init, m1});
}

crypto::Digest transcript_2(const crypto::Digest& t1, const M2& m2) {
  return labelled_hash(label::transcript_2, {t1, m2.share, presence(m2.pake).view()});
}

crypto::Digest transcript_3(const crypto::Digest& t2, const M2& m2) {
  return labelled_hash(label::transcript_3, {t2, presence(m2.sealed).view()});
}

crypto::Digest transcript_4(const crypto::Digest& t3, const M2& m2) {
  return labelled_hash(label::transcript_4, {t3, m2.signature});
}

SignedBytes signed_bytes(std::string_view label, const crypto::Digest& digest) {
  SignedBytes bytes(bytes_of(label));
  bytes.push_back(0);
  bytes.append(digest);
  return bytes;
}

crypto::Digest query_digest(const Query& query) {
  return labelled_hash(label::query, {query.iccid.bytes(),
                                      octet_of(static_cast<uint8_t>(query.suite)), query.nonce_s});
}

crypto::Digest reset_digest(const Reset& reset, const ChipIdentity& chip) {
  return labelled_hash(
      label::reset,
      {chip.iccid.bytes(), chip.imsi.bytes(), chip.ver, octets_of(reset.life),
       octet_of(static_cast<uint8_t>(reset.suite)), reset.authorisation, reset.nonce_c});
}

Mac symmetric_signature(const Epoch& epoch, std::string_view label, const crypto::Digest& digest) {
  return make_mac(epoch.secret.view(), label::mac_for_signature, {bytes_of(label), digest});
}

Result<void> verify_signature(Suite suite, ByteView server_key, const Epoch& epoch,
                              std::string_view label, const crypto::Digest& digest,
                              ByteView signature) {
  if (suite == Suite::symmetric) {
    if (!crypto::secure_equal(signature, symmetric_signature(epoch, label, digest))) {
      return fail(ErrorCode::bad_signature);
    }
    return {};
  }
  if (server_key.empty()) return fail(ErrorCode::unsupported);
  const SignedBytes bytes = signed_bytes(label, digest);
  Result<void> verified = fail(ErrorCode::bad_signature);
  switch (suite) {
    case Suite::x25519: verified = crypto::ed25519_verify(server_key, bytes, signature); break;
    case Suite::p256: verified = crypto::ecdsa_p256_verify(server_key, bytes, signature); break;
    case Suite::ffdhe2048: verified = crypto::rsa2048_verify(server_key, bytes, signature); break;
    case Suite::symmetric: break;
  }
  // One answer for whatever is wrong with a signature.
  if (!verified.has_value()) return fail(ErrorCode::bad_signature);
  return {};
}

Result<Share> make_share(Suite suite, const Key256& secret_seed) {
  const SeedArray<32> seed(secret_seed.view());
  Share share;
  share.resize(share_octets(suite));
  switch (suite) {
    case Suite::x25519: TRY(crypto::x25519_public(seed.bytes, share.span())); break;
    case Suite::p256: TRY(crypto::p256_public(seed.bytes, share.span())); break;
    case Suite::ffdhe2048: TRY(crypto::ffdhe2048_public(seed.bytes, share.span())); break;
    case Suite::symmetric: break;
  }
  return share;
}

Result<DhSecret> derive_dh(Suite suite, const Key256& secret_seed, ByteView peer) {
  const SeedArray<32> seed(secret_seed.view());
  if (peer.size() != share_octets(suite)) return fail(ErrorCode::crypto);
  DhSecret secret;
  switch (suite) {
    case Suite::x25519: TRY(crypto::x25519_derive(seed.bytes, peer, secret.fill(32))); break;
    case Suite::p256: TRY(crypto::p256_derive(seed.bytes, peer, secret.fill(32))); break;
    case Suite::ffdhe2048: TRY(crypto::ffdhe2048_derive(seed.bytes, peer, secret.fill(256))); break;
    case Suite::symmetric: break;
  }
  return secret;
}

Key256 code_key(const ActivationCode& code, const OrderId& order, const Iccid& iccid) {
  SIMURGH_CHECK(code.kind == CodeKind::secret);
  return crypto::derive_key<32>(
      code.secret.view(), label::code,
      {{crypto::FieldType::identity, order}, {crypto::FieldType::iccid, iccid.bytes()}});
}

Key256 handshake_secret(const crypto::Digest& t2, const HandshakeInputs& inputs) {
  constexpr size_t input_octets_max = 4 * 2 + 256 + 32 + 32 + 64;
  Secret<input_octets_max> material;
  Writer writer(material.fill(input_octets_max));
  writer.prefixed16(inputs.dh.view())
      .prefixed16(inputs.renegotiation.view())
      .prefixed16(inputs.code.view())
      .prefixed16(inputs.pake.view());
  return crypto::derive_key<32>(writer.written(), label::handshake,
                                {{crypto::FieldType::transcript, t2}});
}

namespace {
Key256 seal_key(const Key256& handshake) {
  return crypto::derive_key<32>(handshake.view(), label::seal);
}
constexpr ByteArray<12> seal_nonce{};
}  // namespace

SealedSecret seal_made_secret(const Key256& handshake, const crypto::Digest& t2,
                              const Key256& made) {
  SealedSecret sealed;
  const auto done =
      crypto::aes_gcm_seal(seal_key(handshake).view(), seal_nonce, t2, made.view(), sealed);
  SIMURGH_CHECK(done.has_value());
  return sealed;
}

Result<Key256> open_made_secret(const Key256& handshake, const crypto::Digest& t2,
                                const SealedSecret& sealed) {
  Key256 made;
  TRY(crypto::aes_gcm_open(seal_key(handshake).view(), seal_nonce, t2, sealed,
                           made.fill(made_secret_octets)));
  return made;
}

Mac m2_mac(const Key256& handshake, const crypto::Digest& t4) {
  return make_mac(handshake.view(), label::mac_m2, {t4});
}

Epoch next_epoch(const Key256& handshake, const crypto::Digest& t4, const Key256& made,
                 uint32_t number, const Epoch& base, bool new_puk) {
  constexpr size_t input_octets_max = 2 * 2 + 32 + 32;
  Secret<input_octets_max> material;
  Writer writer(material.fill(input_octets_max));
  writer.prefixed16(handshake.view()).prefixed16(made.view());
  Epoch epoch;
  epoch.number = number;
  epoch.secret = crypto::derive_key<epoch_secret_octets>(writer.written(), label::epoch_n,
                                                         {{crypto::FieldType::transcript, t4}});
  epoch.puk_secret = new_puk ? derive_puk_secret(epoch.secret) : base.puk_secret;
  return epoch;
}

Pake::Pake(const ActivationCode& code, const Init& init, const ChipIdentity& chip,
           const Nonce& nonce_c)
    : digits_(code.digits.view()),
      channel_(labelled_hash(label::pake_channel,
                             {chip.iccid.bytes(), chip.imsi.bytes(), chip.ver, init.order,
                              octets_of(init.life), octets_of(init.epoch)})) {
  SIMURGH_CHECK(code.kind == CodeKind::short_code);
  Writer(session_).bytes(init.nonce_s).bytes(nonce_c);
}

crypto::CpaceContext Pake::context() const {
  return {.password = digits_.view(), .channel = channel_, .session = session_};
}

Result<PakeShare> Pake::share(const PakeSeed& seed) const {
  const SeedArray<crypto::cpace_seed_octets> array(seed.view());
  return crypto::cpace_share(context(), array.bytes);
}

Result<crypto::CpaceKey> Pake::key(const PakeSeed& seed, const PakeShares& shares,
                                   crypto::CpaceRole role) const {
  const SeedArray<crypto::cpace_seed_octets> array(seed.view());
  return crypto::cpace_key(
      context(), array.bytes, role,
      {.initiator_share = shares.initiator, .responder_share = shares.responder});
}

Mac init_mac(const Init& init, const Epoch& base) {
  Init plain = init;
  plain.mac = {};
  return make_mac(base.secret.view(), label::mac_init, {write_init(plain)});
}

Mac m1_mac(const M1& m1, ByteView init_bytes, const Epoch& base) {
  M1 plain = m1;
  plain.mac = {};
  return make_mac(base.secret.view(), label::mac_m1, {init_bytes, write_m1(plain)});
}

Mac resync_mac(const Resync& resync, const ChipIdentity& chip, const Epoch& epoch,
               const crypto::KeyLabel& label) {
  Resync plain = resync;
  plain.mac = {};
  if (plain.pending_mac.has_value()) plain.pending_mac = Mac{};
  return make_mac(epoch.secret.view(), label,
                  {chip.iccid.bytes(), chip.imsi.bytes(), chip.ver, write_resync(plain)});
}

Mac reset_done_mac(const ResetDone& done, const ChipIdentity& chip, const Epoch& epoch,
                   const crypto::KeyLabel& label) {
  ResetDone plain = done;
  plain.mac = {};
  plain.ending_mac = {};
  return make_mac(epoch.secret.view(), label,
                  {chip.imsi.bytes(), chip.ver, write_reset_done(plain)});
}

Result<void> check_terms(Suite suite, const OrderFlags& flags, const OrderId& order,
                         uint32_t base_epoch) {
  // A chip in the shop has the default PUK, so its first epoch always brings one.
  if (base_epoch == 0 && !flags.new_puk) return fail(ErrorCode::bad_value);
  // Codes are bound to their order; an order without a name would bind nothing.
  if (flags.code != CodeKind::none && order.empty()) return fail(ErrorCode::bad_value);
  if (suite != Suite::symmetric) return {};
  // Without key shares the secret can only come from the centre.
  if (!flags.server_made) return fail(ErrorCode::bad_value);
  // Digits in a symmetric key schedule could be searched for by who has K1 and a recording; and
  // with no code at all, who has K1 would have everything.
  if (flags.code == CodeKind::short_code) return fail(ErrorCode::not_allowed);
  if (base_epoch == 0 && flags.code != CodeKind::secret) return fail(ErrorCode::not_allowed);
  return {};
}

}  // namespace simurgh::personalisation
