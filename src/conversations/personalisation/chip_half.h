// The chip's half of the personalisation conversation: messages in, messages out, one durable
// record. No clock, no I/O, no heap.
//
// It does not know bearers (the same bytes go over short messages, HTTPS, or a dealer's reader),
// files, PINs or the toolkit: the uicc does, and acts on the events. The record is read from the
// store for every message and saved before any message speaks of it, so a chip may lose its RAM
// between any two calls: make a new ChipHalf over the same store.
//
// An error means: refused, nothing durable has changed, nothing is to be sent (an outsider gets no
// answer at all, I8). `storage` and what else the store returns: the power may be gone; begin
// again from the store.
#pragma once

#include "base/random.h"
#include "conversations/personalisation/activation_code.h"
#include "conversations/personalisation/chip_record.h"

namespace simurgh::personalisation {

// How far above its highest epoch a chip follows: a centre gone mad (or its stolen key) cannot use
// the numbers up in one step (threats row 6). More gets a RESYNC.
constexpr uint32_t epoch_jump_max = 1u << 20;

enum class ChipEvent : uint8_t {
  none,          // nothing but the reply, if there is one
  code_wanted,   // ask the customer for the code of the kind `flags.code`, then give_code()
  code_refused,  // a genuine centre, but another code: tell the customer, ask again (give_code)
  prepared,      // a pending epoch is stored: both epochs are good now
  promoted,      // the pending epoch became the active one: success; choose PIN if `flags` say so
  reset,         // a new life began: epoch 0, PIN 0000, PUK 00000000 (D10)
};

struct ChipStep {
  ChipEvent event = ChipEvent::none;
  // A `prepared` whose base was the pending epoch has promoted that one in the same save.
  bool base_promoted = false;
  OrderFlags flags;  // of the order at hand, with all events but none and reset
  Message reply;     // empty: nothing to send
};

class ChipHalf {
 public:
  // Both outlive the half.
  ChipHalf(ChipStore& store, Random& random) : store_(store), random_(random) {}
  ChipHalf(const ChipHalf&) = delete;
  ChipHalf& operator=(const ChipHalf&) = delete;

  // REQUEST, to be sent when the chip is registered and not personalised, or begins again.
  Result<Message> request(RequestReason reason);

  // Any message of the centre's. The identical message gets the identical answer, or, when the
  // conversation has gone on since, the answer that fits (PREPARED, DONE); never a new effect.
  Result<ChipStep> on_message(ByteView message);

  // The customer's code, kept in RAM until it has served, was refused, or the power goes. When an
  // INIT waits for it, the step's reply is M1; a new code for a session under way gives it up and
  // the reply is a REQUEST (code_again). not_allowed: not the kind that the order wants.
  Result<ChipStep> give_code(const ActivationCode& code);

  // The uicc has verified something else under the pending epoch's keys (the AUTN of a 3G
  // authentication, a secured packet): the centre has committed, so the chip does. Not for the
  // 32-bit tag of a 2G RAND. No effect when `epoch` is active already; bad_state when it is
  // neither.
  Result<ChipStep> confirm_pending(uint32_t epoch);

  // RESET_CHALLENGE for the dealer's tool; an earlier challenge is void.
  Result<Message> reset_challenge();

 private:
  enum class Phase : uint8_t { idle, wants_code, sent_m1 };
  // What is lost with the power.
  struct Session {
    Phase phase = Phase::idle;
    Init init;
    Message init_bytes;
    M1 m1;
    Message m1_bytes;
    ActivationCode code;        // with which M1 was made
    bool code_refused = false;  // and the customer was told
    Key256 share_seed;
    Secret<64> pake_seed;
  };

  Result<ChipStep> on_init(ChipRecord& record, ByteView message);
  Result<ChipStep> on_legacy_offer(ChipRecord& record, ByteView message);
  Result<ChipStep> on_m2(ChipRecord& record, ByteView message);
  Result<ChipStep> on_commit(ChipRecord& record, ByteView message);
  Result<ChipStep> on_query(ChipRecord& record, ByteView message);
  Result<ChipStep> on_reset(ChipRecord& record, ByteView message);
  Result<ChipStep> send_m1(ChipRecord& record);
  Result<ChipStep> store_pending(ChipRecord& record, const Epoch& next, ByteView m2);
  Result<ChipStep> promote(ChipRecord& record);
  void forget_session();

  ChipStore& store_;
  Random& random_;
  Session session_;
  ActivationCode code_;
  std::optional<Nonce> reset_nonce_;
  // The negotiation that the last REQUEST gave up: its M2, still repeated by a centre that has not
  // heard of that, gets the REQUEST again. Number 0: none.
  uint32_t given_up_epoch_ = 0;
  RequestReason given_up_for_ = RequestReason::repeat;
};

}  // namespace simurgh::personalisation
