// The security centre (SC): everything that happens to a chip's keys after it was sold. It signs
// chips up (D5), personalises them at their first logon (D6-D9), re-keys them (D11), authorises
// and confirms resets (D10), and tells misuse apart from bad luck (D12).
//
// It is not the HLR (it talks to one through hlr::SubscriberDirectory), not the bearer (short
// messages leave through Bearer), and has no clock, randomness or I/O. One thread. Everything that
// a function changes is in the open transaction of the stores; the caller commits and only then
// lets the Bearer's messages out, so a message never speaks of what is not durable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "base/random.h"
#include "base/time.h"
#include "conversations/personalisation/activation_code.h"
#include "crypto/key_store.h"
#include "fleet/elements.h"
#include "fleet/fleet.h"
#include "hlr/key_journal.h"
#include "hlr/subscriber_directory.h"
#include "security_centre/store.h"

namespace simurgh::security_centre {

// Where messages to chips go. `user_data` is TP-UD with its header (UDHI set), at most 140
// octets, already one part of a concatenation where needed.
class Bearer {
 public:
  virtual ~Bearer() = default;
  virtual void send_short_message(const Msisdn& to, ByteView user_data) = 0;
  // Whether something for this number still waits here and the network has not taken it. Then it is
  // not sent again: a network that is slow would be made slower. Bearers without a queue say no.
  virtual bool has_unsent(const Msisdn& to) const {
    static_cast<void>(to);
    return false;
  }
};

struct Settings {
  Msisdn own_number;  // the centre's E.164 address, the hotline of new chips (D6)
  Duration answer_wait_first = seconds(20);  // before a message is sent again; doubles each time
  Duration answer_wait_max = minutes(10);
  uint32_t sends_max = 6;               // of one message, then the negotiation is given up …
  Duration work_retry_wait = hours(1);  // … and begun again after this, or when the chip shows up
  uint32_t code_tries_max = 5;          // wrong activation codes per order (D12), then frozen
  size_t sessions_max = 200'000;        // negotiations at a time
  uint32_t restarts_max = 20;           // of a negotiation that goes wrong, before it waits
  bool ask_new_pin = false;             // D8: the chip asks its user for a new PIN
  bool allow_legacy_1997 = false;       // insecure: the operator's explicit switch
  // D11: a key so long in service is renewed without anybody's order; 0: never. Applies to the keys
  // that are in service already, whatever it was when they came.
  Duration rekey_interval;
  uint32_t rekeys_per_hour_max = 3600;  // of those, in any hour; at least 1
};

// The order that brings a chip to a customer (D5).
struct SignUp {
  Iccid iccid;
  personalisation::Ver ver{};  // as read from the chip or the card body
  uint32_t life = 0;           // as read from the chip; 0 for a chip that was never returned
  std::string contract;
  Msisdn msisdn;
  personalisation::ActivationCode code;
  personalisation::SuiteSet suites;  // empty: those of the batch
  bool server_made_key = false;      // D9
};

struct SignedUp {
  std::string order;
  Imsi imsi;
};

// Whose a PSK identity is.
struct ChipPsk {
  Iccid iccid;
  uint32_t epoch = 0;  // 0: whoever has K1 has this key too; good for a first logon only
  Key256 psk;
};

// Who wants to know what comes of negotiations.
class Listener {
 public:
  // The chip has stored this epoch and proved it; it is the active one from here on. In the open
  // transaction. Only `storage` is an error.
  virtual Result<void> on_new_epoch(const Iccid& iccid, uint32_t epoch, Instant now) = 0;

 protected:
  ~Listener() = default;
};

struct ChipPacket {
  Msisdn to;
  uint64_t counter = 0;  // its low octet tells its parts from other packets'
  std::vector<uint8_t> bytes;
};

class SecurityCentre {
 public:
  struct Parts {
    Store& store;
    fleet::Fleet& fleet;
    fleet::Elements& elements;
    hlr::SubscriberDirectory& directory;
    hlr::KeyJournal& journal;
    crypto::KeyStore& keys;
    Random& random;
    Bearer& bearer;
  };

  SecurityCentre(const Settings& settings, const Parts& parts);
  ~SecurityCentre();
  void set_listener(Listener* listener);  // outlives the centre

  // Errors of all functions: `storage` must end the process; any other leaves changes behind that
  // the caller undoes (Storage's step), except where a function says that it refuses by itself.

  // At start-up, before anything else: puts the stores right by what the journal knows.
  Result<void> recover(const hlr::RecoveryPlan& plan, Instant now);
  // For hlr::plan_recovery.
  Result<std::optional<hlr::StoredChip>> stored(const Iccid& iccid);
  // After start-up: takes up the open work again. Sends nothing before on_time.
  Result<void> resume(Instant now);

  // D5. `not_found`: no allocation has this ICCID or VER is not its own; `already_exists`: the
  // chip is under contract, or the MSISDN is taken; `not_allowed`: the version is revoked;
  // `bad_state`: a reset is not confirmed; `bad_value`: not the life that the chip is in;
  // `unsupported`: the batch has no suite of those wanted, or is legacy-1997 and the order has a
  // code or wants a server-made key; `not_allowed`: it is legacy-1997 and that is not switched on.
  // The chip gets its element (fleet::Elements::take_up), in the batch "allocation <number>".
  Result<SignedUp> sign_up(const SignUp& order, std::string_view actor, Instant now);

  // D11: hotline on, and a new epoch as soon as the chip can be reached. `not_found`, `bad_state`,
  // `not_allowed`: the chip is legacy-1997 and that is not switched on.
  Result<void> rekey(const Iccid& iccid, std::string_view actor, Instant now);

  // D10: the signed RESET for this chip and its RESET_CHALLENGE (the chip's message, as the
  // dealer's tool read it). HLR and AuC entries go now; the chip can be sold again when its receipt
  // was confirmed. Asking again gives a command for the new challenge; for a challenge of the next
  // life (the receipt got lost) the same command again, to which the chip repeats its receipt.
  Result<personalisation::Message> authorise_reset(const Iccid& iccid, ByteView challenge,
                                                   std::string_view actor, Instant now);
  // `receipt` is RESET_DONE; `bad_mac` when it is not this chip's of its next life.
  Result<void> confirm_reset(const Iccid& iccid, ByteView receipt, std::string_view actor,
                             Instant now);

  // A new activation code for an order that is open or frozen; its tries start again, and a frozen
  // chip is taken up again (D12).
  Result<void> renew_code(std::string_view order, const personalisation::ActivationCode& code,
                          std::string_view actor, Instant now);

  // The chip registered in a network. Starts or goes on with its open work.
  Result<void> on_located(const Imsi& imsi, Instant now);
  // The network's HLR has the subscriber as it shall be (hlr::RemoteEvents): COMMIT may leave.
  Result<void> on_directory_confirmed(const Imsi& imsi, Instant now);
  // A short message to the centre's number: TP-UD, with `has_header` as TP-UDHI says. What is not
  // a chip's authentic message is counted and dropped; only `storage` comes back.
  Result<void> on_short_message(const Msisdn& from, ByteView user_data, bool has_header,
                                Instant now);

  // For TLS: the key of this identity, of a chip's active epoch or of the one before it (see
  // ChipKeys). not_found for an identity that nobody has, and for chips that are frozen or being
  // reset; TLS must make it look like a wrong key.
  Result<ChipPsk> psk_of(std::string_view identity);
  // The chip has proved that it holds this epoch's key, by a finished handshake for instance. The
  // first proof of the active epoch does as DONE does: the one before it is forgotten.
  Result<void> on_epoch_proved(const Iccid& iccid, uint32_t epoch);

  // --- an administration session of a chip carries the same messages as short messages do
  // (docs/protocols/personalisation.md, "Bearers"). While one is open, what is said to the chip
  // goes into it; what was not fetched when it ends is repeated by short message, in time. Unknown
  // chips are ignored; only `storage` is an error.
  //
  // The chip has opened one under a key of psk_of: its open work begins or goes on.
  Result<void> begin_session(const Iccid& iccid, Instant now);
  // What is said next, or nothing. An empty message is the question for its REQUEST.
  std::optional<personalisation::Message> next_in_session(const Iccid& iccid);
  // What the chip answered in its session.
  Result<void> on_session_message(const Iccid& iccid, ByteView message, Instant now);
  void end_session(const Iccid& iccid);

  // A command packet to an application of the chip, without a proof of receipt, under the key set
  // of its active epoch, with full protection and a counter that was never used before (I2): it may
  // leave when this event's transaction is committed. not_found; bad_state while the chip has its
  // first key or is frozen or being reset; too_large.
  Result<ChipPacket> make_packet(const Iccid& iccid, const ByteArray<3>& tar, ByteView data);

  // Repetitions and what is due; call at next_deadline() or any time.
  Result<void> on_time(Instant now);
  Instant next_deadline() const;

  struct Figures {
    uint64_t negotiations_begun = 0, personalised = 0, rekeyed = 0, resets_authorised = 0,
             resets_confirmed = 0, messages_out = 0, messages_in = 0, refused_packets = 0,
             refused_messages = 0, code_refusals = 0, two_chips = 0, resyncs = 0, fenced = 0,
             given_up = 0, rekeys_by_interval = 0, rekeys_postponed = 0;
  };
  const Figures& figures() const;
  size_t sessions() const;

 private:
  friend class Inspection;  // inspect.h
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace simurgh::security_centre
