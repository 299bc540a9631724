// Time: repetitions, retries, and what comes in as short messages.
#include <algorithm>

#include "formats/sms/user_data.h"
#include "security_centre/state.h"

namespace simurgh::security_centre {

Duration SecurityCentre::State::wait_after(uint32_t sends) const {
  Duration wait = settings_.answer_wait_first;
  for (uint32_t i = 1; i < sends && wait < settings_.answer_wait_max; ++i) wait = wait * 2;
  return std::min(wait, settings_.answer_wait_max);
}

void SecurityCentre::State::schedule(const Iccid& iccid, Instant at, uint32_t sends) {
  Turn& turn = turns_[std::string(iccid.text())];
  agenda_.erase({turn.at, iccid});
  turn = {at, sends};
  agenda_.insert({at, iccid});
}

void SecurityCentre::State::unschedule(const Iccid& iccid) {
  const auto found = turns_.find(std::string(iccid.text()));
  if (found == turns_.end()) return;
  agenda_.erase({found->second.at, iccid});
  turns_.erase(found);
}

Result<void> SecurityCentre::State::resume(Instant now) {
  begin_looking(now);
  TRY(fill_identities());
  return parts_.store.each_open([&](const ChipKeys& row) {
    // Chips that never showed up are waited for; the others were under way when the server ended,
    // and their sessions with it. Spread, so that a restart does not send all at once.
    const bool begun = row.work != Work::none && row.work_attempts > 0;
    if (!begun && !row.commit_unconfirmed) return;
    const int64_t spread_ms = settings_.answer_wait_first.ms;
    const auto octets = parts_.random.array<4>();
    const int64_t drawn = octets[0] << 16 | octets[1] << 8 | octets[2];
    schedule(row.iccid, now + milliseconds(drawn % std::max<int64_t>(spread_ms, 1)), 0);
  });
}

Result<void> SecurityCentre::State::on_time(Instant now) {
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    const Iccid iccid = agenda_.begin()->second;
    TRY(take_turn(iccid, now));
  }
  TRY(look_for_due(now));
  reassembler_->on_timeout(now);
  return {};
}

Result<void> SecurityCentre::State::take_turn(const Iccid& iccid, Instant now) {
  const uint32_t sends = turns_[std::string(iccid.text())].sends;
  auto row = TRY(parts_.store.load(iccid));
  if (!row || (row->work == Work::none && !row->commit_unconfirmed)) {
    unschedule(iccid);
    return {};
  }
  const auto chip = TRY(parts_.fleet.chip(iccid));
  if (chip.state == fleet::ChipState::frozen || chip.state == fleet::ChipState::resetting) {
    unschedule(iccid);
    return {};
  }
  if (sends > 0 && (has_unfetched(iccid) || parts_.bearer.has_unsent(chip.msisdn))) {
    // What would be repeated has not even left: the chip's time to answer has not begun.
    schedule(iccid, now + wait_after(sends), sends);
    return {};
  }
  const auto session = sessions.find(std::string(iccid.text()));
  if (session != sessions.end() && sends < settings_.sends_max) {
    TRY(send(*row, chip, personalisation::CentreHalf::repeat(session->second.half)));
    schedule(iccid, now + wait_after(sends + 1), sends + 1);
  } else if (session != sessions.end()) {
    ++figures.given_up;
    sessions.erase(session);
    schedule(iccid, now + settings_.work_retry_wait, 0);
  } else if (row->work != Work::none) {
    TRY(begin(*row, chip, 0, now));
    if (agenda_.contains({now, iccid}) || turns_[std::string(iccid.text())].at <= now) {
      unschedule(iccid);  // it was refused: the chip's next sign begins it
    }
  } else {
    // COMMIT has no bound: the chip holds the key, and must hear of it some day.
    TRY(send_commit(*row, chip));
    const Duration wait =
        sends < settings_.sends_max ? wait_after(sends + 1) : settings_.work_retry_wait;
    schedule(iccid, now + wait, sends + 1);
  }
  return parts_.store.save(*row);
}

Instant SecurityCentre::State::next_deadline() const {
  return agenda_.empty() ? next_look_ : earlier(next_look_, agenda_.begin()->first);
}

Result<void> SecurityCentre::State::on_short_message(const Msisdn& from, ByteView user_data,
                                                     bool has_header, Instant now) {
  const auto header = has_header ? sms::parse_user_data_header(user_data)
                                 : Result<sms::UserDataHeader>(ErrorCode::unsupported);
  if (!header) {
    ++figures.refused_packets;  // a customer's text to the centre, or rubbish
    return {};
  }
  const auto whole = reassembler_->on_part(sms::Address::of_msisdn(from), *header,
                                           user_data.subspan(header->octets), now);
  if (!whole) {
    ++figures.refused_packets;
    return {};
  }
  if (!*whole) return {};  // parts are missing
  if ((*whole)->kind != sms::PayloadKind::command_packet) {
    ++figures.refused_packets;
    return {};
  }
  std::vector<uint8_t> packet((*whole)->payload.begin(), (*whole)->payload.end());
  return on_packet(from, packet, now);
}

// --- the public face -------------------------------------------------------------------------

SecurityCentre::SecurityCentre(const Settings& settings, const Parts& parts)
    : state_(std::make_unique<State>(settings, parts)) {}
SecurityCentre::~SecurityCentre() = default;

Result<void> SecurityCentre::recover(const hlr::RecoveryPlan& plan, Instant now) {
  return state_->recover(plan, now);
}
Result<std::optional<hlr::StoredChip>> SecurityCentre::stored(const Iccid& iccid) {
  return state_->stored(iccid);
}
Result<void> SecurityCentre::resume(Instant now) {
  return state_->resume(now);
}
Result<ChipPsk> SecurityCentre::psk_of(std::string_view identity) {
  return state_->psk_of(identity);
}
Result<void> SecurityCentre::on_epoch_proved(const Iccid& iccid, uint32_t epoch) {
  return state_->on_epoch_proved(iccid, epoch);
}
Result<ChipPacket> SecurityCentre::make_packet(const Iccid& iccid, const ByteArray<3>& tar,
                                               ByteView data) {
  return state_->make_packet(iccid, tar, data);
}
Result<SignedUp> SecurityCentre::sign_up(const SignUp& order, std::string_view actor, Instant now) {
  return state_->sign_up(order, {actor, now});
}
Result<void> SecurityCentre::rekey(const Iccid& iccid, std::string_view actor, Instant now) {
  return state_->rekey(iccid, {actor, now});
}
Result<personalisation::Message> SecurityCentre::authorise_reset(const Iccid& iccid,
                                                                 ByteView challenge,
                                                                 std::string_view actor,
                                                                 Instant now) {
  return state_->authorise_reset(iccid, challenge, {actor, now});
}
Result<void> SecurityCentre::confirm_reset(const Iccid& iccid, ByteView receipt,
                                           std::string_view actor, Instant now) {
  return state_->confirm_reset(iccid, receipt, {actor, now});
}
Result<void> SecurityCentre::renew_code(std::string_view order,
                                        const personalisation::ActivationCode& code,
                                        std::string_view actor, Instant now) {
  return state_->renew_code(order, code, {actor, now});
}
Result<void> SecurityCentre::on_located(const Imsi& imsi, Instant now) {
  return state_->on_located(imsi, now);
}
Result<void> SecurityCentre::on_directory_confirmed(const Imsi& imsi, Instant now) {
  return state_->on_directory_confirmed(imsi, now);
}
Result<void> SecurityCentre::on_short_message(const Msisdn& from, ByteView user_data,
                                              bool has_header, Instant now) {
  return state_->on_short_message(from, user_data, has_header, now);
}
void SecurityCentre::set_listener(Listener* listener) {
  state_->listener = listener;
}
Result<void> SecurityCentre::begin_session(const Iccid& iccid, Instant now) {
  return state_->begin_session(iccid, now);
}
std::optional<personalisation::Message> SecurityCentre::next_in_session(const Iccid& iccid) {
  return state_->next_in_session(iccid);
}
Result<void> SecurityCentre::on_session_message(const Iccid& iccid, ByteView message, Instant now) {
  return state_->on_session_message(iccid, message, now);
}
void SecurityCentre::end_session(const Iccid& iccid) {
  state_->end_session(iccid);
}
Result<void> SecurityCentre::on_time(Instant now) {
  return state_->on_time(now);
}
Instant SecurityCentre::next_deadline() const {
  return state_->next_deadline();
}
const SecurityCentre::Figures& SecurityCentre::figures() const {
  return state_->figures;
}
size_t SecurityCentre::sessions() const {
  return state_->sessions.size();
}

}  // namespace simurgh::security_centre
