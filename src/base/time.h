// Points and spans of time, in milliseconds. Only io/ reads a clock; everything else is told.
#pragma once

#include <compare>
#include <cstdint>

namespace simurgh {

struct Duration {
  int64_t ms = 0;
  friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
};

constexpr Duration milliseconds(int64_t ms) {
  return {ms};
}
constexpr Duration seconds(int64_t s) {
  return {s * 1000};
}
constexpr Duration minutes(int64_t m) {
  return {m * 60'000};
}
constexpr Duration hours(int64_t h) {
  return {h * 3'600'000};
}
constexpr Duration days(int64_t d) {
  return {d * 86'400'000};
}
constexpr Duration operator+(Duration a, Duration b) {
  return {a.ms + b.ms};
}
constexpr Duration operator-(Duration a, Duration b) {
  return {a.ms - b.ms};
}
constexpr Duration operator*(Duration a, int64_t n) {
  return {a.ms * n};
}

// Milliseconds since 1970-01-01 UTC. `Instant::never()` is later than every other instant.
struct Instant {
  int64_t ms = 0;
  static constexpr Instant never() { return {INT64_MAX}; }
  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
};

constexpr Instant operator+(Instant t, Duration d) {
  return t == Instant::never() ? t : Instant{t.ms + d.ms};
}
constexpr Instant operator-(Instant t, Duration d) {
  return {t.ms - d.ms};
}
constexpr Duration operator-(Instant a, Instant b) {
  return {a.ms - b.ms};
}
constexpr Instant earlier(Instant a, Instant b) {
  return a < b ? a : b;
}

}  // namespace simurgh
