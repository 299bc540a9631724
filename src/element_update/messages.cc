// Triggers out, receipts in. What a card is given between the two is in packet_visit.cc.
#include "element_update/messages.h"

#include "element_update/message_target.h"
#include "element_update/packets.h"
#include "formats/sms/concatenation.h"

namespace simurgh::element_update {

using campaign::Trigger;
using fleet::ElementKeySource;

namespace {

constexpr Duration look_wait = minutes(1);  // until a batch's new settings are heard of

}  // namespace

Messages::Messages(const Settings& settings, const Parts& parts)
    : settings_(settings), parts_(parts), payloads_(parts.campaigns) {}
Messages::~Messages() = default;

// nullptr when the settings of its batch cannot be read.
Result<const Card*> Messages::card_of(const fleet::Element& element) {
  const auto [place, fresh] = cards_.try_emplace({element.batch, element.source});
  if (fresh) {
    Card base = element.source == ElementKeySource::centre ? own_card() : imported_card();
    base.session = settings_.session;
    std::string settings = "{}", problem;
    if (element.batch != 0) settings = TRY(parts_.elements.batch(element.batch)).settings;
    if (const auto card = read_card(settings, base, problem)) place->second = *card;
  }
  return place->second ? &*place->second : nullptr;
}

Result<void> Messages::read_batches(Instant now) {
  next_look_ = now + look_wait;
  cards_.clear();
  for (const fleet::Batch& batch : TRY(parts_.elements.store().batches())) {
    std::string problem;
    const auto card = read_card(batch.settings, imported_card(), problem);
    parts_.campaigns.set_by_messages(batch.id, card.has_value() && card->bearer == Bearer::sms);
  }
  return {};
}

Result<Messages::Target> Messages::open(const fleet::Element& element, const Card& card) {
  return Target{element, card, TRY(fleet::open_element_keys(parts_.keys, element))};
}

// --- triggers ----------------------------------------------------------------------------------

Duration Messages::wait_of(const Trigger& trigger) const {
  const campaign::Campaign* campaign = parts_.campaigns.campaign(trigger.campaign);
  return campaign == nullptr ? settings_.answer_wait
                             : wait_after(campaign->terms.policy, trigger.number);
}

bool Messages::cannot_send(const Trigger& trigger, Instant now) {
  ++figures_.unreachable;
  parts_.campaigns.cannot_send(trigger, now);
  return true;
}

Result<bool> Messages::send(const Trigger& trigger, Instant now) {
  const auto element = TRY(parts_.elements.store().element(trigger.element.value));
  if (!element) return cannot_send(trigger, now);
  const Card* card = TRY(card_of(*element));
  if (card == nullptr) return cannot_send(trigger, now);
  if (element->source == ElementKeySource::imported) {
    if (element->msisdn.empty() || element->key_version == 0) return cannot_send(trigger, now);
    // One without a PSK has no session to come by, whatever its batch says.
    if (card->bearer == Bearer::sms || element->psk_identity.empty()) {
      const auto target = open(*element, *card);
      if (!target.has_value()) return cannot_send(trigger, now);
      return begin(trigger, *target, now);
    }
  }
  return send_trigger(trigger, *element, *card, now);
}

Result<bool> Messages::send_trigger(const Trigger& trigger, const fleet::Element& element,
                                    const Card& card, Instant now) {
  const auto data = write_trigger(card.session);
  if (!data.has_value()) return cannot_send(trigger, now);
  const auto parts = sms::part_count(secured_packet::command_packet_octets(data->size()),
                                     sms::PayloadKind::command_packet);
  if (!parts.has_value() || *parts > card.http.trigger_parts_max) return cannot_send(trigger, now);
  if (parts_.outlet.room() < *parts) return false;
  if (element.source == ElementKeySource::centre) {
    const auto made = parts_.own_keys.make_packet(element.iccid, card.session.trigger_tar, *data);
    if (made.has_value()) return submit_trigger(trigger, made->to, made->bytes, made->counter, now);
    if (made.error().code == ErrorCode::storage) return made.error();
    return cannot_send(trigger, now);
  }
  const auto target = open(element, card);
  if (!target.has_value()) return cannot_send(trigger, now);
  const auto counter = parts_.elements.next_counter(element.id);
  if (!counter.has_value()) {
    if (counter.error().code == ErrorCode::storage) return counter.error();
    return cannot_send(trigger, now);
  }
  const Bytes packet =
      TRY(make_packet(target->keys, {card.session.trigger_tar, *counter, std::nullopt}, *data));
  return submit_trigger(trigger, element.msisdn, packet, *counter, now);
}

Result<bool> Messages::submit_trigger(const Trigger& trigger, const Msisdn& to, ByteView packet,
                                      uint64_t counter, Instant) {
  const auto kind = sms::PayloadKind::command_packet;
  const size_t parts = TRY(sms::part_count(packet.size(), kind));
  for (size_t i = 0; i < parts; ++i) {
    ByteArray<sms::user_data_octets_max> room;
    const auto part = TRY(sms::write_part(packet, kind, static_cast<uint8_t>(counter), i, room));
    const PartToken token = ++last_token_;
    if (!parts_.outlet.submit({to, part.user_data, wait_of(trigger), false, token}).has_value()) {
      return false;
    }
    triggers_[token] = trigger;
  }
  ++figures_.triggers;
  return true;
}

void Messages::on_submitted(PartToken token, bool taken, Instant now) {
  const auto found = triggers_.find(token);
  if (found == triggers_.end()) return;
  const Trigger trigger = found->second;
  triggers_.erase(found);
  if (!taken) parts_.campaigns.not_sent(trigger, now);
}

// --- receipts ----------------------------------------------------------------------------------

Result<bool> Messages::on_short_message(const Msisdn& from, ByteView user_data, bool has_header,
                                        Instant now) {
  const auto header = has_header ? sms::parse_user_data_header(user_data)
                                 : Result<sms::UserDataHeader>(ErrorCode::unsupported);
  if (!header.has_value() || (!header->response_packet && !header->concatenation)) return false;
  const auto element = TRY(parts_.elements.store().element_of(from));
  if (!element || element->source != ElementKeySource::imported) return false;
  const auto whole = reassembler_->on_part(sms::Address::of_msisdn(from), *header,
                                           user_data.subspan(header->octets), now);
  if (!whole.has_value()) {
    ++figures_.refused_receipts;
    return true;
  }
  if (!*whole) return true;  // parts are missing
  if ((*whole)->kind != sms::PayloadKind::response_packet || element->key_version == 0) {
    ++figures_.refused_receipts;
    return true;
  }
  Bytes packet((*whole)->payload.begin(), (*whole)->payload.end());
  TRY(on_response(*element, packet, now));
  return true;
}

// Whose step it proves: the one whose packet has this counter and is out. A receipt for any other,
// older or of another's making, is good for nothing.
Result<void> Messages::on_response(const fleet::Element& element, MutableByteView packet,
                                   Instant now) {
  const Card* card = TRY(card_of(element));
  const auto target = card == nullptr ? Result<Target>(ErrorCode::bad_value) : open(element, *card);
  const auto receipt = target.has_value() ? open_receipt(target->keys, target->bearer(), packet)
                                          : Result<Receipt>(target.error());
  if (!receipt.has_value()) {
    ++figures_.refused_receipts;
    return {};
  }
  const secured_packet::Response& response = receipt->response;
  if (!response.authenticated) {
    ++figures_.bare_statuses;
    const auto visit = visits_.find(element.id);
    if (visit != visits_.end()) visit->second.bare_status = true;
    return {};
  }
  for (Cursor& cursor : TRY(parts_.store.cursors_of(element.id))) {
    const bool is_answer = cursor.counter == response.counter;
    // Some cards tell their own counter then.
    const bool tells_counter = response.status == secured_packet::ResponseStatus::counter_low &&
                               response.counter > cursor.counter;
    if (cursor.counter == 0 || (!is_answer && !tells_counter)) continue;
    const Prepared* prepared = payloads_.find(cursor.campaign, element.batch, *card, Bearer::sms);
    if (prepared == nullptr || prepared->problem) continue;
    const auto tar = tar_for(prepared->plan.target, card->packets);
    if (!tar.has_value() || *tar != receipt->tar) continue;
    ++figures_.receipts;
    return take_receipt(*target, cursor, *prepared, response, now);
  }
  ++figures_.refused_receipts;
  return {};
}

// --- time --------------------------------------------------------------------------------------

Result<void> Messages::on_time(Instant now) {
  if (now >= next_look_) TRY(read_batches(now));
  reassembler_->on_timeout(now);
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    const uint32_t id = agenda_.begin()->second;
    Visit& visit = visits_.at(id);
    bool sent = false;
    if (visit.seen && visit.sends < settings_.sends_max) {
      const auto element = TRY(parts_.elements.store().element(id));
      if (element) sent = TRY(send_again(*element, visit, now));
    }
    if (!sent) TRY(end(id, now));
  }
  return {};
}

Instant Messages::next_deadline() const {
  return agenda_.empty() ? next_look_ : earlier(next_look_, agenda_.begin()->first);
}

}  // namespace simurgh::element_update
