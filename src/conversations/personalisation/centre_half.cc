#include "conversations/personalisation/centre_half.h"

#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"

namespace simurgh::personalisation {

namespace {

crypto::SignatureScheme scheme_of(Suite suite) {
  switch (suite) {
    case Suite::p256: return crypto::SignatureScheme::ecdsa_p256;
    case Suite::ffdhe2048: return crypto::SignatureScheme::rsa2048_pss;
    default: return crypto::SignatureScheme::ed25519;
  }
}

// What stands in a signature field of the suite: a signature of the key store's, or a MAC under
// `epoch` for a chip without public keys.
Result<Signature> sign(crypto::KeyStore& keys, Suite suite, const Epoch& epoch,
                       std::string_view label, const crypto::Digest& digest) {
  if (suite == Suite::symmetric) return Signature(symmetric_signature(epoch, label, digest));
  const Signature signature = TRY(keys.sign(scheme_of(suite), signed_bytes(label, digest)));
  if (signature.size() != signature_octets(suite)) return fail(ErrorCode::crypto);
  return signature;
}

OrderFlags flags_of(const CentreOrder& order, Suite suite) {
  OrderFlags flags;
  flags.code = order.code.kind;
  flags.choose_pin = order.choose_pin;
  flags.server_made = order.server_made || suite == Suite::symmetric;
  flags.new_puk = order.new_puk || order.base.number == 0;
  return flags;
}

// What INIT said, from the session alone.
Result<Init> init_of(const CentreSession& session) {
  return parse_init(session.init);
}

CentreStep end(Evidence evidence, CentreSession& session) {
  session.phase = CentrePhase::ended;
  CentreStep step;
  step.event = CentreEvent::ended;
  step.evidence = evidence;
  return step;
}

}  // namespace

const char* name_of(Evidence evidence) {
  switch (evidence) {
    case Evidence::none: return "none";
    case Evidence::two_chips: return "two_chips";
    case Evidence::downgrade: return "downgrade";
    case Evidence::foreign_identity: return "foreign_identity";
  }
  return "unknown";
}

Result<Message> CentreHalf::begin(CentreSession& session, const CentreOrder& order) {
  if (order.epoch <= order.base.number) return fail(ErrorCode::not_allowed);
  Init init;
  init.iccid = order.chip.iccid;
  init.life = order.life;
  init.epoch = order.epoch;
  init.base_epoch = order.base.number;
  init.suites = order.suites;
  init.suite = TRY(strongest_common(order.suites, order.chip_suites));
  init.flags = flags_of(order, init.suite);
  init.order = order.id;
  TRY(check_terms(init.suite, init.flags, init.order, init.base_epoch));
  random_.fill(init.nonce_s);
  init.mac = init_mac(init, order.base);

  session = CentreSession();
  session.order = order;
  session.phase = CentrePhase::sent_init;
  session.suite = init.suite;
  session.init = write_init(init);
  session.attempt = order.last_attempt;
  return session.init;
}

Result<CentreStep> CentreHalf::on_message(CentreSession& session, ByteView message) {
  const MessageType type = TRY(type_of(message));
  if (session.phase == CentrePhase::idle || session.phase == CentrePhase::ended) {
    return fail(ErrorCode::bad_state);
  }
  switch (type) {
    case MessageType::m1: return on_m1(session, message);
    case MessageType::prepared: return on_prepared(session, message);
    case MessageType::done: return on_done(session, message);
    case MessageType::resync: return on_resync(session, message);
    default: return fail(ErrorCode::bad_value, 1);  // reflected, or not of a session
  }
}

Result<CentreStep> CentreHalf::on_m1(CentreSession& session, ByteView message) {
  const M1 m1 = TRY(parse_m1(message));
  const CentreOrder& order = session.order;
  CentreStep step;
  const crypto::Digest hash = crypto::sha256({message});
  const bool answered = session.phase != CentrePhase::sent_init;
  if (answered && session.attempt.m1_hash == hash) {
    if (session.phase == CentrePhase::sent_m2) step.reply = session.m2;
    return step;
  }
  if (m1.attempt == 0) return fail(ErrorCode::bad_value);  // attempts begin with 1
  if (m1.life != order.life || m1.epoch != order.epoch || m1.base_epoch != order.base.number) {
    return fail(ErrorCode::bad_value);  // of another negotiation
  }
  if (!crypto::secure_equal(m1.mac, m1_mac(m1, session.init, order.base))) {
    return fail(ErrorCode::bad_mac);
  }
  // From here on it is a chip that holds the base epoch: what does not fit is evidence.
  if (!(m1.chip == order.chip)) return end(Evidence::foreign_identity, session);
  if (!answered && session.attempt.attempt != 0 && m1.attempt <= session.attempt.attempt) {
    return end(Evidence::two_chips, session);
  }
  if (answered) return on_second_m1(session, {order.epoch, m1.attempt, hash});
  session.chip_suites = m1.suites;
  const auto strongest = strongest_common(order.suites, m1.suites);
  if (!strongest.has_value() || *strongest != session.suite) {
    return end(Evidence::downgrade, session);
  }
  const Message m2 = TRY(make_m2(session, m1, message));
  session.attempt = {.epoch = order.epoch, .attempt = m1.attempt, .m1_hash = hash};
  session.m2 = m2;
  session.phase = CentrePhase::sent_m2;
  step.event = CentreEvent::answered;
  step.reply = m2;
  return step;
}

Result<CentreStep> CentreHalf::on_second_m1(CentreSession& session, const LastAttempt& second) {
  // One attempt number, two messages: no chip does that.
  if (second.attempt == session.attempt.attempt) return end(Evidence::two_chips, session);
  // Overtaken by a later one on its way.
  if (second.attempt < session.attempt.attempt) return fail(ErrorCode::replayed);
  // A chip that has said PREPARED never makes another M1 for the same INIT.
  if (session.phase == CentrePhase::prepared) {
    CentreStep step;
    step.evidence = Evidence::two_chips;
    return step;
  }
  // It lost its RAM before M2 came; its number is burned.
  session.attempt = second;
  return end(Evidence::none, session);
}

Result<Message> CentreHalf::make_m2(CentreSession& session, const M1& m1, ByteView m1_bytes) {
  const CentreOrder& order = session.order;
  const Init init = TRY(init_of(session));
  const bool with_pake = init.flags.code == CodeKind::short_code;
  if (m1.share.size() != share_octets(session.suite) || m1.pake.has_value() != with_pake) {
    return fail(ErrorCode::bad_value);
  }
  // The shares are checked before the try is counted: an invalid one is no guess.
  Key256 seed;
  random_.fill(seed.fill(32));
  M2 m2;
  m2.life = order.life;
  m2.epoch = order.epoch;
  m2.share = TRY(make_share(session.suite, seed));
  HandshakeInputs inputs;
  inputs.dh = TRY(derive_dh(session.suite, seed, m1.share));
  inputs.renegotiation = derive_renegotiation_secret(order.base.secret);
  if (init.flags.code == CodeKind::secret)
    inputs.code = code_key(order.code, order.id, order.chip.iccid);
  if (with_pake) {
    PakeSeed pake_seed;
    random_.fill(pake_seed.fill(crypto::cpace_seed_octets));
    const Pake pake(order.code, init, order.chip, m1.nonce_c);
    m2.pake = TRY(pake.share(pake_seed));
    inputs.pake = TRY(pake.key(pake_seed, {.initiator = *m1.pake, .responder = *m2.pake},
                               crypto::CpaceRole::responder));
  }
  if (init.flags.code != CodeKind::none) TRY(tries_.count_try(order.id, order.chip.iccid));

  ByteString<256> server_key;
  if (session.suite != Suite::symmetric)
    server_key = TRY(keys_.public_key(scheme_of(session.suite)));
  const crypto::Digest t1 = transcript_1(server_key, session.init, m1_bytes);
  const crypto::Digest t2 = transcript_2(t1, m2);
  const Key256 handshake = handshake_secret(t2, inputs);
  Key256 made;
  if (init.flags.server_made) {
    random_.fill(made.fill(made_secret_octets));
    m2.sealed = seal_made_secret(handshake, t2, made);
  }
  const crypto::Digest t3 = transcript_3(t2, m2);
  m2.signature = TRY(sign(keys_, session.suite, order.base, label::sign_m2, t3));
  const crypto::Digest t4 = transcript_4(t3, m2);
  m2.mac = m2_mac(handshake, t4);
  session.next = next_epoch(handshake, t4, made, order.epoch, order.base, init.flags.new_puk);
  return write_m2(m2);
}

Result<CentreStep> CentreHalf::on_prepared(CentreSession& session, ByteView message) {
  if (session.phase != CentrePhase::sent_m2 && session.phase != CentrePhase::prepared) {
    return fail(ErrorCode::bad_state);
  }
  const CentreOrder& order = session.order;
  TRY(check_confirmation(message, MessageType::prepared, order.chip, order.life, session.next));
  CentreStep step;
  if (session.phase == CentrePhase::sent_m2) step.event = CentreEvent::prepared;
  session.phase = CentrePhase::prepared;
  step.reply = make_confirmation(MessageType::commit, order.chip, order.life, session.next);
  return step;
}

Result<CentreStep> CentreHalf::on_done(CentreSession& session, ByteView message) {
  // DONE without our COMMIT is no chip's: nothing but COMMIT (or the AuC's own use of epoch n)
  // promotes, and both come after PREPARED.
  if (session.phase != CentrePhase::prepared) return fail(ErrorCode::bad_state);
  const CentreOrder& order = session.order;
  TRY(check_confirmation(message, MessageType::done, order.chip, order.life, session.next));
  session.phase = CentrePhase::ended;
  CentreStep step;
  step.event = CentreEvent::done;
  return step;
}

Result<CentreStep> CentreHalf::on_resync(CentreSession& session, ByteView message) {
  const CentreOrder& order = session.order;
  if (session.phase != CentrePhase::sent_init) return fail(ErrorCode::bad_state);
  const KnownEpoch known[] = {{.life = order.life, .epoch = &order.base}};
  CentreStep step;
  step.resync = TRY(read_resync(message, session.init, order.chip, known));
  step.decision = decide(step.resync, {.life = order.life,
                                       .active_epoch = order.base.number,
                                       .epoch_max = order.epoch,
                                       .attempt = order.last_attempt.attempt});
  step.event = CentreEvent::resync;
  session.phase = CentrePhase::ended;
  return step;
}

Message CentreHalf::repeat(const CentreSession& session) {
  switch (session.phase) {
    case CentrePhase::sent_init: return session.init;
    case CentrePhase::sent_m2: return session.m2;
    case CentrePhase::prepared:
      return make_confirmation(MessageType::commit, session.order.chip, session.order.life,
                               session.next);
    case CentrePhase::idle:
    case CentrePhase::ended: break;
  }
  return {};
}

Result<Message> CentreHalf::make_query(const Iccid& iccid, Suite suite, const Epoch& active) {
  Query query;
  query.iccid = iccid;
  query.suite = suite;
  random_.fill(query.nonce_s);
  query.signature = TRY(sign(keys_, suite, active, label::sign_query, query_digest(query)));
  return write_query(query);
}

Result<Message> CentreHalf::make_reset(ByteView challenge_bytes, const ChipIdentity& chip,
                                       uint32_t life, const OrderId& authorisation, SuiteSet suites,
                                       const Epoch& active) {
  const ResetChallenge challenge = TRY(parse_reset_challenge(challenge_bytes));
  if (challenge.iccid != chip.iccid || challenge.life != life) return fail(ErrorCode::bad_value);
  Reset reset;
  reset.iccid = chip.iccid;
  reset.life = life;
  reset.suite = TRY(strongest_common(suites, challenge.suites));
  reset.authorisation = authorisation;
  reset.nonce_c = challenge.nonce_c;
  reset.signature =
      TRY(sign(keys_, reset.suite, active, label::sign_reset, reset_digest(reset, chip)));
  return write_reset(reset);
}

Result<ResetReceipt> check_reset_done(ByteView message, ByteView reset_bytes,
                                      const ChipIdentity& chip, const Epoch& initial_of_new_life,
                                      std::span<const Epoch* const> ending) {
  const ResetDone done = TRY(parse_reset_done(message));
  const Reset reset = TRY(parse_reset(reset_bytes));
  if (done.iccid != chip.iccid || done.nonce_c != reset.nonce_c || done.life != reset.life + 1) {
    return fail(ErrorCode::bad_value);
  }
  const Mac mac = reset_done_mac(done, chip, initial_of_new_life, label::mac_reset_done);
  if (!crypto::secure_equal(done.mac, mac)) return fail(ErrorCode::bad_mac);
  ResetReceipt receipt;
  for (const Epoch* epoch : ending) {
    const Mac proof = reset_done_mac(done, chip, *epoch, label::mac_reset_done_ending);
    if (crypto::secure_equal(done.ending_mac, proof)) receipt.ending_verified = true;
  }
  return receipt;
}

}  // namespace simurgh::personalisation
