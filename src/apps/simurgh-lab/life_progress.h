// The line that says how far `lab life` is: on a terminal one line that is kept up to date, else a
// line now and then, so that a log stays readable.
#pragma once

#include "apps/simurgh-lab/life_figures.h"
#include "base/time.h"

namespace simurgh::lab {

class LifeProgress {
 public:
  LifeProgress(size_t chips, bool quiet);

  void begin(Instant now);
  // Cheap; says something only when it is time to.
  void look(const LifeFigures& figures, Instant now);
  // What is being done before and after the lives ("making chips").
  void say(const char* words);
  // The last state, with its line ended.
  void finish(const LifeFigures& figures, Instant now);
  // Of all stations of all chips, 0 … 1.
  double share_done(const LifeFigures& figures) const;
  Duration elapsed(Instant now) const { return now - begun_; }

 private:
  void write_line(const LifeFigures& figures, Instant now);

  size_t chips_;
  bool quiet_;
  bool terminal_;
  Instant begun_;
  Instant say_at_;
};

}  // namespace simurgh::lab
