// link: simurgh_formats_fleet_file
// A header line and rows: what is accepted writes and reads again as the same.
#include <algorithm>

#include "base/check.h"
#include "formats/fleet_file/fleet_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace simurgh;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto next_line = [&text] {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
  };
  const auto header = fleet_file::parse_header(next_line());
  if (!header.has_value()) {
    SIMURGH_CHECK(!fleet_file::words_for_header(header.error()).empty());
    return 0;
  }
  const auto all = fleet_file::parse_header(fleet_file::write_header());
  SIMURGH_CHECK(all.has_value());
  while (!text.empty()) {
    const auto row = fleet_file::parse_row(*header, next_line());
    if (!row.has_value()) {
      SIMURGH_CHECK(!fleet_file::words_for_row(*header, row.error()).empty());
      continue;
    }
    const std::string written = fleet_file::write_row(*row);
    const auto again = fleet_file::parse_row(*all, written);
    SIMURGH_CHECK(again.has_value() && fleet_file::write_row(*again) == written);
  }
  return 0;
}
