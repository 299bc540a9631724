// The factory's line: makes the chips of a batch into a pack file, on several threads, so that a
// stop at any moment loses nothing and makes no number twice.
//
// Position p of the batch is slot p of the pack, always. Chips are made in memory through their own
// APDUs, a chunk at a time; the chunk is synchronised to the medium and only then its slots get
// their labels. So a labelled chip is a finished one that is never touched again, and what has no
// label is looked at and made, or made again, by the next run.
#pragma once

#include <atomic>

#include "apps/simurgh/outcome.h"
#include "apps/simurgh/progress.h"
#include "base/random.h"
#include "factory/batch.h"
#include "factory/order_file.h"
#include "io/nv_file/pack.h"

namespace simurgh::cli {

class ProductionLine {
 public:
  // Chips between two synchronisations; one of each chunk is inspected as a phone would read it.
  static constexpr uint64_t chunk_chips = 2000;

  // All outlive the line. `random` may be used by several threads at a time.
  ProductionLine(const factory::Batch& batch, nv_file::Pack& pack, Random& random,
                 unsigned threads);

  // Chips that are finished, by their labels.
  uint64_t made() const;

  // Makes what is missing. Stops after a chunk when `stop` becomes true: interrupted then.
  Outcome<void> run(Progress& progress, const std::atomic<bool>& stop);

  // The order file's figures over the finished chips from the first position on.
  factory::OrderFile order(const factory::AllocationNote& note) const;

 private:
  Outcome<void> check_labels() const;
  Outcome<void> run_chunk(uint64_t begin, uint64_t end, Progress& progress);
  Result<void> make(uint64_t position);
  Result<void> inspect(uint64_t position);

  const factory::Batch& batch_;
  nv_file::Pack& pack_;
  Random& random_;
  const unsigned threads_;
};

}  // namespace simurgh::cli
