// What a failed check does in a hosted program. Alone in its file, so that a test program with a
// check_failed of its own links with the rest.
#include <cstdio>
#include <cstdlib>

#include "base/check.h"

namespace simurgh {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace simurgh
