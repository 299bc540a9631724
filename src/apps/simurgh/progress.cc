#include "apps/simurgh/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace simurgh::cli {
namespace {

constexpr int64_t draw_wait_ms = 100;
constexpr int64_t line_wait_ms = 5000;
constexpr size_t bar_characters = 20;

std::string time_left(double seconds) {
  if (seconds < 0 || seconds > 360'000) return "";
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 100) return std::to_string(whole) + " s left";
  if (whole < 6000) return std::to_string((whole + 59) / 60) + " min left";
  return std::to_string((whole + 3599) / 3600) + " h left";
}

}  // namespace

Progress::Progress(std::string what, uint64_t total, uint64_t done, bool shown)
    : what_(std::move(what)),
      total_(total),
      done_before_(done),
      shown_(shown),
      terminal_(isatty(STDERR_FILENO) == 1),
      begin_(Clock::now()),
      done_(done) {}

Progress::~Progress() {
  finish();
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

double Progress::rate_per_second() const {
  const double elapsed = seconds();
  return elapsed <= 0 ? 0 : static_cast<double>(done_ - done_before_) / elapsed;
}

void Progress::advance(uint64_t count) {
  done_ += count;
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  const int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - begin_).count();
  const int64_t wait_ms = terminal_ ? draw_wait_ms : line_wait_ms;
  int64_t due = next_draw_ms_;
  if (ms < due || !next_draw_ms_.compare_exchange_strong(due, ms + wait_ms)) return;
  const std::unique_lock lock(drawing_, std::try_to_lock);
  if (lock.owns_lock() && !finished_) draw(now);
}

void Progress::finish() {
  const std::lock_guard lock(drawing_);
  if (finished_) return;
  finished_ = true;
  if (!shown_) return;
  draw(Clock::now());
  if (terminal_) std::fputc('\n', stderr);
}

void Progress::draw(Clock::time_point now) {
  const uint64_t done = done_;
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done - done_before_) / elapsed : 0;
  const uint64_t percent = total_ == 0 ? 100 : done * 100 / total_;
  const size_t filled = std::min<size_t>(bar_characters, percent * bar_characters / 100);
  const std::string bar = std::string(filled, '#') + std::string(bar_characters - filled, '-');
  const std::string left =
      rate > 0 && done < total_ ? time_left(static_cast<double>(total_ - done) / rate) : "";
  std::fprintf(stderr, "\r\033[K%s  [%s] %3d %%  %llu/%llu  %.0f/s  %s", what_.c_str(), bar.c_str(),
               static_cast<int>(percent), static_cast<unsigned long long>(done),
               static_cast<unsigned long long>(total_), rate, left.c_str());
  std::fflush(stderr);
}

}  // namespace simurgh::cli
