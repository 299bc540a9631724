// What the conformance tests share: the back ends, rows, and a check made three times.
#pragma once

#include "stores/back_ends.h"
#include "stores/rows.h"

namespace simurgh::test {

// Runs `check` on the open changes, after the commit, and after a restart.
template <typename BackEnd, typename Check>
void three_times(BackEnd& back_end, Check check) {
  check();
  REQUIRE(back_end.storage().commit(0).has_value());
  check();
  back_end.kill();
  check();
}

template <typename T>
bool refused(const Result<T>& result, ErrorCode code = ErrorCode::already_exists) {
  return !result && result.error().code == code;
}

// `change` in a step of its own, undone when it fails.
template <typename BackEnd, typename Change>
auto with_step(BackEnd& back_end, Change change) {
  REQUIRE(back_end.storage().begin_step().has_value());
  const auto result = change();
  const auto ended = result ? back_end.storage().keep_step() : back_end.storage().undo_step();
  REQUIRE(ended.has_value());
  return result;
}

}  // namespace simurgh::test
