// Views of bytes and byte strings of fixed capacity.
//
// Nothing here owns heap memory. A ByteView never outlives the bytes it points to; functions that
// keep bytes copy them into a ByteString.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/check.h"

namespace simurgh {

using ByteView = std::span<const uint8_t>;
using MutableByteView = std::span<uint8_t>;

template <size_t N>
using ByteArray = std::array<uint8_t, N>;

// Bytes of a text that lives at least as long as the view (labels, names).
inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Text view of bytes, for names and dial strings that are known to be ASCII.
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Equality of public bytes; secrets are compared with crypto::secure_equal.
inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// A byte string with room for `capacity_octets`; appending beyond that is a programmer's error
// unless try_append is used. For data that the world sizes, use Writer or try_append.
template <size_t capacity_octets>
class ByteString {
 public:
  constexpr ByteString() = default;
  explicit ByteString(ByteView bytes) { assign(bytes); }

  static constexpr size_t capacity() { return capacity_octets; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const uint8_t* data() const { return bytes_.data(); }
  uint8_t* data() { return bytes_.data(); }
  uint8_t& operator[](size_t i) {
    SIMURGH_CHECK(i < size_);
    return bytes_[i];
  }
  uint8_t operator[](size_t i) const {
    SIMURGH_CHECK(i < size_);
    return bytes_[i];
  }
  const uint8_t* begin() const { return bytes_.data(); }
  const uint8_t* end() const { return bytes_.data() + size_; }
  ByteView view() const { return {bytes_.data(), size_}; }
  MutableByteView span() { return {bytes_.data(), size_}; }
  operator ByteView() const { return view(); }  // NOLINT: a byte string is a view of its bytes

  void clear() { size_ = 0; }
  void resize(size_t size) {
    SIMURGH_CHECK(size <= capacity_octets);
    if (size > size_) std::memset(bytes_.data() + size_, 0, size - size_);
    size_ = size;
  }
  void assign(ByteView bytes) {
    clear();
    append(bytes);
  }
  void append(ByteView bytes) { SIMURGH_CHECK(try_append(bytes)); }
  void push_back(uint8_t byte) { append({&byte, 1}); }
  [[nodiscard]] bool try_append(ByteView bytes) {
    if (bytes.size() > capacity_octets - size_) return false;
    if (!bytes.empty()) std::memmove(bytes_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return true;
  }

  friend bool operator==(const ByteString& a, const ByteString& b) {
    return equal(a.view(), b.view());
  }

 private:
  std::array<uint8_t, capacity_octets> bytes_{};
  size_t size_ = 0;
};

}  // namespace simurgh
