// Where audit rows are kept: one table to which rows are only ever added.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/primitives.h"

namespace simurgh::audit {

// One row of the chain. `detail` is canonical text (Detail::text()).
struct Row {
  uint64_t sequence = 0;  // 1, 2, 3 … without a gap
  Instant at;
  std::string actor;
  std::string action;
  std::string subject;
  std::string detail;
  crypto::Digest previous{};  // hash of the row before; zeros in row 1
  crypto::Digest hash{};

  friend bool operator==(const Row&, const Row&) = default;
};

class Store {
 public:
  virtual ~Store() = default;
  // The row with the highest sequence; nullopt in an empty log.
  virtual Result<std::optional<Row>> last() = 0;
  // Adds a row in the open transaction; already_exists when its sequence is taken.
  virtual Result<void> append(const Row& row) = 0;
  // At most `limit` rows with sequence >= `first`, in order.
  virtual Result<std::vector<Row>> page(uint64_t first, size_t limit) = 0;
  // At most `limit` rows about `subject` with sequence < `before`, newest first.
  virtual Result<std::vector<Row>> page_of_subject(std::string_view subject, uint64_t before,
                                                   size_t limit) = 0;
  // Rises whenever uncommitted changes were undone: what a caller remembered of them is void.
  virtual uint64_t undo_count() const = 0;
};

}  // namespace simurgh::audit
