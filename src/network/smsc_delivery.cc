// The SMSC towards terminals: one message of a destination at a time, retries, expiry.
#include <algorithm>

#include "network/smsc_state.h"

namespace simurgh::network {
namespace {

// TP-FCS values after which the same message may go through later (TS 23.040 9.2.3.22).
bool is_temporary(uint8_t failure_cause) {
  return failure_cause == sms::failure_cause::toolkit_busy ||
         failure_cause == sms::failure_cause::sim_storage_full ||
         failure_cause == sms::failure_cause::memory_capacity_exceeded;
}

}  // namespace

size_t SmscCentre::State::destination_index(std::string_view digits) {
  const auto [found, made] = destination_of.try_emplace(std::string(digits), 0);
  if (!made) return found->second;
  if (free_destinations.empty()) {
    free_destinations.push_back(destinations.size());
    destinations.emplace_back();
  }
  found->second = free_destinations.back();
  free_destinations.pop_back();
  destinations[found->second].digits = digits;
  return found->second;
}

void SmscCentre::State::forget_if_idle(size_t index) {
  Destination& destination = destinations[index];
  if (!destination.waiting.empty() || destination.delivery != 0) return;
  destination_of.erase(destination.digits);
  destination = {};
  free_destinations.push_back(index);
}

// A message whose times are known: into its destination's queue.
void SmscCentre::State::store(MessageId id) {
  Message& message = messages[id];
  if (message.lie) {
    // The copy of the network's word that is worth nothing (threats 31).
    finish(id, smpp::MessageState::delivered, 0);
    return;
  }
  if (message.lost) {
    ++counts.lost;
    messages.erase(id);
    return;
  }
  std::string_view goes_to = message.destination.digits;
  if (chance(random, faults.misrouting_ppm) && !destinations.empty()) {
    const auto other = uniform_below(random, static_cast<uint32_t>(destinations.size()));
    if (!destinations[other].digits.empty()) goes_to = destinations[other].digits;
  }
  const size_t index = destination_index(goes_to);
  destinations[index].waiting.push_back(id);
  message.waits_at = index;
  push(std::max(message.not_before, destinations[index].retry_at), Due::Kind::attempt, index);
  push(message.valid_until, Due::Kind::expiry, id);
}

size_t SmscCentre::State::choose(const Destination& destination) {
  std::vector<size_t> ready;
  for (size_t i = 0; i < destination.waiting.size(); ++i) {
    if (messages[destination.waiting[i]].not_before <= now) ready.push_back(i);
  }
  if (ready.empty()) return destination.waiting.size();
  if (ready.size() == 1 || !chance(random, faults.reordering_ppm)) return ready[0];
  return ready[uniform_below(random, static_cast<uint32_t>(ready.size()))];
}

void SmscCentre::State::attempt(size_t index) {
  const Destination& destination = destinations[index];
  if (destination.digits.empty() || destination.delivery != 0 || destination.retry_at > now) {
    return;
  }
  const size_t chosen = choose(destination);
  if (chosen == destination.waiting.size()) return;
  deliver(index, destination.waiting[chosen]);
}

void SmscCentre::State::deliver(size_t index, MessageId id) {
  Destination& destination = destinations[index];
  Message& message = messages[id];
  ++counts.attempts;
  const DeliveryId delivery = ++last_delivery;
  destination.delivery = delivery;
  deliveries[delivery] = {index, id};
  message.delivering = true;
  if (chance(random, faults.absent_ppm)) {
    report(delivery, {});
    return;
  }
  const auto tpdu =
      write_deliver_tpdu(message.air, message.originator, destination.waiting.size() > 1, now);
  if (!tpdu.has_value()) {
    report(delivery, {.outcome = DeliveryReport::Outcome::unknown_subscriber});
    return;
  }
  push(now + options.report_wait, Due::Kind::report_wait, delivery);
  // May answer at once: what is referred to above may be gone when this returns.
  const std::string digits = destination.digits;
  terminals.deliver(delivery, digits, *tpdu, now);
}

void SmscCentre::State::report(DeliveryId id, const DeliveryReport& said) {
  const auto found = deliveries.find(id);
  if (found == deliveries.end()) return;  // late, or twice
  const Delivery delivery = found->second;
  deliveries.erase(found);
  const size_t index = delivery.destination;
  destinations[index].delivery = 0;
  Message& message = messages[delivery.message];
  message.delivering = false;
  using Outcome = DeliveryReport::Outcome;
  const bool unheard = said.outcome == Outcome::delivered && chance(random, faults.report_loss_ppm);
  const bool again = unheard || said.outcome == Outcome::absent ||
                     (said.outcome == Outcome::failed && is_temporary(said.failure_cause));
  if (again && !message.expired) {
    retry_later(index);
    return;
  }
  destinations[index].retries = 0;
  destinations[index].retry_at = {};
  if (destinations[index].waiting.size() > 1) push(now, Due::Kind::attempt, index);
  if (again) {
    finish(delivery.message, smpp::MessageState::expired, said.failure_cause);
    return;
  }
  if (!said.user_data.empty()) send_report_data(message, said.user_data);
  const bool delivered = said.outcome == Outcome::delivered;
  if (delivered) ++counts.delivered;
  finish(delivery.message,
         delivered ? smpp::MessageState::delivered : smpp::MessageState::undeliverable,
         said.failure_cause);
}

void SmscCentre::State::retry_later(size_t index) {
  Destination& destination = destinations[index];
  const size_t step = std::min(destination.retries, options.retry_waits.size() - 1);
  destination.retry_at = now + options.retry_waits[step];
  ++destination.retries;
  push(destination.retry_at, Due::Kind::attempt, index);
}

void SmscCentre::State::expire(MessageId id) {
  const auto found = messages.find(id);
  if (found == messages.end()) return;
  if (found->second.delivering) {
    found->second.expired = true;  // unless it arrives after all
    return;
  }
  finish(id, smpp::MessageState::expired, 0);
}

// The end of a message, which leaves its queue.
void SmscCentre::State::finish(MessageId id, smpp::MessageState state, uint8_t error) {
  const auto found = messages.find(id);
  if (found == messages.end()) return;
  const Message message = std::move(found->second);
  messages.erase(found);
  if (state == smpp::MessageState::expired) ++counts.expired;
  if (state == smpp::MessageState::undeliverable) ++counts.undeliverable;
  if (message.waits_at != SIZE_MAX) {
    std::erase(destinations[message.waits_at].waiting, id);
    forget_if_idle(message.waits_at);
  }
  if (message.copy) return;
  final_states[id] = state;
  final_order.push_back(id);
  if (final_order.size() > final_states_max) {
    final_states.erase(final_order.front());
    final_order.pop_front();
  }
  send_receipt(message, id, state, error);
}

}  // namespace simurgh::network
