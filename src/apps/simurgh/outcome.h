// How a command of the tool ends: well, or with an exit code and words that say what to do.
//
// Result<T> carries a code and an offset; at this edge a person reads, so an Outcome carries text.
// TRY works on both kinds of functions. Texts never hold a secret.
#pragma once

#include <expected>
#include <string>

#include "base/result.h"

namespace simurgh::cli {

// The exit codes that scripts may rely on (`simurgh --help` lists them).
enum class Exit : int {
  ok = 0,
  local = 1,        // a file, chip or reader here did not do what was asked
  usage = 2,        // the command line is wrong
  refused = 3,      // the server refuses this request; the same request will be refused again
  unreachable = 4,  // the server cannot be reached, is overloaded or failed; try again
  forbidden = 5,    // the token is missing, unknown, or its role may not do this
  interrupted = 6,  // stopped by a signal; what was done is kept, run the command again
  incomplete = 7,   // campaigns watch: it is done, and failed at some chips
  stopped = 8,      // campaigns watch: a stop rule stopped it, or somebody cancelled it
};

struct Failure {
  Exit exit = Exit::local;
  std::string what;  // what is wrong
  std::string hint;  // what to do about it; may be empty
};

template <typename T>
class [[nodiscard]] Outcome : public std::expected<T, Failure> {
 public:
  using std::expected<T, Failure>::expected;
  Outcome(Failure failure)  // NOLINT: a failure is an outcome
      : std::expected<T, Failure>(std::unexpect, std::move(failure)) {}
};

inline Failure local(std::string what, std::string hint = {}) {
  return {Exit::local, std::move(what), std::move(hint)};
}
inline Failure usage(std::string what, std::string hint = {}) {
  return {Exit::usage, std::move(what), std::move(hint)};
}

}  // namespace simurgh::cli

namespace simurgh::detail {
template <typename T>
T take(cli::Outcome<T>&& outcome) {
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}
}  // namespace simurgh::detail
