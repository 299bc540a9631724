#include "conversations/personalisation/chip_half.h"

#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"
#include "conversations/personalisation/legacy_1997.h"

namespace simurgh::personalisation {

namespace {

// The epoch of the record with this number, or null.
const Epoch* find_epoch(const ChipRecord& record, uint32_t number) {
  if (record.active.number == number) return &record.active;
  if (record.pending.has_value() && record.pending->number == number) return &*record.pending;
  return nullptr;
}

bool may_follow(const ChipRecord& record, uint32_t epoch) {
  return epoch > record.epoch_max && epoch - record.epoch_max <= epoch_jump_max;
}

// The answer to a repetition of what made the newest epoch: PREPARED while it is pending, DONE
// when it is active.
Result<ChipStep> answer_repetition(const ChipRecord& record) {
  const Epoch* epoch = find_epoch(record, record.last_session.epoch);
  if (epoch == nullptr) return fail(ErrorCode::bad_state);
  const bool pending = epoch->number != record.active.number;
  ChipStep step;
  step.flags = record.last_session.flags;
  step.reply = make_confirmation(pending ? MessageType::prepared : MessageType::done, record.chip,
                                 record.life, *epoch);
  return step;
}

Message make_resync(const ChipRecord& record, ByteView question) {
  Resync resync;
  resync.answers = crypto::sha256({question});
  resync.life = record.life;
  resync.active_epoch = record.active.number;
  resync.epoch_max = record.epoch_max;
  resync.attempt = record.attempt;
  if (record.pending.has_value()) {
    resync.pending_epoch = record.pending->number;
    resync.pending_mac = Mac{};
  }
  const Mac mac = resync_mac(resync, record.chip, record.active, label::mac_resync_active);
  if (record.pending.has_value()) {
    resync.pending_mac =
        resync_mac(resync, record.chip, *record.pending, label::mac_resync_pending);
  }
  resync.mac = mac;
  return write_resync(resync);
}

// The receipt for the RESET that began the record's life.
Message make_reset_done(const ChipRecord& record, const Nonce& nonce_c) {
  ResetDone done;
  done.iccid = record.chip.iccid;
  done.life = record.life;
  done.nonce_c = nonce_c;
  done.mac = reset_done_mac(done, record.chip, initial_epoch(record.chip_key, record.life),
                            label::mac_reset_done);
  done.ending_mac = record.last_reset.ending_mac;
  return write_reset_done(done);
}

// The chip has what the suite needs, and the order asks for nothing that is never done.
Result<void> check_init_terms(const ChipRecord& record, const Init& init) {
  // Both lists, one rule: whoever altered either list on the way only brings this to a stop here
  // or, having altered both, at the signature.
  if (TRY(strongest_common(init.suites, record.suites)) != init.suite) {
    return fail(ErrorCode::unsupported);
  }
  if (init.suite != Suite::symmetric && record.server_keys.of(init.suite).empty()) {
    return fail(ErrorCode::unsupported);
  }
  return check_terms(init.suite, init.flags, init.order, init.base_epoch);
}

// M2 has the fields that INIT's suite and order call for, in their sizes.
bool has_right_fields(const M2& m2, const Init& init) {
  return m2.share.size() == share_octets(init.suite) &&
         m2.signature.size() == signature_octets(init.suite) &&
         m2.pake.has_value() == (init.flags.code == CodeKind::short_code) &&
         m2.sealed.has_value() == init.flags.server_made;
}

}  // namespace

Result<Message> ChipHalf::request(RequestReason reason) {
  ChipRecord record;
  TRY(store_.load(record));
  if (record.state == ChipState::factory) return fail(ErrorCode::bad_state);
  if (session_.phase != Phase::idle) {
    given_up_epoch_ = session_.init.epoch;
    given_up_for_ = reason;
  }
  forget_session();
  Request request;
  request.iccid = record.chip.iccid;
  request.life = record.life;
  request.active_epoch = record.active.number;
  request.suites = record.suites;
  request.reason = reason;
  return write_request(request);
}

Result<ChipStep> ChipHalf::on_message(ByteView message) {
  ChipRecord record;
  TRY(store_.load(record));
  if (record.state == ChipState::factory) return fail(ErrorCode::bad_state);
  if (record.legacy_1997 && is_legacy(message)) return on_legacy_offer(record, message);
  const MessageType type = TRY(type_of(message));
  switch (type) {
    case MessageType::init: return on_init(record, message);
    case MessageType::m2: return on_m2(record, message);
    case MessageType::commit: return on_commit(record, message);
    case MessageType::query: return on_query(record, message);
    case MessageType::reset: return on_reset(record, message);
    default: return fail(ErrorCode::bad_value, 1);  // a chip's own types, reflected
  }
}

Result<ChipStep> ChipHalf::on_init(ChipRecord& record, ByteView message) {
  if (record.legacy_1997) return fail(ErrorCode::unsupported);
  const Init init = TRY(parse_init(message));
  if (init.iccid != record.chip.iccid || init.life != record.life) {
    return fail(ErrorCode::bad_value);
  }
  if (record.last_session.epoch != 0 &&
      record.last_session.init_hash == crypto::sha256({message})) {
    return answer_repetition(record);
  }
  if (session_.phase != Phase::idle && equal(session_.init_bytes, message)) {
    ChipStep step;  // waiting for the code, or the identical M1 again
    step.flags = session_.init.flags;
    if (session_.phase == Phase::sent_m1) step.reply = session_.m1_bytes;
    return step;
  }
  const Epoch* base = find_epoch(record, init.base_epoch);
  if (base == nullptr) return fail(ErrorCode::bad_state);
  if (!crypto::secure_equal(init.mac, init_mac(init, *base))) return fail(ErrorCode::bad_mac);
  // From here on it is the centre's (or that of someone who has the base epoch).
  if (!may_follow(record, init.epoch)) {
    ChipStep step;
    step.reply = make_resync(record, message);
    return step;
  }
  // A recorded INIT of an earlier number must not replace a negotiation under way.
  if (session_.phase != Phase::idle && init.epoch <= session_.init.epoch) {
    return fail(ErrorCode::replayed);
  }
  TRY(check_init_terms(record, init));
  forget_session();
  given_up_epoch_ = 0;
  session_.init = init;
  session_.init_bytes.assign(message);
  if (init.flags.code == CodeKind::none || init.flags.code == code_.kind) return send_m1(record);
  session_.phase = Phase::wants_code;
  ChipStep step;
  step.event = ChipEvent::code_wanted;
  step.flags = init.flags;
  return step;
}

Result<ChipStep> ChipHalf::send_m1(ChipRecord& record) {
  const Init& init = session_.init;
  const Epoch* base = find_epoch(record, init.base_epoch);
  if (base == nullptr || record.attempt == UINT32_MAX) {
    forget_session();
    return fail(ErrorCode::bad_state);
  }
  record.attempt += 1;
  M1 m1;
  m1.chip = record.chip;
  m1.life = record.life;
  m1.epoch = init.epoch;
  m1.base_epoch = init.base_epoch;
  m1.attempt = record.attempt;
  m1.suites = record.suites;
  random_.fill(m1.nonce_c);
  random_.fill(session_.share_seed.fill(32));
  m1.share = TRY(make_share(init.suite, session_.share_seed));
  if (init.flags.code != CodeKind::none) session_.code = code_;
  if (init.flags.code == CodeKind::short_code) {
    random_.fill(session_.pake_seed.fill(crypto::cpace_seed_octets));
    const Pake pake(session_.code, init, record.chip, m1.nonce_c);
    m1.pake = TRY(pake.share(session_.pake_seed));
  }
  m1.mac = m1_mac(m1, session_.init_bytes, *base);
  const auto saved = store_.save(record);
  if (!saved.has_value()) {
    forget_session();
    return saved.error();
  }
  session_.m1 = m1;
  session_.m1_bytes = write_m1(m1);
  session_.phase = Phase::sent_m1;
  ChipStep step;
  step.flags = init.flags;
  step.reply = session_.m1_bytes;
  return step;
}

Result<ChipStep> ChipHalf::on_m2(ChipRecord& record, ByteView message) {
  const M2 m2 = TRY(parse_m2(message));
  if (record.last_session.epoch != 0 && record.last_session.m2_hash == crypto::sha256({message})) {
    return answer_repetition(record);
  }
  const Init& init = session_.init;
  if (session_.phase == Phase::idle && given_up_epoch_ != 0 && m2.epoch == given_up_epoch_ &&
      m2.life == record.life) {
    ChipStep step;
    step.reply = TRY(request(given_up_for_));
    return step;
  }
  if (session_.phase != Phase::sent_m1 || m2.life != init.life || m2.epoch != init.epoch ||
      m2.life != record.life) {
    return fail(ErrorCode::bad_state);
  }
  if (!has_right_fields(m2, init)) return fail(ErrorCode::bad_value);
  const Epoch* base = find_epoch(record, init.base_epoch);
  if (base == nullptr || !may_follow(record, m2.epoch)) return fail(ErrorCode::bad_state);

  // First the signature: over this chip's own nonce and share, within M1. All that follows is
  // done for the genuine centre only.
  const ByteView server_key = record.server_keys.of(init.suite);
  const crypto::Digest t1 = transcript_1(server_key, session_.init_bytes, session_.m1_bytes);
  const crypto::Digest t2 = transcript_2(t1, m2);
  const crypto::Digest t3 = transcript_3(t2, m2);
  TRY(verify_signature(init.suite, server_key, *base, label::sign_m2, t3, m2.signature));

  HandshakeInputs inputs;
  inputs.dh = TRY(derive_dh(init.suite, session_.share_seed, m2.share));
  inputs.renegotiation = derive_renegotiation_secret(base->secret);
  if (init.flags.code == CodeKind::secret) {
    inputs.code = code_key(session_.code, init.order, record.chip.iccid);
  } else if (init.flags.code == CodeKind::short_code) {
    SIMURGH_CHECK(session_.m1.pake.has_value() && m2.pake.has_value());  // has_right_fields
    const Pake pake(session_.code, init, record.chip, session_.m1.nonce_c);
    inputs.pake =
        TRY(pake.key(session_.pake_seed, {.initiator = *session_.m1.pake, .responder = *m2.pake},
                     crypto::CpaceRole::initiator));
  }
  const Key256 handshake = handshake_secret(t2, inputs);
  const crypto::Digest t4 = transcript_4(t3, m2);
  if (!crypto::secure_equal(m2.mac, m2_mac(handshake, t4))) {
    if (init.flags.code == CodeKind::none || session_.code_refused) {
      return fail(ErrorCode::bad_mac);
    }
    // The centre is genuine, so the codes differ (or the MAC was damaged: the session stays, an
    // undamaged repetition still counts). This code is not offered to another INIT by itself.
    session_.code_refused = true;
    code_ = ActivationCode();
    ChipStep step;
    step.event = ChipEvent::code_refused;
    step.flags = init.flags;
    return step;
  }
  Key256 made;
  if (m2.sealed.has_value()) made = TRY(open_made_secret(handshake, t2, *m2.sealed));
  return store_pending(record, next_epoch(handshake, t4, made, m2.epoch, *base, init.flags.new_puk),
                       message);
}

// Profile legacy-1997. What came in a secured packet under the base's keys is all the proof there
// is.
Result<ChipStep> ChipHalf::on_legacy_offer(ChipRecord& record, ByteView message) {
  constexpr LegacyPolicy switched_on{.allow_legacy_1997 = true};  // by the record, in the factory
  const LegacyOffer offer = TRY(parse_legacy_offer(message));
  if (offer.life != record.life) return fail(ErrorCode::bad_value);
  ChipStep step;
  if (!session_.m1_bytes.empty() && equal(session_.init_bytes, message)) {
    step.reply = session_.m1_bytes;  // the identical answer; without RAM the centre begins anew
    return step;
  }
  const Epoch* base = find_epoch(record, offer.base_epoch);
  if (base == nullptr) return fail(ErrorCode::bad_state);
  if (!may_follow(record, offer.epoch)) return fail(ErrorCode::replayed);
  const LegacySeeds seeds = make_legacy_seeds(random_);
  LegacyAnswer answer;
  answer.life = offer.life;
  answer.epoch = offer.epoch;
  answer.ki_2 = TRY(legacy_message(switched_on, LegacyPurpose::ki_2, seeds.ki_2));
  answer.puk = TRY(legacy_message(switched_on, LegacyPurpose::puk, seeds.puk));
  const Epoch next =
      TRY(legacy_epoch(switched_on, seeds, offer.ki_2, offer.puk, offer.epoch, *base));
  forget_session();
  session_.init.base_epoch = offer.base_epoch;
  session_.init.flags.new_puk = offer.base_epoch == 0;
  session_.init_bytes.assign(message);
  step = TRY(store_pending(record, next, message));
  answer.prepared = step.reply;
  step.reply = write_legacy_answer(answer);
  session_.init_bytes.assign(message);
  session_.m1_bytes = step.reply;
  return step;
}

Result<ChipStep> ChipHalf::store_pending(ChipRecord& record, const Epoch& next, ByteView m2) {
  ChipStep step;
  step.event = ChipEvent::prepared;
  step.flags = session_.init.flags;
  // The centre went on from our pending epoch: it has made it active, so we have too.
  if (session_.init.base_epoch != record.active.number) {
    SIMURGH_CHECK(record.pending.has_value());  // one of the two is the base
    record.active = *record.pending;
    record.state = ChipState::personalised;
    step.base_promoted = true;
  }
  record.pending = next;
  record.epoch_max = next.number;
  record.last_session.epoch = next.number;
  record.last_session.init_hash = crypto::sha256({session_.init_bytes});
  record.last_session.m2_hash = crypto::sha256({m2});
  record.last_session.flags = session_.init.flags;
  TRY(store_.save(record));
  forget_session();
  code_ = ActivationCode();
  step.reply = make_confirmation(MessageType::prepared, record.chip, record.life, next);
  return step;
}

Result<ChipStep> ChipHalf::on_commit(ChipRecord& record, ByteView message) {
  const Confirmation commit = TRY(parse_confirmation(message));
  const Epoch* epoch = find_epoch(record, commit.epoch);
  if (epoch == nullptr || epoch->number == 0) return fail(ErrorCode::bad_state);
  TRY(check_confirmation(message, MessageType::commit, record.chip, record.life, *epoch));
  if (epoch->number != record.active.number) return promote(record);
  ChipStep step;
  step.flags = record.last_session.flags;
  step.reply = make_confirmation(MessageType::done, record.chip, record.life, *epoch);
  return step;
}

Result<ChipStep> ChipHalf::confirm_pending(uint32_t epoch) {
  ChipRecord record;
  TRY(store_.load(record));
  if (record.active.number == epoch) return ChipStep{};
  if (!record.pending.has_value() || record.pending->number != epoch) {
    return fail(ErrorCode::bad_state);
  }
  return promote(record);
}

// The pending epoch becomes the active one; the old one goes.
Result<ChipStep> ChipHalf::promote(ChipRecord& record) {
  SIMURGH_CHECK(record.pending.has_value());
  record.active = *record.pending;
  record.pending.reset();
  record.state = ChipState::personalised;
  TRY(store_.save(record));
  // A negotiation on the base that has just gone cannot end any more.
  if (session_.phase != Phase::idle && session_.init.base_epoch != record.active.number) {
    forget_session();
  }
  ChipStep step;
  step.event = ChipEvent::promoted;
  step.flags = record.last_session.flags;
  step.reply = make_confirmation(MessageType::done, record.chip, record.life, record.active);
  return step;
}

Result<ChipStep> ChipHalf::on_query(ChipRecord& record, ByteView message) {
  const Query query = TRY(parse_query(message));
  if (query.iccid != record.chip.iccid) return fail(ErrorCode::bad_value);
  if (!record.suites.contains(query.suite)) return fail(ErrorCode::unsupported);
  TRY(verify_signature(query.suite, record.server_keys.of(query.suite), record.active,
                       label::sign_query, query_digest(query), query.signature));
  ChipStep step;
  step.reply = make_resync(record, message);
  return step;
}

Result<Message> ChipHalf::reset_challenge() {
  ChipRecord record;
  TRY(store_.load(record));
  if (record.state == ChipState::factory) return fail(ErrorCode::bad_state);
  reset_nonce_ = random_.array<nonce_octets>();
  ResetChallenge challenge;
  challenge.iccid = record.chip.iccid;
  challenge.life = record.life;
  challenge.suites = record.suites;
  challenge.nonce_c = *reset_nonce_;
  return write_reset_challenge(challenge);
}

Result<ChipStep> ChipHalf::on_reset(ChipRecord& record, ByteView message) {
  const Reset reset = TRY(parse_reset(message));
  const crypto::Digest hash = crypto::sha256({message});
  ChipStep step;
  if (record.last_reset.happened && record.last_reset.reset_hash == hash) {
    step.reply = make_reset_done(record, reset.nonce_c);
    return step;
  }
  if (reset.iccid != record.chip.iccid || reset.life != record.life) {
    return fail(ErrorCode::bad_value);
  }
  if (!reset_nonce_.has_value() || *reset_nonce_ != reset.nonce_c) return fail(ErrorCode::replayed);
  if (!record.suites.contains(reset.suite) || record.life == UINT32_MAX) {
    return fail(ErrorCode::unsupported);
  }
  // A MAC in place of a signature only where the chip has nothing better.
  if (reset.suite == Suite::symmetric && !(record.suites == SuiteSet{Suite::symmetric})) {
    return fail(ErrorCode::unsupported);
  }
  TRY(verify_signature(reset.suite, record.server_keys.of(reset.suite), record.active,
                       label::sign_reset, reset_digest(reset, record.chip), reset.signature));

  ResetDone done;
  done.iccid = record.chip.iccid;
  done.life = record.life + 1;
  done.nonce_c = reset.nonce_c;
  record.last_reset.happened = true;
  record.last_reset.reset_hash = hash;
  record.last_reset.ending_mac =
      reset_done_mac(done, record.chip, record.active, label::mac_reset_done_ending);
  record.life += 1;
  record.state = ChipState::pre_personalised;
  record.active = initial_epoch(record.chip_key, record.life);
  record.pending.reset();
  record.epoch_max = 0;
  record.attempt = 0;
  record.last_session = LastSession();
  TRY(store_.save(record));
  forget_session();
  given_up_epoch_ = 0;
  code_ = ActivationCode();
  reset_nonce_.reset();
  step.event = ChipEvent::reset;
  step.reply = make_reset_done(record, reset.nonce_c);
  return step;
}

Result<ChipStep> ChipHalf::give_code(const ActivationCode& code) {
  if (code.kind == CodeKind::none) return fail(ErrorCode::not_allowed);
  if (session_.phase != Phase::idle && code.kind != session_.init.flags.code) {
    return fail(ErrorCode::not_allowed);
  }
  code_ = code;
  if (session_.phase == Phase::wants_code) {
    ChipRecord record;
    TRY(store_.load(record));
    return send_m1(record);
  }
  ChipStep step;
  // M1 was made with another code: the centre begins again with the next number.
  if (session_.phase == Phase::sent_m1) step.reply = TRY(request(RequestReason::code_again));
  return step;
}

void ChipHalf::forget_session() {
  session_ = Session();
}

}  // namespace simurgh::personalisation
