// Byte and message links between the processes of a world: in order, delayed, and cut when either
// end dies.
#pragma once

#include <deque>
#include <vector>

#include "base/time.h"

namespace simurgh::sim {

// What travels one way, in order.
template <typename Parcel>
class Pipe {
 public:
  void put(Parcel parcel, Instant arrives) {
    // In order: nothing overtakes what was sent before.
    if (!waiting_.empty()) arrives = std::max(arrives, waiting_.back().first);
    waiting_.emplace_back(arrives, std::move(parcel));
  }
  bool due(Instant now) const { return !waiting_.empty() && waiting_.front().first <= now; }
  Parcel take() {
    Parcel parcel = std::move(waiting_.front().second);
    waiting_.pop_front();
    return parcel;
  }
  bool empty() const { return waiting_.empty(); }
  Instant next() const { return waiting_.empty() ? Instant::never() : waiting_.front().first; }
  void cut() { waiting_.clear(); }

 private:
  std::deque<std::pair<Instant, Parcel>> waiting_;
};

}  // namespace simurgh::sim
