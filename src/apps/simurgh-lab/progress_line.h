// A line on standard error that says how far a long run is: on a terminal one line that is kept up
// to date, else a line now and then, so that a log stays readable.
#pragma once

#include <string>

#include "base/time.h"

namespace simurgh::lab {

class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);

  void begin(Instant now);
  // True when it is time for write(); then the next time is later.
  bool due(Instant now);
  void write(const std::string& line) const;
  // Ends the line; after the last write().
  void finish() const;
  Duration elapsed(Instant now) const { return now - begun_; }

 private:
  bool quiet_;
  bool terminal_;
  Instant begun_;
  Instant say_at_;
};

// "12:05"
std::string clock_text(int64_t seconds);

}  // namespace simurgh::lab
