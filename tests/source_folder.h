// Where the sources are, for test data. A function with one definition (doctest_main.cc): as a
// macro in every command line it would keep clones of this tree from sharing what the compiler
// cache holds.
#pragma once

#include <string>

namespace simurgh::test {
std::string source_folder();  // without a slash at the end
}
