#include "campaign/order.h"

#include <algorithm>

namespace simurgh::campaign {

namespace {

constexpr uint32_t piece_elements_max = 1u << 19;
constexpr uint32_t pieces = 64;  // a fleet's order is collected in about so many passes

// By last contact, one piece of hours at a time.
class ContactOrder final : public Order {
 public:
  ContactOrder(const Population& population, bool newest)
      : population_(population), newest_(newest), bound_s_(newest ? UINT32_MAX : 0) {}

  std::optional<ElementId> next() override {
    while (place_ == piece_.size()) {
      if (end_) return std::nullopt;
      piece_.clear();
      place_ = 0;
      const uint32_t enough = std::clamp(population_.size() / pieces, 1024u, piece_elements_max);
      bound_s_ = population_.collect(bound_s_, newest_, enough, piece_, &end_);
    }
    return piece_[place_++];
  }
  size_t memory_octets() const override { return piece_.capacity() * sizeof(ElementId); }

 private:
  const Population& population_;
  bool newest_;
  uint32_t bound_s_;
  bool end_ = false;
  std::vector<ElementId> piece_;
  size_t place_ = 0;
};

// By a hash: a keyed permutation of the ids (a Feistel network that walks until it is inside), so
// that no list is needed.
class HashOrder final : public Order {
 public:
  HashOrder(const Population& population, uint64_t key)
      : population_(population), elements_(population.size()), key_(key) {
    while ((uint64_t{1} << (2 * half_bits_)) < elements_) ++half_bits_;
  }

  std::optional<ElementId> next() override {
    while (place_ < elements_) {
      const ElementId element{at(place_++)};
      if (population_.last_contact_s(element) != 0) return element;
    }
    return std::nullopt;
  }
  size_t memory_octets() const override { return 0; }

 private:
  uint32_t at(uint32_t place) const {
    const uint32_t mask = (1u << half_bits_) - 1;
    uint32_t value = place;
    do {
      uint32_t left = value >> half_bits_;
      uint32_t right = value & mask;
      for (uint64_t round = 0; round < 4; ++round) {
        uint64_t mixed = (right + 1 + (round << 32)) * 0x9e3779b97f4a7c15 ^ key_;
        mixed = (mixed ^ mixed >> 31) * 0xbf58476d1ce4e5b9;
        const uint32_t swapped = left ^ (static_cast<uint32_t>(mixed >> 32) & mask);
        left = right;
        right = swapped;
      }
      value = left << half_bits_ | right;
    } while (value >= elements_);
    return value;
  }

  const Population& population_;
  uint32_t elements_;
  uint64_t key_;
  uint32_t half_bits_ = 1;
  uint32_t place_ = 0;
};

}  // namespace

std::unique_ptr<Order> make_order(OrderKind kind, const Population& population, uint64_t seed) {
  switch (kind) {
    case OrderKind::most_recent_first: return std::make_unique<ContactOrder>(population, true);
    case OrderKind::oldest_first: return std::make_unique<ContactOrder>(population, false);
    case OrderKind::hash_ramp: return std::make_unique<HashOrder>(population, 0);
    case OrderKind::random: return std::make_unique<HashOrder>(population, seed | 1);
  }
  return nullptr;
}

}  // namespace simurgh::campaign
