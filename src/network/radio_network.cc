#include "network/radio_network.h"

namespace simurgh::network {

void RadioNetwork::run(Instant now) {
  for (VisitedNetwork* network : networks_) network->on_time(now);
  while (!upward_.empty()) {
    const Upward next = std::move(upward_.front());
    upward_.pop_front();
    if (next.tpdu.empty()) {
      centre_->on_terminal_available(next.from.text(), now);
    } else {
      centre_->on_mobile_submit(next.from.text(), next.tpdu, now);
    }
  }
  centre_->on_timeout(now);
}

Instant RadioNetwork::next_deadline() const {
  if (!upward_.empty()) return Instant{};  // at once
  Instant next = centre_->poll_timeout();
  for (const VisitedNetwork* network : networks_) {
    next = earlier(next, network->next_deadline());
  }
  return next;
}

void RadioNetwork::deliver(DeliveryId id, std::string_view destination, ByteView deliver_tpdu,
                           Instant now) {
  DeliveryReport report;
  const auto msisdn = Msisdn::parse(destination);
  std::vector<uint8_t> tpdu(deliver_tpdu.begin(), deliver_tpdu.end());
  if (!msisdn || !air_.pass_down(*msisdn, tpdu)) {
    return centre_->on_delivery_report(id, report, now);
  }
  for (VisitedNetwork* network : networks_) {
    const auto outcome = network->deliver(*msisdn, tpdu);
    if (!outcome) continue;  // not here, or its card went mute
    using Outcome = DeliveryReport::Outcome;
    report.outcome = outcome->accepted ? Outcome::delivered : Outcome::failed;
    report.failure_cause = outcome->failure_cause;
    report.user_data = outcome->user_data;
    return centre_->on_delivery_report(id, report, now);
  }
  centre_->on_delivery_report(id, report, now);
}

bool RadioNetwork::submit(const Msisdn& from, ByteView submit_tpdu) {
  std::vector<uint8_t> tpdu(submit_tpdu.begin(), submit_tpdu.end());
  // What the adversary drops, the terminal believes sent.
  if (air_.pass_up(from, tpdu) && !tpdu.empty()) upward_.push_back({from, std::move(tpdu)});
  return true;
}

void RadioNetwork::on_reachable(const Msisdn& msisdn) {
  if (!msisdn.empty()) upward_.push_back({msisdn, {}});
}

}  // namespace simurgh::network
