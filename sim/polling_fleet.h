// A fleet of chips that poll by their own clocks, as the reverse-order world has it: who polls
// when, who is off or late, all decided by arithmetic on the element's number, so that a hundred
// million of them need no memory here.
//
// Elements have ids in an order that says nothing about when they poll. Slot 0 polled first, one
// period before the campaign begins; slot N - 1 just before it. Beyond N are chips that the
// operator knows and that never reported.
#pragma once

#include <utility>

#include "campaign/population.h"
#include "seeded_random.h"

namespace simurgh::sim {

class PollingFleet {
 public:
  // `period_s` between two polls; the campaign begins at `begin_s`.
  PollingFleet(uint32_t elements, uint32_t never_reported, uint32_t begin_s, uint32_t period_s,
               uint64_t seed, bool noise)
      : elements_(elements),
        total_(elements + never_reported),
        begin_s_(begin_s),
        period_s_(period_s),
        seed_(seed),
        noise_(noise) {
    // A factor without common divisor, near the golden section; and its inverse.
    factor_ = static_cast<uint64_t>(static_cast<double>(total_) * 0.6180339887) | 1;
    while (inverse_of(factor_) == 0) factor_ += 2;
    inverse_ = inverse_of(factor_);
  }

  uint32_t elements() const { return elements_; }
  uint32_t total() const { return total_; }
  campaign::ElementId element_at(uint32_t slot) const {
    return {static_cast<uint32_t>(slot * factor_ % total_)};
  }
  uint32_t slot_of(campaign::ElementId element) const {
    return static_cast<uint32_t>(element.value * inverse_ % total_);
  }
  bool ever_reported(campaign::ElementId element) const { return slot_of(element) < elements_; }
  // The poll of the slot that is due in the first period of the campaign.
  uint32_t poll_s(uint32_t slot) const {
    return begin_s_ + static_cast<uint32_t>(uint64_t{slot} * period_s_ / elements_);
  }
  uint32_t batch_of(uint32_t slot, uint32_t batches) const {
    return static_cast<uint32_t>(uint64_t{slot} * batches / elements_) + 1;
  }

  // With noise: 10 % are off all the time, 20 % come late, to their polls and after a trigger.
  bool is_off(campaign::ElementId element) const { return noise_ && dice(element) < 100; }
  bool is_late(campaign::ElementId element) const {
    return noise_ && dice(element) >= 100 && dice(element) < 300;
  }

  void fill(campaign::Population& population, uint32_t batches) const {
    population.reserve(total_);
    for (uint32_t i = 0; i < total_; ++i) {
      campaign::ElementRow row{.element = {i}};
      const uint32_t slot = slot_of(row.element);
      if (slot < elements_) {
        row.next_poll_s = poll_s(slot);
        row.last_contact_s = row.next_poll_s - period_s_;
        row.batch = static_cast<uint16_t>(batch_of(slot, batches));
      }
      SIMURGH_CHECK(population.put(row).has_value());
    }
  }

 private:
  // 0 … 999, by element.
  uint32_t dice(campaign::ElementId element) const {
    uint64_t z = (element.value + seed_ * 0x51ed270b) * 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    return static_cast<uint32_t>((z ^ z >> 31) % 1000);
  }
  // Modulo total_; 0 when there is none.
  uint64_t inverse_of(uint64_t value) const {
    int64_t t = 0, next_t = 1;
    auto r = static_cast<int64_t>(total_);
    auto next_r = static_cast<int64_t>(value % total_);
    while (next_r != 0) {
      const int64_t quotient = r / next_r;
      t = std::exchange(next_t, t - quotient * next_t);
      r = std::exchange(next_r, r - quotient * next_r);
    }
    if (r != 1) return 0;
    return static_cast<uint64_t>(t < 0 ? t + static_cast<int64_t>(total_) : t);
  }

  uint32_t elements_, total_, begin_s_, period_s_;
  uint64_t seed_;
  bool noise_;
  uint64_t factor_ = 1, inverse_ = 1;
};

}  // namespace simurgh::sim
