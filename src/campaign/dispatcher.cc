#include "campaign/dispatcher.h"

namespace simurgh::campaign {

Result<void> Dispatcher::tick(const FrontEnd& front_end, Instant now) {
  campaigns_.set_can_trigger(sender_ != nullptr);
  TRY(campaigns_.advance(now));
  if (sender_ != nullptr && sender_->throttled() != throttled_) {
    throttled_ = sender_->throttled();
    controller_.throttled(now);
  }
  const Load load{.now = now,
                  .capacity = front_end.capacity,
                  .sessions = front_end.sessions,
                  .smsc_room = sender_ == nullptr ? 0 : sender_->room()};
  budget_ = controller_.plan(load, campaigns_.take_events(), [&](uint32_t from_s, uint32_t to_s) {
    return campaigns_.polls_due(from_s, to_s);
  });
  if (sender_ == nullptr) return {};
  triggers_.clear();
  campaigns_.pick(now, budget_, triggers_);
  size_t refused = 0;
  for (const Trigger& trigger : triggers_) {
    if (TRY(sender_->send(trigger, now))) continue;
    triggers_[refused++] = trigger;
  }
  figures_.triggers += triggers_.size() - refused;
  figures_.refused += refused;
  // Each goes before the others that wait, so the last one first: their order stays.
  while (refused > 0) campaigns_.not_sent(triggers_[--refused], now);
  return {};
}

}  // namespace simurgh::campaign
