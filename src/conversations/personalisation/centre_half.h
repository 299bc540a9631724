// The security centre's half of the personalisation conversation. No clock, no I/O, no heap.
//
// The caller owns the subscriber's durable state (epochs, numbers, tries) and one CentreSession per
// negotiation; the half owns nothing. What must be durable before what:
//   1. Before INIT leaves: the number n is burned (the next session uses a higher one, whatever
//      becomes of this one).
//   2. Before M2 leaves: the code's try is counted (the half calls CodeTries itself) and
//      `session.attempt` is kept as the chip's LastAttempt.
//   3. Before COMMIT leaves: active epoch = `session.next`, in one transaction.
// A session lost (restart) or ended costs its number only: begin again with n + 1 and the same
// base. After step 3 no session is needed any more: COMMIT is make_confirmation(commit, …) at any
// time, and DONE is check_confirmation(done, …); a late PREPARED is answered with COMMIT again.
//
// An error means: refused, the session is as before, nothing is to be sent.
#pragma once

#include "base/random.h"
#include "conversations/personalisation/activation_code.h"
#include "conversations/personalisation/key_schedule.h"
#include "conversations/personalisation/resync.h"
#include "crypto/key_store.h"

namespace simurgh::personalisation {

// Counts the tries of an order's activation code (D12), declared here and kept by the caller.
class CodeTries {
 public:
  virtual ~CodeTries() = default;
  // Counts one try, in the transaction whose commit lets M2 leave: a crash must not give it back
  // (I9). not_allowed when none is left: M2 is not made.
  virtual Result<void> count_try(const OrderId& order, const Iccid& iccid) = 0;
};

// The highest attempt number accepted from a chip in this life, and its M1: how two chips with one
// identity show themselves.
struct LastAttempt {
  uint32_t epoch = 0;    // of the session that it came in
  uint32_t attempt = 0;  // 0: none yet
  ByteArray<32> m1_hash{};
};

enum class Evidence : uint8_t {
  none,
  // An authentic M1 with an attempt number that the chip has used for other bytes, or lower than
  // in an earlier session: two chips hold this identity (or one's memory was turned back). The
  // caller freezes the order and raises the alarm.
  two_chips,
  // The chip's authentic list has a stronger suite than the one that INIT named: REQUEST was
  // altered on its way, or the centre was told wrongly. Begin again with `session.chip_suites`.
  downgrade,
  // An authentic M1 of another IMSI or VER than the order's.
  foreign_identity,
};
const char* name_of(Evidence evidence);

// What the caller asks for.
struct CentreOrder {
  ChipIdentity chip;
  uint32_t life = 0;
  Epoch base;            // the AuC's active epoch
  uint32_t epoch = 0;    // n, above every number ever used in this life
  SuiteSet suites;       // what the operator allows for this chip
  SuiteSet chip_suites;  // what the chip said last (REQUEST, earlier M1) or was made with
  OrderId id;
  ActivationCode code;  // kind none for a re-key (D11)
  bool choose_pin = false;
  bool server_made = false;  // D9
  bool new_puk = false;      // implied when the base is epoch 0
  LastAttempt last_attempt;
};

enum class CentrePhase : uint8_t { idle, sent_init, sent_m2, prepared, ended };

// One negotiation. Plain data: keep it in memory; it holds secrets.
struct CentreSession {
  CentreOrder order;
  CentrePhase phase = CentrePhase::idle;
  Suite suite = Suite::x25519;
  Message init;
  Message m2;
  LastAttempt attempt;   // the M1 of this session, or order.last_attempt
  SuiteSet chip_suites;  // as the chip's authentic M1 says
  Epoch next;            // from sent_m2 on: epoch n
};

enum class CentreEvent : uint8_t {
  none,      // a repetition: send the reply again
  answered,  // M1 accepted: keep `session.attempt`, then send M2
  prepared,  // PREPARED verified: in one transaction make `session.next` active, then send COMMIT
  done,      // DONE verified: the chip has erased the old epoch; stop repeating, session ended
  ended,     // a second, different M1 (the chip lost its RAM), or evidence: begin anew with n + 1
  resync,    // the chip holds other epochs than the centre thinks: see `resync` and `decision`
};

struct CentreStep {
  CentreEvent event = CentreEvent::none;
  Evidence evidence = Evidence::none;
  Message reply;  // empty: nothing to send
  ResyncReport resync;
  ResyncDecision decision = ResyncDecision::ignore;
};

class CentreHalf {
 public:
  // All outlive the half.
  CentreHalf(crypto::KeyStore& keys, CodeTries& tries, Random& random)
      : keys_(keys), tries_(tries), random_(random) {}

  // Fills `session` and returns INIT. `unsupported`: no common suite. not_allowed: what the
  // protocol never does (symmetric with a short code; symmetric with base 0 and no code secret;
  // an epoch that is not above its base; an empty order id with a code).
  Result<Message> begin(CentreSession& session, const CentreOrder& order);

  // A message of the chip's that belongs to this session (by the bearer's identity of the chip).
  Result<CentreStep> on_message(CentreSession& session, ByteView message);

  // The newest message of the session again, for the caller's time-outs; empty when none waits.
  static Message repeat(const CentreSession& session);

  // QUERY, when INITs stay without answer because the base is not what the chip holds. Its answer
  // is read by read_resync() of resync.h. `active` is used with suite symmetric only.
  Result<Message> make_query(const Iccid& iccid, Suite suite, const Epoch& active);

  // D10: RESET for the chip's challenge, signed for this chip, life, nonce and authorisation, with
  // the strongest suite of `suites` and the challenge's. `active` is used with suite symmetric
  // only. bad_value: the challenge is another chip's, or of another life.
  Result<Message> make_reset(ByteView challenge, const ChipIdentity& chip, uint32_t life,
                             const OrderId& authorisation, SuiteSet suites, const Epoch& active);

 private:
  Result<CentreStep> on_m1(CentreSession& session, ByteView message);
  Result<CentreStep> on_second_m1(CentreSession& session, const LastAttempt& second);
  Result<CentreStep> on_prepared(CentreSession& session, ByteView message);
  Result<CentreStep> on_done(CentreSession& session, ByteView message);
  Result<CentreStep> on_resync(CentreSession& session, ByteView message);
  Result<Message> make_m2(CentreSession& session, const M1& m1, ByteView m1_bytes);

  crypto::KeyStore& keys_;
  CodeTries& tries_;
  Random& random_;
};

// RESET_DONE: the chip has begun the life after the one that RESET named.
struct ResetReceipt {
  // Proved under an epoch of the life that ended, too. Without it the receipt proves no more than
  // K1: the chip was in an epoch that the caller did not name, or the receipt is forged.
  bool ending_verified = false;
};
// `reset`: the bytes of the RESET that it answers. `ending`: the epochs of the old life that the
// chip may have been in (active, and the one before it while COMMIT is unconfirmed). bad_mac, or
// bad_value when it speaks of another chip, life or nonce.
Result<ResetReceipt> check_reset_done(ByteView message, ByteView reset, const ChipIdentity& chip,
                                      const Epoch& initial_of_new_life,
                                      std::span<const Epoch* const> ending = {});

}  // namespace simurgh::personalisation
