#include "conversations/personalisation/messages.h"

#include "conversations/personalisation/message_fields.h"

namespace simurgh::personalisation {

const char* name_of(Suite suite) {
  switch (suite) {
    case Suite::x25519: return "x25519";
    case Suite::p256: return "p256";
    case Suite::ffdhe2048: return "ffdhe2048";
    case Suite::symmetric: return "symmetric";
  }
  return "unknown";
}

Result<SuiteSet> SuiteSet::from_bits(uint8_t bits) {
  if ((bits & ~bits_all) != 0) return fail(ErrorCode::bad_value);
  SuiteSet set;
  set.bits_ = bits;
  return set;
}

Result<Suite> strongest_common(SuiteSet a, SuiteSet b) {
  for (const Suite suite : {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric}) {
    if (a.contains(suite) && b.contains(suite)) return suite;
  }
  return fail(ErrorCode::unsupported);
}

size_t share_octets(Suite suite) {
  switch (suite) {
    case Suite::x25519: return crypto::x25519_share_octets;
    case Suite::p256: return crypto::p256_share_octets;
    case Suite::ffdhe2048: return crypto::ffdhe2048_share_octets;
    case Suite::symmetric: return 0;
  }
  return 0;
}

size_t signature_octets(Suite suite) {
  switch (suite) {
    case Suite::x25519: return crypto::ed25519_signature_octets;
    case Suite::p256: return crypto::ecdsa_p256_signature_octets;
    case Suite::ffdhe2048: return crypto::rsa2048_signature_octets;
    case Suite::symmetric: return mac_octets;
  }
  return 0;
}

uint8_t bits_of(const OrderFlags& flags) {
  return static_cast<uint8_t>(static_cast<uint8_t>(flags.code) | (flags.choose_pin ? 0x04 : 0) |
                              (flags.server_made ? 0x08 : 0) | (flags.new_puk ? 0x10 : 0));
}

Result<OrderFlags> order_flags_from_bits(uint8_t bits) {
  OrderFlags flags;
  if ((bits & 0x03) == 3 || (bits & 0xe0) != 0) return fail(ErrorCode::bad_value);
  flags.code = static_cast<CodeKind>(bits & 0x03);
  flags.choose_pin = (bits & 0x04) != 0;
  flags.server_made = (bits & 0x08) != 0;
  flags.new_puk = (bits & 0x10) != 0;
  return flags;
}

bool is_from_chip(MessageType type) {
  return (static_cast<uint8_t>(type) & 0x80) != 0;
}

Result<MessageType> type_of(ByteView message) {
  Reader reader(message);
  if (TRY(reader.u8()) != protocol_octet) return fail(ErrorCode::unsupported, 0);
  const auto type = static_cast<MessageType>(TRY(reader.u8()));
  switch (type) {
    case MessageType::init:
    case MessageType::m2:
    case MessageType::commit:
    case MessageType::query:
    case MessageType::reset:
    case MessageType::request:
    case MessageType::m1:
    case MessageType::prepared:
    case MessageType::done:
    case MessageType::resync:
    case MessageType::reset_challenge:
    case MessageType::reset_done: return type;
  }
  return fail(ErrorCode::bad_value, 1);
}

// --- REQUEST ------------------------------------------------------------------------------------

Result<Request> parse_request(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::request));
  Request request;
  request.iccid = TRY(fields.iccid());
  request.life = TRY(fields.u32(Tag::life));
  request.active_epoch = TRY(fields.u32(Tag::active_epoch));
  request.suites = TRY(fields.suites());
  const size_t at = fields.offset();
  const uint8_t reason = TRY(fields.u8(Tag::reason));
  if (reason < static_cast<uint8_t>(RequestReason::first_logon) ||
      reason > static_cast<uint8_t>(RequestReason::repeat)) {
    return fail(ErrorCode::bad_value, at);
  }
  request.reason = static_cast<RequestReason>(reason);
  TRY(fields.end());
  return request;
}

Message write_request(const Request& request) {
  return FieldWriter(MessageType::request)
      .digits(Tag::iccid, request.iccid.text())
      .u32(Tag::life, request.life)
      .u32(Tag::active_epoch, request.active_epoch)
      .u8(Tag::suites, request.suites.bits())
      .u8(Tag::reason, static_cast<uint8_t>(request.reason))
      .finish();
}

// --- INIT ---------------------------------------------------------------------------------------

Result<Init> parse_init(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::init));
  Init init;
  init.iccid = TRY(fields.iccid());
  init.life = TRY(fields.u32(Tag::life));
  init.epoch = TRY(fields.u32(Tag::epoch));
  init.base_epoch = TRY(fields.u32(Tag::base_epoch));
  init.suites = TRY(fields.suites());
  init.suite = TRY(fields.suite());
  const size_t at = fields.offset();
  const auto flags = order_flags_from_bits(TRY(fields.u8(Tag::flags)));
  if (!flags.has_value()) return fail(ErrorCode::bad_value, at);
  init.flags = *flags;
  init.order = TRY(fields.byte_string<OrderId>(Tag::order, 0));
  init.nonce_s = TRY(fields.array<nonce_octets>(Tag::nonce));
  init.mac = TRY(fields.array<mac_octets>(Tag::mac));
  TRY(fields.end());
  return init;
}

Message write_init(const Init& init) {
  return FieldWriter(MessageType::init)
      .digits(Tag::iccid, init.iccid.text())
      .u32(Tag::life, init.life)
      .u32(Tag::epoch, init.epoch)
      .u32(Tag::base_epoch, init.base_epoch)
      .u8(Tag::suites, init.suites.bits())
      .suite(init.suite)
      .u8(Tag::flags, bits_of(init.flags))
      .bytes(Tag::order, init.order)
      .bytes(Tag::nonce, init.nonce_s)
      .bytes(Tag::mac, init.mac)
      .finish();
}

// --- M1 -----------------------------------------------------------------------------------------

Result<M1> parse_m1(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::m1));
  M1 m1;
  m1.chip.iccid = TRY(fields.iccid());
  m1.chip.imsi = TRY(fields.imsi());
  m1.chip.ver = TRY(fields.array<ver_octets>(Tag::ver));
  m1.life = TRY(fields.u32(Tag::life));
  m1.epoch = TRY(fields.u32(Tag::epoch));
  m1.base_epoch = TRY(fields.u32(Tag::base_epoch));
  m1.attempt = TRY(fields.u32(Tag::attempt));
  m1.suites = TRY(fields.suites());
  m1.nonce_c = TRY(fields.array<nonce_octets>(Tag::nonce));
  m1.share = TRY(fields.optional_byte_string<Share>(Tag::share));
  m1.pake = TRY(fields.optional_array<pake_share_octets>(Tag::pake));
  m1.mac = TRY(fields.array<mac_octets>(Tag::mac));
  TRY(fields.end());
  return m1;
}

Message write_m1(const M1& m1) {
  FieldWriter fields(MessageType::m1);
  fields.digits(Tag::iccid, m1.chip.iccid.text())
      .digits(Tag::imsi, m1.chip.imsi.text())
      .bytes(Tag::ver, m1.chip.ver)
      .u32(Tag::life, m1.life)
      .u32(Tag::epoch, m1.epoch)
      .u32(Tag::base_epoch, m1.base_epoch)
      .u32(Tag::attempt, m1.attempt)
      .u8(Tag::suites, m1.suites.bits())
      .bytes(Tag::nonce, m1.nonce_c)
      .optional_bytes(Tag::share, m1.share);
  if (m1.pake.has_value()) fields.bytes(Tag::pake, *m1.pake);
  return fields.bytes(Tag::mac, m1.mac).finish();
}

// --- M2 -----------------------------------------------------------------------------------------

Result<M2> parse_m2(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::m2));
  M2 m2;
  m2.life = TRY(fields.u32(Tag::life));
  m2.epoch = TRY(fields.u32(Tag::epoch));
  m2.share = TRY(fields.optional_byte_string<Share>(Tag::share));
  m2.pake = TRY(fields.optional_array<pake_share_octets>(Tag::pake));
  m2.sealed = TRY(fields.optional_array<sealed_secret_octets>(Tag::sealed));
  m2.signature = TRY(fields.byte_string<Signature>(Tag::signature, 1));
  m2.mac = TRY(fields.array<mac_octets>(Tag::mac));
  TRY(fields.end());
  return m2;
}

Message write_m2(const M2& m2) {
  FieldWriter fields(MessageType::m2);
  fields.u32(Tag::life, m2.life).u32(Tag::epoch, m2.epoch).optional_bytes(Tag::share, m2.share);
  if (m2.pake.has_value()) fields.bytes(Tag::pake, *m2.pake);
  if (m2.sealed.has_value()) fields.bytes(Tag::sealed, *m2.sealed);
  return fields.bytes(Tag::signature, m2.signature).bytes(Tag::mac, m2.mac).finish();
}

// --- PREPARED, COMMIT, DONE
// -----------------------------------------------------------------------

Result<Confirmation> parse_confirmation(ByteView message) {
  Confirmation confirmation;
  confirmation.type = TRY(type_of(message));
  if (confirmation.type != MessageType::prepared && confirmation.type != MessageType::commit &&
      confirmation.type != MessageType::done) {
    return fail(ErrorCode::bad_value, 1);
  }
  FieldReader fields(message);
  TRY(fields.header(confirmation.type));
  confirmation.life = TRY(fields.u32(Tag::life));
  confirmation.epoch = TRY(fields.u32(Tag::epoch));
  confirmation.mac = TRY(fields.array<mac_octets>(Tag::mac));
  TRY(fields.end());
  return confirmation;
}

Message write_confirmation(const Confirmation& confirmation) {
  return FieldWriter(confirmation.type)
      .u32(Tag::life, confirmation.life)
      .u32(Tag::epoch, confirmation.epoch)
      .bytes(Tag::mac, confirmation.mac)
      .finish();
}

// --- QUERY, RESYNC
// --------------------------------------------------------------------------------

Result<Query> parse_query(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::query));
  Query query;
  query.iccid = TRY(fields.iccid());
  query.suite = TRY(fields.suite());
  query.nonce_s = TRY(fields.array<nonce_octets>(Tag::nonce));
  query.signature = TRY(fields.byte_string<Signature>(Tag::signature, 1));
  TRY(fields.end());
  return query;
}

Message write_query(const Query& query) {
  return FieldWriter(MessageType::query)
      .digits(Tag::iccid, query.iccid.text())
      .suite(query.suite)
      .bytes(Tag::nonce, query.nonce_s)
      .bytes(Tag::signature, query.signature)
      .finish();
}

Result<Resync> parse_resync(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::resync));
  Resync resync;
  resync.life = TRY(fields.u32(Tag::life));
  resync.active_epoch = TRY(fields.u32(Tag::active_epoch));
  resync.attempt = TRY(fields.u32(Tag::attempt));
  resync.answers = TRY(fields.array<32>(Tag::answers));
  if (fields.next_is(Tag::pending_epoch)) {
    resync.pending_epoch = TRY(fields.u32(Tag::pending_epoch));
  }
  resync.epoch_max = TRY(fields.u32(Tag::epoch_max));
  resync.mac = TRY(fields.array<mac_octets>(Tag::mac));
  // The pending epoch's MAC comes with the pending epoch, never without.
  if (resync.pending_epoch.has_value()) {
    resync.pending_mac = TRY(fields.array<mac_octets>(Tag::second_mac));
  }
  TRY(fields.end());
  return resync;
}

Message write_resync(const Resync& resync) {
  SIMURGH_CHECK(resync.pending_epoch.has_value() == resync.pending_mac.has_value());
  FieldWriter fields(MessageType::resync);
  fields.u32(Tag::life, resync.life)
      .u32(Tag::active_epoch, resync.active_epoch)
      .u32(Tag::attempt, resync.attempt)
      .bytes(Tag::answers, resync.answers);
  if (resync.pending_epoch.has_value()) fields.u32(Tag::pending_epoch, *resync.pending_epoch);
  fields.u32(Tag::epoch_max, resync.epoch_max).bytes(Tag::mac, resync.mac);
  if (resync.pending_mac.has_value()) fields.bytes(Tag::second_mac, *resync.pending_mac);
  return fields.finish();
}

// --- RESET_CHALLENGE, RESET, RESET_DONE
// -------------------------------------------------------------

Result<ResetChallenge> parse_reset_challenge(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::reset_challenge));
  ResetChallenge challenge;
  challenge.iccid = TRY(fields.iccid());
  challenge.life = TRY(fields.u32(Tag::life));
  challenge.suites = TRY(fields.suites());
  challenge.nonce_c = TRY(fields.array<nonce_octets>(Tag::nonce));
  TRY(fields.end());
  return challenge;
}

Message write_reset_challenge(const ResetChallenge& challenge) {
  return FieldWriter(MessageType::reset_challenge)
      .digits(Tag::iccid, challenge.iccid.text())
      .u32(Tag::life, challenge.life)
      .u8(Tag::suites, challenge.suites.bits())
      .bytes(Tag::nonce, challenge.nonce_c)
      .finish();
}

Result<Reset> parse_reset(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::reset));
  Reset reset;
  reset.iccid = TRY(fields.iccid());
  reset.life = TRY(fields.u32(Tag::life));
  reset.suite = TRY(fields.suite());
  reset.authorisation = TRY(fields.byte_string<OrderId>(Tag::order, 0));
  reset.nonce_c = TRY(fields.array<nonce_octets>(Tag::nonce));
  reset.signature = TRY(fields.byte_string<Signature>(Tag::signature, 1));
  TRY(fields.end());
  return reset;
}

Message write_reset(const Reset& reset) {
  return FieldWriter(MessageType::reset)
      .digits(Tag::iccid, reset.iccid.text())
      .u32(Tag::life, reset.life)
      .suite(reset.suite)
      .bytes(Tag::order, reset.authorisation)
      .bytes(Tag::nonce, reset.nonce_c)
      .bytes(Tag::signature, reset.signature)
      .finish();
}

Result<ResetDone> parse_reset_done(ByteView message) {
  FieldReader fields(message);
  TRY(fields.header(MessageType::reset_done));
  ResetDone done;
  done.iccid = TRY(fields.iccid());
  done.life = TRY(fields.u32(Tag::life));
  done.nonce_c = TRY(fields.array<nonce_octets>(Tag::nonce));
  done.mac = TRY(fields.array<mac_octets>(Tag::mac));
  done.ending_mac = TRY(fields.array<mac_octets>(Tag::second_mac));
  TRY(fields.end());
  return done;
}

Message write_reset_done(const ResetDone& done) {
  return FieldWriter(MessageType::reset_done)
      .digits(Tag::iccid, done.iccid.text())
      .u32(Tag::life, done.life)
      .bytes(Tag::nonce, done.nonce_c)
      .bytes(Tag::mac, done.mac)
      .bytes(Tag::second_mac, done.ending_mac)
      .finish();
}

}  // namespace simurgh::personalisation
