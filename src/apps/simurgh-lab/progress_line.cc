#include "apps/simurgh-lab/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace simurgh::lab {

namespace {

constexpr Duration terminal_wait = milliseconds(500);
constexpr Duration log_wait = seconds(10);

}  // namespace

std::string clock_text(int64_t seconds) {
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

ProgressLine::ProgressLine(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::begin(Instant now) {
  begun_ = now;
  say_at_ = now + terminal_wait;
}

bool ProgressLine::due(Instant now) {
  if (now < say_at_) return false;
  say_at_ = now + (terminal_ ? terminal_wait : log_wait);
  return true;
}

void ProgressLine::write(const std::string& line) const {
  if (quiet_) return;
  std::fprintf(stderr, "%s%s%s", terminal_ ? "\r\033[K" : "", line.c_str(), terminal_ ? "" : "\n");
}

void ProgressLine::finish() const {
  if (!quiet_ && terminal_) std::fputc('\n', stderr);
}

}  // namespace simurgh::lab
