#include "apps/simurgh-lab/life_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace simurgh::lab {

namespace {

constexpr Duration terminal_wait = milliseconds(500);
constexpr Duration log_wait = seconds(10);
constexpr int stations = 5;  // sold, personalised, re-keyed, reset, sold again

std::string clock_text(int64_t seconds) {
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace

LifeProgress::LifeProgress(size_t chips, bool quiet)
    : chips_(chips), quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {}

void LifeProgress::begin(Instant now) {
  begun_ = now;
  say_at_ = now + terminal_wait;
}

double LifeProgress::share_done(const LifeFigures& figures) const {
  const uint64_t done = figures.sold + figures.personalised + figures.rekeyed + figures.reset +
                        figures.resold + stations * figures.stuck;
  return static_cast<double>(done) / static_cast<double>(stations * chips_);
}

void LifeProgress::say(const char* words) {
  if (!quiet_)
    std::fprintf(stderr, "%s%s%s", terminal_ ? "\r\033[K" : "", words, terminal_ ? "" : "\n");
}

void LifeProgress::write_line(const LifeFigures& figures, Instant now) {
  if (quiet_) return;
  const double share = share_done(figures);
  const int64_t seconds = elapsed(now).ms / 1000;
  std::string time = clock_text(seconds);
  // With little done an estimate would be a guess; in the end a few chips wait for lost messages.
  if (share >= 0.05 && share < 0.98) {
    const double left = static_cast<double>(elapsed(now).ms) / 1000 * (1 - share) / share;
    time += fmt::format(", about {} left", clock_text(static_cast<int64_t>(left)));
  }
  const double rate =
      seconds == 0 ? 0 : static_cast<double>(figures.resold) / static_cast<double>(seconds);
  const std::string bad =
      figures.stuck + figures.violations == 0
          ? ""
          : fmt::format("  STUCK {} VIOLATIONS {}", figures.stuck, figures.violations);
  const std::string line = fmt::format(
      "{:3.0f}%  sold {}  personalised {}  re-keyed {}  reset {}  sold again {} of {}  {:.1f}/s  "
      "{}{}",
      share * 100, figures.sold, figures.personalised, figures.rekeyed, figures.reset,
      figures.resold, chips_, rate, time, bad);
  std::fprintf(stderr, "%s%s%s", terminal_ ? "\r\033[K" : "", line.c_str(), terminal_ ? "" : "\n");
}

void LifeProgress::look(const LifeFigures& figures, Instant now) {
  if (now < say_at_) return;
  say_at_ = now + (terminal_ ? terminal_wait : log_wait);
  write_line(figures, now);
}

void LifeProgress::finish(const LifeFigures& figures, Instant now) {
  write_line(figures, now);
  if (!quiet_ && terminal_) std::fputc('\n', stderr);
}

}  // namespace simurgh::lab
