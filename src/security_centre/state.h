// Inside of the security centre: its sessions, its schedule, and the steps of a chip's life. The
// files sign_up.cc (orders and resets), negotiation.cc (the conversation), session.cc (over HTTPS),
// schedule.cc (time) and intervals.cc (re-keying that nobody ordered) hold its functions.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "conversations/personalisation/centre_half.h"
#include "conversations/personalisation/legacy_1997.h"
#include "formats/sms/reassembly.h"
#include "security_centre/chip_channel.h"
#include "security_centre/security_centre.h"

namespace simurgh::security_centre {

constexpr std::string_view centre_actor = "security-centre";

class SecurityCentre::State final : private personalisation::CodeTries {
 public:
  State(const Settings& settings, const Parts& parts)
      : settings_(settings), parts_(parts), half_(parts.keys, *this, parts.random) {}

  // What is under way with a chip and in memory only: a crash costs its epoch number (I2).
  struct Session {
    personalisation::CentreSession half;
    std::optional<personalisation::LegacySession> legacy;  // instead, but `half` repeats its OFFER
    std::string order;
    uint32_t restarts = 0;
  };
  // When a chip is next looked at, and how often its newest message was sent.
  struct Turn {
    Instant at;
    uint32_t sends = 0;
  };

  // sign_up.cc
  Result<SignedUp> sign_up(const SignUp& order, const audit::By& by);
  Result<void> rekey(const Iccid& iccid, const audit::By& by);
  Result<personalisation::Message> authorise_reset(const Iccid& iccid, ByteView challenge,
                                                   const audit::By& by);
  Result<void> confirm_reset(const Iccid& iccid, ByteView receipt, const audit::By& by);
  Result<void> renew_code(std::string_view order, const personalisation::ActivationCode& code,
                          const audit::By& by);

  // negotiation.cc
  Result<void> on_located(const Imsi& imsi, Instant now);
  Result<void> on_directory_confirmed(const Imsi& imsi, Instant now);
  Result<void> on_packet(const Msisdn& from, MutableByteView packet, Instant now);
  Result<void> begin(ChipKeys& row, const fleet::Chip& chip, uint32_t restarts, Instant now);
  Result<void> send(ChipKeys& row, const fleet::Chip& chip, ByteView message);
  Result<void> send_commit(ChipKeys& row, const fleet::Chip& chip);

  // session.cc
  Result<void> begin_session(const Iccid& iccid, Instant now);
  std::optional<personalisation::Message> next_in_session(const Iccid& iccid);
  Result<void> on_session_message(const Iccid& iccid, ByteView message, Instant now);
  void end_session(const Iccid& iccid);
  bool say_in_session(const Iccid& iccid, ByteView message);
  bool has_unfetched(const Iccid& iccid) const;

  // keys.cc
  Result<ChipPsk> psk_of(std::string_view identity);
  Result<void> on_epoch_proved(const Iccid& iccid, uint32_t epoch);
  Result<ChipPacket> make_packet(const Iccid& iccid, const ByteArray<3>& tar, ByteView data);
  Result<void> fill_identities();

  // recovery.cc
  Result<void> recover(const hlr::RecoveryPlan& plan, Instant now);
  Result<std::optional<hlr::StoredChip>> stored(const Iccid& iccid);

  // schedule.cc
  Result<void> resume(Instant now);
  Result<void> on_time(Instant now);
  Instant next_deadline() const;
  Result<void> on_short_message(const Msisdn& from, ByteView user_data, bool has_header,
                                Instant now);
  void schedule(const Iccid& iccid, Instant at, uint32_t sends);
  void unschedule(const Iccid& iccid);
  Duration wait_after(uint32_t sends) const;

  // intervals.cc
  void begin_looking(Instant now);
  Result<void> look_for_due(Instant now);

  Figures figures;
  std::unordered_map<std::string, Session> sessions;  // by ICCID
  Listener* listener = nullptr;

 private:
  // Keys, sealed and open.
  Result<SealedSecret> seal(const ChipKeys& row, std::string_view use, uint32_t epoch,
                            const Key256& secret);
  Result<Key256> open(const ChipKeys& row, std::string_view use, uint32_t epoch,
                      const SealedSecret& sealed);
  Result<personalisation::Epoch> active_epoch(const ChipKeys& row);
  Result<Key256> chip_key(const personalisation::ChipIdentity& chip);
  personalisation::LegacyPolicy legacy_policy() const { return {settings_.allow_legacy_1997}; }
  Result<void> set_active(ChipKeys& row, const personalisation::Epoch& epoch);
  Result<personalisation::Epoch> previous_epoch(const ChipKeys& row);
  void confirm(ChipKeys& row);
  Result<void> put_in_service(ChipKeys& row, const personalisation::Epoch& epoch,
                              const audit::By& by);
  Result<hlr::SubscriberKeys> subscriber_keys(const ChipKeys& row,
                                              const personalisation::Epoch& epoch);
  Result<void> journal(const ChipKeys& row, hlr::JournalRecord::Kind kind,
                       const personalisation::Epoch* epoch);
  // Before M2 leaves.
  Result<void> journal_offer(const ChipKeys& row, uint32_t epoch);
  // bad_mac and others when the record does not open as this row's.
  Result<personalisation::Epoch> open_journalled(const ChipKeys& row,
                                                 const hlr::JournalRecord& record);
  Result<void> set_previous(ChipKeys& row, const personalisation::Epoch& epoch);

  // Recovery.
  Result<void> take_epochs(ChipKeys& row, const hlr::JournalledChip& chip);
  Result<void> roll_forward(ChipKeys& row, const hlr::JournalledChip& chip, const audit::By& by);
  Result<void> settle(ChipKeys& row, const hlr::JournalledChip& chip, const audit::By& by);
  Result<void> finish_reset(ChipKeys& row, const hlr::JournalledChip& chip, const audit::By& by);
  Result<void> take_up(const std::optional<ChipKeys>& found, const hlr::JournalledChip& chip,
                       const audit::By& by);
  Result<void> fence(const hlr::JournalledChip& chip, const audit::By& by);
  Result<void> warn(const hlr::JournalledChip& chip, std::string_view words, const audit::By& by);

  // The conversation.
  Result<void> dispatch(ChipKeys& row, const fleet::Chip& chip, ByteView message, Instant now);
  Result<void> on_legacy_answer(ChipKeys& row, const fleet::Chip& chip, ByteView message,
                                Instant now);
  Result<personalisation::Message> make_first(Session& session,
                                              const personalisation::CentreOrder& order);
  Result<void> on_request(ChipKeys& row, const fleet::Chip& chip, ByteView message, Instant now);
  Result<void> on_done(ChipKeys& row, ByteView message);
  Result<void> on_step(ChipKeys& row, const fleet::Chip& chip, Session& session,
                       const personalisation::CentreStep& step, Instant now);
  Result<void> on_prepared(ChipKeys& row, const fleet::Chip& chip, Session& session, Instant now);
  Result<void> on_ended(ChipKeys& row, const fleet::Chip& chip, Session& session,
                        personalisation::Evidence evidence, Instant now);
  Result<void> on_resync(ChipKeys& row, const fleet::Chip& chip, Session& session,
                         const personalisation::CentreStep& step, Instant now);
  Result<void> freeze(const fleet::Chip& chip, fleet::AlarmKind kind, std::string_view words,
                      Instant now);
  Result<void> count_try(const personalisation::OrderId& order, const Iccid& iccid) override;
  Result<personalisation::ActivationCode> code_of(const fleet::Order& order);

  // Time.
  Result<void> take_turn(const Iccid& iccid, Instant now);
  Duration look_wait() const;
  Result<bool> can_rekey(const ChipKeys& row);
  Result<void> rekey_due(ChipKeys& row, Instant now);

  // As many half-received messages as a busy centre has; older ones give way.
  using Reassembler = sms::Reassembler<4096, 5, 670>;

  Settings settings_;
  Parts parts_;
  personalisation::CentreHalf half_;
  Instant now_;  // of the event at hand, for count_try
  std::unique_ptr<Reassembler> reassembler_ = std::make_unique<Reassembler>(hours(1));
  std::unordered_map<std::string, Turn> turns_;
  // Administration sessions that are open, by ICCID: what is to be said in them. As many as the
  // front end has.
  using Lines = std::deque<personalisation::Message>;
  std::unordered_map<std::string, Lines> lines_;
  std::set<std::pair<Instant, Iccid>> agenda_;
  Instant next_look_ = Instant::never();  // for chips whose key is too old
  int64_t look_credit_ms_ = 0;            // an hour of it is one chip
};

personalisation::ChipIdentity identity_of(const ChipKeys& row);
personalisation::SuiteSet suites_of(uint8_t bits);

}  // namespace simurgh::security_centre
