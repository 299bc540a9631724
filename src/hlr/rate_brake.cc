#include "hlr/rate_brake.h"

#include <algorithm>
#include <bit>

namespace simurgh::hlr {

namespace {

constexpr uint64_t bits_per_imsi = 16;  // so that a twentieth at most falls together

uint64_t mix(uint64_t value) {  // the finisher of splitmix64
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

}  // namespace

RateBrake::RateBrake(const Limits& limits, uint64_t hash_key, Instant now)
    : limits_(limits),
      hash_key_(hash_key),
      tokens_milli_(int64_t{limits.requests_per_second_max} * 1000),
      refilled_(now),
      seen_(std::bit_ceil(limits.distinct_imsis_max * bits_per_imsi / 64 + 1)),
      window_end_(now + limits.distinct_window) {}

bool RateBrake::take_request(Instant now) {
  const int64_t full = int64_t{limits_.requests_per_second_max} * 1000;
  if (now > refilled_) {
    const int64_t elapsed_ms = std::min<int64_t>((now - refilled_).ms, 1000);
    tokens_milli_ =
        std::min(full, tokens_milli_ + elapsed_ms * int64_t{limits_.requests_per_second_max});
    refilled_ = now;
  }
  if (tokens_milli_ < 1000) return false;
  tokens_milli_ -= 1000;
  return true;
}

bool RateBrake::take_imsi(const Imsi& imsi, Instant now) {
  if (now >= window_end_) {
    std::fill(seen_.begin(), seen_.end(), 0);
    distinct_ = 0;
    window_end_ = now + limits_.distinct_window;
  }
  uint64_t value = imsi.text().size();
  for (const char digit : imsi.text()) value = value * 10 + static_cast<uint64_t>(digit - '0');
  const uint64_t bit = mix(value ^ hash_key_) % (seen_.size() * 64);
  uint64_t& word = seen_[bit / 64];
  const uint64_t mask = uint64_t{1} << bit % 64;
  if ((word & mask) != 0) return true;
  if (distinct_ >= limits_.distinct_imsis_max) return false;
  word |= mask;
  ++distinct_;
  return true;
}

}  // namespace simurgh::hlr
