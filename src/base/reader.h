// Bounded reading and writing of byte formats. All integers are big endian, as in every
// specification that we implement.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh {

// Reads from a view, never past its end. `offset()` is the place of the next octet and goes into
// the errors, so that a message's fault can be pointed at.
class Reader {
 public:
  explicit Reader(ByteView input) : input_(input) {}

  size_t offset() const { return offset_; }
  size_t remaining() const { return input_.size() - offset_; }
  bool at_end() const { return remaining() == 0; }
  ByteView rest() const { return input_.subspan(offset_); }

  Result<uint8_t> u8() { return static_cast<uint8_t>(TRY(big_endian(1))); }
  Result<uint16_t> u16() { return static_cast<uint16_t>(TRY(big_endian(2))); }
  Result<uint32_t> u24() { return static_cast<uint32_t>(TRY(big_endian(3))); }
  Result<uint32_t> u32() { return static_cast<uint32_t>(TRY(big_endian(4))); }
  Result<uint64_t> u40() { return big_endian(5); }
  Result<uint64_t> u48() { return big_endian(6); }
  Result<uint64_t> u64() { return big_endian(8); }

  // The next octet without taking it.
  Result<uint8_t> peek() const {
    if (at_end()) return fail(ErrorCode::truncated, offset_);
    return input_[offset_];
  }

  Result<ByteView> bytes(size_t size) {
    if (size > remaining()) return fail(ErrorCode::truncated, offset_);
    const ByteView taken = input_.subspan(offset_, size);
    offset_ += size;
    return taken;
  }

  template <size_t N>
  Result<ByteArray<N>> array() {
    const ByteView taken = TRY(bytes(N));
    ByteArray<N> out;
    std::memcpy(out.data(), taken.data(), N);
    return out;
  }

  // A view preceded by its length in one or two octets.
  Result<ByteView> prefixed8() { return bytes(TRY(u8())); }
  Result<ByteView> prefixed16() { return bytes(TRY(u16())); }

  Result<void> skip(size_t size) {
    TRY(bytes(size));
    return {};
  }

  // Error unless everything was read.
  Result<void> expect_end() const {
    if (!at_end()) return fail(ErrorCode::trailing_bytes, offset_);
    return {};
  }

  Error error(ErrorCode code) const { return fail(code, offset_); }

 private:
  Result<uint64_t> big_endian(size_t size) {
    const ByteView taken = TRY(bytes(size));
    uint64_t value = 0;
    for (const uint8_t octet : taken) value = value << 8 | octet;
    return value;
  }

  ByteView input_;
  size_t offset_ = 0;
};

// Writes into a caller's buffer. When it is full the writer fails once and stays failed, so that
// a format can be written straight through and checked at the end with `finish()`.
class Writer {
 public:
  explicit Writer(MutableByteView output) : output_(output) {}

  size_t size() const { return size_; }
  bool failed() const { return failed_; }
  ByteView written() const { return {output_.data(), size_}; }

  Writer& u8(uint8_t value) { return big_endian(value, 1); }
  Writer& u16(uint16_t value) { return big_endian(value, 2); }
  Writer& u24(uint32_t value) { return big_endian(value, 3); }
  Writer& u32(uint32_t value) { return big_endian(value, 4); }
  Writer& u40(uint64_t value) { return big_endian(value, 5); }
  Writer& u48(uint64_t value) { return big_endian(value, 6); }
  Writer& u64(uint64_t value) { return big_endian(value, 8); }

  Writer& bytes(ByteView bytes) {
    if (failed_ || bytes.size() > output_.size() - size_) {
      failed_ = true;
      return *this;
    }
    if (!bytes.empty()) std::memmove(output_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return *this;
  }
  Writer& fill(uint8_t value, size_t count) {
    for (size_t i = 0; i < count; ++i) u8(value);
    return *this;
  }
  // Bytes preceded by their length; too long for the prefix is a failure.
  Writer& prefixed8(ByteView value) {
    if (value.size() > 0xff) failed_ = true;
    return u8(static_cast<uint8_t>(value.size())).bytes(value);
  }
  Writer& prefixed16(ByteView value) {
    if (value.size() > 0xffff) failed_ = true;
    return u16(static_cast<uint16_t>(value.size())).bytes(value);
  }
  // Overwrites octets written before (a length known only afterwards).
  void patch_u8(size_t offset, uint8_t value) {
    SIMURGH_CHECK(failed_ || offset < size_);
    if (!failed_) output_[offset] = value;
  }
  void patch_u16(size_t offset, uint16_t value) {
    patch_u8(offset, static_cast<uint8_t>(value >> 8));
    patch_u8(offset + 1, static_cast<uint8_t>(value));
  }

  // Moves what was written from `offset` on and leaves `count` zero octets there: for a length that
  // proves longer than the room left for it.
  Writer& insert(size_t offset, size_t count) {
    SIMURGH_CHECK(failed_ || offset <= size_);
    if (failed_ || count > output_.size() - size_) {
      failed_ = true;
      return *this;
    }
    std::memmove(output_.data() + offset + count, output_.data() + offset, size_ - offset);
    std::memset(output_.data() + offset, 0, count);
    size_ += count;
    return *this;
  }

  // Makes the whole writing fail: a field was given that the format cannot carry.
  void set_failed() { failed_ = true; }

  // What was written, or no_space when it did not fit.
  Result<ByteView> finish() const {
    if (failed_) return fail(ErrorCode::no_space, size_);
    return written();
  }

 private:
  Writer& big_endian(uint64_t value, size_t size) {
    uint8_t octets[8];
    for (size_t i = 0; i < size; ++i) {
      octets[i] = static_cast<uint8_t>(value >> (8 * (size - 1 - i)));
    }
    return bytes({octets, size});
  }

  MutableByteView output_;
  size_t size_ = 0;
  bool failed_ = false;
};

}  // namespace simurgh
