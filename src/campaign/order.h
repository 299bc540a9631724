// In which order a campaign triggers elements: a policy with one interface. An order yields
// candidates, each at most once, and nothing that never reported; whether a candidate belongs to
// the campaign and still needs it is asked afterwards.
//
// An order keeps a place, not a list: memory for one piece (half a million elements) at most.
#pragma once

#include <memory>
#include <optional>

#include "campaign/population.h"

namespace simurgh::campaign {

class Order {
 public:
  virtual ~Order() = default;
  // nullopt at the end. Elements whose contact is newer than the order's beginning may be missing:
  // they have been served, or wait for their next trigger.
  virtual std::optional<ElementId> next() = 0;
  virtual size_t memory_octets() const = 0;
};

// `population` must outlive the order. `seed` is for `random` only.
std::unique_ptr<Order> make_order(OrderKind kind, const Population& population, uint64_t seed);

}  // namespace simurgh::campaign
