// The conversation with chips (design 4.1): from the first sign of a chip to DONE.
#include <algorithm>

#include "conversations/personalisation/short_message_bearer.h"
#include "security_centre/state.h"

namespace simurgh::security_centre {

using personalisation::CentreEvent;
using personalisation::CentrePhase;
using personalisation::Epoch;
using personalisation::Evidence;
using personalisation::MessageType;
using personalisation::ResyncDecision;

namespace {

std::string key_of(const Iccid& iccid) {
  return std::string(iccid.text());
}

// Only the store's failure goes up; what a chip or an outsider caused was dealt with.
bool is_fatal(const Error& error) {
  return error.code == ErrorCode::storage;
}

}  // namespace

Result<void> SecurityCentre::State::on_located(const Imsi& imsi, Instant now) {
  auto row = TRY(parts_.store.load_by_imsi(imsi));
  if (!row) return {};
  TRY(parts_.fleet.touch(row->iccid, now));
  const auto chip = TRY(parts_.fleet.chip(row->iccid));
  if (row->work != Work::none) {
    const auto session = sessions.find(key_of(row->iccid));
    if (session == sessions.end()) {
      TRY(begin(*row, chip, 0, now));
    } else if (turns_[key_of(row->iccid)].sends > 1) {
      // It was away: what was sent meanwhile may be lost, so do not wait for the next turn.
      schedule(row->iccid, now, 1);
    }
  } else if (row->commit_unconfirmed) {
    TRY(send_commit(*row, chip));
    schedule(row->iccid, now + wait_after(1), 1);
  }
  return parts_.store.save(*row);
}

Result<void> SecurityCentre::State::on_directory_confirmed(const Imsi& imsi, Instant now) {
  auto row = TRY(parts_.store.load_by_imsi(imsi));
  if (!row || !row->commit_unconfirmed || row->work != Work::none) return {};
  TRY(send_commit(*row, TRY(parts_.fleet.chip(row->iccid))));
  schedule(row->iccid, now + wait_after(1), 1);
  return parts_.store.save(*row);
}

// Begins a negotiation under the next epoch number, which is burned thereby. Refusals leave the
// work for later; only `storage` is an error.
Result<void> SecurityCentre::State::begin(ChipKeys& row, const fleet::Chip& chip, uint32_t restarts,
                                          Instant now) {
  sessions.erase(key_of(row.iccid));
  if (chip.state == fleet::ChipState::frozen || row.work == Work::none) return {};
  row.work_next_try = now + settings_.work_retry_wait;
  if (restarts > settings_.restarts_max || sessions.size() >= settings_.sessions_max) {
    ++figures.given_up;
    schedule(row.iccid, row.work_next_try, 0);
    return {};
  }
  personalisation::CentreOrder order;
  order.chip = identity_of(row);
  order.life = row.life;
  order.base = TRY(active_epoch(row));
  order.epoch = row.epoch_max + 1;
  order.suites = suites_of(row.suites_allowed);
  order.chip_suites = suites_of(row.chip_suites);
  order.choose_pin = settings_.ask_new_pin && row.work == Work::first_logon;
  order.last_attempt = {row.attempt_epoch, row.attempt_last, row.m1_hash_last};
  Session session;
  session.restarts = restarts;
  if (row.work == Work::first_logon) {
    const auto sale = TRY(parts_.fleet.order(chip.order));
    if (sale.state != fleet::OrderState::open) return {};
    order.id = personalisation::OrderId(bytes_of(sale.id));
    order.code = TRY(code_of(sale));
    order.server_made = sale.server_made_key;
    session.order = sale.id;
  }
  const auto init = make_first(session, order);
  if (!init) {
    if (is_fatal(init.error())) return init.error();
    ++figures.refused_messages;
    return {};
  }
  row.epoch_max = order.epoch;
  ++row.work_attempts;
  ++figures.negotiations_begun;
  TRY(send(row, chip, *init));
  sessions[key_of(row.iccid)] = std::move(session);
  schedule(row.iccid, now + wait_after(1), 1);
  return {};
}

// INIT, or OFFER where the batch is of profile legacy-1997.
Result<personalisation::Message> SecurityCentre::State::make_first(
    Session& session, const personalisation::CentreOrder& order) {
  if (!TRY(parts_.fleet.is_legacy_1997(order.chip.iccid))) return half_.begin(session.half, order);
  session.legacy = {order.chip, order.life, order.epoch, order.base, {}};
  const auto offer = TRY(legacy_begin(legacy_policy(), *session.legacy, parts_.random));
  session.half.order = order;
  // As after M2: a chip that asks again has lost its answer, and the next number is begun.
  session.half.phase = CentrePhase::sent_m2;
  session.half.m2 = offer;
  return offer;
}

Result<void> SecurityCentre::State::on_legacy_answer(ChipKeys& row, const fleet::Chip& chip,
                                                     ByteView message, Instant now) {
  const auto found = sessions.find(key_of(row.iccid));
  if (found == sessions.end()) {
    if (row.commit_unconfirmed) return send_commit(row, chip);
    return row.work == Work::none ? Result<void>() : begin(row, chip, 0, now);
  }
  Session& session = found->second;
  if (!session.legacy) return ErrorCode::bad_state;
  session.half.next = TRY(legacy_on_answer(legacy_policy(), *session.legacy, message));
  return on_prepared(row, chip, session, now);
}

Result<void> SecurityCentre::State::send(ChipKeys& row, const fleet::Chip& chip, ByteView message) {
  ++figures.messages_out;
  if (say_in_session(row.iccid, message)) return {};
  const Epoch epoch = TRY(active_epoch(row));
  ++row.counter_to_chip;
  return send_to_chip(parts_.bearer, chip.msisdn, epoch, row.counter_to_chip, message);
}

Result<void> SecurityCentre::State::send_commit(ChipKeys& row, const fleet::Chip& chip) {
  // Another's HLR may not have the new key yet: a chip that heard COMMIT would refuse its vectors.
  // The next turn looks again, and so does on_directory_confirmed.
  if (TRY(parts_.directory.behind(row.imsi))) return {};
  const Epoch epoch = TRY(active_epoch(row));
  return send(row, chip, make_confirmation(MessageType::commit, identity_of(row), row.life, epoch));
}

Result<void> SecurityCentre::State::on_packet(const Msisdn& from, MutableByteView packet,
                                              Instant now) {
  const auto key_set = key_set_of_packet(packet);
  const auto chip = key_set ? parts_.fleet.chip_of(from) : Result<fleet::Chip>(key_set.error());
  if (!chip) {
    if (is_fatal(chip.error())) return chip.error();
    ++figures.refused_packets;
    return {};
  }
  auto row = TRY(parts_.store.load(chip->iccid));
  if (!row) return {};
  Epoch epoch = TRY(active_epoch(*row));
  uint64_t* counter = &row->counter_from_chip_active;
  if (personalisation::key_set_of(row->active_epoch) != *key_set) {
    if (row->previous_secret.empty() ||
        personalisation::key_set_of(row->previous_epoch) != *key_set) {
      ++figures.refused_packets;
      return {};
    }
    epoch = TRY(previous_epoch(*row));
    counter = &row->counter_from_chip_previous;
  }
  const auto opened = open_from_chip(epoch, packet);
  // Epoch 0 is known to whoever has K1: a forged chip's counter must not shut the customer's chip
  // out before the conversation can tell the two apart (D12). A replay there does no more than
  // have INIT sent again.
  const bool counter_counts = epoch.number != 0;
  if (!opened || (counter_counts && opened->counter <= *counter)) {
    ++figures.refused_packets;
    return {};
  }
  *counter = std::max(*counter, opened->counter);
  ++figures.messages_in;
  now_ = now;
  TRY(parts_.fleet.touch(row->iccid, now));
  const auto done = dispatch(*row, *chip, opened->message, now);
  if (!done) {
    if (is_fatal(done.error())) return done.error();
    ++figures.refused_messages;
  }
  return parts_.store.save(*row);
}

Result<void> SecurityCentre::State::dispatch(ChipKeys& row, const fleet::Chip& chip,
                                             ByteView message, Instant now) {
  if (personalisation::is_legacy(message)) return on_legacy_answer(row, chip, message, now);
  const MessageType type = TRY(personalisation::type_of(message));
  if (type == MessageType::request) return on_request(row, chip, message, now);
  if (type == MessageType::done) return on_done(row, message);
  const auto found = sessions.find(key_of(row.iccid));
  if (found == sessions.end()) {
    // A late PREPARED: the chip has not heard of our COMMIT. A late M1 after our restart: its
    // epoch number is burned, so the next one is begun.
    if (type == MessageType::prepared && row.commit_unconfirmed) return send_commit(row, chip);
    if (type == MessageType::m1 && row.work != Work::none) return begin(row, chip, 0, now);
    return {};
  }
  if (found->second.legacy) return ErrorCode::bad_state;
  const auto step = half_.on_message(found->second.half, message);
  if (!step) {
    if (step.error().code != ErrorCode::not_allowed) return step.error();
    // The tries of the order's code are used up (count_try).
    return freeze(chip, fleet::AlarmKind::code_tries_used_up,
                  "too many wrong activation codes: give the customer a new code", now);
  }
  return on_step(row, chip, found->second, *step, now);
}

Result<void> SecurityCentre::State::on_request(ChipKeys& row, const fleet::Chip& chip,
                                               ByteView message, Instant now) {
  const auto request = TRY(personalisation::parse_request(message));
  if (request.iccid != row.iccid || request.life != row.life) return ErrorCode::bad_value;
  row.chip_suites = request.suites.bits();
  if (row.work == Work::none) {
    if (row.commit_unconfirmed) return send_commit(row, chip);
    return {};
  }
  const bool code_again = request.reason == personalisation::RequestReason::code_again;
  if (code_again) ++figures.code_refusals;
  const auto found = sessions.find(key_of(row.iccid));
  if (found == sessions.end()) return begin(row, chip, 0, now);
  if (found->second.half.phase == CentrePhase::sent_init) {
    // INIT and REQUEST have crossed, or INIT was lost.
    if (turns_[key_of(row.iccid)].sends > 1) schedule(row.iccid, now, 1);
    return {};
  }
  // The chip began anew: its share of this session is gone with its RAM, or with its code.
  return begin(row, chip, found->second.restarts + 1, now);
}

Result<void> SecurityCentre::State::on_done(ChipKeys& row, ByteView message) {
  if (!row.commit_unconfirmed) return {};
  const Epoch active = TRY(active_epoch(row));
  TRY(check_confirmation(message, MessageType::done, identity_of(row), row.life, active));
  confirm(row);
  return {};
}

Result<void> SecurityCentre::State::on_step(ChipKeys& row, const fleet::Chip& chip,
                                            Session& session,
                                            const personalisation::CentreStep& step, Instant now) {
  switch (step.event) {
    case CentreEvent::answered:
      row.attempt_last = session.half.attempt.attempt;
      row.attempt_epoch = session.half.attempt.epoch;
      row.m1_hash_last = session.half.attempt.m1_hash;
      row.chip_suites = session.half.chip_suites.bits();
      TRY(journal_offer(row, session.half.order.epoch));
      TRY(send(row, chip, step.reply));
      schedule(row.iccid, now + wait_after(1), 1);
      return {};
    case CentreEvent::prepared: return on_prepared(row, chip, session, now);
    case CentreEvent::ended: return on_ended(row, chip, session, step.evidence, now);
    case CentreEvent::resync: return on_resync(row, chip, session, step, now);
    case CentreEvent::done:
    case CentreEvent::none:
      if (!step.reply.empty()) TRY(send(row, chip, step.reply));
      return {};
  }
  return {};
}

Result<void> SecurityCentre::State::on_prepared(ChipKeys& row, const fleet::Chip& chip,
                                                Session& session, Instant now) {
  const audit::By by{centre_actor, now};
  const bool first = row.work == Work::first_logon;
  const auto event = first ? fleet::ChipEvent::personalised : fleet::ChipEvent::rekeyed;
  // Looked at before anything is changed: a refusal must not leave half of it.
  if (!fleet::allows(chip.state, event)) return ErrorCode::bad_state;
  const Epoch next = session.half.next;
  TRY(journal(row, hlr::JournalRecord::Kind::epoch, &next));
  TRY(put_in_service(row, next, by));
  TRY(parts_.fleet.change(row.iccid, event, by));
  first ? ++figures.personalised : ++figures.rekeyed;
  if (listener != nullptr) TRY(listener->on_new_epoch(row.iccid, next.number, now));
  sessions.erase(key_of(row.iccid));
  TRY(send_commit(row, chip));
  schedule(row.iccid, now + wait_after(1), 1);
  return {};
}

Result<void> SecurityCentre::State::on_ended(ChipKeys& row, const fleet::Chip& chip,
                                             Session& session, Evidence evidence, Instant now) {
  row.attempt_last = std::max(row.attempt_last, session.half.attempt.attempt);
  if (evidence == Evidence::two_chips || evidence == Evidence::foreign_identity) {
    ++figures.two_chips;
    return freeze(chip, fleet::AlarmKind::two_first_logons,
                  "two chips answer under this identity: keep both, look at the order", now);
  }
  if (evidence == Evidence::downgrade) row.chip_suites = session.half.chip_suites.bits();
  return begin(row, chip, session.restarts + 1, now);
}

Result<void> SecurityCentre::State::on_resync(ChipKeys& row, const fleet::Chip& chip,
                                              Session& session,
                                              const personalisation::CentreStep& step,
                                              Instant now) {
  ++figures.resyncs;
  const uint32_t restarts = session.restarts + 1;
  switch (step.decision) {
    case ResyncDecision::ignore:
    case ResyncDecision::raise_number:
      row.epoch_max = std::max(row.epoch_max, step.resync.epoch_max);
      return begin(row, chip, restarts, now);
    case ResyncDecision::send_commit:
      row.epoch_max = std::max(row.epoch_max, step.resync.epoch_max);
      TRY(send_commit(row, chip));
      return begin(row, chip, restarts, now);
    case ResyncDecision::roll_forward:  // done at start-up, from the journal: recover()
    case ResyncDecision::adopt_life:    // resets are confirmed by their receipt: confirm_reset()
    case ResyncDecision::fence: break;
  }
  ++figures.fenced;
  TRY(parts_.directory.fence(row.imsi, {centre_actor, now}));
  return freeze(chip, fleet::AlarmKind::restore_fenced,
                "the chip holds keys that the database does not know: reset it at a dealer's", now);
}

Result<void> SecurityCentre::State::freeze(const fleet::Chip& chip, fleet::AlarmKind kind,
                                           std::string_view words, Instant now) {
  const audit::By by{centre_actor, now};
  sessions.erase(key_of(chip.iccid));
  unschedule(chip.iccid);
  if (fleet::allows(chip.state, fleet::ChipEvent::freeze)) {
    TRY(parts_.fleet.change(chip.iccid, fleet::ChipEvent::freeze, by));
  }
  TRY(parts_.fleet.raise({kind, chip.iccid.text(), chip.order, words}, by));
  return {};
}

// Called by the conversation before M2 is made: a try is durable before the answer that lets the
// chip judge a code (I9).
Result<void> SecurityCentre::State::count_try(const personalisation::OrderId& order, const Iccid&) {
  const std::string id(text_of(order));
  const auto sale = TRY(parts_.fleet.order(id));
  if (sale.state != fleet::OrderState::open) return ErrorCode::not_allowed;
  if (sale.wrong_tries >= settings_.code_tries_max) return ErrorCode::not_allowed;
  // Counted before it is known whether the code is right, so the limit freezes one later.
  TRY(parts_.fleet.count_wrong_try(id, settings_.code_tries_max + 1, {centre_actor, now_}));
  return {};
}

}  // namespace simurgh::security_centre
