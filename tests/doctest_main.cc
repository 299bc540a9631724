#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "base/check.h"
#include "source_folder.h"

#include <cstdio>
#include <cstdlib>

namespace simurgh {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

namespace test {
std::string source_folder() {
  return SIMURGH_SOURCE_DIR;
}
}  // namespace test
}  // namespace simurgh
