// Small files of the tool: read whole, written so that a reader sees the old or the new content and
// a crash leaves one of them.
#pragma once

#include <string>
#include <string_view>

#include "apps/simurgh/outcome.h"
#include "formats/json/value.h"

namespace simurgh::cli {

constexpr size_t file_octets_max = size_t{64} << 20;

enum class Access { owner_only, readable };  // 0600, 0644

Outcome<std::string> read_file(const std::string& path);
// Beside `path`, synchronised, then renamed over it. With `fresh` it fails when `path` exists.
enum class Overwrite { yes, no };
Outcome<void> write_file(const std::string& path, std::string_view content, Access access,
                         Overwrite overwrite);
bool file_exists(const std::string& path);

Outcome<json::Value> read_json_file(const std::string& path);

}  // namespace simurgh::cli
