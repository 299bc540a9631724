// Figures as Prometheus reads them: text format, version 0.0.4.
#pragma once

#include <string>
#include <string_view>

namespace simurgh::simurghd {

class MetricsText {
 public:
  // `name` without "simurgh_"; counters end in "_total".
  void counter(std::string_view name, std::string_view help, uint64_t value) {
    add(name, help, "counter", value);
  }
  void gauge(std::string_view name, std::string_view help, uint64_t value) {
    add(name, help, "gauge", value);
  }
  std::string text() && { return std::move(text_); }

 private:
  void add(std::string_view name, std::string_view help, std::string_view type, uint64_t value);

  std::string text_;
};

}  // namespace simurgh::simurghd
