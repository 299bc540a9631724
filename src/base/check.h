// Assertions for what only a programmer can break; they stay on in release builds.
//
// What the world can break (bytes from outside, a full disk) is a Result, never a check.
#pragma once

namespace simurgh {

// Ends the program. The platform gives it: hosted programs print the place and abort, a board
// resets. Declared here so that bare code needs no I/O.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace simurgh

#define SIMURGH_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::simurgh::check_failed(#condition, __FILE__, __LINE__))
