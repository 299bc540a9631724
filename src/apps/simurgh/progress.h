// A progress bar on standard error: share, count, rate and time left.
//
//   chips  [#########-----------]  45 %  45000/100000  3120/s  17 s left
//
// advance() may be called from any thread; drawing is done by whoever finds it due: ten times a
// second on a terminal, and a line every five seconds where standard error is none.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace simurgh::cli {

class Progress {
 public:
  // `done` of `total` were there before: they count for the share, not for the rate. Nothing is
  // drawn unless `shown`.
  Progress(std::string what, uint64_t total, uint64_t done, bool shown);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(uint64_t count = 1);
  // Draws the last state and ends the line.
  void finish();
  double seconds() const;
  double rate_per_second() const;

 private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now);

  const std::string what_;
  const uint64_t total_;
  const uint64_t done_before_;
  const bool shown_;
  const bool terminal_;
  const Clock::time_point begin_;
  std::atomic<uint64_t> done_;
  std::atomic<int64_t> next_draw_ms_{0};
  std::mutex drawing_;
  bool finished_ = false;
};

}  // namespace simurgh::cli
