#include "apps/simurghd/metrics_text.h"

#include <fmt/format.h>

namespace simurgh::simurghd {

void MetricsText::add(std::string_view name, std::string_view help, std::string_view type,
                      uint64_t value) {
  text_ += fmt::format("# HELP simurgh_{0} {1}\n# TYPE simurgh_{0} {2}\nsimurgh_{0} {3}\n", name,
                       help, type, value);
}

}  // namespace simurgh::simurghd
