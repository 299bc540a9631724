// Elements that wait for a time: 4 octets each, in buckets of a few seconds. An entry is not taken
// back when its element no longer waits; whoever pops it looks.
#pragma once

#include <map>
#include <vector>

#include "base/function_ref.h"
#include "campaign/element.h"

namespace simurgh::campaign {

class Waits {
 public:
  static constexpr uint32_t bucket_s = 4;

  void add(ElementId element, uint32_t until_s) {
    buckets_[until_s / bucket_s + 1].push_back(element);
    ++size_;
  }
  // Calls `visit` for every element whose time has come.
  void pop_due(uint32_t now_s, FunctionRef<void(ElementId)> visit) {
    while (!buckets_.empty() && buckets_.begin()->first <= now_s / bucket_s) {
      const std::vector<ElementId> due = std::move(buckets_.begin()->second);
      buckets_.erase(buckets_.begin());
      size_ -= due.size();
      for (const ElementId element : due) visit(element);
    }
  }
  bool empty() const { return buckets_.empty(); }
  size_t memory_octets() const {
    // A vector has room for up to twice what is in it, 1.5 times on average.
    return size_ * sizeof(ElementId) * 3 / 2 + buckets_.size() * 80;
  }

 private:
  std::map<uint32_t, std::vector<ElementId>> buckets_;
  size_t size_ = 0;
};

}  // namespace simurgh::campaign
