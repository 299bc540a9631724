#include <toml++/toml.h>

#include "apps/simurgh/campaign_order.h"

namespace simurgh::cli {
namespace {

json::Value value_of(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    json::Value out = json::Value::object();
    for (const auto& [key, value] : *table) out.set(key.str(), value_of(value));
    return out;
  }
  if (const auto* array = node.as_array()) {
    json::Value out = json::Value::array();
    for (const auto& value : *array) out.push_back(value_of(value));
    return out;
  }
  if (const auto* text = node.as_string()) return json::Value(text->get());
  if (const auto* number = node.as_integer()) return json::Value(number->get());
  if (const auto* number = node.as_floating_point()) return json::Value(number->get());
  if (const auto* flag = node.as_boolean()) return json::Value(flag->get());
  // Dates and times, as they are written.
  std::ostringstream text;
  node.visit([&](const auto& leaf) {
    if constexpr (!toml::is_table<decltype(leaf)> && !toml::is_array<decltype(leaf)>) text << leaf;
  });
  return json::Value(text.str());
}

}  // namespace

Outcome<json::Value> read_toml_file(const std::string& path) {
  // toml++ tells by exceptions; they end here.
  try {
    return value_of(toml::parse_file(path));
  } catch (const toml::parse_error& error) {
    return local(path + ", line " + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()),
                 "it is a TOML file: docs/operator/campaigns.md has an example");
  }
}

}  // namespace simurgh::cli
