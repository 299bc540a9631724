// link: simurgh_formats_cap_file simurgh_io_zip
// An applet's file: a ZIP archive of components, or the components themselves. What is loaded is a
// part of what was read.
#include <string>

#include "base/check.h"
#include "formats/cap_file/cap_file.h"
#include "io/zip/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace simurgh;
  const ByteView octets(data, size);
  const auto file = cap_file::parse_components(octets);
  if (file.has_value()) {
    SIMURGH_CHECK(file->octets.size() <= size);
    const auto again = cap_file::parse_components(file->octets);
    SIMURGH_CHECK(again.has_value() && again->octets == file->octets);
  }
  for (const std::string_view name : cap_file::component_names) {
    std::string problem;
    const auto part = zip::extract(octets, std::string(name), problem);
    SIMURGH_CHECK(part.has_value() || !problem.empty());
    SIMURGH_CHECK(!part.has_value() || part->size() <= zip::file_octets_max);
  }
  return 0;
}
