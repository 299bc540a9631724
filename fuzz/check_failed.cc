// A failed check is a crash, which is what a fuzzer looks for.

#include <cstdio>
#include <cstdlib>

#include "base/check.h"

namespace simurgh {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace simurgh
