// Memory for secrets: pages of their own, never swapped, in no core dump, gone in child processes,
// wiped before they are given back.
#pragma once

#include <new>

#include "base/bytes.h"

namespace simurgh::keystore {

class LockedPages {
 public:
  // `size()` is 0 when the memory cannot be had or locked.
  explicit LockedPages(size_t octets);
  ~LockedPages();
  LockedPages(const LockedPages&) = delete;
  LockedPages& operator=(const LockedPages&) = delete;

  size_t size() const { return size_; }
  void* data() { return data_; }
  MutableByteView bytes() { return {static_cast<uint8_t*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

// One object in locked pages. `get()` is null when the memory cannot be had or locked.
template <typename T>
class Locked {
 public:
  Locked() : pages_(sizeof(T)) {
    if (pages_.size() != 0) object_ = new (pages_.data()) T();
  }
  ~Locked() {
    if (object_ != nullptr) object_->~T();
  }
  T* get() { return object_; }
  T* operator->() { return object_; }
  T& operator*() { return *object_; }

 private:
  LockedPages pages_;
  T* object_ = nullptr;
};

}  // namespace simurgh::keystore
