#include "campaign/population.h"

#include <algorithm>

namespace simurgh::campaign {

namespace {

bool names(const std::vector<uint16_t>& list, uint16_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Sorts `out` from `begin` on by the second of contact; all are within [from_s, from_s + width).
void sort_by_contact(const std::vector<uint32_t>& contacts, uint32_t from_s, uint32_t width,
                     bool newest, std::vector<ElementId>& out, size_t begin) {
  constexpr uint32_t buckets_max = 1u << 20;
  uint32_t shift = 0;
  while (width >> shift > buckets_max) ++shift;
  const uint32_t buckets = (width >> shift) + 1;
  std::vector<uint32_t> starts(buckets + 1);
  const auto bucket_of = [&](ElementId element) {
    const uint32_t bucket = (contacts[element.value] - from_s) >> shift;
    return newest ? buckets - 1 - bucket : bucket;
  };
  for (size_t i = begin; i < out.size(); ++i) ++starts[bucket_of(out[i]) + 1];
  for (uint32_t i = 1; i <= buckets; ++i) starts[i] += starts[i - 1];
  const std::vector<ElementId> found(out.begin() + static_cast<ptrdiff_t>(begin), out.end());
  for (const ElementId element : found) out[begin + starts[bucket_of(element)]++] = element;
}

}  // namespace

void Population::reserve(uint32_t elements) {
  last_contact_.reserve(elements);
  next_poll_.reserve(elements);
  batch_.reserve(elements);
  release_.reserve(elements);
  life_.reserve(elements);
}

Result<void> Population::put(const ElementRow& row) {
  if (row.element.value >= elements_max) return fail(ErrorCode::too_large);
  const size_t place = row.element.value;
  if (place >= last_contact_.size()) {
    last_contact_.resize(place + 1);
    next_poll_.resize(place + 1);
    batch_.resize(place + 1);
    release_.resize(place + 1);
    life_.resize(place + 1, static_cast<uint8_t>(Life::removed));
  }
  count_contact(last_contact_[place], -1);
  last_contact_[place] = row.last_contact_s;
  count_contact(row.last_contact_s, 1);
  set_next_poll(row.element, row.next_poll_s);
  batch_[place] = row.batch;
  release_[place] = row.release;
  life_[place] = static_cast<uint8_t>(row.life);
  return {};
}

ElementRow Population::row(ElementId element) const {
  const size_t place = element.value;
  return {.element = element,
          .last_contact_s = last_contact_[place],
          .next_poll_s = next_poll_[place],
          .batch = batch_[place],
          .release = release_[place],
          .life = life(element)};
}

void Population::set_profile(uint16_t batch, uint16_t profile) {
  if (batch >= profile_of_batch_.size()) profile_of_batch_.resize(batch + size_t{1});
  profile_of_batch_[batch] = profile;
}

void Population::count_contact(uint32_t at_s, int by) {
  if (at_s == 0) return;
  const uint32_t hour = at_s / hour_s;
  if (hour >= contacts_in_hour_.size()) contacts_in_hour_.resize(hour + 1);
  contacts_in_hour_[hour] += static_cast<uint32_t>(by);
  reported_ += static_cast<uint64_t>(static_cast<int64_t>(by));
}

void Population::touch(ElementId element, uint32_t at_s) {
  uint32_t& contact = last_contact_[element.value];
  if (at_s <= contact) return;
  count_contact(contact, -1);
  contact = at_s;
  count_contact(at_s, 1);
}

void Population::set_next_poll(ElementId element, uint32_t at_s) {
  calendar_.remove(next_poll_[element.value]);
  next_poll_[element.value] = at_s;
  calendar_.add(at_s);
}

bool Population::matches(const Filter& filter, ElementId element) const {
  const size_t place = element.value;
  const Life now = life(element);
  if (now == Life::removed || (now == Life::suspended && !filter.suspended_too)) return false;
  const uint32_t contact = last_contact_[place];
  if (contact < filter.contacted_from_s || contact >= filter.contacted_before_s) return false;
  const uint16_t batch = batch_[place];
  if (!filter.batches.empty() && !names(filter.batches, batch)) return false;
  if (!filter.releases.empty() &&
      names(filter.releases, release_[place]) == filter.releases_excluded) {
    return false;
  }
  if (filter.profiles.empty()) return true;
  return names(filter.profiles, batch < profile_of_batch_.size() ? profile_of_batch_[batch] : 0);
}

uint32_t Population::collect(uint32_t bound_s, bool newest, uint32_t enough,
                             std::vector<ElementId>& out, bool* end) const {
  // Whole hours until there are enough: [from, to) in hours.
  const auto hours = static_cast<uint32_t>(contacts_in_hour_.size());
  uint32_t from = std::min(bound_s / hour_s + (bound_s % hour_s != 0 ? 1 : 0), hours);
  uint32_t to = from;
  uint64_t sum = 0;
  while (sum < enough && (newest ? from > 0 : to < hours)) {
    sum += contacts_in_hour_[newest ? --from : to++];
  }
  *end = newest ? from == 0 : to == hours;
  if (sum == 0) return newest ? 0 : UINT32_MAX;
  const uint32_t bound = (newest ? from : to) * hour_s;
  // Empty hours at the edges would make the sort's buckets coarse.
  while (contacts_in_hour_[from] == 0) ++from;
  while (contacts_in_hour_[to - 1] == 0) --to;
  // Hour 0 would hold those that never reported; nobody has reported then.
  const uint32_t from_s = std::max(from * hour_s, 1u);
  const uint32_t width = to * hour_s - from_s;
  // Room for one more, so that the loop can write before it knows.
  const size_t begin = out.size();
  out.resize(begin + sum + 1);
  size_t place = begin;
  for (uint32_t i = 0; i < last_contact_.size(); ++i) {
    out[place].value = i;
    place += last_contact_[i] - from_s < width ? size_t{1} : 0;
  }
  out.resize(place);
  sort_by_contact(last_contact_, from_s, width, newest, out, begin);
  return bound;
}

size_t Population::memory_octets() const {
  return last_contact_.capacity() * 4 + next_poll_.capacity() * 4 + batch_.capacity() * 2 +
         release_.capacity() * 2 + life_.capacity() + profile_of_batch_.capacity() * 2 +
         contacts_in_hour_.capacity() * 4 + PollCalendar::slots * sizeof(uint32_t);
}

}  // namespace simurgh::campaign
