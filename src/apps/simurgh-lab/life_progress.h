// The line that says how far `lab life` is.
#pragma once

#include "apps/simurgh-lab/life_figures.h"
#include "apps/simurgh-lab/progress_line.h"

namespace simurgh::lab {

class LifeProgress {
 public:
  LifeProgress(size_t chips, bool quiet);

  void begin(Instant now) { line_.begin(now); }
  // Cheap; says something only when it is time to.
  void look(const LifeFigures& figures, Instant now);
  // What is being done before and after the lives ("making chips").
  void say(const char* words) const { line_.write(words); }
  // The last state, with its line ended.
  void finish(const LifeFigures& figures, Instant now);
  // Of all stations of all chips, 0 … 1.
  double share_done(const LifeFigures& figures) const;
  Duration elapsed(Instant now) const { return line_.elapsed(now); }

 private:
  void write_line(const LifeFigures& figures, Instant now);

  size_t chips_;
  ProgressLine line_;
};

}  // namespace simurgh::lab
