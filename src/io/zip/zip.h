// One file out of a ZIP archive in memory: stored or deflated, below 4 GiB, not encrypted. What CAP
// files of Java Card converters are. zlib is seen by zip.cc alone.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::zip {

constexpr size_t file_octets_max = size_t{4} << 20;  // of what comes out
constexpr size_t entries_max = 4096;

// The content of the only file whose path ends with `/name`, or is `name`. not_found; and with
// words in `problem`: truncated, bad_value, already_exists (two of them), unsupported, too_large.
Result<std::vector<uint8_t>> extract(ByteView archive, const std::string& name,
                                     std::string& problem);

}  // namespace simurgh::zip
