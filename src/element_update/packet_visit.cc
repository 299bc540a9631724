// A card that is served by short messages: which campaign, which packet, and what a receipt proves.
#include <algorithm>

#include "element_update/message_target.h"
#include "element_update/packets.h"
#include "formats/sms/concatenation.h"

namespace simurgh::element_update {

using campaign::Answer;
using campaign::CampaignId;
using campaign::PayloadKind;
using campaign::Reason;
using campaign::Trigger;
using campaign::Via;
using campaign::Work;
using secured_packet::Response;
using secured_packet::ResponseStatus;

namespace {

// By how much a counter that is too low is raised, at first; four times as much each round.
constexpr uint64_t leap_first = 256, leap_max = uint64_t{1} << 20;
constexpr uint64_t told_leap_max = uint64_t{1} << 28;  // that a card may ask for

uint64_t leap_of(const Cursor& cursor) {
  return std::min(leap_max, leap_first << (2 * cursor.rounds));
}

// What the campaigns do not know any more is nothing to fail for.
Result<void> unless_unknown(const Result<void>& told) {
  if (!told.has_value() && told.error().code != ErrorCode::not_found) return told;
  return {};
}

}  // namespace

// --- the visit ---------------------------------------------------------------------------------

void Messages::schedule(uint32_t element, Visit& visit, Instant at) {
  agenda_.erase({visit.deadline, element});
  visit.deadline = at;
  agenda_.insert({at, element});
}

// nullptr for an element that campaigns do not know.
Result<Messages::Visit*> Messages::visit_of(uint32_t element, Instant now) {
  const auto found = visits_.find(element);
  if (found != visits_.end()) return &found->second;
  const auto begun = parts_.campaigns.begin_session({element}, now, Via::messages);
  TRY(unless_unknown(begun));
  if (!begun.has_value()) return nullptr;
  Visit& visit = visits_[element];
  visit.first_wait = settings_.answer_wait;
  schedule(element, visit, now + settings_.answer_wait);
  return &visit;
}

Result<bool> Messages::begin(const Trigger& trigger, const Target& target, Instant now) {
  const uint32_t element = target.element.id;
  if (visits_.contains(element)) return true;
  if (visits_.size() >= settings_.visits_max || room() < target.card.packets.parts_max) {
    return false;
  }
  Visit* visit = TRY(visit_of(element, now));
  if (visit == nullptr) return true;
  visit->first_wait = wait_of(trigger);
  TRY(serve(target, now));
  return true;
}

Result<void> Messages::end(uint32_t element, Instant now) {
  const auto place = visits_.find(element);
  const Visit visit = std::move(place->second);
  agenda_.erase({visit.deadline, element});
  visits_.erase(place);
  if (visit.bare_status) {
    TRY(unless_unknown(parts_.campaigns.report({element}, visit.campaign, {}, now)));
  }
  parts_.campaigns.end_session({element}, now, visit.seen);
  return {};
}

// The next packet, or the end of the visit.
Result<void> Messages::serve(const Target& target, Instant now) {
  const uint32_t element = target.element.id;
  Visit& visit = visits_.at(element);
  while (const auto work = TRY(take_work(element, visit, now))) {
    if (TRY(give(target, visit, *work, now))) return {};
    std::erase_if(visit.offered,
                  [&](const Work& other) { return other.campaign == work->campaign; });
  }
  return end(element, now);
}

Result<std::optional<Work>> Messages::take_work(uint32_t element, Visit& visit, Instant now) {
  using Found = std::optional<Work>;
  if (!visit.offered.empty()) return Found(visit.offered.front());
  const auto work = parts_.campaigns.next_work({element}, now);
  if (!work.has_value()) {
    // A session over HTTPS has come and gone meanwhile, and the visit with it.
    return work.error().code == ErrorCode::not_found ? Result<Found>(Found()) : work.error();
  }
  if (*work) visit.offered.push_back(**work);
  return *work;
}

// --- packets -----------------------------------------------------------------------------------

// The next packet of this campaign. False: nothing more in this visit.
Result<bool> Messages::give(const Target& target, Visit& visit, const Work& work, Instant now) {
  const uint32_t element = target.element.id;
  const campaign::Campaign* campaign = parts_.campaigns.campaign(work.campaign);
  const Prepared* prepared =
      payloads_.find(work.campaign, target.element.batch, target.card, Bearer::sms);
  if (campaign == nullptr || prepared == nullptr) return false;
  if (campaign->state != campaign::State::running) return false;
  const PayloadKind kind = campaign->terms.payload.kind;
  if (prepared->problem || kind == PayloadKind::next_poll || kind == PayloadKind::key_rotation ||
      !tar_for(prepared->plan.target, target.card.packets).has_value()) {
    TRY(settle(element, visit, work.campaign, Answer::refused, Reason::unsupported, now));
    return false;
  }
  const auto stored = TRY(parts_.store.cursor(element, work.campaign));
  Cursor cursor{
      .element = element, .campaign = work.campaign, .run = work.run, .cut = prepared->cut};
  // A packet that is out may be executed still, in whatever run it was sent.
  if (stored && (stored->run == work.run || stored->counter != 0)) cursor = *stored;
  if (cursor.cut != prepared->cut || (cursor.counter != 0 && can_find_out(cursor, *prepared))) {
    // Most cards are silent, too, when their counter is ahead of ours.
    if (cursor.counter != 0) {
      TRY(parts_.elements.raise_counter(element, cursor.counter + leap_of(cursor)));
    }
    TRY(doubt_it(cursor, *prepared));
  }
  const auto& scripts = prepared->scripts(cursor.phase);
  if (cursor.phase == Phase::unknown || cursor.step >= scripts.size()) {
    TRY(leave_unproved(element, visit, work.campaign, now));
    return false;
  }
  if (cursor.counter == 0) {
    const auto counter = parts_.elements.next_counter(element);
    if (!counter.has_value() && counter.error().code != ErrorCode::no_space) {
      return counter.error();
    }
    if (!counter.has_value()) {
      TRY(leave_unproved(element, visit, work.campaign, now));
      return false;
    }
    cursor.counter = *counter;
  }
  TRY(parts_.store.save(cursor));
  visit.campaign = work.campaign;
  visit.sends = 0;
  TRY(send_packet(target, visit, cursor, scripts[cursor.step], now));
  return true;
}

// What the outlet does not take is as good as lost on the way.
Result<void> Messages::send_packet(const Target& target, Visit& visit, const Cursor& cursor,
                                   const ScriptText& script, Instant now) {
  const auto kind = sms::PayloadKind::command_packet;
  const auto tar = TRY(tar_for(script.target, target.card.packets));
  const Bytes packet =
      TRY(make_packet(target.keys, {tar, cursor.counter, target.bearer()}, script.body));
  const Duration wait = visit.seen ? settings_.answer_wait : visit.first_wait;
  const size_t parts = TRY(sms::part_count(packet.size(), kind));
  for (size_t i = 0; i < parts; ++i) {
    ByteArray<sms::user_data_octets_max> room;
    const auto part =
        TRY(sms::write_part(packet, kind, static_cast<uint8_t>(cursor.counter), i, room));
    const bool wants_receipt = !target.card.packets.response_by_submit;
    const auto submitted = parts_.outlet.submit(
        {target.element.msisdn, part.user_data, wait, wants_receipt, PartToken{0}});
    if (!submitted.has_value()) break;
  }
  ++(visit.sends == 0 ? figures_.packets : figures_.repetitions);
  ++visit.sends;
  schedule(target.element.id, visit, now + wait);
  return {};
}

// The packet that is out, the very same. False when there is none, or it is not wanted any more.
Result<bool> Messages::send_again(const fleet::Element& element, Visit& visit, Instant now) {
  const Card* card = TRY(card_of(element));
  const auto opened = card == nullptr ? Result<Target>(ErrorCode::bad_value) : open(element, *card);
  if (!opened.has_value()) return false;
  const Target& target = *opened;
  const campaign::Campaign* campaign = parts_.campaigns.campaign(visit.campaign);
  if (campaign == nullptr || campaign->state != campaign::State::running) return false;
  const Prepared* prepared =
      payloads_.find(visit.campaign, target.element.batch, target.card, Bearer::sms);
  const auto cursor = TRY(parts_.store.cursor(target.element.id, visit.campaign));
  if (prepared == nullptr || prepared->problem || !cursor || cursor->counter == 0 ||
      cursor->cut != prepared->cut) {
    return false;
  }
  const auto& scripts = prepared->scripts(cursor->phase);
  if (cursor->step >= scripts.size()) return false;
  TRY(send_packet(target, visit, *cursor, scripts[cursor->step], now));
  return true;
}

// --- what a receipt proves ---------------------------------------------------------------------

// It has verified and is for the packet of `cursor`.
Result<void> Messages::take_receipt(const Target& target, Cursor& cursor, const Prepared& prepared,
                                    const Response& response, Instant now) {
  const uint32_t element = target.element.id;
  Visit* visit = TRY(visit_of(element, now));
  if (visit == nullptr) return {};
  visit->seen = true;
  if (response.status == ResponseStatus::more_time ||
      response.status == ResponseStatus::response_by_submit) {
    visit->sends = settings_.sends_max;  // it is at it
    schedule(element, *visit, now + std::max(settings_.answer_wait, visit->first_wait));
    return {};
  }
  // Another campaign's packet is out, and this is a late receipt: that one is not to be disturbed.
  const bool another_is_out = visit->sends > 0 && visit->campaign != cursor.campaign;
  if (response.status == ResponseStatus::ok) {
    TRY(take_answer(element, *visit, cursor, prepared, response.data, now));
  } else {
    TRY(take_status(target, *visit, cursor, prepared, response, now));
  }
  return another_is_out ? Result<void>() : serve(target, now);
}

Result<void> Messages::take_answer(uint32_t element, Visit& visit, Cursor& cursor,
                                   const Prepared& prepared, ByteView body, Instant now) {
  const auto& scripts = prepared.scripts(cursor.phase);
  if (cursor.cut != prepared.cut || cursor.step >= scripts.size()) {
    return doubt_it(cursor, prepared);
  }
  const Verdict verdict = judge(scripts[cursor.step], {.body = body});
  if (verdict.inconclusive) {
    TRY(doubt_it(cursor, prepared));
    return leave_unproved(element, visit, cursor.campaign, now);
  }
  if (verdict.restart) return doubt_it(cursor, prepared);
  if (verdict.fits || cursor.phase == Phase::before_again) {
    if (!step_on(cursor, prepared)) return parts_.store.save(cursor);
    return settle(element, visit, cursor.campaign, Answer::executed, Reason::none, now);
  }
  if (cursor.phase == Phase::guard) {
    on_not_done(cursor, prepared);
    return parts_.store.save(cursor);
  }
  return settle(element, visit, cursor.campaign, Answer::refused, verdict.reason, now);
}

// TS 102 225 table 5, under the card's MAC.
Result<void> Messages::take_status(const Target& target, Visit& visit, Cursor& cursor,
                                   const Prepared& prepared, const Response& response,
                                   Instant now) {
  const uint32_t element = target.element.id;
  const auto refuse = [&](Reason reason) {
    return settle(element, visit, cursor.campaign, Answer::refused, reason, now);
  };
  switch (response.status) {
    case ResponseStatus::counter_low: {
      // The packet was executed before, or another platform has used the keys: nobody knows.
      ++figures_.counters_low;
      uint64_t wanted = cursor.counter + leap_of(cursor);
      if (response.counter <= cursor.counter + told_leap_max) {
        wanted = std::max(wanted, response.counter);
      }
      TRY(parts_.elements.raise_counter(element, wanted));
      return doubt_it(cursor, prepared);
    }
    case ResponseStatus::counter_high:
    case ResponseStatus::counter_blocked:
    case ResponseStatus::check_failed:
    case ResponseStatus::ciphering_error:
    case ResponseStatus::unidentified_security_error:
    case ResponseStatus::insufficient_security: return refuse(Reason::security_refused);
    case ResponseStatus::memory_full: return refuse(Reason::memory_full);
    case ResponseStatus::tar_unknown: return refuse(Reason::unsupported);
    default:
      TRY(doubt_it(cursor, prepared));
      return leave_unproved(element, visit, cursor.campaign, now);
  }
}

Result<void> Messages::doubt_it(Cursor& cursor, const Prepared& prepared) {
  if (doubt(cursor, prepared)) ++figures_.read_backs;
  return parts_.store.save(cursor);
}

Result<void> Messages::settle(uint32_t element, Visit& visit, CampaignId campaign, Answer answer,
                              Reason reason, Instant now) {
  const auto told = parts_.campaigns.report(
      {element}, campaign, {.answer = answer, .proved = true, .reason = reason}, now);
  TRY(unless_unknown(told));
  ++(answer == Answer::executed ? figures_.executed : figures_.refused);
  std::erase_if(visit.offered, [&](const Work& work) { return work.campaign == campaign; });
  return parts_.store.erase_cursor(element, campaign);
}

Result<void> Messages::leave_unproved(uint32_t element, Visit& visit, CampaignId campaign,
                                      Instant now) {
  ++figures_.unproved;
  std::erase_if(visit.offered, [&](const Work& work) { return work.campaign == campaign; });
  return unless_unknown(parts_.campaigns.report({element}, campaign, {}, now));
}

}  // namespace simurgh::element_update
