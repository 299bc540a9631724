// The fleet in memory, as columns: what campaigns must know of every element, at 13 octets each.
// The store has the same in its rows; this is loaded from it once and kept up with every contact.
//
// It orders elements by last contact without ever sorting the fleet: a histogram by the hour is
// kept up incrementally, and collect() gets one piece of the order at a time. Elements that never
// reported are in no hour, so no order can contain them (G4).
//
// One thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "campaign/campaign.h"
#include "campaign/poll_calendar.h"

namespace simurgh::campaign {

class Population {
 public:
  static constexpr uint32_t hour_s = 3600;

  // Polls due before `now` and not seen are overdue.
  explicit Population(Instant now) : calendar_(whole_seconds(now)) {}

  // Room for `elements`, so that loading does not copy.
  void reserve(uint32_t elements);
  // Adds or replaces; ids between the end and a new id become elements that never reported and are
  // removed. too_large beyond elements_max.
  Result<void> put(const ElementRow& row);
  ElementRow row(ElementId element) const;
  uint32_t size() const { return static_cast<uint32_t>(last_contact_.size()); }
  bool has(ElementId element) const { return element.value < size(); }

  // Cards of a batch share a profile; 0 when nobody said.
  void set_profile(uint16_t batch, uint16_t profile);

  uint32_t last_contact_s(ElementId element) const { return last_contact_[element.value]; }
  uint32_t next_poll_s(ElementId element) const { return next_poll_[element.value]; }
  Life life(ElementId element) const { return static_cast<Life>(life_[element.value]); }
  // It was here. Never sets a contact back.
  void touch(ElementId element, uint32_t at_s);
  void set_next_poll(ElementId element, uint32_t at_s);
  void set_release(ElementId element, uint16_t release) { release_[element.value] = release; }
  void set_life(ElementId element, Life life) { life_[element.value] = static_cast<uint8_t>(life); }

  bool matches(const Filter& filter, ElementId element) const;
  uint64_t reported() const { return reported_; }
  // By the hour since 1970: how many last reported then.
  const std::vector<uint32_t>& contacts_in_hour() const { return contacts_in_hour_; }

  // Appends whole hours of the order, the hours before `bound_s` and newest first (or, when
  // `newest` is false, those from `bound_s` on and oldest first), until at least `enough` elements
  // are there or none are left. Within what one call appends the order is by the second. Returns
  // the bound to go on from; *end says that nothing is left. One pass over a column: 0.05 s for a
  // hundred million.
  uint32_t collect(uint32_t bound_s, bool newest, uint32_t enough, std::vector<ElementId>& out,
                   bool* end) const;

  PollCalendar& calendar() { return calendar_; }
  const PollCalendar& calendar() const { return calendar_; }
  size_t memory_octets() const;

 private:
  void count_contact(uint32_t at_s, int by);

  std::vector<uint32_t> last_contact_;
  std::vector<uint32_t> next_poll_;
  std::vector<uint16_t> batch_;
  std::vector<uint16_t> release_;
  std::vector<uint8_t> life_;
  std::vector<uint16_t> profile_of_batch_;
  std::vector<uint32_t> contacts_in_hour_;
  uint64_t reported_ = 0;
  PollCalendar calendar_;
};

}  // namespace simurgh::campaign
