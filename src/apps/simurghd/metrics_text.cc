#include "apps/simurghd/metrics_text.h"

#include <fmt/format.h>

namespace simurgh::simurghd {

void MetricsText::add(std::string_view name, std::string_view help, std::string_view type,
                      uint64_t value) {
  add_text(name, help, type, fmt::to_string(value));
}

void MetricsText::add(std::string_view name, std::string_view help, std::string_view type,
                      double value) {
  add_text(name, help, type, fmt::format("{:.6g}", value));
}

void MetricsText::add_text(std::string_view name, std::string_view help, std::string_view type,
                           const std::string& value) {
  text_ += fmt::format("# HELP simurgh_{0} {1}\n# TYPE simurgh_{0} {2}\nsimurgh_{0} {3}\n", name,
                       help, type, value);
}

}  // namespace simurgh::simurghd
