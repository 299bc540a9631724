// CPace (draft-irtf-cfrg-cpace) over ristretto255, with this protocol's labelled HKDF in the place
// of the draft's hash. Both ends multiply a generator that only who knows the digits can compute;
// the shares are uniform whatever the digits are, so a transcript excludes no candidate.
#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"

namespace simurgh::personalisation {

namespace {

ByteArray<pake_seed_octets> array_of(const PakeSeed& seed) {
  SIMURGH_CHECK(seed.size() == pake_seed_octets);
  ByteArray<pake_seed_octets> out;
  std::memcpy(out.data(), seed.view().data(), out.size());
  return out;
}

Result<ByteArray<32>> generator(const ActivationCode& code, const crypto::Digest& session) {
  SIMURGH_CHECK(code.kind == CodeKind::short_code);
  ByteArray<64> uniform;
  derive(code.digits.view(), label::pake_generator, {session}, uniform);
  auto element = crypto::ristretto_from_uniform(uniform);
  wipe(uniform);
  return element;
}

Result<ByteArray<32>> multiply(const PakeSeed& seed, ByteView element) {
  ByteArray<pake_seed_octets> scalar = array_of(seed);
  auto product = crypto::ristretto_multiply(scalar, element);
  wipe(scalar);
  return product;
}

}  // namespace

crypto::Digest pake_session(const Init& init, const ChipIdentity& chip, const Nonce& nonce_c) {
  return labelled_hash(label::pake_session,
                       {chip.iccid.bytes(), chip.imsi.bytes(), chip.ver, init.order,
                        octets_of(init.life), octets_of(init.epoch), init.nonce_s, nonce_c});
}

Result<PakeShare> make_pake_share(const ActivationCode& code, const crypto::Digest& session,
                                  const PakeSeed& seed) {
  return multiply(seed, TRY(generator(code, session)));
}

Result<PakeSecret> derive_pake(const PakeSeed& seed, const crypto::Digest& session,
                               const PakeShares& shares, PakeRole role) {
  const PakeShare& peer = role == PakeRole::initiator ? shares.responder : shares.initiator;
  ByteArray<32> product = TRY(multiply(seed, peer));
  PakeSecret secret;
  derive(product, label::pake_secret, {session, shares.initiator, shares.responder},
         secret.fill(secret.capacity()));
  wipe(product);
  return secret;
}

}  // namespace simurgh::personalisation
