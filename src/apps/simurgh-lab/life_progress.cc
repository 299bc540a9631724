#include "apps/simurgh-lab/life_progress.h"

#include <fmt/format.h>

namespace simurgh::lab {

namespace {

constexpr int stations = 5;  // sold, personalised, re-keyed, reset, sold again

}  // namespace

LifeProgress::LifeProgress(size_t chips, bool quiet) : chips_(chips), line_(quiet) {}

double LifeProgress::share_done(const LifeFigures& figures) const {
  const uint64_t done = figures.sold + figures.personalised + figures.rekeyed + figures.reset +
                        figures.resold + stations * figures.stuck;
  return static_cast<double>(done) / static_cast<double>(stations * chips_);
}

void LifeProgress::write_line(const LifeFigures& figures, Instant now) {
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
  line_.write(fmt::format(
      "{:3.0f}%  sold {}  personalised {}  re-keyed {}  reset {}  sold again {} of {}  {:.1f}/s  "
      "{}{}",
      share * 100, figures.sold, figures.personalised, figures.rekeyed, figures.reset,
      figures.resold, chips_, rate, time, bad));
}

void LifeProgress::look(const LifeFigures& figures, Instant now) {
  if (line_.due(now)) write_line(figures, now);
}

void LifeProgress::finish(const LifeFigures& figures, Instant now) {
  write_line(figures, now);
  line_.finish();
}

}  // namespace simurgh::lab
