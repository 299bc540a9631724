// A sequence with room for a fixed number of elements, kept in place: no heap. Appending beyond
// the capacity is a programmer's error unless try_push_back is used.
#pragma once

#include <array>
#include <cstddef>

#include "base/check.h"

namespace simurgh {

template <typename T, size_t elements_max>
class FixedVector {
 public:
  static constexpr size_t capacity() { return elements_max; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == elements_max; }

  T& operator[](size_t i) {
    SIMURGH_CHECK(i < size_);
    return elements_[i];
  }
  const T& operator[](size_t i) const {
    SIMURGH_CHECK(i < size_);
    return elements_[i];
  }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }
  T* begin() { return elements_.data(); }
  T* end() { return elements_.data() + size_; }
  const T* begin() const { return elements_.data(); }
  const T* end() const { return elements_.data() + size_; }

  T& push_back(const T& element) {
    SIMURGH_CHECK(!full());
    return elements_[size_++] = element;
  }
  [[nodiscard]] bool try_push_back(const T& element) {
    if (full()) return false;
    elements_[size_++] = element;
    return true;
  }
  void pop_back() {
    SIMURGH_CHECK(!empty());
    elements_[--size_] = T{};
  }
  // Elements are reset, so that nothing stays behind.
  void clear() {
    while (!empty()) pop_back();
  }

 private:
  std::array<T, elements_max> elements_{};
  size_t size_ = 0;
};

}  // namespace simurgh
