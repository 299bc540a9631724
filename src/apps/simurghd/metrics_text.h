// Figures as Prometheus reads them: text format, version 0.0.4.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

namespace simurgh::simurghd {

class MetricsText {
 public:
  // `name` without "simurgh_"; counters end in "_total".
  void counter(std::string_view name, std::string_view help, uint64_t value) {
    add(name, help, "counter", value);
  }
  template <typename Number>  // integral or double
  void gauge(std::string_view name, std::string_view help, Number value) {
    if constexpr (std::is_floating_point_v<Number>) {
      add(name, help, "gauge", value);
    } else {
      add(name, help, "gauge", static_cast<uint64_t>(value));
    }
  }
  std::string text() && { return std::move(text_); }

 private:
  void add(std::string_view name, std::string_view help, std::string_view type, uint64_t value);
  void add(std::string_view name, std::string_view help, std::string_view type, double value);
  void add_text(std::string_view name, std::string_view help, std::string_view type,
                const std::string& value);

  std::string text_;
};

}  // namespace simurgh::simurghd
